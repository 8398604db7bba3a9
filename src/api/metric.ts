/** A gate on one number: where it comes from, and between which limits it passes. */
import { z } from 'zod'
import { emptyCounts, longDuration, objectName, refused, type Rule, ruled, texts } from './schema.ts'

/** The limits of the built-in gates where nothing is written: percent of good requests, milliseconds (p99), percent of requests over mutual TLS. */
export const BUILT_IN = {
  'request-success-rate': { min: 99 },
  'request-duration': { max: 500 },
  'mutual-tls-rate': { min: 100 },
} as const

export type BuiltIn = keyof typeof BUILT_IN

/** What tells a built-in gate from a query of the same name. */
interface Asked {
  readonly name: string
  readonly query?: string | undefined
  readonly templateRef?: unknown
}

const isQuery = (metric: Asked): boolean => metric.query !== undefined || metric.templateRef !== undefined

/** The built-in gate that a metric is; null for a query, whatever its name. */
export function builtInOf(metric: Asked): BuiltIn | null {
  return !isQuery(metric) && isBuiltIn(metric.name) ? metric.name : null
}

const isBuiltIn = (name: string): name is BuiltIn => Object.hasOwn(BUILT_IN, name)

/** A threshold of 0 is what Go and Helm print where none was written; a query takes it for a limit if it has no other. */
const hasThreshold = '(has(self.threshold) && self.threshold != 0.0)'
const thresholdOf = (metric: { readonly threshold?: number | undefined }): number | undefined =>
  metric.threshold === 0 ? undefined : metric.threshold

/** CEL: the metric is this built-in gate. */
const isGate = (name: string): string => `(self.name == '${name}' && !has(self.query) && !has(self.templateRef))`

/**
 * A rule on each limit that a built-in gate was given, wherever it was written.
 *
 * @param which the fields that are checked.
 * @param cel of one number, written as `limit`.
 */
function limitRule(
  gate: BuiltIn,
  which: readonly ('min' | 'max' | 'threshold')[],
  cel: (limit: string) => string,
  passes: (limit: number) => boolean,
  message: string,
): LimitRule {
  const conditions = which.map(field => {
    const path = field === 'threshold' ? 'self.threshold' : `self.thresholdRange.${field}`
    const written = field === 'threshold' ? hasThreshold : `has(self.thresholdRange) && has(${path})`
    return `(!(${written}) || ${cel(path)})`
  })
  return {
    message,
    cel: `!${isGate(gate)} || ${conditions.join(' && ')}`,
    holds: 'unseen',
    passes: metric => {
      if (builtInOf(metric) !== gate) return true
      const limits = { ...metric.thresholdRange, threshold: thresholdOf(metric) }
      return which.every(field => limits[field] === undefined || passes(limits[field]))
    },
  }
}

/** A rule of admission alone: one that is stored must stay readable, or its run would be left without a controller (`limitInAnotherUnit`). */
interface LimitRule extends Rule<WrittenMetric> {
  readonly passes: (metric: WrittenMetric) => boolean
}

/** What the rules on limits read of a metric as it was written. */
interface WrittenMetric extends Asked {
  readonly threshold?: number | undefined
  readonly thresholdRange?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
}

/** The gates of which more is better, in percent. */
const percentRules = (gate: Exclude<BuiltIn, 'request-duration'>): readonly LimitRule[] => [
  limitRule(
    gate,
    ['min', 'threshold'],
    limit => `${limit} == 0.0 || (${limit} > 1.0 && ${limit} <= 100.0)`,
    limit => limit === 0 || (limit > 1 && limit <= 100),
    `${gate} is a percentage, above 1 and up to 100: write 99 for 99 %`,
  ),
  limitRule(
    gate,
    ['max'],
    limit => `(${limit} == 100.0 && has(self.thresholdRange.min))`,
    limit => limit === 100,
    `${gate} fails when it is too low: write min, and no max`,
  ),
]

/** The units of the built-in gates, told from the numbers that people write by mistake: 0.99 for 99 %, 0.5 for half a second. */
const limitRules: readonly LimitRule[] = [
  ...percentRules('request-success-rate'),
  ...percentRules('mutual-tls-rate'),
  limitRule(
    'request-duration',
    ['max', 'threshold'],
    limit => `${limit} >= 1.0`,
    limit => limit >= 1,
    'request-duration is in milliseconds, from 1: write 500 for half a second',
  ),
  limitRule(
    'request-duration',
    ['min'],
    limit => `(${limit} == 0.0 && has(self.thresholdRange.max))`,
    limit => limit === 0,
    'request-duration fails when it is too long: write max, and no min',
  ),
]

/** Why the limits of a built-in gate cannot be meant, or undefined. */
export function limitProblem(metric: WrittenMetric): string | undefined {
  return limitRules.find(rule => !rule.passes(metric))?.message
}

