/**
 * What a controller shows to other servers is shown to no one else. Each sink has strings of its own as path, query, header, token or password; its
 * server quotes them when it refuses. Every one has to arrive there, and none may be in the log, Events, statuses, spans,
 * metrics, the page, or what the commands print.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import { bundle, Controller } from '../../fixtures/controller.ts'
import { explain } from '../../fixtures/explain.ts'
import { Shop } from '../../fixtures/shop.ts'
import { type Lab, lab } from '../../lab/lab.ts'
import { apiServerUrl } from '../../lab/pki.ts'
import { Program } from '../../lab/program.ts'
import { Quoter } from '../../lab/quoter.ts'
import { waitFor } from '../../lab/wait.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const sluice = join(root, 'dist', 'sluice.js')
const pagePort = 8093
const run = promisify(execFile)

/** A string of one sink in one place; long enough that no other text has it by chance. */
const canary = (sink: string, place: string): string => `s3cr3t-${sink}-${place}`

const CHATS = ['slack', 'msteams', 'discord', 'rocket', 'gchat', 'generic'] as const
/** What each sink is shown. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(CHATS.map(type => [type, ['path', 'query', 'token']])),
  threads: ['path', 'query', 'token'],
  hooks: ['path', 'query', 'header', 'token'],
  flags: ['password', 'header'],
  template: ['header', 'token'],
  collector: ['path', 'query', 'header'],
}

/** Those that were there for one release, as a Canary has at most four alerts. */
const ROUNDS = [CHATS.slice(0, 4), [...CHATS.slice(4), 'threads']] as const

const secret = (name: string, stringData: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
})

const alertsOf = (sinks: readonly string[]) => sinks.map(name => ({ name, providerRef: { name } }))

/** An object without what its owner wrote into it. */
function withoutSpec({ spec: _spec, metadata, ...object }: KubeObject): unknown {
  const { managedFields: _fields, annotations: _annotations, ...kept } = metadata
  return { ...object, metadata: kept }
}

