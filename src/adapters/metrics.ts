/**
 * What the controller tells Prometheus about itself. All names and their help are in one table; no other file uses
 * prom-client. The series of a canary are removed with it.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { CanaryFigures } from '../core/model/canary-metrics.ts'
import { SINKS } from '../core/model/announcement.ts'
import type { Outcome, RunRecord } from '../core/model/memory.ts'
import { ROLLBACK_REASONS } from '../core/status/reasons.ts'
import type { Instant } from '../core/time.ts'

const short = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const runs = [30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400]
const calls = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 3600]
const canary = ['namespace', 'name'] as const

const OUTCOMES: readonly Outcome[] = ['Succeeded', 'Failed', 'Withdrawn', 'Superseded']

/** Name without the prefix `sluice_`: kind, help, labels. Durations are in seconds, times in seconds since 1970. */
const table = {
  info: ['gauge', 'Always 1; the version that runs.', ['version']],
  canaries: ['gauge', 'Canaries of a namespace.', ['namespace']],
  canary_status: ['gauge', '1 for the phase that a canary is in.', [...canary, 'phase']],
  canary_reason: ['gauge', '1 for the reason of `status.reason`.', [...canary, 'reason']],
  canary_stalled_since_timestamp_seconds: [
    'gauge',
    'Since when the condition Stalled holds, by its reason; absent where it does not.',
    [...canary, 'reason'],
  ],
  canary_waiting_since_timestamp_seconds: [
    'gauge',
    'Since when a release waits for something other than the time of its step, by the reason; absent where it does not.',
    [...canary, 'reason'],
  ],
  canary_run_start_timestamp_seconds: ['gauge', 'When the release under way began; absent at rest.', [...canary]],
  canary_weight: ['gauge', 'Percent of requests that a workload is to get.', [...canary, 'workload']],
  canary_weight_carried: [
    'gauge',
    'Percent of requests that the routes were last read to give a workload.',
    [...canary, 'workload'],
  ],
  canary_failed_checks: ['gauge', 'Checks of the release under way that were counted as failed.', [...canary]],
  canary_failed_checks_limit: ['gauge', 'How many failed checks roll back.', [...canary]],
  canary_check_value: ['gauge', 'Last value of a gate, in its own unit.', [...canary, 'metric']],
  canary_check_limit: ['gauge', 'What the value of a gate is held against (min, max).', [...canary, 'metric', 'bound']],
  canary_check_requests: ['gauge', 'Requests in the window of the last check of a gate.', [...canary, 'metric']],
  canary_check_verdict: ['gauge', '1 for the verdict of a gate: pass, fail or hold.', [...canary, 'metric', 'verdict']],
  canary_successes_total: ['counter', 'Runs that were promoted.', [...canary]],
  canary_failures_total: ['counter', 'Runs that were rolled back.', [...canary]],
  rollbacks_total: ['counter', 'Runs of all canaries that were rolled back, by the reason that decided.', ['reason']],
  run_duration_seconds: ['histogram', 'Length of a whole run, of all canaries.', ['outcome'], runs],
  queue_depth: ['gauge', 'Keys that wait for a worker.', []],
  queue_latency_seconds: ['histogram', 'From the time a key was due until a worker took it.', [], short],
  reconcile_duration_seconds: ['histogram', 'One reconcile of one canary.', ['outcome'], short],
  reconcile_errors_total: ['counter', 'Reconciles that ended in an error and are tried again.', []],
  api_request_duration_seconds: ['histogram', 'One request to the Kubernetes API.', ['verb', 'kind', 'code'], short],
  api_rate_limit_wait_seconds: ['histogram', 'Time that a request waited for our own rate limit.', ['lane'], short],
  metrics_server_up: [
    'gauge',
    '1 where a metrics server answers the leader, 0 where it does not: asked once a minute while a Canary uses it, and absent else.',
    ['server'],
  ],
  query_duration_seconds: ['histogram', 'One request to a metrics server.', ['outcome'], short],
  webhook_duration_seconds: [
    'histogram',
    'One call of a webhook, with its attempts; the outcome is 2xx, 4xx, 5xx, other, no answer (or a redirect), unavailable or canceled.',
    ['type', 'outcome'],
    calls,
  ],
  webhooks_told_total: [
    'counter',
    'Calls that nothing waits for (post-rollout, event, alerts, commit statuses), by what they came to: delivered or given up.',
    ['sink', 'outcome'],
  ],
  events_waiting: ['gauge', 'Kubernetes Events that are not written yet.', []],
  events_dropped_total: ['counter', 'Kubernetes Events that could not be written, and never will be.', []],
  spans_dropped_total: ['counter', 'Spans of traces that could not be delivered, and never will be.', []],
  leader: ['gauge', '1 while this process holds the Lease.', []],
  missing_rights: ['gauge', 'Rights of a role that this process lacks, checked at start and hourly.', ['role']],
} as const satisfies Record<
  string,
  | readonly ['gauge' | 'counter', string, readonly string[]]
  | readonly ['histogram', string, readonly string[], readonly number[]]
