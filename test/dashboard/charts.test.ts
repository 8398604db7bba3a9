/** From findings to lines on a scale. */
import { expect } from 'chai'
import { nearest, pathOf, timeTicks, verticalScale } from '../../dashboard/charts/scale.ts'
import { chartOfFindings, extended, type Point, withGates } from '../../dashboard/state/series.ts'
import type { GateView } from '../../src/core/view/view.ts'
import type { Chart } from '../../src/server/dashboard/protocol.ts'

const chart = (values: readonly (number | null)[], more: Partial<Chart> = {}): Chart => ({
  name: 'gate',
  unit: '',
  lines: values.length === 0 ? [] : [{ side: 'canary', points: values.map((value, index) => [index, value] as const) }],
  ...more,
})

const gate = (at: string | null, value: number | null = 1): GateView => ({
  name: 'gate',
  kind: 'metric',
  value,
  min: 99,
  max: null,
  unit: '%',
  requests: 10,
  verdict: 'pass',
  message: 'said',
  at,
  dryRun: false,
})

suite('the scale of a chart', () => {
  const rows: readonly (readonly [string, Chart, readonly number[]])[] = [
    ['nothing', chart([]), [0, 1]],
    ['nothing, in percent', chart([], { unit: '%' }), [0, 50, 100]],
    ['percentages end at 100, and the limit is on it', chart([99.8], { unit: '%', min: 99 }), [98.5, 99, 99.5, 100]],
    ['all failed', chart([0], { unit: '%', min: 99 }), [0, 50, 100]],
    ['all passed', chart([100], { unit: '%' }), [99.5, 100]],
    ['milliseconds begin at 0', chart([212], { unit: 'ms', max: 500 }), [0, 200, 400, 600]],
    ['one value of 0', chart([0]), [0, 0.5]],
    ['negative values', chart([-4, 4]), [-5, 0, 5]],
    ['only gaps', chart([null, null], { unit: 'ms', max: 500 }), [0, 200, 400, 600]],
  ]
  for (const [name, given, ticks] of rows) {
    test(name, () => {
      const scale = verticalScale(given)
      expect(scale.ticks).to.deep.equal(ticks)
      const values = given.lines.flatMap(({ points }) => points.flatMap(([, value]) => value ?? []))
      for (const value of values) expect(value).to.be.within(scale.min, scale.max)
    })
  }

  test('times are on whole steps, and not more than there is room for', () => {
    const minute = 60_000
    expect(timeTicks(30_000, 6 * minute, 4)).to.deep.equal([2 * minute, 4 * minute, 6 * minute])
    for (const hours of [1, 9, 100, 10_000]) expect(timeTicks(0, hours * 60 * minute, 5).length).to.be.at.most(6)
  })

  test('a line has gaps where there is no value, and a lone value is a dot', () => {
    const points: Point[] = [
      [0, 1],
      [1, 2],
      [2, null],
      [3, 3],
    ]
    expect(
      pathOf(
        points,
        at => at,
        value => value,
      ),
    ).to.equal('M0.0 1.0h0L1.0 2.0M3.0 3.0h0')
    expect(nearest(points, 2.9)).to.deep.equal([3, 3])
    expect(nearest([], 1)).to.equal(null)
  })
})

suite('findings of the stream on a chart', () => {
  test('one finding is one point, however often the view comes', () => {
    const first = withGates(new Map(), [gate('2026-01-01T00:00:01Z')])
    expect(withGates(first, [gate('2026-01-01T00:00:01Z')])).to.equal(first)
    const second = withGates(first, [gate('2026-01-01T00:00:02Z', null)])
    expect(second.get('gate')).to.deep.equal([
      [Date.UTC(2026, 0, 1, 0, 0, 1), 1],
      [Date.UTC(2026, 0, 1, 0, 0, 2), null],
    ])
    expect(withGates(second, [gate(null)])).to.equal(second)
  })

  test('at most 600 are kept', () => {
    let findings: ReturnType<typeof withGates> = new Map()
    for (let at = 0; at < 700; at += 1) findings = withGates(findings, [gate(new Date(at * 1000).toISOString())])
    expect(findings.get('gate')).to.have.lengthOf(600)
    expect(findings.get('gate')?.[0]?.[0]).to.equal(100_000)
  })

  test('they follow what the server gave, and never stand beside it twice', () => {
    const whole = extended(chart([1, 2]), [
      [1, 9],
      [2, 3],
    ])
    expect(whole.lines[0]?.points).to.deep.equal([
      [0, 1],
      [1, 2],
      [2, 3],
    ])
    expect(extended(chart([]), [[5, 1]]).lines).to.deep.equal([{ side: 'canary', points: [[5, 1]] }])
  })

  test('without history they are the chart', () => {
    expect(chartOfFindings(gate(null), [[5, 99.5]])).to.deep.equal({
      name: 'gate',
      unit: '%',
      min: 99,
      lines: [{ side: 'canary', points: [[5, 99.5]] }],
    })
  })
})
