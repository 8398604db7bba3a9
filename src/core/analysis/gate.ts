/** The metrics of a spec, resolved: what to measure, within which limits. */
import { type BuiltIn, builtInOf, type Metric } from '../../api/metric.ts'
import type { Access } from '../../api/credentials.ts'
import type { MetricTemplate } from '../../api/templates.ts'
import type { Subject } from '../model/check.ts'
import { entryOf } from '../json.ts'
import type { Milliseconds } from '../time.ts'
import { type Template, templateOf } from './templates.ts'

/** Both inclusive; at least one is there. */
export interface Limits {
  readonly min?: number
  readonly max?: number
}

/** What is asked of the metrics server for a gate. */
export type Part =
  | Exclude<Subject['measure'], 'probe' | 'sent' | 'lost' | 'past-waypoint'>
  | 'primary-requests'
  | 'primary-disconnects'

/** What is measured, in which unit, from which parts. */
interface Measurement {
  readonly measures: 'success-rate' | 'latency' | 'mutual-tls-rate' | 'query'
  readonly unit: '%' | 'ms' | ''
  readonly parts: readonly Part[]
}

export interface Gate extends Measurement {
  /** As the user wrote it; it opens every sentence. */
  readonly name: string
  /** The name, made unique among the gates of a check: a step may name a metric that the analysis names too. */
  readonly id: string
  /** What the user asks; null for the built-ins. */
  readonly template: Template | null
  /** URL of the metrics server that the template names; null: the canary's, or the flag's. */
  readonly server: string | null
  /** How the template says that this server is called; null where it says nothing. */
  readonly access: Access | null
  readonly limits: Limits
  readonly interval: Milliseconds
  readonly noData: 'hold' | 'fail' | 'pass'
  /** One failed check is enough. */
  readonly failFast: boolean
  /** Fewer requests in the window than this are not enough data. */
  readonly minRequests: number
}

export interface Gates {
  readonly gates: readonly Gate[]
  /** A sentence for each metric that cannot be asked. */
  readonly problems: readonly string[]
}

const builtIns: Readonly<Record<BuiltIn, Measurement>> = {
  'request-success-rate': {
    measures: 'success-rate',
    unit: '%',
    parts: [
      'requests',
      'errors',
      'untold',
      'caller-failures',
      'disconnects',
      'primary-requests',
      'primary-disconnects',
    ],
  },
  'request-duration': { measures: 'latency', unit: 'ms', parts: ['latency', 'requests'] },
  'mutual-tls-rate': {
    measures: 'mutual-tls-rate',
    unit: '%',
    parts: ['mutual-tls', 'plaintext', 'resets', 'requests'],
  },
}

/** The unit of a metric's value and limits; '' for a query, which alone knows it. */
export function unitOf(metric: Metric): Measurement['unit'] {
  const builtIn = builtInOf(metric)
  return builtIn === null ? '' : builtIns[builtIn].unit
}

/**
 * The gates of a check.
 *
 * @param metrics of the analysis, and of the present step after them; defaults and limits are resolved by the schema.
 * @param templates MetricTemplates of the canary's namespace, by name.
 */
export function gatesOf(metrics: readonly Metric[], templates: Readonly<Record<string, MetricTemplate>>): Gates {
  const gates: Gate[] = []
  const problems: string[] = []
  const times = new Map<string, number>()
  for (const metric of metrics) {
    const time = (times.get(metric.name) ?? 0) + 1
    times.set(metric.name, time)
    const source = sourceOf(metric, templates)
    if (typeof source === 'string') problems.push(source)
    else gates.push(gateOf(metric, source, time === 1 ? metric.name : `${metric.name}#${time}`))
  }
  return { gates, problems }
}

type Source = Pick<Gate, 'template' | 'server' | 'access'> & Measurement

function gateOf(metric: Metric, source: Source, id: string): Gate {
  const { min, max } = metric.thresholdRange
  return {
    ...source,
    name: metric.name,
    id,
    limits: { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) },
    interval: metric.interval,
    noData: metric.noData,
    failFast: metric.failFast,
    minRequests: metric.minRequests,
  }
}

/** What a metric asks, or a sentence when its template is missing. */
function sourceOf(metric: Metric, templates: Readonly<Record<string, MetricTemplate>>): Source | string {
  const builtIn = builtInOf(metric)
  if (builtIn !== null) return { ...builtIns[builtIn], template: null, server: null, access: null }
  const parts: readonly Part[] = metric.minRequests > 0 ? ['value', 'requests'] : ['value']
  const asked = { measures: 'query', unit: '', parts } as const
  if (metric.templateRef === undefined)
    return { ...asked, template: templateOf(metric, metric.query ?? ''), server: null, access: null }
  const { name } = metric.templateRef
  const template = entryOf(templates, name)
  if (template === undefined) {
    return `metric ${metric.name}: templateRef names MetricTemplate ${name}, which does not exist in this namespace. Create it or remove the metric.`
  }
  const { query, provider } = template.spec
  const { address = null, access } = provider
  return { ...asked, template: templateOf(metric, query), server: address, access }
}