suite('Secrets of every sink', () => {
  let world: Lab
  let shop: Shop
  let server: Quoter
  let controller: Controller

  suiteSetup(async () => {
    world = await lab()
    server = await Quoter.start(world.pki)
    shop = await Shop.open(world, 'secrets')
    const ca = world.pki.file('ca.crt')
    controller = await Controller.start(
      world,
      [
        '--leader-elect=false',
        `--metrics-server=https://kim:${canary('flags', 'password')}@${server.host}/flags`,
        `--metrics-server-ca-file=${ca}`,
        `--metrics-server-header=X-Canary: ${canary('flags', 'header')}`,
        `--allowed-metrics-server=https://${server.host}/template`,
      ],
      {
        ...bundle(world),
        env: {
          OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `https://${server.host}/collector/${canary('collector', 'path')}?key=${canary('collector', 'query')}`,
          OTEL_EXPORTER_OTLP_HEADERS: `x-canary=${canary('collector', 'header')}`,
          OTEL_EXPORTER_OTLP_CERTIFICATE: ca,
        },
      },
    )
  })
  suiteTeardown(async () => {
    await shop.close()
    await controller.close()
    await server.stop()
  })

  const ca = { name: 'ca' }
  const addressOf = (sink: string): string =>
    `https://${server.host}/${sink}/${canary(sink, 'path')}${sink === 'threads' ? '/api/chat.postMessage' : ''}?sig=${canary(sink, 'query')}`

  const webhook = (name: string, type: string): object => ({
    name,
    type,
    url: addressOf('hooks').replace('?', `/${type}?`),
    caSecretRef: ca,
    ...(name === 'header'
      ? { headers: { 'X-Canary': [canary('hooks', 'header')] } }
      : { secretRef: { name: 'hooks' } }),
  })

  async function arrange(): Promise<void> {
    const sinks = [...CHATS, 'threads']
    const authority = await world.pki.authority()
    await shop.deployWeb({ version: 'v1' })
    await shop.apply(
      secret('ca', { 'ca.crt': authority }),
      secret('hooks', { token: canary('hooks', 'token') }),
      secret('prom', { token: canary('template', 'token') }),
      ...sinks.map(sink => secret(sink, { address: addressOf(sink), token: canary(sink, 'token') })),
      ...sinks.map(sink => ({
        apiVersion: 'sluice.dev/v1beta1',
        kind: 'AlertProvider',
        metadata: { name: sink },
        spec: {
          type: sink === 'threads' ? 'slack' : sink,
          ...(sink === 'threads' ? { channel: 'C1' } : {}),
          secretRef: { name: sink },
          caSecretRef: ca,
        },
      })),
      {
        apiVersion: 'sluice.dev/v1beta1',
        kind: 'MetricTemplate',
        metadata: { name: 'guarded' },
        spec: {
          provider: {
            type: 'prometheus',
            address: `https://${server.host}/template`,
            headers: { 'X-Canary': [canary('template', 'header')] },
            secretRef: { name: 'prom' },
            caSecretRef: ca,
          },
          query: 'vector(2)',
        },
      },
    )
  }

  const TYPES = ['pre-rollout', 'rollout', 'rollback', 'confirm-promotion', 'post-rollout', 'event']
  const canaryWith = (round: readonly string[]): KubeObject =>
    shop.canary({
      provider: 'kubernetes',
      service: { gateways: undefined, hosts: undefined },
      analysis: {
        iterations: 3,
        threshold: 10,
        metrics: [
          { name: 'inline', query: 'vector(1)', thresholdRange: { min: 1 }, interval: '10s' },
          { name: 'guarded', templateRef: { name: 'guarded' }, thresholdRange: { min: 1 }, interval: '10s' },
        ],
        webhooks: [
          webhook('start', 'confirm-rollout'),
          webhook('header', 'confirm-rollout'),
          ...TYPES.map(type => webhook(type, type)),
        ],
        alerts: alertsOf(round),
      },
    })

  const status = async (): Promise<unknown> => (await shop.get(kinds.Canary, 'web'))?.['status']
  /** All that was in a status, an Event or a condition while it was wrong. */
  const seen: string[] = []
  const untilShown = (what: string, sentence: string): Promise<unknown> =>
    waitFor(what, 120, async () => {
      const text = JSON.stringify(await status())
      if (!seen.includes(text)) seen.push(text)
      return text.includes(sentence)
    })
  const untilPhase = (phase: string): Promise<unknown> =>
    waitFor(`the Canary is ${phase}`, 120, async () => at(await status(), 'phase') === phase)
  const untilLogged = (message: string, pairs: Readonly<Record<string, string>> = {}): Promise<unknown> =>
    controller.waitForLog(message, 60, line => {
      const isOf = Object.entries(pairs).every(([name, value]) => line[name] === value)
      return line.message === message && isOf
    })

  /** A release in which each sink is refused first. */
  async function release(version: string, round: readonly string[]): Promise<void> {
    server.refuse('hooks', 'flags', 'template', 'collector', ...round)
    await shop.setImage(version)
    await untilShown('the gate is refused', 'answered 503')
    for (const alert of round) await untilLogged('an alert could not be sent yet', { alert })
    server.take('hooks', ...round)
    await untilShown('no check can be made', 'could not be measured')
    await untilLogged('traces are not delivered')
    server.take('flags', 'template', 'collector')
    await untilPhase('Succeeded')
    for (const sink of round) {
      await waitFor(`the promotion is told to ${sink}`, 90, () => server.told(sink).includes('Succeeded'))
    }
  }

  async function printed(...args: readonly string[]): Promise<string> {
    const env = { PATH: process.env['PATH'] ?? '', HOME: world.dir }
    const flags = ['-n', shop.namespace, '--kubeconfig', world.pki.kubeconfig('admin')]
    const { stdout, stderr } = await run(process.execPath, [sluice, ...args, ...flags], { env })
    return `${stdout}\n${stderr}`
  }

  /** What the page is sent, as a user who may see everything. */
  async function pageOf(): Promise<string> {
    await shop.kubectl('create', 'serviceaccount', 'viewer')
    const binding = `${shop.namespace}-viewer`
    await world.kubectl.run(
      'create',
      'clusterrolebinding',
      binding,
      '--clusterrole=cluster-admin',
      `--serviceaccount=${shop.namespace}:viewer`,
    )
    const token = (await shop.kubectl('create', 'token', 'viewer')).trim()
    const program = new Program({
      name: 'sluice-dashboard-secrets',
      command: [
        process.execPath,
        sluice,
        'dashboard',
        '--in-cluster',
        '--bind=127.0.0.1',
        `--port=${pagePort}`,
        `--kube-api-server=${apiServerUrl}`,
        `--kube-ca-file=${world.pki.file('ca.crt')}`,
        `--metrics-server=https://${server.host}/flags`,
        `--metrics-server-ca-file=${world.pki.file('ca.crt')}`,
      ],
      env: { PATH: process.env['PATH'] ?? '', HOME: world.dir },
      log: join(world.dir, 'log', 'sluice-dashboard-secrets.log'),
    })
    program.start()
    try {
      const url = `http://127.0.0.1:${pagePort}`
      const authorization = `Bearer ${token}`
      await waitFor('the page is served', 30, async () => (await fetch(`${url}/healthz`)).ok)
      const paths = ['charts', 'pods', 'objects', 'diff', 'events'].map(part => `${shop.namespace}/web/${part}`)
      const parts = await Promise.all(
        paths.map(async path => (await fetch(`${url}/api/canaries/${path}`, { headers: { authorization } })).text()),
      )
      const stream = await fetch(`${url}/api/stream`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ canary: { namespace: shop.namespace, name: 'web' } }),
      })
      let streamed = ''
      for await (const piece of stream.body ?? []) {
        streamed += Buffer.from(piece).toString()
        if (/"kind":"canary".*\n/.test(streamed)) break
      }
      return [...parts, streamed].join('\n')
    } finally {
      await program.stop()
      await world.kubectl.run('delete', 'clusterrolebinding', binding)
    }
  }

  async function everythingShown(): Promise<Readonly<Record<string, string>>> {
    const all = 'canaries.sluice.dev,alertproviders.sluice.dev,metrictemplates.sluice.dev,events,controllerrevisions'
    const list = JSON.parse(await shop.kubectl('get', all, '-o', 'json')) as { items: KubeObject[] }
    const pages = await Promise.all(['metrics', 'readyz?verbose', 'healthz'].map(name => controller.page(name)))
    const commands = [
      ['get', 'web', '-o', 'json'],
      ['get', '-o', 'json'],
      ['explain', 'web', '-o', 'json'],
      ['status', 'web'],
    ]
    return {
      log: JSON.stringify(controller.logs()),
      objects: JSON.stringify(list.items.map(withoutSpec)),
      'statuses during the releases': seen.join('\n'),
      pages: pages.map(({ body }) => body).join('\n'),
      spans: server.told('collector'),
      page: await pageOf(),
      commands: (await Promise.all(commands.map(args => printed(...args)))).join('\n'),
    }
  }

  test('arrive at their servers, and are shown nowhere else, also where a server quotes them', async () => {
    try {
      await arrange()
      await shop.apply(canaryWith(ROUNDS[0]))
      await untilPhase('Initialized')
      await release('v2', ROUNDS[0])
      await shop.apply(canaryWith(ROUNDS[1]))
      await release('v3', ROUNDS[1])
      await waitFor('spans arrive', 60, () => server.told('collector').includes('cicd.pipeline.result'))

      const sinks = Object.entries(PLACES).flatMap(([sink, places]) => places.map(place => [sink, place] as const))
      const lost = sinks.filter(([sink, place]) => !server.shown(sink).includes(canary(sink, place)))
      expect(lost, 'did not arrive').to.deep.equal([])

      const shown = await everythingShown()
      // What is searched is what it seems to be.
      expect(shown['log']).to.include('an alert could not be sent yet').and.to.include('[redacted]')
      expect(shown['statuses during the releases']).to.include('[redacted]').and.to.include('could not be measured')
      expect(shown['pages']).to.include('sluice_metrics_server_up{')
      expect(shown['spans']).to.include('sluice.webhook.name').and.to.include('db.query.text')
      expect(shown['page']).to.include('guarded').and.to.include('Succeeded')
      expect(shown['commands']).to.include('view.sluice.dev/v1beta1')
      const found = Object.entries(shown).flatMap(([where, text]) =>
        sinks.flatMap(([sink, place]) => {
          const plain = canary(sink, place)
          const forms = [plain, Buffer.from(plain).toString('base64'), encodeURIComponent(plain)]
          return forms.some(form => text.includes(form)) ? [`${where}: ${plain}`] : []
        }),
      )
      const basic = Buffer.from(`kim:${canary('flags', 'password')}`).toString('base64')
      for (const [where, text] of Object.entries(shown)) expect(text, where).to.not.include(basic)
      expect(found).to.deep.equal([])
    } catch (error) {
      await explain(error, shop.namespace)
      throw error
    }
  })
})
