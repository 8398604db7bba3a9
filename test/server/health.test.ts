import { expect } from 'chai'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { unhealthy, unready, type Vitals } from '../../src/server/health.ts'
import { serve } from '../../src/server/http.ts'

const well: Vitals = { started: true, unseen: null, leaseAge: 2000, electionStuck: 0, pass: null }

suite('health and readiness', () => {
  let servers: Server[] = []

  teardown(() => {
    for (const server of servers) server.close()
    servers = []
  })

  async function asked(vitals: Vitals): Promise<Record<string, string>> {
    const server = await serve({
      bind: '127.0.0.1',
      port: 0,
      health: () => unhealthy(vitals),
      readiness: () => unready(vitals),
      metrics: async () => ({ contentType: 'text/plain', body: '' }),
    })
    servers.push(server)
    const { port } = server.address() as AddressInfo
    const get = async (path: string): Promise<string> => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`)
      return `${response.status} ${(await response.text()).trim()}`
    }
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

  test('a port that is taken is said in a sentence', async () => {
    const options = {
      bind: '127.0.0.1',
      health: () => [],
      readiness: () => [],
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
