/** What both Prometheuses are given: counters that are reset, gaps, births and endings, odd numbers, histograms, Istio's series. */
import type { Instant } from '../../../src/core/time.ts'

/** The beginning of all stories; not a whole minute, so that what is aligned to one shows. */
export const START: Instant = 1_700_000_000_000

/** A series: its labels, and its samples as seconds from the beginning and a value; null ends the series (a staleness marker). */
export interface Story {
  readonly labels: Readonly<Record<string, string>>
  readonly samples: readonly (readonly [second: number, value: number | null])[]
}

type Value = (index: number, second: number) => number | null

/** A series with a sample every `every` seconds; undefined where a scrape failed. */
function tell(
  name: string,
  labels: Readonly<Record<string, string>>,
  value: (...at: Parameters<Value>) => number | null | undefined,
  { from = 0, to = 900, every = 15 } = {},
): Story {
  const samples: [number, number | null][] = []
  for (let second = from, index = 0; second <= to; second += every, index++) {
    const one = value(index, second)
    if (one !== undefined) samples.push([second, one])
  }
  return { labels: { __name__: name, ...labels }, samples }
}

/** A staircase that looks irregular and is the same each time. */
const wobble = (index: number): number => (index * 7919) % 13

const pods: Story[] = [
  tell('requests_total', { pod: 'a', zone: 'x', code: '200' }, i => 100 + i * 30 + wobble(i)),
  tell('requests_total', { pod: 'a', zone: 'x', code: '500' }, i => i * 2, { from: 333.5 }),
  // Restarted twice, the second time to more than before within one step.
  tell('requests_total', { pod: 'b', zone: 'x', code: '200' }, i =>
    i < 20 ? 1000 + i * 11 : (i - 20) * 17 + (i > 35 ? -200 : 0),
  ),
  tell('requests_total', { pod: 'b', zone: 'x', code: '500' }, i => (i % 9) * 3),
  // Scrapes failed between second 200 and 320, and one of three from second 600 on.
  tell('requests_total', { pod: 'c', zone: 'y', code: '200' }, (i, s) =>
    (s > 200 && s < 320) || (s > 600 && i % 3 === 0) ? undefined : i * 5.5,
  ),
  // Gone with a marker, back later.
  tell('requests_total', { pod: 'd', zone: 'y', code: '200' }, (i, s) =>
    s < 300 ? i * 8 : s === 300 ? null : s < 700 ? undefined : i,
  ),
  // Gone without one.
  tell('requests_total', { pod: 'e', zone: 'y', code: '200' }, i => 7 + i * 4, { to: 410 }),
  tell('requests_total', { pod: 'slow', zone: 'z', code: '200' }, i => i * 100, { every: 60, from: 7 }),
  { labels: { __name__: 'requests_total', pod: 'once', zone: 'z', code: '200' }, samples: [[580.25, 42]] },
  tell('pod_info', { pod: 'a', node: 'n1', version: 'v1' }, () => 1),
  tell('pod_info', { pod: 'b', node: 'n2', version: 'v2' }, () => 1),
  tell('pod_info', { pod: 'c', node: 'n1', version: 'v2' }, () => 1),
  tell('limit', { pod: 'a' }, () => 50),
  tell('limit', { pod: 'b' }, () => 0),
  tell('zone_weight', { zone: 'x' }, () => 2),
  tell('zone_weight', { zone: 'y' }, () => 0.5),
]

const gauges: Story[] = [
  tell('heat', { room: 'cellar' }, i => 10 + 5 * Math.sin(i / 3)),
  tell('heat', { room: 'attic' }, i => -3.5 * wobble(i)),
  tell('heat', { room: 'kitchen', floor: '1' }, (_, s) => (s < 450 ? 20 : 22)),
  tell('odd', { what: 'nan' }, i => (i % 4 === 1 ? Number.NaN : i)),
  tell('odd', { what: 'inf' }, i => (i % 5 === 2 ? Number.POSITIVE_INFINITY : -i)),
  tell('odd', { what: 'minus' }, () => Number.NEGATIVE_INFINITY),
  tell('odd', { what: 'always-nan' }, () => Number.NaN),
  tell('odd', { what: 'tiny' }, i => 1e-9 * (i + 1)),
  tell('odd', { what: 'huge' }, i => 1e300 * (1 + wobble(i))),
  tell('odd', { what: 'zero' }, () => 0),
  tell('ends', { how: 'marked' }, (_, s) => (s < 400 ? 1 : s < 415 ? null : undefined)),
  tell('ends', { how: 'silent' }, (_, s) => (s < 305 ? 2 : undefined)),
  tell('text', { path: '/a/b', host: 'a.example:80', quoted: 'say "hi"\\n' }, () => 1),
  tell('text', { path: '/a', host: 'b.example:8080', line: 'one\ntwo' }, () => 2),
]

