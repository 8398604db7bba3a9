/** Rows about metrics: where a value comes from, its limits, and their units. */
import { bad, type Case, inline, type Json, malformed, metric } from './given.ts'

const PERCENT = 'request-success-rate is a percentage, above 1 and up to 100: write 99 for 99 %'
const MILLISECONDS = 'request-duration is in milliseconds, from 1: write 500 for half a second'

/** Limits of the built-in gates in another unit, or on the wrong side. */
const wrongUnits: readonly (readonly [name: string, metric: Json, sentence: string])[] = [
  ['a success rate as a fraction', { name: 'request-success-rate', thresholdRange: { min: 0.99 } }, PERCENT],
  ['a success rate of 1', { name: 'request-success-rate', thresholdRange: { min: 1 } }, PERCENT],
  ['a success rate above 100', { name: 'request-success-rate', thresholdRange: { min: 990 } }, PERCENT],
  ['a success rate below 0', { name: 'request-success-rate', thresholdRange: { min: -1 } }, PERCENT],
  ['a success rate as a fraction, as threshold', { name: 'request-success-rate', threshold: 0.99 }, PERCENT],
  ['a success rate above 100, as threshold', { name: 'request-success-rate', threshold: 101 }, PERCENT],
  [
    'a success rate that is too high',
    { name: 'request-success-rate', thresholdRange: { max: 99 } },
    'request-success-rate fails when it is too low: write min, and no max',
  ],
  [
    'a rate of mutual TLS as a fraction',
    { name: 'mutual-tls-rate', thresholdRange: { min: 0.9 } },
    'mutual-tls-rate is a percentage, above 1 and up to 100: write 99 for 99 %',
  ],
  [
    'a rate of mutual TLS that is too high',
    { name: 'mutual-tls-rate', thresholdRange: { max: 99 } },
    'mutual-tls-rate fails when it is too low: write min, and no max',
  ],
  ['a duration in seconds', { name: 'request-duration', thresholdRange: { max: 0.5 } }, MILLISECONDS],
  ['a duration of nothing', { name: 'request-duration', thresholdRange: { max: 0 } }, MILLISECONDS],
  ['a duration in seconds, as threshold', { name: 'request-duration', threshold: 0.25 }, MILLISECONDS],
  [
    'a duration that is too short',
    { name: 'request-duration', thresholdRange: { min: 5, max: 500 } },
    'request-duration fails when it is too long: write max, and no min',
  ],
]

export const metrics: readonly Case[] = [
  bad(
    'a metric from nowhere',
    metric({ name: 'latency', thresholdRange: { max: 1 } }),
    'any other metric needs a query or a templateRef',
  ),
  bad(
    'query and templateRef',
    metric({ ...inline, templateRef: { name: 'a' } }),
    'write either query or templateRef, not both',
  ),
  bad('a query without limits', metric({ name: 'errors', query: 'up' }), 'an inline query needs a thresholdRange'),
  bad(
    'a template without limits',
    metric({ name: 'errors', templateRef: { name: 'a' } }),
    'a metric from a template needs a thresholdRange',
  ),
  ...wrongUnits.map(([name, written, sentence]): Case => ({ ...bad(name, metric(written), sentence), stored: true })),
  bad('limits that say nothing', metric({ ...inline, thresholdRange: {} }), 'write min, max, or both'),
  bad('min above max', metric({ ...inline, thresholdRange: { min: 2, max: 1 } }), 'min is above max'),
  bad(
    'threshold and thresholdRange',
    metric({ name: 'request-duration', threshold: 1, thresholdRange: { max: 1 } }),
    'write either thresholdRange or the deprecated threshold',
  ),
  bad(
    'variables without a template',
    metric({ ...inline, templateVariables: { a: 'b' } }),
    'templateVariables go with templateRef',
  ),
  bad('one name twice', { analysis: { metrics: [inline, inline] } }, 'each metric of a list needs a name of its own'),
  malformed(
    'too many metrics',
    { analysis: { metrics: Array.from({ length: 21 }, (_, index) => ({ ...inline, name: `errors-${index}` })) } },
    'must have at most 20 entries',
    'must have at most 20 items',
  ),
  malformed(
    'noData that is not one of three',
    metric({ ...inline, noData: 'ignore' }),
    'must be one of hold, fail, pass, not "ignore"',
    'Unsupported value: "ignore"',
  ),
  {
    ...bad(
      'a template of another namespace',
      metric({ name: 'errors', templateRef: { name: 'a', namespace: 'other' }, threshold: 1 }),
      'a Canary refers to templates of its own namespace only',
    ),
    unseenByServer: true,
  },
]
