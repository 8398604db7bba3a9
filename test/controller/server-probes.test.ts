/** Which metrics servers are asked while no release asks them, how often, and what is told of them. */
import { expect } from 'chai'
import { parseMetricTemplate } from '../../src/api/templates.ts'
import { kinds } from '../../src/api/object.ts'
import { metricsServersOf } from '../../src/core/analysis/trials.ts'
import type { Check, Finding } from '../../src/core/model/check.ts'
import { PrometheusSource } from '../../src/adapters/prometheus/source.ts'
import { ServerProbes } from '../../src/controller/server-probes.ts'
import { VirtualClock } from '../../playground/clock.ts'
import { keptLog, loopback, question } from '../adapters/prometheus/loopback.ts'
import { canary, object, observation } from '../core/given-objects.ts'

const minute = 60_000
const first = 'http://one:9090'
const second = 'http://two:9090'

suite('probes of metrics servers', () => {
  let clock: VirtualClock
  let asked: Check[]
  let told: string[]
  let finding: Finding
  let log: ReturnType<typeof keptLog>
  let probes: ServerProbes
  setup(() => {
    clock = new VirtualClock()
    asked = []
    told = []
    finding = { kind: 'value', value: 1 }
    log = keptLog()
    probes = new ServerProbes({
      source: {
        measure: async checks => {
          asked.push(...checks)
          return new Map(checks.map(({ id }) => [id, finding]))
        },
      },
      allowed: [`http://kim:secret@one:9090/`, second],
      steady: clock,
      log,
      probed: (server, isReached) => told.push(`${server} ${isReached}`),
    })
  })
  teardown(() => probes.close())

  test('each server is asked once a minute, whatever the number of canaries, and no other one', async () => {
    await clock.advance(10 * minute)
    expect(asked).to.deep.equal([])
    for (let n = 0; n < 100; n++) probes.use(`shop/web-${n}`, 'shop', [first, 'http://elsewhere:9090'])
    await clock.advance(10 * minute - 1)
    expect(asked.map(({ server, query }) => `${server} ${query}`)).to.deep.equal(
      Array.from({ length: 10 }, () => `${first} vector(1)`),
    )
    expect(new Set(told)).to.deep.equal(new Set([`${first} true`]))
  })

  test('a query of a tenant that ends in an error of the server is not merged with it', async () => {
    const server = await loopback(
      () => ['1'],
      (_request, response, query) => {
        if (!query.includes('heavy')) return false
        response.writeHead(503).end('too much')
        return true
      },
    )
    const source = new PrometheusSource({ servers: [server.url], log })
    const answered = new Promise<boolean | null>(resolve => {
      const own = {
        source,
        allowed: [server.url],
        steady: clock,
        log,
        probed: (_server: string, isReached: boolean | null) => resolve(isReached),
      }
      const only = new ServerProbes(own)
      const { subject, ...check } = question('heavy')
      void source.measure(
        [{ ...check, subject: { ...subject, measure: 'value', namespace: 'shop' } }],
        new AbortController().signal,
      )
      only.use('shop/web', 'shop', [server.url])
    })
    const isReached = await answered
    source.close()
    await server.close()
    expect(isReached).to.equal(true)
  })

  test('none is asked once no canary uses it, and what was told of it goes', async () => {
    probes.use('shop/web', 'shop', [first])
    probes.use('shop/api', 'shop', [first, second])
    await clock.advance(1)
    probes.use('shop/web', 'shop', [second])
    probes.forget('shop/api')
    told.length = 0
    asked.length = 0
    await clock.advance(minute)
    expect(asked.map(({ server }) => server)).to.deep.equal([second])
    probes.forget('shop/web')
    await clock.advance(10 * minute)
    expect(asked).to.have.lengthOf(1)
    expect(told).to.deep.equal([`${second} true`, `${second} null`])
  })

  test('a server that is away is told and logged once, and so is its return', async () => {
    finding = { kind: 'unavailable', error: 'http://one:9090 cannot be reached' }
    probes.use('shop/web', 'shop', [first])
    await clock.advance(3 * minute)
    // It answers, though it refuses this.
    finding = { kind: 'refused', error: 'no' }
    await clock.advance(3 * minute)
    expect([...new Set(told)]).to.deep.equal([`${first} false`, `${first} true`])
    expect(log.lines.map(line => line.replace(/ {.*/, ''))).to.deep.equal([
      'a metrics server cannot be asked',
      'a metrics server answers again',
    ])
  })

  test('the end of the term removes what was told, and asks nothing', async () => {
    probes.use('shop/web', 'shop', [first])
    await clock.advance(1)
    probes.close()
    probes.use('shop/web', 'shop', [first])
    await clock.advance(10 * minute)
    expect(told).to.deep.equal([`${first} true`, `${first} null`])
    expect(asked).to.have.lengthOf(1)
  })

  test('a canary uses its own server, and those of its templates that want no credentials', () => {
    const template = (name: string, provider: object) => {
      const spec = { provider: { type: 'prometheus', ...provider }, query: 'x' }
      const read = parseMetricTemplate(object(kinds.MetricTemplate, name, { spec }))
      if ('problems' in read) throw new Error(read.problems.join())
      return read.template
    }
    const by = (name: string) => ({ name, templateRef: { name }, thresholdRange: { max: 1 } })
    const templates = {
      plain: template('plain', {}),
      addressed: template('addressed', { address: second }),
      guarded: template('guarded', { address: 'http://three:9090', secretRef: { name: 'prom' } }),
    }
    const used = (metrics: object[], metricsServer?: string): string[] =>
      metricsServersOf(
        observation({
          templates,
          canary: canary({ ...(metricsServer ? { metricsServer } : {}), analysis: { metrics } }),
        }),
      )
    const standard = observation().settings.metricsServers[0]
    expect(used([{ name: 'request-success-rate' }, by('plain'), by('missing')])).to.deep.equal([standard])
    expect(used([by('plain')], first)).to.deep.equal([first])
    expect(used([by('addressed'), by('guarded')])).to.deep.equal([second])
  })
})
