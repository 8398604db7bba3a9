import { expect } from 'chai'
import { rangeParameters, replyOfRange } from '../../../src/adapters/prometheus/range.ts'

const question = { query: 'up', start: 1_000_000, end: 1_010_000, step: 5000, namespace: 'shop' }
const series = (...values: readonly (readonly [number, string])[]) => ({ metric: {}, values })
const answer = (...result: readonly unknown[]) => ({ status: 'success', data: { resultType: 'matrix', result } })

suite('a range of a metrics server', () => {
  test('is asked for in seconds', () => {
    expect(rangeParameters({ ...question, step: 1500 }, 8000)).to.equal(
      'query=up&start=1000&end=1010&step=1.5&timeout=8000ms',
    )
  })

  const rows: Readonly<Record<string, readonly [unknown, unknown]>> = {
    'points, by their place on the grid': [
      answer(series([1000, '1'], [1005.0004, '2.5'])),
      [
        [1_000_000, 1],
        [1_005_000, 2.5],
      ],
    ],
    'no series': [answer(), []],
    'what is no number': [answer(series([1000, 'NaN'], [1005, '+Inf'], [1010, ''])), []],
    'several series': [answer(series(), series()), 'refused'],
    'an instant vector': [{ status: 'success', data: { resultType: 'vector', result: [] } }, 'unavailable'],
    'an error': [{ status: 'error', error: 'parse error' }, 'unavailable'],
    'no Prometheus': ['<html>', 'unavailable'],
  }
  for (const [what, [body, wanted]] of Object.entries(rows)) {
    test(`is read: ${what}`, () => {
      const reply = replyOfRange(body, question, 'http://prometheus')
      expect(reply.kind === 'points' ? [...reply.points] : reply.kind).to.deep.equal(wanted)
    })
  }
})
