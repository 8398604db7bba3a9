import { assert } from 'chai'
import { assert as holds, integer, property } from 'fast-check'
import { DURATION_SENTENCE, formatDuration, parseDuration } from '../../src/api/duration.ts'

suite('durations', () => {
  const readable: readonly (readonly [string, number])[] = [
    ['1h30m', 5_400_000],
    ['90s', 90_000],
    ['500ms', 500],
    ['1.5s', 1_500],
    ['0s', 0],
    ['24h', 86_400_000],
    ['1m0.5s', 60_500],
    ['250us', 0.25],
    ['250µs', 0.25],
    ['1000000ns', 1],
  ]
  for (const [text, milliseconds] of readable)
    test(`${text} is ${milliseconds} ms`, () => assert.deepEqual(parseDuration(text), { milliseconds }))

  for (const text of [
    '',
    '1x',
    '60',
    '1minute',
    '10mm',
    ' 1s',
    '1s ',
    '1s\n',
    '-1s',
    '1,5s',
    '1d',
    's',
    '1h 30m',
    '9'.repeat(30),
  ])
    test(`${JSON.stringify(text)} is answered by a sentence`, () =>
      assert.deepEqual(parseDuration(text), { problem: DURATION_SENTENCE }))

  test('the longest text that is read stays below the 292 years that CEL can hold', () => {
    assert.deepEqual(parseDuration('999999h999999h99999h'), { milliseconds: 2_099_997 * 3_600_000 })
    assert.isBelow(2_099_997 / 24 / 365.25, 292)
  })

  test('what was written is read back', () => {
    holds(
      property(integer({ min: 0, max: 10 * 365 * 24 * 3_600_000 }), milliseconds => {
        assert.deepEqual(parseDuration(formatDuration(milliseconds)), { milliseconds })
      }),
    )
  })

  test('the largest unit comes first', () => {
    assert.deepEqual([5_400_000, 61_000, 1_500, 0].map(formatDuration), ['1h30m', '1m1s', '1s500ms', '0s'])
  })
})
