import { expect } from 'chai'
import type { Finding } from '../../../src/core/model/check.ts'
import { judge, type Verdict } from '../../../src/core/judges/judge.ts'
import type { Part } from '../../../src/core/analysis/gate.ts'
import { findings, gate, noData, scene } from '../analysis/given.ts'

type Parts = Partial<Record<Part, number | Finding>>

function judged(
  written: Record<string, unknown>,
  parts: Parts,
  { onProviderError = 'hold', routedFor = 600_000 }: { onProviderError?: 'hold' | 'fail'; routedFor?: number } = {},
): Verdict {
  const of = gate({ interval: '30s', ...written })
  const at = scene({ routedFor })
  return judge(of, at, findings(of, at, parts), onProviderError)
}

/** Nobody went away before the answer, unless a test says so. */
const stayed: Parts = {
  untold: noData,
  disconnects: noData,
  'primary-requests': noData,
  'primary-disconnects': noData,
}
const success = (parts: Parts, more: Record<string, unknown> = {}): Verdict =>
  judged({ name: 'request-success-rate', ...more }, { ...stayed, ...parts })
const duration = (parts: Parts, more: Record<string, unknown> = {}): Verdict =>
  judged({ name: 'request-duration', ...more }, parts)
const mutualTls = (parts: Parts): Verdict =>
  judged(
    { name: 'mutual-tls-rate' },
    { 'mutual-tls': noData, plaintext: noData, resets: noData, requests: noData, ...parts },
  )
const outage: Finding = { kind: 'unavailable', error: 'http://prometheus:9090 gave no answer in 5 s' }

suite('judging the success rate', () => {
  test('too many errors fail it', () => {
    expect(success({ requests: 214, errors: 6, 'caller-failures': noData })).to.deep.equal({
      outcome: 'fail',
      because: 'request-success-rate 97.2 % is below 99 % (214 requests in 30s)',
      value: (100 * 208) / 214,
      requests: 214,
      sight: 'seen',
    })
  })

  test('no errors pass it', () => {
    expect(success({ requests: 214, errors: noData, 'caller-failures': noData })).to.deep.equal({
      outcome: 'pass',
      because: 'request-success-rate 100 % is at least 99 % (214 requests in 30s)',
      value: 100,
      requests: 214,
      sight: 'seen',
    })
  })

  test('failures that only callers saw count as requests and as errors', () => {
    expect(success({ requests: 90, errors: 0, 'caller-failures': 10 })).to.deep.include({
      outcome: 'fail',
      value: 90,
      requests: 100,
    })
  })

  test('a canary that only callers know is not without data', () => {
    expect(success({ requests: noData, errors: noData, 'caller-failures': 30 })).to.deep.include({
      outcome: 'fail',
      value: 0,
      because: 'request-success-rate 0 % is below 99 % (30 requests in 30s)',
    })
  })

  test('exactly the limit passes', () => {
    expect(success({ requests: 100, errors: 7, 'caller-failures': 0 }, { threshold: 93 })).to.deep.include({
      outcome: 'pass',
      value: 93,
    })
  })

  test('more errors than requests, by the time between two questions, are all of them', () => {
    expect(success({ requests: 3, errors: 4, 'caller-failures': 0 })).to.deep.include({ value: 0, requests: 3 })
  })

  test('a pass has to be told: what may be bad answers for all that is known is no data', () => {
    const untold = (requests: number, errors: number, of: number, more: Record<string, unknown> = {}): Verdict =>
      success({ requests, errors, untold: of, 'caller-failures': noData }, more)
    expect(untold(600, 0, 600)).to.deep.equal({
      outcome: 'hold',
      because:
        'request-success-rate has no data for the last 30s: 600 of 600 requests are reported without saying how they were answered (response_code, and grpc_response_status of gRPC; status with nginx): a Telemetry or a relabeling may leave that label out',
      value: null,
      requests: 600,
      sight: 'no-data',
    })
    expect(untold(600, 0, 600, { noData: 'pass' }).outcome).to.equal('pass')
    expect(untold(600, 0, 6)).to.deep.include({ outcome: 'pass', value: 100 })
    expect(untold(600, 1, 6)).to.deep.include({ outcome: 'hold', value: null })
    // Enough is told to fail it.
    expect(untold(600, 60, 500)).to.deep.include({ outcome: 'fail', value: 90 })
  })

  test('a window that is not full yet says so', () => {
    const parts = { ...stayed, requests: 1, errors: 0, 'caller-failures': 0 }
    expect(judged({ name: 'request-success-rate' }, parts, { routedFor: 12_000 }).because).to.equal(
      'request-success-rate 100 % is at least 99 % (1 request in 12s)',
    )
  })
})

