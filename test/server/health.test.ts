import { expect } from 'chai'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { About } from '../../src/server/about.ts'
import { unhealthy, unready, type Vitals } from '../../src/server/health.ts'
import { serve } from '../../src/server/http.ts'

const well: Vitals = { started: true, unseen: null, leaseAge: 2000, electionStuck: 0, pass: null }

const about: About = {
  version: '1.2.3',
  identity: 'sluice-1_ab',
  isLeader: true,
  rights: { checkedAt: null, checked: 0, missing: [], problem: null },
}

suite('health and readiness', () => {
  let servers: Server[] = []

  teardown(() => {
    for (const server of servers) server.close()
    servers = []
  })

  async function started(vitals: Vitals, said: About = about): Promise<(path: string) => Promise<string>> {
    const server = await serve({
      bind: '127.0.0.1',
      port: 0,
      health: () => unhealthy(vitals),
      readiness: () => unready(vitals),
      about: () => said,
      metrics: async () => ({ contentType: 'text/plain', body: '' }),
    })
    servers.push(server)
    const { port } = server.address() as AddressInfo
    return async path => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`)
      return `${response.status} ${(await response.text()).trim()}`
    }
  }

  async function asked(vitals: Vitals): Promise<Record<string, string>> {
    const get = await started(vitals)
    return { healthz: await get('/healthz'), readyz: await get('/readyz') }
  }

  const rows: Record<string, [Partial<Vitals>, { healthz: string; readyz: string }]> = {
    'all is well': [{ pass: { key: 'shop/web', milliseconds: 200_000 } }, { healthz: '200 ok', readyz: '200 ok' }],
    'the caches are being filled': [
      { started: false },
      { healthz: '200 ok', readyz: '503 the caches are not filled yet' },
    ],
    'a kind cannot be seen, and the API server is silent': [
      { unseen: 'forbidden to watch services', leaseAge: 61_000 },
      {
        healthz: '200 ok',
        readyz: '503 forbidden to watch services\nthe API server has said nothing of the Lease for 61 s',
      },
    ],
    'the election hangs': [
      { electionStuck: 31_000 },
      { healthz: '503 the loop of the leader election made no progress for 31 s', readyz: '200 ok' },
    ],
    'a pass hangs': [
      { pass: { key: 'shop/web', milliseconds: 301_000 } },
      { healthz: '503 one pass over Canary shop/web has been going on for 301 s', readyz: '200 ok' },
    ],
  }
  for (const [what, [vitals, wanted]] of Object.entries(rows)) {
    test(`are told in sentences: ${what}`, async () => {
      expect(await asked({ ...well, ...vitals })).to.deep.equal(wanted)
    })
  }

  test('/readyz?verbose and /info say who it is, and which rights it lacks; only complaints make it unready', async () => {
    const missing = [
      {
        right: 'get secrets',
        namespace: '',
        role: 'sluice-configs',
        manifest: 'manifests/config-rbac.yaml',
        isOptional: true,
      },
    ]
    const lacking: About = { ...about, rights: { checkedAt: 0, checked: 9, missing, problem: 'no answer' } }
    const get = await started(well, lacking)
    expect(await get('/readyz')).to.equal('200 ok')
    expect(await get('/readyz?verbose')).to.equal(
      [
        '200 ok',
        'version: 1.2.3',
        'identity: sluice-1_ab',
        'leader: yes',
        'rights: 1 of 9 are missing (checked 1970-01-01T00:00:00.000Z)',
        'rights: the last check did not end: no answer',
        'missing: get secrets in all namespaces (optional role sluice-configs, manifests/config-rbac.yaml)',
      ].join('\n'),
    )
    expect(JSON.parse((await get('/info')).replace('200 ', ''))).to.deep.equal(lacking)
    const unreadyOne = await started({ ...well, started: false })
    expect(await unreadyOne('/readyz?verbose')).to.match(
      /^503 the caches are not filled yet\nversion: 1\.2\.3\n[^]*\nrights: not checked yet$/,
    )
  })

  test('a port that is taken is said in a sentence', async () => {
    const options = {
      bind: '127.0.0.1',
      health: () => [],
      readiness: () => [],
      about: () => about,
      metrics: () => Promise.reject(new Error()),
    }
    const first = await serve({ ...options, port: 0 })
    servers.push(first)
    const { port } = first.address() as AddressInfo
    const said = await serve({ ...options, port }).then(
      () => 'it listens',
      (error: unknown) => String(error),
    )
    expect(said).to.equal(
      `Error: The port 127.0.0.1:${port} is taken. Stop what listens there, or choose another with --port.`,
    )
  })
})
