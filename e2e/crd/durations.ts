/** Rows for durations: the unit, and the shortest of each field. */
import { bad, type Case, metric } from './given.ts'

export const durations: readonly Case[] = [
  bad(
    'an interval of 1x',
    { analysis: { interval: '1x' } },
    'write a duration with its unit',
    'spec.analysis.interval',
  ),
  bad(
    'an interval without a unit',
    { analysis: { interval: '60' } },
    'write a duration with its unit, such as 500ms, 30s, 1m30s or 2h',
  ),
  bad('an interval with something behind it', { analysis: { interval: '1minute' } }, 'write a duration with its unit'),
  bad('an interval below a second', { analysis: { interval: '999ms' } }, 'the shortest is 1s'),
  bad('a checkInterval below a second', { analysis: { checkInterval: '100ms' } }, 'the shortest is 1s'),
  bad(
    'a checkInterval above the interval',
    { analysis: { interval: '10s', checkInterval: '11s' } },
    'checkInterval must not be longer than interval',
  ),
  bad(
    'a checkInterval above the default interval',
    { analysis: { checkInterval: '2m' } },
    'checkInterval must not be longer than interval',
  ),
  bad(
    'a maxBlind that is no duration',
    { analysis: { maxBlind: 'never' } },
    'write a duration with its unit',
    'spec.analysis.maxBlind',
  ),
  bad('a maxDuration of nothing', { analysis: { maxDuration: '0s' } }, 'the shortest is 1s'),
  bad('a negative drain', { analysis: { drain: '-1s' } }, 'write a duration with its unit'),
  bad(
    'a hold that is no duration',
    { analysis: { steps: [{ weight: 10, hold: '1d' }] } },
    'write a duration with its unit',
    'spec.analysis.steps[0].hold',
  ),
  bad('a metric interval of a moment', metric({ name: 'request-duration', interval: '1ms' }), 'the shortest is 1s'),
  bad(
    'a timeout that is no duration',
    { service: { timeout: '15' } },
    'write a duration with its unit',
    'spec.service.timeout',
  ),
  bad(
    'a try that is no duration',
    { service: { retries: { perTryTimeout: 'x' } } },
    'write a duration with its unit',
    'spec.service.retries.perTryTimeout',
  ),
]