suite('callers that went away before the answer', () => {
  const left = (of: number, primary: number | Finding, ofPrimary: number | Finding): number | null =>
    success({
      requests: 1000,
      errors: 1,
      'caller-failures': 0,
      disconnects: of,
      'primary-requests': primary,
      'primary-disconnects': ofPrimary,
    }).value

  test('count as far as the canary has a larger share of them than the primary', () => {
    // 100 of 1000, where 1 % of the primary's (and one more) is 10, and two deviations are 6.3: 84, and one error.
    expect(left(100, 10_000, 99)).to.equal(91.5)
    expect(left(100, 1000, 100)).to.equal(99.9)
  })

  test('are chance where there are a few more', () => {
    expect(left(2, 900, noData)).to.equal(99.9)
    expect(left(13, 9000, 90)).to.equal(99.9)
  })

  test('are not judged without requests of the primary', () => {
    expect(left(500, noData, noData)).to.equal(99.9)
    expect(left(500, 0, 0)).to.equal(99.9)
  })
})

suite('judging the duration', () => {
  test('too slow fails it', () => {
    expect(duration({ latency: 812.3, requests: 214 })).to.deep.equal({
      outcome: 'fail',
      because: 'request-duration p99 812 ms is above 500 ms (214 requests in 30s)',
      value: 812.3,
      requests: 214,
      sight: 'seen',
    })
  })

  test('within the limit passes', () => {
    expect(duration({ latency: 312.3, requests: 214 }).because).to.equal(
      'request-duration p99 312 ms is at most 500 ms (214 requests in 30s)',
    )
  })
})

suite('judging a query', () => {
  const written = { name: 'queue-length', query: 'q', thresholdRange: { min: 1, max: 10 } }

  test('its value is judged by both limits', () => {
    expect(judged(written, { value: 12.3456 })).to.deep.equal({
      outcome: 'fail',
      because: 'queue-length 12.35 is above 10',
      value: 12.3456,
      requests: null,
      sight: 'seen',
    })
    expect(judged(written, { value: 0.5 }).because).to.equal('queue-length 0.5 is below 1')
    expect(judged(written, { value: 10 })).to.deep.include({
      outcome: 'pass',
      because: 'queue-length 10 is between 1 and 10',
    })
  })

  const ranged = { name: 'errors', query: 'sum(increase(errors[{{ interval }}]))', thresholdRange: { max: 1 } }

  test('the range is the one that was asked, and the requests beside it are those of the window', () => {
    expect(judged(ranged, { value: 3 }).because).to.equal('errors 3 is above 1 (over 30s)')
    expect(judged({ ...ranged, query: 'sum(increase(errors[5m]))' }, { value: 1 }).because).to.equal(
      'errors 1 is at most 1 (over 5m)',
    )
    const counted = { ...ranged, query: 'sum(increase(errors[5m]))', minRequests: 10 }
    expect(judged(counted, { value: 1, requests: 12 }).because).to.equal(
      'errors 1 is at most 1 (over 5m; 12 requests in 30s)',
    )
  })

  const early: readonly [query: string, routedFor: number, outcome: string][] = [
    ['sum(increase(errors[5m]))', 299_000, 'hold'],
    ['sum(increase(errors[5m]))', 300_000, 'fail'],
    ['sum(increase(errors[{{ interval }}]))', 3000, 'fail'],
    ['sum(increase(errors[{{ interval }}] offset 10s))', 3000, 'hold'],
    ['errors', 3000, 'fail'],
    ['sum(errors @ 1609746000)', 86_400_000, 'hold'],
  ]
  for (const [query, routedFor, outcome] of early) {
    test(`${query} above its limit, ${routedFor / 1000} s after the first routing: ${outcome}`, () => {
      expect(judged({ ...ranged, query }, { value: 3 }, { routedFor }).outcome).to.equal(outcome)
    })
  }

  test('too few requests hold, whatever the value', () => {
    expect(judged({ ...written, minRequests: 50 }, { value: 100, requests: 12 })).to.deep.equal({
      outcome: 'hold',
      because: 'queue-length: not enough data, 12 of 50 requests in 30s',
      value: 100,
      requests: 12,
      sight: 'not-enough',
    })
    expect(judged({ ...written, minRequests: 50 }, { value: 100, requests: 50 }).outcome).to.equal('fail')
  })
})

