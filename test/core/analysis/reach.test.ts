import { expect } from 'chai'
import { reachOf } from '../../../src/core/analysis/reach.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

const rows: readonly (readonly [query: string, reach: number])[] = [
  ['up', 0],
  ['sum(queue_length{app="web"})', 0],
  ['rate(errors[5m])', 5 * minute],
  ['rate(errors[1h30m])', 90 * minute],
  ['rate(errors[1500ms])', 1500],
  ['rate(errors[1d])', day],
  ['rate(errors[2w])', 14 * day],
  ['rate(errors[1y])', 365 * day],
  ['rate(errors[300])', 300 * second],
  ['rate(errors[1.5h])', 90 * minute],
  ['rate(errors[ 5m ])', 5 * minute],
  ['rate(errors[5m]) / rate(requests[10m])', 10 * minute],
  ['rate(errors[10m]) / rate(requests[5m])', 10 * minute],
  ['rate(errors[5m] offset 1h)', hour + 5 * minute],
  ['rate(errors[5m]) - rate(errors[5m] offset 1d)', day + 5 * minute],
  ['errors - errors OFFSET 10m', 10 * minute],
  ['rate(errors[5m] offset -5m)', 0],
  ['rate(errors[5m] offset -2m)', 3 * minute],
  ['max_over_time(rate(errors[5m])[30m:1m])', 35 * minute],
  ['max_over_time(rate(errors[5m])[30m:])', 35 * minute],
  ['max_over_time(up[5m:10s] offset 1m)', 6 * minute],
  ['max_over_time((rate(a[1m]) or rate(b[2m]))[10m:1m])', 12 * minute],
  ['max_over_time(max_over_time(rate(a[1m])[2m:])[4m:])', 7 * minute],
  ['sum by (code) (rate(errors[5m])) / ignoring(code) group_left sum(rate(requests[1m]))', 5 * minute],
  ['max_over_time(sum(rate(errors[5m])) by (code)[30m:1m])', 35 * minute],
  ['sum(rate(errors[5m])) by (offset)', 5 * minute],
  ['rate(errors[5m] @ end())', 5 * minute],
  ['rate(errors[5m] @ start() offset 5m)', 10 * minute],
  ['rate(errors[5m] @ 1609746000)', Number.POSITIVE_INFINITY],
  ['up @ 1.6e9 > 0', Number.POSITIVE_INFINITY],
  ['up{path="/x[5m]", note=~"offset 1h"}', 0],
  ['up{path="\\"[5m]"}', 0],
  ["label_replace(up, 'a', 'b[5m]', '', '')", 0],
  ['up # rate(errors[5m])', 0],
  ['up # rate(errors[5m])\n+ rate(errors[1m])', minute],
  ['{"http.errors", path="]"}', 0],
  ['rate({"http.errors"}[5m])', 5 * minute],
  ['job:errors:rate5m{app="web"}', 5 * minute],
  ['max(job:errors:ratio_rate1h30m offset 10m) / app:up:sum', 100 * minute],
  ['max_over_time(job:errors:rate5m[30m:1m])', 35 * minute],
  ['sum by (job:a:rate5m) (job:errors:total + errors_rate5m)', 0],
  ['rate(errors[1e3])', 1000 * second],
  ['rate(errors[0x3c]) + rate(errors[1_2])', 60 * second],
  ['rate(errors[5m] offset +10m)', 15 * minute],
  ['rate(errors[5m] @ +1609746000)', Number.POSITIVE_INFINITY],
  ['offset_5m + on(a) errors[1m]', minute],
  ['topk(5, rate(errors[5m]))', 5 * minute],
  ['rate(errors[5m', 5 * minute],
  ['((rate(errors[5m])', 5 * minute],
  ['rate(errors[5m])))) + x[1m]', 5 * minute],
  ['', 0],
]

suite('how far back a query reaches', () => {
  for (const [query, reach] of rows) {
    test(`${query}: ${reach / 1000} s`, () => expect(reachOf(query)).to.equal(reach))
  }

  test('no query, however it is written, is read for long', () => {
    const length = 65_536
    const hostile = ['(', '[', '{', '"', '{"', '[5m]', 'offset ', '@', '#', "'\\", '{"\\', '1', 'a(', '-']
    const begun = performance.now()
    for (const piece of hostile) reachOf(piece.repeat(length / piece.length))
    expect(performance.now() - begun).to.be.below(10_000)
  })
})