const Range = ruled(
  z
    .object({
      min: emptyCounts(z.number()).exactOptional().describe('The lowest value that passes.'),
      max: emptyCounts(z.number()).exactOptional().describe('The highest value that passes.'),
    })
    .describe('The limits within which the value passes, both included.'),
  {
    message: 'write min, max, or both',
    cel: 'has(self.min) || has(self.max)',
    holds: range => range.min !== undefined || range.max !== undefined,
  },
  {
    message: 'min is above max, so that no value could pass',
    cel: '!has(self.min) || !has(self.max) || self.min <= self.max',
    holds: range => range.min === undefined || range.max === undefined || range.min <= range.max,
  },
)

const Written = ruled(
  z.object({
    name: z
      .string()
      .min(1)
      .max(63)
      .describe(
        'Name of the gate, once per list. `request-success-rate` (percent), `request-duration` (99th percentile, milliseconds) and `mutual-tls-rate` (percent of requests over mutual TLS) are built in; any other needs `query` or `templateRef`. With one of those a metric is that query, whatever its name.',
      ),
    interval: longDuration()
      .prefault('1m')
      .describe('The window that the query reads; it never begins before the first request routed to this candidate.'),
    thresholdRange: emptyCounts(Range).exactOptional(),
    threshold: emptyCounts(z.number())
      .exactOptional()
      .describe(
        'One limit, deprecated: the lowest for the built-in `request-success-rate` and `mutual-tls-rate`, the highest for everything else. Write thresholdRange.',
      ),
    query: z
      .string()
      .min(1)
      .max(8192)
      .exactOptional()
      .describe('PromQL that answers with one number. Needs thresholdRange, or threshold.'),
    templateRef: z
      .object({
        name: objectName().describe('Name of the MetricTemplate.'),
        namespace: objectName().exactOptional().describe("Only the Canary's own namespace; may be left out."),
      })
      .exactOptional()
      .describe('A MetricTemplate of the same namespace.'),
    templateVariables: texts({ entries: 32, length: 1024 })
      .exactOptional()
      .describe('What `{{ variables.x }}` stands for in the template.'),
    noData: z
      .enum(['hold', 'fail', 'pass'])
      .default('hold')
      .describe('What an answer without a value means: wait for one, a failed check, or a passed one.'),
    failFast: z.boolean().default(false).describe('Whether one failed check is enough to roll back.'),
    minRequests: z
      .int()
      .min(0)
      .max(1_000_000_000)
      .default(0)
      .describe('Fewer requests than this in the window are "not enough data".'),
    compareTo: refused(
      'string',
      'compareTo is not supported yet: write thresholdRange, or a query that compares the canary with its primary',
    ),
  }),
  {
    message: 'write either query or templateRef, not both',
    cel: '!(has(self.query) && has(self.templateRef))',
    holds: metric => metric.query === undefined || metric.templateRef === undefined,
  },
  {
    message:
      'only request-success-rate, request-duration and mutual-tls-rate are built in: any other metric needs a query or a templateRef',
    cel: `self.name in ['request-success-rate', 'request-duration', 'mutual-tls-rate'] || has(self.query) || has(self.templateRef)`,
    holds: metric => isBuiltIn(metric.name) || isQuery(metric),
  },
  {
    message: 'an inline query needs a thresholdRange with min, max, or both',
    cel: '!has(self.query) || has(self.thresholdRange) || has(self.threshold)',
    holds: metric =>
      metric.query === undefined || metric.thresholdRange !== undefined || metric.threshold !== undefined,
  },
  {
    message: 'a metric from a template needs a thresholdRange with min, max, or both',
    cel: '!has(self.templateRef) || has(self.thresholdRange) || has(self.threshold)',
    holds: metric =>
      metric.templateRef === undefined || metric.thresholdRange !== undefined || metric.threshold !== undefined,
  },
  {
    message: 'write either thresholdRange or the deprecated threshold, not both',
    cel: `!(has(self.thresholdRange) && ${hasThreshold})`,
    holds: metric => metric.thresholdRange === undefined || thresholdOf(metric) === undefined,
  },
  {
    message: 'templateVariables go with templateRef',
    cel: '!has(self.templateVariables) || has(self.templateRef)',
    holds: metric => metric.templateVariables === undefined || metric.templateRef !== undefined,
  },
  ...limitRules,
)

/** One gate; in the program its limits are always in `thresholdRange`, and `interval` is milliseconds. */
export const MetricSchema = Written.transform(({ threshold, thresholdRange, ...metric }) => ({
  ...metric,
  thresholdRange: thresholdRange ?? limitsOf(builtInOf(metric), threshold),
}))

export type Metric = z.output<typeof MetricSchema>

/** The limits of a metric without a thresholdRange: the deprecated single bound, or what the built-ins have. */
function limitsOf(
  gate: BuiltIn | null,
  threshold: number | undefined,
): { min?: number | undefined; max?: number | undefined } {
  if (gate === null) return { max: threshold }
  if (threshold === undefined || threshold === 0) return BUILT_IN[gate]
  return gate === 'request-duration' ? { max: threshold } : { min: threshold }
}

/** A list of gates, none twice. */
export const metricList = () =>
  ruled(z.array(MetricSchema).max(20), {
    message: 'each metric of a list needs a name of its own',
    cel: 'self.all(one, self.exists_one(other, other.name == one.name))',
    holds: metrics => new Set(metrics.map(metric => metric.name)).size === metrics.length,
  })