suite('numbers in sentences', () => {
  const percent = (errors: number, requests: number, min = 99): string =>
    success({ requests, errors, 'caller-failures': 0 }, { threshold: min }).because.split(' (')[0] ?? ''

  test('a value is never rounded onto the limit that it misses', () => {
    expect(percent(1001, 100_000)).to.equal('request-success-rate 98.999 % is below 99 %')
    expect(duration({ latency: 500.04, requests: 1 }).because).to.match(/p99 500.04 ms is above 500 ms/)
    expect(judged({ name: 'q', query: 'q', thresholdRange: { max: 0.001 } }, { value: 0.00100004 }).because).to.match(
      /q 0.00100004 is above 0.001/,
    )
  })

  test('one error in many is not 100 %', () => {
    expect(percent(1, 10_000)).to.equal('request-success-rate 99.99 % is at least 99 %')
  })

  test('large and small numbers keep four digits', () => {
    const shown = (value: number): string | undefined =>
      judged({ name: 'q', query: 'q', thresholdRange: { max: 1e9 } }, { value }).because.split(' ')[1]
    expect([0, 3, 0.000123456, 123456.789, -2.34567].map(shown)).to.deep.equal([
      '0',
      '3',
      '0.0001235',
      '123457',
      '-2.346',
    ])
  })
})

