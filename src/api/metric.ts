/** A gate on one number: where it comes from, and between which limits it passes. */
import { z } from 'zod'
import { longDuration, objectName, refused, ruled, texts } from './schema.ts'

/** The limits of the built-in gates where nothing is written: percent of good requests, and milliseconds (p99). */
export const BUILT_IN = {
  'request-success-rate': { min: 99 },
  'request-duration': { max: 500 },
} as const

export type BuiltIn = keyof typeof BUILT_IN

/** Whether a gate of this name measures requests by itself, without a query. */
export const isBuiltIn = (name: string): name is BuiltIn => Object.hasOwn(BUILT_IN, name)

/** Names that are kept for Sluice's own gates. */
const builtInNames = `['request-success-rate', 'request-duration', 'mutual-tls-rate']`

const Range = ruled(
  z
    .object({
      min: z.number().exactOptional().describe('The lowest value that passes.'),
      max: z.number().exactOptional().describe('The highest value that passes.'),
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
        'Name of the gate, once per list. `request-success-rate` (percent) and `request-duration` (99th percentile, milliseconds) are built in; any other needs `query` or `templateRef`.',
      ),
    interval: longDuration()
      .prefault('1m')
      .describe('The window that is looked back on; never further than to the first request routed to this candidate.'),
    thresholdRange: Range.exactOptional(),
    threshold: z
      .number()
      .exactOptional()
      .describe(
        'One limit, deprecated: the lowest for `request-success-rate`, the highest for everything else. Write thresholdRange.',
      ),
    query: z
      .string()
      .min(1)
      .max(8192)
      .exactOptional()
      .describe('PromQL that answers with one number. Needs thresholdRange.'),
    templateRef: z
      .object({
        name: objectName().describe('Name of the MetricTemplate.'),
        namespace: objectName().exactOptional().describe("Only the Canary's own namespace; may be left out."),
      })
      .exactOptional()
      .describe('A MetricTemplate of the same namespace.'),
    templateVariables: texts().exactOptional().describe('What `{{ variables.x }}` stands for in the template.'),
    noData: z
      .enum(['hold', 'fail', 'pass'])
      .default('hold')
      .describe('What an answer without a value means: wait for one, a failed look, or a passed one.'),
    failFast: z.boolean().default(false).describe('One failed look is enough to roll back.'),
    minRequests: z
      .int()
      .min(0)
      .max(1_000_000_000)
      .default(0)
      .describe('Fewer requests than this in the window are "not enough data".'),
    compareTo: refused(
      'string',
      'compareTo is not available yet: write thresholdRange, or a query that compares the canary with its primary',
    ),
  }),
  {
    message: 'mutual-tls-rate is not available yet: remove the metric',
    cel: `self.name != 'mutual-tls-rate'`,
    holds: metric => metric.name !== 'mutual-tls-rate',
  },
  {
    message: 'write either query or templateRef, not both',
    cel: '!(has(self.query) && has(self.templateRef))',
    holds: metric => metric.query === undefined || metric.templateRef === undefined,
  },
  {
    message:
      'request-success-rate and request-duration are built in: give a metric with a query or templateRef another name',
    cel: `!(self.name in ${builtInNames}) || !(has(self.query) || has(self.templateRef))`,
    holds: metric => !isBuiltIn(metric.name) || (metric.query === undefined && metric.templateRef === undefined),
  },
  {
    message:
      'only request-success-rate and request-duration are built in: any other metric needs a query or a templateRef',
    cel: `self.name in ${builtInNames} || has(self.query) || has(self.templateRef)`,
    holds: metric =>
      isBuiltIn(metric.name) ||
      metric.name === 'mutual-tls-rate' ||
      metric.query !== undefined ||
      metric.templateRef !== undefined,
  },
  {
    message: 'an inline query needs a thresholdRange with min, max, or both',
    cel: '!has(self.query) || has(self.thresholdRange)',
    holds: metric => metric.query === undefined || metric.thresholdRange !== undefined,
  },
  {
    message: 'a metric from a template needs a thresholdRange with min, max, or both',
    cel: '!has(self.templateRef) || has(self.thresholdRange) || has(self.threshold)',
    holds: metric =>
      metric.templateRef === undefined || metric.thresholdRange !== undefined || metric.threshold !== undefined,
  },
  {
    message: 'write either thresholdRange or the deprecated threshold, not both',
    cel: '!(has(self.thresholdRange) && has(self.threshold))',
    holds: metric => metric.thresholdRange === undefined || metric.threshold === undefined,
  },
  {
    message: 'templateVariables go with templateRef',
    cel: '!has(self.templateVariables) || has(self.templateRef)',
    holds: metric => metric.templateVariables === undefined || metric.templateRef !== undefined,
  },
)

/** One gate; in the program its limits always stand in `thresholdRange`, and `interval` is milliseconds. */
export const MetricSchema = Written.transform(({ threshold, thresholdRange, ...metric }) => ({
  ...metric,
  thresholdRange: thresholdRange ?? limitsOf(metric.name, threshold),
}))

export type Metric = z.output<typeof MetricSchema>

/** The limits of a metric without a thresholdRange: the deprecated single bound, or what the built-ins have. */
function limitsOf(name: string, threshold: number | undefined): { min?: number | undefined; max?: number | undefined } {
  if (threshold !== undefined) return name === 'request-success-rate' ? { min: threshold } : { max: threshold }
  return isBuiltIn(name) ? BUILT_IN[name] : {}
}

/** A list of gates, none twice. */
export const metricList = () =>
  ruled(z.array(MetricSchema).max(20), {
    message: 'each metric of a list needs a name of its own',
    cel: 'self.all(one, self.exists_one(other, other.name == one.name))',
    holds: metrics => new Set(metrics.map(metric => metric.name)).size === metrics.length,
  })
