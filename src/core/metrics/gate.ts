/** The metrics of a spec, resolved: what to measure, within which limits. */
import type { Subject } from '../check.ts'
import type { Milliseconds } from '../time.ts'

export const SUCCESS_RATE = 'request-success-rate'
export const DURATION = 'request-duration'

/** `analysis.metrics[]`, as far as it is read here. */
export interface MetricSpec {
  readonly name: string
  readonly interval?: Milliseconds | undefined
  readonly thresholdRange?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
  /** Flagger's older word: a minimum for the success rate, a maximum for everything else. */
  readonly threshold?: number | undefined
  readonly query?: string | undefined
  readonly templateRef?: { readonly name: string; readonly namespace?: string | undefined } | undefined
  readonly templateVariables?: Readonly<Record<string, string>> | undefined
  readonly noData?: 'hold' | 'fail' | 'pass' | undefined
  readonly failFast?: boolean | undefined
  readonly minRequests?: number | undefined
}

/** A MetricTemplate, as far as it is read here. */
export interface TemplateSpec {
  readonly query: string
  /** URL of the server to ask, where the template names one. */
  readonly address: string | null
}

export interface Limits {
  readonly min?: number
  readonly max?: number
}

/** What is asked of the metrics server for a gate, in this order. */
export type Part = Extract<Subject['measure'], 'requests' | 'errors' | 'caller-failures' | 'latency' | 'value'>

export interface Gate {
  /** As the user wrote it; it opens every sentence. */
  readonly name: string
  /** The name, made unique among the gates of a canary. */
  readonly id: string
  readonly measures: 'success-rate' | 'latency' | 'query'
  /** Template of the query; empty for the built-ins. */
  readonly template: string
  readonly variables: Readonly<Record<string, string>>
  /** URL of the metrics server; null: the canary's, or the flag's. */
  readonly server: string | null
  readonly limits: Limits
  readonly unit: '%' | 'ms' | ''
  readonly interval: Milliseconds
  readonly noData: 'hold' | 'fail' | 'pass'
  readonly failFast: boolean
  /** Fewer requests in the window than this is not enough data. */
  readonly minRequests: number
  readonly parts: readonly Part[]
}

export interface Gates {
  readonly gates: readonly Gate[]
  /** A sentence for each metric that cannot be judged as it is written. */
  readonly problems: readonly string[]
}

const builtIns: readonly MetricSpec[] = [{ name: SUCCESS_RATE }, { name: DURATION }]

/**
 * The gates of `analysis.metrics`; without any, both built-ins at 99 % and 500 ms.
 *
 * @param templates MetricTemplates of the canary's namespace, by name.
 * @param interval of the analysis; a metric without its own has this one.
 */
export function gatesOf(
  metrics: readonly MetricSpec[],
  templates: Readonly<Record<string, TemplateSpec>>,
  interval: Milliseconds,
): Gates {
  const gates: Gate[] = []
  const problems: string[] = []
  const seen = new Map<string, number>()
  for (const [index, metric] of (metrics.length === 0 ? builtIns : metrics).entries()) {
    const count = (seen.get(metric.name) ?? 0) + 1
    seen.set(metric.name, count)
    const made = gateOf(metric, templates, interval, count === 1 ? metric.name : `${metric.name}#${count}`)
    if (typeof made === 'string') problems.push(`analysis.metrics[${index}] (${metric.name}): ${made}`)
    else gates.push(made)
  }
  return { gates, problems }
}

function gateOf(
  metric: MetricSpec,
  templates: Readonly<Record<string, TemplateSpec>>,
  interval: Milliseconds,
  id: string,
): Gate | string {
  const minRequests = metric.minRequests ?? 0
  const common = {
    name: metric.name,
    id,
    variables: metric.templateVariables ?? {},
    interval: metric.interval ?? interval,
    noData: metric.noData ?? 'hold',
    failFast: metric.failFast ?? false,
    minRequests,
  } as const
  const limits = limitsOf(metric)

  if (metric.templateRef !== undefined || metric.query !== undefined) {
    const source = sourceOf(metric, templates)
    if (typeof source === 'string') return source
    if (limits === null) return 'it has no limit to judge by; write thresholdRange with min, max or both.'
    return {
      ...common,
      measures: 'query',
      template: source.query,
      server: source.address,
      limits,
      unit: '',
      parts: minRequests > 0 ? ['value', 'requests'] : ['value'],
    }
  }
  if (metric.name === SUCCESS_RATE) {
    const parts = ['requests', 'errors', 'caller-failures'] as const
    return {
      ...common,
      measures: 'success-rate',
      template: '',
      server: null,
      limits: limits ?? { min: 99 },
      unit: '%',
      parts,
    }
  }
  if (metric.name === DURATION) {
    const parts = ['latency', 'requests'] as const
    return {
      ...common,
      measures: 'latency',
      template: '',
      server: null,
      limits: limits ?? { max: 500 },
      unit: 'ms',
      parts,
    }
  }
  return `it is not built in; write ${SUCCESS_RATE} or ${DURATION}, or give it a templateRef or a query.`
}

function sourceOf(metric: MetricSpec, templates: Readonly<Record<string, TemplateSpec>>): TemplateSpec | string {
  if (metric.templateRef === undefined) return { query: metric.query ?? '', address: null }
  const { name } = metric.templateRef
  const template = Object.hasOwn(templates, name) ? templates[name] : undefined
  return (
    template ??
    `templateRef names MetricTemplate ${name}, which does not exist in this namespace. Create it or remove the metric.`
  )
}

function limitsOf(metric: MetricSpec): Limits | null {
  const { min, max } = metric.thresholdRange ?? {}
  if (min !== undefined || max !== undefined) {
    return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }
  }
  if (metric.threshold === undefined) return null
  return metric.name === SUCCESS_RATE ? { min: metric.threshold } : { max: metric.threshold }
}
