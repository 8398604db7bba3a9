/** Charts of a run's own gates: which questions are asked, and what comes of the answers. */
import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import type { RangeAnswer, RangeQuery } from '../../../src/server/dashboard/ports.ts'
import type { Charts } from '../../../src/server/dashboard/protocol.ts'
import { call, release, STARTED, TOKENS, type World, world } from './world.ts'

const began = Date.parse(STARTED)

suite('charts', () => {
  let w: World
  let now: number

  setup(async () => {
    now = began + 120_000
    w = await world({ now: () => now })
    release(w)
  })
  teardown(() => w.close())

  const charts = async (query = ''): Promise<Charts> =>
    (await call(w, `GET /api/canaries/shop/web/charts${query}`, { token: TOKENS.viewer })).body as unknown as Charts

  /** The same number at every point. */
  const constant = ({ start, end, step }: RangeQuery, value: number): RangeAnswer => {
    const points = new Map<number, number>()
    for (let at = start; at <= end; at += step) points.set(at, value)
    return { kind: 'points', points }
  }
  const isErrors = ({ query }: RangeQuery): boolean => query.includes('response_code=~"5..|0"')
  const isOfCanary = ({ query }: RangeQuery): boolean => query.includes('destination_workload="web"')

  test('are what the check would have measured, of both sides, against the limit', async () => {
    w.answer = query => {
      if (isErrors(query)) return constant(query, isOfCanary(query) ? 25 : 0)
      return query.query.includes('response_flags') ? constant(query, 0) : constant(query, 100)
    }
    const { charts: drawn, from, to, revision } = await charts()
    expect([from, to, revision.slice(0, 3)]).to.deep.equal([began - 60_000, now, 'h1:'])
    const [rate, requests] = drawn
    expect([rate?.name, rate?.unit, rate?.min]).to.deep.equal(['request-success-rate', '%', 99])
    expect(rate?.lines.map(({ side, points }) => [side, points.length, points[0]?.[1]])).to.deep.equal([
      ['canary', 181, 75],
      ['primary', 181, 100],
    ])
    expect(requests?.lines.map(({ side, points }) => [side, points[0]?.[1]])).to.deep.equal([
      ['canary', 100 / 60],
      ['primary', 100 / 60],
    ])
  })

  test('have at most 600 points, however long the run is, and no question twice', async () => {
    now = began + 3 * 86_400_000
    const { step, charts: drawn } = await charts()
    expect(step).to.be.greaterThan(400_000)
    const lengths = drawn.flatMap(({ lines }) => lines.map(({ points }) => points.length))
    expect(Math.max(...lengths)).to.be.within(550, 600)
    expect(new Set(w.asked.map(({ query }) => query)).size).to.equal(w.asked.length)
  })

  test('without answers are a sentence, and one question is enough to know', async () => {
    w.answer = () => ({ kind: 'unavailable', error: 'No history: nobody answers' })
    const { noHistory } = await charts()
    expect(noHistory).to.equal('No history: nobody answers')
    expect(w.asked).to.have.lengthOf(1)
  })

  test('of a query that is refused say so, and the others are drawn', async () => {
    w.answer = query => (isErrors(query) ? { kind: 'refused', error: 'parse error' } : constant(query, 1))
    const { charts: drawn, noHistory } = await charts()
    expect(noHistory).to.equal(undefined)
    expect(drawn.map(({ sentence, lines }) => [sentence, lines.length])).to.deep.equal([
      ['parse error', 0],
      [undefined, 2],
    ])
  })

  test('of many templates are read without a warning of Node', async () => {
    const names = Array.from({ length: 15 }, (_, n) => `template-${n}`)
    const metrics = names.map(name => ({ name, templateRef: { name }, thresholdRange: { max: 1 } }))
    w.api.user.merge(kinds.Canary, 'shop', 'web', { spec: { analysis: { metrics } } })
    const warnings: string[] = []
    const warned = ({ message }: Error): void => void warnings.push(message)
    process.on('warning', warned)
    expect((await charts()).charts).to.have.lengthOf(16)
    process.off('warning', warned)
    expect(warnings).to.deep.equal([])
  })

  test('of a metrics server that a Canary names are not asked for', async () => {
    w.api.user.merge(kinds.Canary, 'shop', 'web', { spec: { metricsServer: 'http://elsewhere.example:9090' } })
    const { charts: drawn } = await charts()
    expect(drawn[0]?.sentence).to.include('a metrics server of its own')
    expect(w.asked.every(({ query }) => query.startsWith('sum('))).to.equal(true)
  })

  test('of a run that is not kept are refused', async () => {
    const answer = await call(w, 'GET /api/canaries/shop/web/charts?run=none', { token: TOKENS.viewer })
    expect([answer.status, answer.body['code']]).to.deep.equal([404, 'not-found'])
  })

  test('are asked for no one who may not get the Canary', async () => {
    const answer = await call(w, 'GET /api/canaries/shop/web/charts', { token: TOKENS.nobody })
    expect([answer.status, w.asked.length]).to.deep.equal([403, 0])
  })
})