>

type Table = typeof table
type Labels<N extends keyof Table> = Record<Table[N][2][number], string>
type Named<K extends string> = { [N in keyof Table]: Table[N][0] extends K ? N : never }[keyof Table]

/** Events of Kubernetes are counted by `events_dropped_total`. */
const CALLED = SINKS.filter(sink => sink !== 'event')

/**
 * The series of every counter that are there at 0 from the start: a rate over a counter that appears with its first count would miss
 * that one. Those of a canary are there with its first figures.
 */
const FROM_THE_START: { readonly [N in Named<'counter'>]: readonly Labels<N>[] } = {
  canary_successes_total: [],
  canary_failures_total: [],
  rollbacks_total: ROLLBACK_REASONS.map(reason => ({ reason })),
  reconcile_errors_total: [{}],
  webhooks_told_total: CALLED.flatMap(sink => ['delivered', 'given up'].map(outcome => ({ sink, outcome }))),
  events_dropped_total: [{}],
  spans_dropped_total: [{}],
}

/** Flagger's metric (1.44), and what says the same here. */
const flaggers: Partial<Record<keyof typeof table, string>> = {
  info: 'flagger_info',
  canaries: 'flagger_canary_total',
  canary_status: 'flagger_canary_status',
  canary_weight: 'flagger_canary_weight',
  canary_check_value: 'flagger_canary_metric_analysis',
  canary_successes_total: 'flagger_canary_successes_total',
  canary_failures_total: 'flagger_canary_failures_total',
  run_duration_seconds: 'flagger_canary_duration_seconds',
}

/** Names and help of every metric, for the reference. */
export const metricNames: readonly {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  /** The name of Flagger's that says the same, if it has one. */
  readonly flagger?: string
}[] = (Object.keys(table) as (keyof typeof table)[]).map(name => {
  const [, help, labels] = table[name]
  const flagger = flaggers[name]
  return { name: `sluice_${name}`, help, labels, ...(flagger === undefined ? {} : { flagger }) }
})

/** A series that belongs to a canary. */
interface Series {
  readonly metric: keyof Table
  readonly labels: Readonly<Record<string, string>>
}

export class Metrics {
  readonly #registry = new Registry()
  readonly #gauges = new Map<string, Gauge>()
  readonly #counters = new Map<string, Counter>()
  readonly #histograms = new Map<string, Histogram>()
  /** Namespace → canary → its series, by name and labels. */
  readonly #canaries = new Map<string, Map<string, Map<string, Series>>>()

