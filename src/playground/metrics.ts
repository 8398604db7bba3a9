/**
 * The metrics server of the in-memory cluster. It answers by what a question is about (`check.subject`), from the mesh's own
 * counts; that the PromQL asks the same is proven against a real Prometheus. It can be put out of order in every way that counts.
 */
import type { Check, Finding } from '../core/check.ts'
import type { MetricSource } from '../core/ports.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import type { Latency } from './images.ts'
import type { Flow, Mesh, Stretch } from './mesh.ts'

/** What is wrong with the metrics server for one question: a finding instead of an answer, no answer at all, or nothing. */
export type Trouble = (check: Check) => Finding | 'hangs' | null

/** The ways in which a metrics server fails, for `MeshMetrics.trouble`. */
export const troubles = {
  none: () => null,
  down: () => ({ kind: 'unavailable', error: 'connect ECONNREFUSED' }),
  empty: () => ({ kind: 'no-data', because: 'empty result' }),
  hanging: () => 'hangs',
  refusing: () => ({ kind: 'refused', error: 'bad_data: invalid parameter "query"' }),
} as const satisfies Record<string, Trouble>

export class MeshMetrics implements MetricSource {
  trouble: Trouble = troubles.none
  /** Answers to the users' own queries, by PromQL. */
  readonly values = new Map<string, number>()
  /** The id of every question, in the order of asking. */
  readonly asked: string[] = []
  readonly #mesh: Mesh
  readonly #now: () => Instant
  readonly #scrapeInterval: Milliseconds

  /** @param scrapeInterval what happened since the last whole multiple of it is not seen yet; 0: all is seen at once. */
  constructor(mesh: Mesh, clock: { now(): Instant }, scrapeInterval: Milliseconds = 0) {
    this.#mesh = mesh
    this.#now = () => clock.now()
    this.#scrapeInterval = scrapeInterval
  }

  async measure(checks: readonly Check[], signal: AbortSignal): Promise<ReadonlyMap<string, Finding>> {
    const findings = checks.map(async (check): Promise<[string, Finding]> => {
      this.asked.push(check.id)
      const trouble = this.trouble(check)
      if (trouble === 'hangs') return [check.id, await timeout(signal)]
      return [check.id, trouble ?? this.#answer(check)]
    })
    return new Map(await Promise.all(findings))
  }

  #answer({ query, subject }: Check): Finding {
    const to = this.#scraped(this.#now())
    const from = this.#scraped(this.#now() - subject.window)
    const isOfSide = (flow: Flow): boolean => flow.workload === subject.workload && flow.namespace === subject.namespace
    const counted = (counts: (flow: Flow) => boolean): Finding => {
      const wanted = (flow: Flow): boolean => isOfSide(flow) && counts(flow)
      // A series that was never born is an empty answer; one that stood still is a zero.
      if (this.#mesh.count(wanted, 0, to) === 0) return troubles.empty()
      return { kind: 'value', value: this.#mesh.count(wanted, from, to) }
    }
    switch (subject.measure) {
      case 'requests':
        return counted(flow => flow.flag === '')
      case 'errors':
        return counted(flow => flow.flag === '' && flow.code >= 500)
      case 'caller-failures':
        return counted(flow => flow.flag !== '')
      case 'probe':
        return counted(() => true)
      case 'latency': {
        const value = quantile(0.99, this.#mesh.stretches(from, to), isOfSide)
        return value === null ? { kind: 'no-data', because: 'NaN' } : { kind: 'value', value }
      }
      case 'value':
        break
    }
    const value = this.values.get(query)
    return value === undefined ? troubles.empty() : { kind: 'value', value }
  }

  #scraped(instant: Instant): Instant {
    return this.#scrapeInterval === 0 ? instant : Math.floor(instant / this.#scrapeInterval) * this.#scrapeInterval
  }
}

function timeout(signal: AbortSignal): Promise<Finding> {
  const finding: Finding = { kind: 'unavailable', error: 'timeout' }
  if (signal.aborted) return Promise.resolve(finding)
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(finding), { once: true })
  })
}

/** The quantile of a mixture of log-normal response times in ms, by bisection; null without answers. */
function quantile(q: number, stretches: readonly Stretch[], counted: (flow: Flow) => boolean): number | null {
  const parts = stretches.flatMap(({ from, to, flows }) =>
    flows.flatMap(flow =>
      flow.latency && counted(flow) ? [{ latency: flow.latency, weight: flow.perSecond * (to - from) }] : [],
    ),
  )
  const total = parts.reduce((sum, { weight }) => sum + weight, 0)
  if (total === 0) return null
  const below = (ms: number): number =>
    parts.reduce((sum, { latency, weight }) => sum + weight * shareBelow(ms, latency), 0) / total
  let [low, high] = [0, 600_000]
  while (high - low > 0.01) {
    const middle = (low + high) / 2
    if (below(middle) < q) low = middle
    else high = middle
  }
  return high
}

/** Standard score of the 99th percentile. */
const Z99 = 2.326_347_874

/** The share of response times below `ms`. */
function shareBelow(ms: number, { median, p99 }: Latency): number {
  if (ms <= 0) return 0
  return normal((Math.log(ms / median) * Z99) / Math.log(p99 / median))
}

/** The normal distribution function (Abramowitz and Stegun 26.2.17, error below 7.5e-8). */
function normal(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const series = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429]
  const sum = series.reduceRight((rest, term) => t * (term + rest), 0)
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum
  return z > 0 ? 1 - tail : tail
}
