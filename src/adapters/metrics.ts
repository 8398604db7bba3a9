/**
 * What the controller tells Prometheus about itself. All names and their help are in one table; no other file uses
 * prom-client. The series of a canary are removed with it.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { CanaryFigures } from '../core/model/canary-metrics.ts'

const short = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const runs = [30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400]
const calls = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 3600]
const canary = ['namespace', 'name'] as const

/** Name without the prefix `sluice_`: kind, help, labels. Durations are in seconds. */
const table = {
  info: ['gauge', 'Always 1; the version that runs.', ['version']],
  canary_total: ['gauge', 'Canaries of a namespace.', ['namespace']],
  canary_status: ['gauge', '1 for the phase that a canary is in.', [...canary, 'phase']],
  canary_weight: ['gauge', 'Percent of requests that a workload is to get.', [...canary, 'workload']],
  canary_weight_carried: [
    'gauge',
    'Percent of requests that the routes were last read to give a workload.',
    [...canary, 'workload'],
  ],
  canary_check_value: ['gauge', 'Last value of a gate, in its own unit.', [...canary, 'metric']],
  canary_successes_total: ['counter', 'Runs that were promoted.', [...canary]],
  canary_failures_total: ['counter', 'Runs that were rolled back.', [...canary]],
  canary_duration_seconds: ['histogram', 'Length of a whole run.', [...canary, 'outcome'], runs],
  queue_depth: ['gauge', 'Keys that wait for a worker.', []],
  queue_latency_seconds: ['histogram', 'From the time a key was due until a worker took it.', [], short],
  reconcile_duration_seconds: ['histogram', 'One reconcile of one canary.', ['outcome'], short],
  reconcile_errors_total: ['counter', 'Reconciles that ended in an error and are tried again.', []],
  api_request_duration_seconds: ['histogram', 'One request to the Kubernetes API.', ['verb', 'kind', 'code'], short],
  api_rate_limit_wait_seconds: ['histogram', 'Time that a request waited for our own rate limit.', ['lane'], short],
  query_duration_seconds: ['histogram', 'One request to a metrics server.', ['outcome'], short],
  webhook_duration_seconds: [
    'histogram',
    'One call of a webhook, with its attempts; the outcome is 2xx, 4xx, 5xx, other, no answer (or a redirect), unavailable or canceled.',
    ['type', 'outcome'],
    calls,
  ],
  webhooks_told_total: [
    'counter',
    'Calls that nothing waits for (post-rollout, event, alerts), by what they came to: delivered or given up.',
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

/** Names and help of every metric, for the reference. */
export const metricNames: readonly {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
}[] = Object.entries(table).map(([name, [, help, labels]]) => ({ name: `sluice_${name}`, help, labels }))

type Table = typeof table
type Labels<N extends keyof Table> = Record<Table[N][2][number], string>
type Named<K extends string> = { [N in keyof Table]: Table[N][0] extends K ? N : never }[keyof Table]

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
  }

  set<N extends Named<'gauge'>>(name: N, labels: Labels<N>, value: number): void {
    this.#gauges.get(name)?.set(labels, value)
    this.#note(name, labels)
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

  /** Shows a canary as it is now; what it showed before and no longer has goes. */
  show({ namespace, name, phase, weights, carried, checks }: CanaryFigures): void {
    const shown = this.#canaries.get(namespace)?.get(name)
    for (const [id, { metric, labels }] of shown ?? []) {
      const gauge = this.#gauges.get(metric)
      gauge?.remove(labels)
      if (gauge !== undefined) shown?.delete(id)
    }
    this.set('canary_status', { namespace, name, phase }, 1)
    for (const [workload, weight] of Object.entries(weights)) {
      this.set('canary_weight', { namespace, name, workload }, weight)
    }
    for (const [workload, weight] of Object.entries(carried)) {
      this.set('canary_weight_carried', { namespace, name, workload }, weight)
    }
    for (const [metric, value] of Object.entries(checks)) {
      if (value !== null) this.set('canary_check_value', { namespace, name, metric }, value)
    }
    // A rate over a counter that appears with its first count would miss that one.
    for (const counter of ['canary_successes_total', 'canary_failures_total'] as const) {
      this.#counters.get(counter)?.inc({ namespace, name }, 0)
      this.#note(counter, { namespace, name })
    }
    this.set('canary_total', { namespace }, this.#canaries.get(namespace)?.size ?? 0)
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
      this.set('canary_total', { namespace }, canaries.size)
    } else {
      this.#canaries.delete(namespace)
      this.#gauges.get('canary_total')?.remove({ namespace })
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