  constructor(version: string) {
    for (const [name, [kind, help, labelNames, buckets]] of Object.entries(table)) {
      const config = { name: `sluice_${name}`, help, labelNames: [...labelNames], registers: [this.#registry] }
      if (kind === 'gauge') this.#gauges.set(name, new Gauge(config))
      else if (kind === 'counter') this.#counters.set(name, new Counter(config))
      else this.#histograms.set(name, new Histogram({ ...config, buckets: [...(buckets ?? short)] }))
    }
    collectDefaultMetrics({ register: this.#registry })
    this.set('info', { version }, 1)
    for (const [name, series] of Object.entries(FROM_THE_START))
      for (const labels of series) this.#counters.get(name)?.inc(labels, 0)
    for (const outcome of OUTCOMES) this.#histograms.get('run_duration_seconds')?.zero({ outcome })
  }

  set<N extends Named<'gauge'>>(name: N, labels: Labels<N>, value: number): void {
    this.#gauges.get(name)?.set(labels, value)
    this.#note(name, labels)
  }

  /** Removes one series. */
  drop<N extends Named<'gauge'>>(name: N, labels: Labels<N>): void {
    this.#gauges.get(name)?.remove(labels)
  }

  count<N extends Named<'counter'>>(name: N, labels: Labels<N>, by = 1): void {
    this.#counters.get(name)?.inc(labels, by)
    this.#note(name, labels)
  }

  /** @param seconds a length of time. */
  observe<N extends Named<'histogram'>>(name: N, labels: Labels<N>, seconds: number): void {
    this.#histograms.get(name)?.observe(labels, seconds)
    this.#note(name, labels)
  }

  /** Counts a run that has ended. */
  ended(namespace: string, name: string, { outcome, reason, startedAt, endedAt }: RunRecord): void {
    if (outcome === 'Succeeded') this.count('canary_successes_total', { namespace, name })
    if (outcome === 'Failed') {
      this.count('canary_failures_total', { namespace, name })
      this.count('rollbacks_total', { reason })
    }
    this.observe('run_duration_seconds', { outcome }, (endedAt - startedAt) / 1000)
  }

  /** Shows a canary as it is now; what it showed before and no longer has goes. */
  show(figures: CanaryFigures): void {
    const { namespace, name, phase, reason, startedAt, weights, carried } = figures
    const own = { namespace, name }
    this.#clear(namespace, name)
    this.set('canary_status', { ...own, phase }, 1)
    this.set('canary_reason', { ...own, reason }, 1)
    this.#since('canary_stalled_since_timestamp_seconds', { ...own, reason }, figures.stalledSince)
    this.#since('canary_waiting_since_timestamp_seconds', { ...own, reason }, figures.waitStartedAt)
    this.#since('canary_run_start_timestamp_seconds', own, startedAt)
    this.set('canary_failed_checks', own, figures.failedChecks)
    this.set('canary_failed_checks_limit', own, figures.threshold)
    for (const [workload, weight] of Object.entries(weights)) this.set('canary_weight', { ...own, workload }, weight)
    for (const [workload, weight] of Object.entries(carried))
      this.set('canary_weight_carried', { ...own, workload }, weight)
    for (const check of figures.checks) this.#showCheck(own, check)
    // A rate over a counter that appears with its first count would miss that one.
    for (const counter of ['canary_successes_total', 'canary_failures_total'] as const) {
      this.#counters.get(counter)?.inc(own, 0)
      this.#note(counter, own)
    }
    this.set('canaries', { namespace }, this.#canaries.get(namespace)?.size ?? 0)
  }

  #showCheck(of: Labels<'canary_failed_checks'>, check: CanaryFigures['checks'][number]): void {
    const metric = check.name
    this.set('canary_check_verdict', { ...of, metric, verdict: check.verdict }, 1)
    if (check.value !== null) this.set('canary_check_value', { ...of, metric }, check.value)
    if (check.requests !== null) this.set('canary_check_requests', { ...of, metric }, check.requests)
    for (const bound of ['min', 'max'] as const) {
      const limit = check[bound]
      if (limit !== null) this.set('canary_check_limit', { ...of, metric, bound }, limit)
    }
  }

  #since<N extends Named<'gauge'>>(name: N, labels: Labels<N>, at: Instant | null): void {
    if (at !== null) this.set(name, labels, at / 1000)
  }

  /** Removes what a canary shows of itself; what was counted stays. */
  #clear(namespace: string, name: string): void {
    const shown = this.#canaries.get(namespace)?.get(name)
    for (const [id, { metric, labels }] of shown ?? []) {
      const gauge = this.#gauges.get(metric)
      gauge?.remove(labels)
      if (gauge !== undefined) shown?.delete(id)
    }
  }

  /** Removes every series of a canary that is gone. */
  forget(namespace: string, name: string): void {
    for (const { metric, labels } of this.#seriesOf(namespace, name)) {
      this.#gauges.get(metric)?.remove(labels)
      this.#counters.get(metric)?.remove(labels)
      this.#histograms.get(metric)?.remove(labels)
    }
    const canaries = this.#canaries.get(namespace)
    canaries?.delete(name)
    if (canaries !== undefined && canaries.size > 0) {
      this.set('canaries', { namespace }, canaries.size)
    } else {
      this.#canaries.delete(namespace)
      this.#gauges.get('canaries')?.remove({ namespace })
    }
  }

  /** The text that a Prometheus scrapes, and its content type. */
  async page(): Promise<{ contentType: string; body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() }
  }

  /** Remembers a series that bears a canary's name. */
  #note(metric: keyof Table, labels: Readonly<Record<string, string>>): void {
    const { namespace, name } = labels
    if (namespace === undefined || name === undefined) return
    const canaries = this.#canaries.get(namespace) ?? new Map<string, Map<string, Series>>()
    this.#canaries.set(namespace, canaries)
    const series = canaries.get(name) ?? new Map<string, Series>()
    canaries.set(name, series)
    series.set(JSON.stringify([metric, labels]), { metric, labels })
  }

  #seriesOf(namespace: string, name: string): Series[] {
    return [...(this.#canaries.get(namespace)?.get(name)?.values() ?? [])]
  }
}
