/**
 * The page in the cluster before the real API server, with users by RBAC: what each of them sees and does, when a right or a token
 * is taken away, and by the audit log that no request was made in another name.
 */
import { expect } from 'chai'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import type { StreamLine } from '../../../src/server/dashboard/protocol.ts'
import { installCrds } from '../../fixtures/controller.ts'
import { expectSoon } from '../../fixtures/expect.ts'
import { type Lab, lab } from '../../lab/lab.ts'
import { apiServerUrl } from '../../lab/pki.ts'
import { Program } from '../../lab/program.ts'
import { prometheusUrl } from '../../lab/prometheus.ts'
import { sleep, waitFor } from '../../lab/wait.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const port = 8095
const url = `http://127.0.0.1:${port}`
const shop = 'page-shop'
const other = 'page-other'
const users = ['admin', 'editor', 'viewer', 'nobody'] as const
type Who = (typeof users)[number]

suite('The page before the real API server', () => {
  let the: Lab
  let program: Program
  const tokens = new Map<Who, string>()

  suiteSetup(async () => {
    the = await lab()
    await installCrds(the)
    for (const name of [shop, other]) await the.kubectl.run('create', 'namespace', name)
    // The roles for people, and `view`, as the manifests and Kubernetes have them.
    await the.kubectl.run(
      'apply',
      '--server-side',
      '--force-conflicts',
      '-f',
      join(root, 'manifests', 'user-roles.yaml'),
    )
    for (const who of users) await the.kubectl.run('-n', shop, 'create', 'serviceaccount', who)
    const bind = (who: Who, role: string): Promise<string> =>
      the.kubectl.run(
        '-n',
        shop,
        'create',
        'rolebinding',
        `${who}-${role}`,
        `--clusterrole=${role}`,
        `--serviceaccount=${shop}:${who}`,
      )
    await the.kubectl.run(
      'create',
      'clusterrolebinding',
      'page-admin',
      '--clusterrole=cluster-admin',
      `--serviceaccount=${shop}:admin`,
    )
    // Without kube-controller-manager's aggregation `view` is empty here: this is what it is made of.
    await bind('editor', 'system:aggregate-to-view')
    await bind('editor', 'sluice-view')
    await bind('editor', 'sluice-canary-editor')
    await bind('viewer', 'sluice-view')
    for (const namespace of [shop, other]) await the.kubectl.apply([canary(namespace)])
    for (const who of users) tokens.set(who, (await the.kubectl.run('-n', shop, 'create', 'token', who)).trim())
    program = new Program({
      name: 'sluice-dashboard',
      command: [
        process.execPath,
        join(root, 'dist', 'sluice.js'),
        'dashboard',
        '--in-cluster',
        '--bind=127.0.0.1',
        `--port=${port}`,
        `--kube-api-server=${apiServerUrl}`,
        `--kube-ca-file=${the.pki.file('ca.crt')}`,
        `--metrics-server=${prometheusUrl}`,
      ],
      env: { PATH: process.env['PATH'] ?? '', HOME: the.dir },
      log: join(the.dir, 'log', 'sluice-dashboard.log'),
    })
    program.start()
    await waitFor('the page is served', 30, async () => {
      program.mustRun()
      return (await fetch(`${url}/healthz`)).ok
    })
  })

  suiteTeardown(async () => {
    await program.stop()
    for (const name of [shop, other]) await the.kubectl.run('delete', 'namespace', name, '--wait=false')
    await the.kubectl.run('delete', 'clusterrolebinding', 'page-admin')
  })

  const send = (token: string, method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> =>
    fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
  const tokenOf = (who: Who): string => tokens.get(who) ?? ''

  async function heard(who: Who, method: string, path: string, body?: unknown): Promise<string> {
    const response = await send(tokenOf(who), method, path, body)
    const said = (await response.json()) as { code?: string }
    return `${response.status} ${said.code ?? ''}`.trim()
  }

  /** The first line of a stream that fits; the stream is closed then. */
  async function line(
    who: Who,
    body: unknown,
    fits: (line: StreamLine) => boolean,
    opened = (): void => {},
  ): Promise<StreamLine> {
    const stop = new AbortController()
    const response = await send(tokenOf(who), 'POST', '/api/stream', body, stop.signal)
    expect(response.status).to.equal(200)
    const reader = response.body?.getReader()
    const decoder = new TextDecoder()
    let rest = ''
    let isOpened = false
    try {
      for (;;) {
        const piece = await reader?.read()
        if (piece?.value === undefined) throw new Error('the stream ended without that line')
        const parts = (rest + decoder.decode(piece.value, { stream: true })).split('\n')
        rest = parts.pop() ?? ''
        for (const one of parts.map(part => JSON.parse(part) as StreamLine)) {
          if (fits(one)) return one
          if (one.kind !== 'list' || isOpened) continue
          isOpened = true
          opened()
        }
      }
    } finally {
      stop.abort()
    }
  }

  const rows: Readonly<Record<string, readonly string[]>> = {
    'GET /api/whoami': ['200', '200', '200', '200'],
    [`GET /api/canaries/${shop}/web/pods`]: ['200', '200', '200', '403 forbidden'],
    [`GET /api/canaries/${shop}/web/objects`]: ['200', '200', '200', '403 forbidden'],
    [`GET /api/canaries/${shop}/web/diff`]: ['200', '200', '200', '403 forbidden'],
    [`GET /api/canaries/${shop}/web/events`]: ['200', '200', '200', '403 forbidden'],
    [`GET /api/canaries/${shop}/web/charts`]: ['200', '200', '200', '403 forbidden'],
    [`GET /api/canaries/${other}/web/pods`]: ['200', '403 forbidden', '403 forbidden', '403 forbidden'],
    [`POST /api/canaries/${shop}/web/commands`]: ['200', '200', '403 forbidden', '403 forbidden'],
    [`POST /api/canaries/${other}/web/commands`]: ['200', '403 forbidden', '403 forbidden', '403 forbidden'],
  }
  for (const [route, wanted] of Object.entries(rows)) {
    test(`${route} as ${users.join(', ')}`, async () => {
      const [method = '', path = ''] = route.split(' ')
      const body = method === 'POST' ? { command: 'pause', why: 'a test' } : undefined
      expect(await Promise.all(users.map(who => heard(who, method, path, body)))).to.deep.equal(wanted)
    })
  }

  test('lists are what may be listed', async () => {
    const first = ({ kind }: StreamLine): boolean => kind === 'list' || kind === 'end'
    const seen = await Promise.all([
      line('admin', { namespaces: [shop, other] }, first),
      line('viewer', { namespaces: [shop] }, first),
      line('viewer', { namespaces: 'all' }, first),
      line('nobody', { namespaces: [shop] }, first),
    ])
    expect(
      seen.map(one => (one.kind === 'list' ? one.items.length : one.kind === 'end' ? one.problem.code : '')),
    ).to.deep.equal([2, 1, 'forbidden', 'forbidden'])
  })

  test('a right that is taken away ends the stream within 10 s', async () => {
    let removed: Promise<number> = Promise.resolve(0)
    const end = await line(
      'viewer',
      { namespaces: [shop] },
      ({ kind }) => kind === 'end',
      () => {
        removed = the.kubectl.run('-n', shop, 'delete', 'rolebinding', 'viewer-sluice-view').then(() => Date.now())
      },
    )
    const ended = Date.now()
    expect(end.kind === 'end' && end.problem.code).to.equal('forbidden')
    expectSoon('the stream has ended', ended - (await removed), 10_000)
  })

  test('a token whose ServiceAccount is gone ends the stream once the API server has forgotten it', async () => {
    const end = await line(
      'editor',
      { namespaces: [shop] },
      ({ kind }) => kind === 'end',
      () => {
        void the.kubectl.run('-n', shop, 'delete', 'serviceaccount', 'editor')
      },
    )
    expect(end.kind === 'end' && end.problem.code).to.equal('token-refused')
  })

  test('an API server that is away is no token that is refused', async () => {
    // Nothing listens there.
    const away = new Program({
      name: 'sluice-dashboard-away',
      command: [
        process.execPath,
        join(root, 'dist', 'sluice.js'),
        'dashboard',
        '--in-cluster',
        '--bind=127.0.0.1',
        `--port=${port + 1}`,
        '--kube-api-server=https://127.0.0.1:6449',
        `--kube-ca-file=${the.pki.file('ca.crt')}`,
      ],
      env: { PATH: process.env['PATH'] ?? '', HOME: the.dir },
      log: join(the.dir, 'log', 'sluice-dashboard-away.log'),
    })
    away.start()
    try {
      const answer = await waitFor('it is served', 30, async () =>
        fetch(`http://127.0.0.1:${port + 1}/api/whoami`, { headers: { authorization: 'Bearer x' } }),
      )
      expect(answer.status).to.equal(502)
    } finally {
      await away.stop()
    }
  })

  test('every request was made in the name of who asked, and only the editor and the admin wrote', async () => {
    await sleep(1200) // the API server writes its log in batches, and tells of none: an absence (a write of others) is looked for
    const calls = await Promise.all(users.map(who => the.audit(`system:serviceaccount:${shop}:${who}` as never)))
    expect(calls.map(of => of.length > 0)).to.deep.equal([true, true, true, true])
    const writers = users.filter((_, index) => calls[index]?.some(({ verb, code }) => verb === 'patch' && code < 300))
    expect(writers).to.deep.equal(['admin', 'editor'])
    const watches = calls[2]?.filter(({ verb, code }) => verb === 'watch' && code === 200) ?? []
    expect(watches.every(({ namespace }) => namespace === shop)).to.equal(true)
  })
})

const canary = (namespace: string): KubeObject => ({
  apiVersion: 'sluice.dev/v1beta1',
  kind: kinds.Canary.kind,
  metadata: { name: 'web', namespace },
  spec: {
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    service: { port: 80 },
    analysis: {
      interval: '1m',
      threshold: 3,
      stepWeights: [10],
      metrics: [{ name: 'request-success-rate', thresholdRange: { min: 99 } }],
    },
  },
})