const bounds = ['10', '50', '100', '500', '1000', '+Inf']
const histogram = (name: string, labels: Record<string, string>, growth: readonly number[], reset = 1e9): Story[] =>
  bounds.map((le, at) =>
    tell(
      name,
      { ...labels, le },
      i => growth.slice(0, at + 1).reduce((sum, one) => sum + one, 0) * (i < reset ? i : i - reset),
    ),
  )

const histograms: Story[] = [
  ...histogram('latency_bucket', { pod: 'a' }, [5, 20, 40, 20, 10, 5]),
  ...histogram('latency_bucket', { pod: 'b' }, [1, 1, 3, 90, 1, 0], 30),
  ...histogram('latency_bucket', { pod: 'idle' }, [0, 0, 0, 0, 0, 0]),
  // As when the buckets of one scrape are not of one moment.
  ...histogram('latency_bucket', { pod: 'shaky' }, [5, 5, -2, 5, 1e-15, 0]),
  tell('topless_bucket', { le: '1' }, i => i),
  tell('topless_bucket', { le: '2' }, i => 2 * i),
  tell('lonely_bucket', { le: '+Inf' }, i => i),
  tell('below_bucket', { le: '-1' }, i => 3 * i),
  tell('below_bucket', { le: '0' }, i => 4 * i),
  tell('below_bucket', { le: '+Inf' }, i => 5 * i),
  tell('twice_bucket', { le: '1' }, i => i),
  tell('twice_bucket', { le: '1.0' }, i => i),
  tell('twice_bucket', { le: 'Inf' }, i => 4 * i),
  tell('strange_bucket', { le: 'ten' }, i => i),
  tell('strange_bucket', { le: '20' }, i => 2 * i),
  tell('strange_bucket', { le: '+Inf' }, i => 3 * i),
]

const received = (workload: string, code: string, perScrape: number, from = 0): Story =>
  tell(
    'istio_requests_total',
    {
      reporter: 'destination',
      destination_workload: workload,
      destination_workload_namespace: 'shop',
      destination_service: 'web.shop.svc.cluster.local',
      response_code: code,
      response_flags: '-',
    },
    i => i * perScrape,
    { from, every: 5 },
  )

const sent = (service: string, version: string, flags: string, perScrape: number, from = 0): Story =>
  tell(
    'istio_requests_total',
    {
      reporter: 'source',
      destination_service: `${service}.shop.svc.cluster.local`,
      destination_service_name: service,
      destination_service_namespace: 'shop',
      destination_version: version,
      response_code: flags === '-' ? '200' : '503',
      response_flags: flags,
    },
    i => i * perScrape,
    { from, every: 5 },
  )

const istio: Story[] = [
  received('web', '200', 9),
  received('web', '404', 1),
  received('web', '500', 2, 850),
  received('web-primary', '200', 90),
  sent('web-canary', 'v2', '-', 12),
  sent('web-canary', 'v2', 'UH', 1, 860),
  sent('web-primary', 'v1', '-', 90),
  ...bounds.map((le, at) =>
    tell(
      'istio_request_duration_milliseconds_bucket',
      { reporter: 'destination', destination_workload: 'web', destination_workload_namespace: 'shop', le },
      i => i * ([3, 6, 8, 10, 12, 12][at] ?? 0),
      { every: 5 },
    ),
  ),
]

export const stories: readonly Story[] = [...pods, ...gauges, ...histograms, ...istio]

/** All samples in the order of their times, as a Prometheus takes them. */
export function moments(): [second: number, (readonly [Story['labels'], number | null])[]][] {
  const told = new Map<number, (readonly [Story['labels'], number | null])[]>()
  for (const { labels, samples } of stories) {
    for (const [second, value] of samples) told.set(second, [...(told.get(second) ?? []), [labels, value]])
  }
  return [...told].sort(([a], [b]) => a - b)
}
