/** The checks of a candidate with traffic: what they find, and what becomes of a run that has no data. */
import { advance } from '../../../../src/core/machine/rules/advance.ts'
import { runChecks } from '../../../../src/core/machine/rules/checks.ts'
import { resumeSuspended } from '../../../../src/core/machine/rules/suspend.ts'
import type { Check, Finding } from '../../../../src/core/model/check.ts'
import { advancing, answered, at, minute, now, type Rows, second, web } from '../given.ts'

const due = advancing(10, { lastCheckTime: now - 10 * second, lastCheckPassed: false })
const suspended = advancing(0, {
  hold: { by: 'suspension', since: now - minute },
  carriedAt: now - minute,
  lastCheckTime: now - minute,
})

const value = (of: number): Finding => ({ kind: 'value', value: of })
/** Every second request of the canary fails. */
const failing = ({ subject: { measure, side } }: Check): Finding => {
  if (measure === 'requests' || measure === 'sent') return value(side === 'canary' ? 100 : 900)
  if (measure === 'errors') return value(side === 'canary' ? 50 : 0)
  return value(measure === 'latency' ? 20 : 0)
}
/** Only the primary has requests. */
const bypassed = ({ subject: { measure, side } }: Check): Finding => {
  if (measure === 'probe') return value(0)
  return value(['requests', 'sent'].includes(measure) && side === 'primary' ? 900 : 0)
}
const unreached = advancing(10, { ...due, carriedAt: now - 5 * minute, noTrafficChecks: 1, failedChecks: 4 })
const counting = web({
  analysis: { interval: '10s', metrics: [{ name: 'errors', query: 'sum(x)', thresholdRange: { min: 1 } }] },
})
const isSample = (check: Check): boolean => check.id.endsWith('/sample')
const none: Finding = { kind: 'no-data', because: 'the query returned no data' }
/** Good answers, by a newest scrape of which this is found. */
const passing =
  (sample: Finding) =>
  (check: Check): Finding => {
    if (isSample(check)) return sample
    return check.subject.measure === 'errors' ? value(0) : failing(check)
  }
const silent = (): Finding => ({ kind: 'unavailable', error: 'connect ECONNREFUSED' })

export const checkRows: Rows = {
  'a suspended analysis waits for its next try': {
    rule: resumeSuspended,
    given: at({ ...suspended, lastCheckTime: now - second }),
    move: [
      'Progressing advancing 0',
      'AnalysisSuspended',
      'The analysis of 34c7e426be (web:2) is suspended at weight 0 until there is data again',
      9000,
    ],
  },
  'asks then': { rule: resumeSuspended, given: at(suspended), move: 'asks 13 questions' },
  'and starts from the first step when there is data': {
    rule: resumeSuspended,
    given: answered(at(suspended), resumeSuspended, () => value(100)),
    move: [
      'Progressing startingPods 0',
      'MetricsRestored',
      'There is data again; the steps of 34c7e426be (web:2) start from the first',
      0,
    ],
  },
  'a check that is due asks': { rule: runChecks, given: at(due), move: 'asks 15 questions' },
  'a check that fails is counted': {
    rule: runChecks,
    given: answered(at(due), runChecks, failing),
    move: [
      'Progressing advancing 10',
      'CheckFailed',
      'request-success-rate 50 % is below 99 % (100 requests in 55s) (1 of 5 failed checks)',
      5000,
    ],
  },
  'one that passes by what was scraped at the weight before alone is waited for': {
    rule: runChecks,
    given: answered(at(due), runChecks, passing(none)),
    move: [
      'Progressing advancing 10',
      'Analysing',
      'Weight 10: the checks pass; waiting for metrics that were scraped during this step',
      5000,
    ],
  },
  'so is one whose newest scrape cannot be asked for': {
    rule: runChecks,
    given: answered(at(due), runChecks, passing(silent())),
    move: [
      'Progressing advancing 10',
      'Analysing',
      'Weight 10: the checks pass; waiting for metrics that were scraped during this step',
      5000,
    ],
  },
  'a scrape that counts no request since is enough': {
    rule: advance,
    given: answered(at(due), runChecks, passing(value(0))),
    move: ['Progressing advancing 25', 'Advancing', 'Weight 10 → 25', 0],
  },
  'a bad one is not waited for': {
    rule: runChecks,
    given: answered(at(due), runChecks, check => (isSample(check) ? none : failing(check))),
    move: [
      'Progressing advancing 10',
      'CheckFailed',
      'request-success-rate 50 % is below 99 % (100 requests in 55s) (1 of 5 failed checks)',
      5000,
    ],
  },
  'the last that the threshold allows rolls back': {
    rule: runChecks,
    given: answered(at({ ...due, failedChecks: 4 }), runChecks, failing),
    move: [
      'Failed',
      'ThresholdReached',
      'Rolled back 34c7e426be (web:2) at weight 10: request-success-rate 50 % is below 99 % (100 requests in 55s) (5 of 5 failed checks)',
      0,
    ],
  },
  'a canary without the requests that are due is unreachable only by fresh routes': {
    rule: runChecks,
    given: answered(at(unreached, { sight: 'cached' }), runChecks, bypassed),
    move: 'reads 8 sources',
  },
  'nothing is said of it while they cannot be read': {
    rule: runChecks,
    given: answered(at(unreached, { sight: { unavailable: 'connect ETIMEDOUT' } }), runChecks, bypassed),
    move: [
      'Progressing advancing 10',
      'WatchUnavailable',
      'The canary receives no request; nothing is decided until the API server confirms the state of the cluster: connect ETIMEDOUT',
      10_000,
    ],
  },
  'but what a metric shows of it counts': {
    rule: runChecks,
    given: answered(
      at(unreached, { canary: counting, sight: { unavailable: 'connect ETIMEDOUT' } }),
      runChecks,
      bypassed,
    ),
    move: [
      'Failed',
      'ThresholdReached',
      'Rolled back 34c7e426be (web:2) at weight 10: errors 0 is below 1 (5 of 5 failed checks)',
      0,
    ],
  },
  'where they lead to it, it is': {
    rule: runChecks,
    given: answered(at(unreached), runChecks, bypassed),
    move: [
      'Failed',
      'ThresholdReached',
      'Rolled back 34c7e426be (web:2) at weight 10: the canary is unreachable: about 100 requests were expected at weight 10, and it received none (5 of 5 failed checks)',
      0,
    ],
  },
  'no answer is no verdict': {
    rule: runChecks,
    given: answered(at(due), runChecks, silent),
    move: [
      'Progressing advancing 10',
      'MetricsUnavailable',
      'Holding at weight 10: request-success-rate could not be measured: connect ECONNREFUSED',
      5000,
    ],
  },
  'after maxBlind the analysis is suspended': {
    rule: runChecks,
    given: answered(at({ ...due, blindSince: now - 20 * minute }), runChecks, silent),
    move: [
      'Progressing advancing 0',
      'AnalysisSuspended',
      'Suspended the analysis of 34c7e426be (web:2) at weight 0 after 15m without data: request-success-rate could not be measured: connect ECONNREFUSED',
      0,
    ],
  },
}
