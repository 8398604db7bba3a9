/**
 * The real adapter asks the in-memory Prometheus over HTTP, as a controller in the demo does, and that one has what the mesh
 * counted: whole requests that come by chance, scraped every 5 or 15 seconds. Time is virtual all the same.
 */
import { expect } from 'chai'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PrometheusSource } from '../../src/adapters/prometheus/source.ts'
import { kinds } from '../../src/api/object.ts'
import { byChance } from '../../playground/mesh/draw.ts'
import { prometheusApi } from '../../playground/prometheus/http.ts'
import { Telemetry } from '../../playground/mesh/telemetry.ts'
import { keptLog } from '../adapters/prometheus/loopback.ts'
import { sampled } from '../sampled.ts'
import { Relay } from './relay.ts'
import { World } from './world.ts'

suite('a release by the answers of the in-memory Prometheus, over HTTP in virtual time', () => {
  let world: World
  let server: Server
  let source: PrometheusSource

  async function begin(interval: number, seed: number): Promise<void> {
    world = new World()
    const telemetry = new Telemetry(world.mesh, world.clock, { interval, draw: byChance(seed) })
    server = createServer(prometheusApi(telemetry.samples, () => telemetry.upToDate()))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    source = new PrometheusSource({ servers: [`http://127.0.0.1:${port}`], log: keptLog() })
    world.start({}, { metrics: new Relay(source, world.clock) })
    const metrics = [
      { name: 'request-success-rate', thresholdRange: { min: 99 }, interval: '1m' },
      { name: 'request-duration', thresholdRange: { max: 500 }, interval: '1m' },
    ]
    await world.initialized({ analysis: { interval: '1m', threshold: 2, metrics } })
  }
  teardown(async () => {
    await world.close()
    source.close()
    server.closeAllConnections()
    server.close()
  })

  const primaryImage = (): unknown =>
    /"image":"([^"]*)"/.exec(JSON.stringify(world.object(kinds.Deployment, 'web-primary')?.spec))?.[1]

  const scrapes = [
    [5000, 1],
    [15_000, 1],
    [15_000, 2],
  ] as const
  for (const [interval, seed] of sampled(scrapes, 2)) {
    suite(`scraped every ${interval / 1000} s, seed ${seed}`, () => {
      test('a good one climbs 10, 25, 50, 100 and is promoted, and no client request fails', async () => {
        await begin(interval, seed)
        const begun = world.clock.now()
        world.setImage('demo/web:1.1.0')
        for (const weight of [10, 25, 50, 100]) await world.until(`Progressing ${weight}`)
        await world.until('Succeeded')
        expect(primaryImage()).to.equal('demo/web:1.1.0')
        expect(world.status.failedChecks).to.equal(0)
        expect(world.mesh.count(flow => flow.code >= 500, begun)).to.equal(0)
      })

      const bad = [
        [
          'errors',
          'demo/web:2.0.0-errors',
          /request-success-rate (8[4-9]|9[0-5])(\.\d+)? % is below 99 % \(\d+ requests in \d+s\)/,
        ],
        ['slowness', 'demo/web:2.0.0-slow', /request-duration p99 2\d{3} ms is above 500 ms/],
        [
          'a leak',
          'demo/web:2.0.0-leak',
          /request-(duration [\d.]+ ms is above 500 ms|success-rate [\d.]+ % is below 99 %)/,
        ],
      ] as const
      for (const [what, image, sentence] of bad) {
        test(`${what}: taken back, with the value that the mesh had`, async () => {
          await begin(interval, seed)
          world.setImage(image)
          await world.until('Failed')
          expect(world.status.message).to.match(/^Rolled back \w+ \(web:[\w.-]+\) at weight \d+: /)
          expect(world.status.message).to.match(sentence)
          await world.clock.advance(60_000)
          expect(primaryImage()).to.equal('demo/web:1.0.0')
          expect(world.mesh.shares()).to.deep.equal({ 'web-primary': 100 })
        })
      }
    })
  }
})
