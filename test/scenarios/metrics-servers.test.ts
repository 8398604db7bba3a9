/**
 * Metrics servers in trouble, and queries that they refuse: real servers on loopback, asked by the real adapter, while the
 * controller lives in virtual time. Nothing can be said about the canary then, so its weight stays, with a sentence that says
 * why; after `maxBlind` it is parked at 0; and once the server is well, the release goes on by itself. One server of each kind of
 * finding: how each answer becomes a finding stands in test/adapters/prometheus/answers.test.ts.
 */
import { expect } from 'chai'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { PrometheusSource } from '../../src/adapters/prometheus/source.ts'
import { closingOfSuite } from '../closing.ts'
import { keptLog, loopback, type Loopback } from '../adapters/prometheus/loopback.ts'
import type { Json } from './bad-input.given.ts'
import { Relay } from './relay.ts'
import { expectEvent, heard, minute, requestsOf } from './witness.ts'
import { type Process, World } from './world.ts'

interface Row {
  readonly name: string
  readonly spec?: Json
  /** How the server answers every request; left out: it is closed. */
  readonly answers?: (request: IncomingMessage, response: ServerResponse) => void
  /** Of the Canary's analysis, what holds it; URL is the server's. */
  readonly because: string
}

const metric = (name: string, query: string): Json => ({
  analysis: { metrics: [{ name, query, thresholdRange: { max: 1 } }] },
})
const parseError = 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis'

/** An answer in which every query has the value, and that says more about itself. */
const partial =
  (fields: Json): NonNullable<Row['answers']> =>
  (_, response) => {
    response.end(JSON.stringify({ status: 'success', ...fields, data: { resultType: 'vector', result: [] } }))
  }

const rows: readonly Row[] = [
  {
    name: 'a Thanos whose store is away',
    answers: partial({ warnings: ['fetch series for {cluster="b"}: rpc error: code = Unavailable'] }),
    because:
      'request-success-rate could not be measured: URL gave only a part of the answer: fetch series for {cluster="b"}: rpc error: code = Unavailable',
  },
  {
    name: 'a VictoriaMetrics whose storage node is away, and a query of the user',
    spec: metric('errors', 'errors'),
    answers: partial({ isPartial: true }),
    because: 'errors could not be measured: URL gave only a part of the answer: it says isPartial: true',
  },
  {
    name: 'PromQL that Prometheus refuses',
    spec: metric('errors', 'errors'),
    answers: (_, response) => {
      response.writeHead(400).end(JSON.stringify({ status: 'error', errorType: 'bad_data', error: parseError }))
    },
    because: 'errors: the metrics server refused the query: 1:5: parse error: unclosed left parenthesis',
  },
  {
    name: 'a server that refuses connections',
    because: 'request-success-rate could not be measured: URL cannot be reached: connect ECONNREFUSED HOST',
  },
  {
    name: 'a server that hangs',
    answers: () => {},
    because: 'request-success-rate could not be measured: URL gave no answer in 0.1 s',
  },
]

suite('metrics servers in trouble, in virtual time', () => {
  let world: World
  let controller: Process
  let relay: Relay
  setup(() => {
    world = new World()
    relay = new Relay(world.metrics, world.clock)
    controller = world.start({}, { metrics: relay })
  })
  teardown(() => world.close())
  const closing = closingOfSuite()

  async function serving(answers: Row['answers']): Promise<Loopback> {
    const server = await loopback(
      () => [],
      (request, response) => {
        answers?.(request, response)
        return true
      },
    )
    if (answers === undefined) await server.close()
    else closing(server)
    return server
  }

  for (const { name, spec, answers, because } of rows) {
    test(`${name}: ${because}`, async () => {
      const { url } = await serving(answers)
      // Whoever answers may take its time on a machine that is busy; only silence is waited out.
      const deadline = because.includes('no answer in 0.1 s') ? 100 : 60_000
      const source = closing(new PrometheusSource({ servers: [url], log: keptLog(), deadline }))
      const sentence = because.replaceAll('URL', url).replaceAll('HOST', url.slice('http://'.length))
      const analysis = { interval: '30s', checkInterval: '30s', maxBlind: '1m', ...(spec?.['analysis'] as Json) }
      await world.initialized({ analysis })
      relay.to = source
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 10')
      await world.clock.advance(2000)
      const begun = world.clock.now()
      await world.clock.advance(35_000)
      expect(world.stand).to.equal('Progressing 10')
      expect(world.status.message).to.equal(`Holding at weight 10: ${sentence}`)
      expect(world.status.reason).to.equal('MetricsUnavailable')
      expect(world.status.conditions?.find(({ type }) => type === 'Ready')).to.include({
        status: 'False',
        reason: 'MetricsUnavailable',
        message: world.status.message,
      })
      expect(world.status.failedChecks).to.equal(0)
      expect(heard(world, begun), 'whom callers heard').to.deep.equal(['web 10, web-primary 90'])

      await world.clock.advance(90_000)
      expect([world.stand, world.status.reason]).to.deep.equal(['Progressing 0', 'AnalysisSuspended'])
      expect(world.status.message).to.match(
        /^The analysis of \w+ \(web:1\.1\.0\) is suspended at weight 0 until there is data again; the last check said: /,
      )
      expect(world.status.message?.endsWith(`said: ${sentence}`), world.status.message).to.equal(true)
      const began = /^Suspended the analysis of \w+ \(web:1\.1\.0\) at weight 0 after 1m without data: /
      expectEvent(world, { reason: 'AnalysisSuspended', sentence: began })
      expect(world.events().filter(event => event.endsWith(`without data: ${sentence}`))).to.have.lengthOf(1)
      expect(heard(world, world.clock.now() - 1000), 'whom callers heard').to.deep.equal(['web-primary 100'])

      const requests = requestsOf(controller)
      await world.clock.advance(60_000)
      expect(requests.count, 'requests in a minute of trouble').to.be.at.most(2)

      relay.to = world.metrics
      world.metrics.values.set('errors', 0)
      await world.until('Succeeded', 30 * minute)
    })
  }
})