suite('what cannot be seen', () => {
  test('no request is no data, and holds', () => {
    expect(success({ requests: noData, errors: noData, 'caller-failures': noData })).to.deep.equal({
      outcome: 'hold',
      because: 'request-success-rate has no data for the last 30s: the metrics show no request to the canary',
      value: null,
      requests: 0,
      sight: 'no-data',
    })
    expect(duration({ latency: { kind: 'no-data', because: 'the query gave NaN' }, requests: 0 }).because).to.equal(
      'request-duration has no data for the last 30s: the metrics show no request to the canary',
    )
  })

  test('no data fails or passes where the spec says so', () => {
    const nothing = { requests: noData, errors: noData, 'caller-failures': noData }
    expect(success(nothing, { noData: 'fail' })).to.deep.include({ outcome: 'fail', sight: 'no-data' })
    expect(success(nothing, { noData: 'pass' })).to.deep.include({ outcome: 'pass', sight: 'no-data' })
  })

  test('a query without a result is no data', () => {
    const written = { name: 'queue', query: 'q', thresholdRange: { max: 1 } }
    const advice =
      'if it is empty while there is no error, write "or vector(0)" behind the part that counts errors, or noData: pass'
    expect(judged(written, { value: noData }).because).to.equal(
      `queue has no data: the query returned no data; ${advice}`,
    )
    expect(judged({ ...written, query: 'sum(rate(q[90s]))' }, { value: noData }).because).to.equal(
      `queue has no data over 1m30s: the query returned no data; ${advice}`,
    )
    const nan: Finding = { kind: 'no-data', because: 'the query gave NaN' }
    expect(judged(written, { value: nan }).because).to.equal('queue has no data: the query gave NaN')
    // A share of errors that is empty rolls a good release back here.
    expect(judged({ ...written, noData: 'fail' }, { value: noData }).because).to.equal(
      `queue has no data: the query returned no data; ${advice}`,
    )
    expect(judged({ ...written, noData: 'pass' }, { value: noData }).because).to.equal(
      'queue has no data: the query returned no data',
    )
  })

  test('an outage holds, even where no data fails', () => {
    const parts = { requests: 100, errors: outage, 'caller-failures': 0 }
    expect(success(parts, { noData: 'fail' })).to.deep.equal({
      outcome: 'hold',
      because: 'request-success-rate could not be measured: http://prometheus:9090 gave no answer in 5 s',
      value: null,
      requests: null,
      sight: 'unavailable',
    })
  })

  test('an outage fails where onProviderError says so', () => {
    const parts = { latency: outage, requests: outage }
    expect(judged({ name: 'request-duration' }, parts, { onProviderError: 'fail' })).to.deep.include({
      outcome: 'fail',
      sight: 'unavailable',
    })
  })

  test('a refused query holds, whatever onProviderError says', () => {
    const refused: Finding = { kind: 'refused', error: 'parse error: unexpected "}"' }
    const written = { name: 'queue', query: 'q}', thresholdRange: { max: 1 } }
    expect(judged(written, { value: refused }, { onProviderError: 'fail' })).to.deep.equal({
      outcome: 'hold',
      because: 'queue: the metrics server refused the query: parse error: unexpected "}"',
      value: null,
      requests: null,
      sight: 'refused',
    })
  })

  test('an answer that is missing is an outage', () => {
    expect(duration({ latency: 10 })).to.deep.include({ outcome: 'hold', sight: 'unavailable' })
  })
})

suite('judging the rate of mutual TLS', () => {
  const rows: readonly (readonly [name: string, parts: Parts, outcome: Verdict['outcome'], because: string])[] = [
    [
      'all of them',
      { 'mutual-tls': 214, requests: 214 },
      'pass',
      'mutual-tls-rate 100 % is at least 100 % (214 requests in 30s)',
    ],
    [
      'one in plaintext fails it where nothing else is written',
      { 'mutual-tls': 9999, plaintext: 1, requests: 10_000 },
      'fail',
      'mutual-tls-rate 99.99 % is below 100 % (10000 requests in 30s; 1 in plaintext)',
    ],
    [
      'what a server in mode STRICT refuses counts, although no request arrives',
      { resets: 90 },
      'fail',
      "mutual-tls-rate 0 % is below 100 % (90 requests in 30s; 90 that the canary's proxy closed unanswered, as it does with plaintext in mode STRICT)",
    ],
    [
      'connections that close as they are reused do not count',
      { 'mutual-tls': 9988, resets: 12, requests: 9988 },
      'pass',
      'mutual-tls-rate 100 % is at least 100 % (10000 requests in 30s)',
    ],
    [
      'no request is no data',
      {},
      'hold',
      'mutual-tls-rate has no data for the last 30s: the metrics show no request to the canary',
    ],
    [
      'requests that do not say it are no data, whatever was reset, and never 0 %',
      { requests: 214, resets: 20 },
      'hold',
      'mutual-tls-rate has no data for the last 30s: its requests are reported without saying how they were secured: the configuration of the telemetry may leave that label out',
    ],
    [
      'an outage is no data either',
      { 'mutual-tls': outage, plaintext: 4 },
      'hold',
      'mutual-tls-rate could not be measured: http://prometheus:9090 gave no answer in 5 s',
    ],
  ]
  for (const [name, parts, outcome, because] of rows) {
    test(name, () => expect(mutualTls(parts)).to.deep.include({ outcome, because }))
  }
})
