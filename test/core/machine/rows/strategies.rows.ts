/** Copies, matches and sticky callers: what they change of a run with traffic. */
import { advance, countIteration, holdWhileOverridden } from '../../../../src/core/machine/rules/advance.ts'
import {
  followThePlan,
  holdWhileCallersNotKept,
  restartForOtherRequests,
  waitUntilCarried,
} from '../../../../src/core/machine/rules/carry.ts'
import { restartOnNewRevision } from '../../../../src/core/machine/rules/target-changes.ts'
import { dropToZeroWhenCanaryUnready, holdWhilePrimaryUnready } from '../../../../src/core/machine/rules/unready.ts'
import { copyToPrimary, followMatch, returnTraffic } from '../../../../src/core/machine/rules/promote.ts'
import { promoteWhenConfirmed } from '../../../../src/core/machine/rules/confirm.ts'
import { runChecks } from '../../../../src/core/machine/rules/checks.ts'
import { audienceOf } from '../../../../src/core/model/plan.ts'
import { type Carried, carriedBy, trafficOf, weighted } from '../../../../src/core/model/traffic.ts'
import {
  advancing,
  answered,
  at,
  candidate,
  minute,
  now,
  primary,
  promoting,
  type Rows,
  run,
  second,
  target,
  web,
} from '../given.ts'

const match = [{ headers: { 'x-canary': { exact: 'yes' } } }]
const interval = '10s'
const abTest = web({ analysis: { interval, iterations: 2, match } })
const matchedWeights = web({ analysis: { interval, stepWeights: [10, 50], match } })
const mirrored = web({ analysis: { interval, stepWeights: [10, 50], mirror: true } })
const blueGreen = web({ analysis: { interval, iterations: 2 } })
const blueGreenMirrored = web({ analysis: { interval, iterations: 2, mirror: true, mirrorWeight: 20 } })
const sticky = web({ analysis: { interval, stepWeights: [10, 50], sessionAffinity: { cookieName: 'web' } } })
const among = audienceOf(abTest.spec.analysis)

const carried = (more: Partial<Carried>): { traffic: Carried } => ({
  traffic: { low: 0, high: 0, among: '', mirror: 0, sticky: '', ...more },
})
const matched = carried({ low: 100, high: 100, among })
const copied = (mirror = 100) => advancing(0, { traffic: trafficOf({ canary: 0, among: '', mirror }) })
const inTest = advancing(100, { traffic: weighted(100, among), iteration: 1 })
const noRequest = (): { kind: 'value'; value: number } => ({ kind: 'value', value: 0 })
const due = { lastCheckTime: now - 10 * second, lastCheckPassed: false }
const unseen = at(advancing(0, due), { canary: blueGreen })

export const strategyRows: Rows = {
  'copies come before the first weight': {
    rule: advance,
    given: at(run('pausingRollout'), { canary: mirrored }),
    move: ['Progressing advancing 0', 'Advancing', 'Weight 0 → 0, mirroring 100 %', 0],
  },
  'copies that passed are seen to end': {
    rule: advance,
    given: at(copied(), { canary: mirrored, ...carried({ mirror: 100 }) }),
    move: [
      'Progressing advancing 0',
      'Advancing',
      'Mirroring to 34c7e426be (web:2) passed and ends before the first weight',
      0,
    ],
  },
  'copies that still come hold the first weight': {
    rule: waitUntilCarried,
    given: at(advancing(0, { mirrored: true, carriedAt: null }), { canary: mirrored, ...carried({ mirror: 100 }) }),
    move: ['Progressing advancing 0', 'Routing', 'Requested weight 0; the routes match or mirror other requests', null],
  },
  'after the copies come the weights': {
    rule: advance,
    given: at(advancing(0, { mirrored: true, routedAt: null }), { canary: mirrored }),
    move: ['Progressing advancing 10', 'Advancing', 'Weight 0 → 10', 0],
  },
  'copies that a hand took out are put right': {
    rule: waitUntilCarried,
    given: at(copied(), { canary: mirrored, ...carried({}) }),
    move: [
      'Progressing advancing 0',
      'Routing',
      'Requested weight 0, mirroring 100 %; the routes match or mirror other requests',
      null,
    ],
  },
  'copies to no ready pod end, and count': {
    rule: dropToZeroWhenCanaryUnready,
    given: at(copied(), { canary: mirrored, target: target('web:2', 0), ...carried({ mirror: 100 }) }),
    move: [
      'Progressing startingPods 0',
      'CanaryNotReady',
      'Weight 0: no pod of 34c7e426be is ready (1 of 5 failed checks)',
      0,
    ],
  },
  'what a hand gave the canary at weight 0 drains before the next candidate starts': {
    rule: restartOnNewRevision,
    given: at(advancing(0), { canary: blueGreen, target: target('web:3'), traffic: carriedBy([25]) }),
    move: [
      'Progressing draining 0',
      'Restarted',
      'Revision 2efb4f9884 (web:3) replaces 34c7e426be (web:2) at weight 0; the release starts over',
      0,
    ],
  },
  'copies of another share start over': {
    rule: restartForOtherRequests,
    given: at(copied(50), { canary: mirrored, ...carried({ mirror: 50 }) }),
    move: [
      'Progressing startingPods 0',
      'Advancing',
      'the mirror of spec.analysis was changed at weight 0, mirroring 50 %; the steps start from the first',
      0,
    ],
  },
  'blue/green with copies has them in each iteration': {
    rule: countIteration,
    given: at(copied(20), { canary: blueGreenMirrored, ...carried({ mirror: 20 }) }),
    move: ['Progressing advancing 0', 'Analysing', 'Weight 0, mirroring 20 %: iteration 1 of 2 passed', 9 * second],
  },
  'blue/green goes to everything': {
    rule: advance,
    given: at(advancing(0, { iteration: 1 }), { canary: blueGreen }),
    move: ['Progressing advancing 100', 'Advancing', 'Weight 0 → 100', 0],
  },
  'at weight 0 nothing is measured by callers': {
    rule: runChecks,
    given: answered(unseen, runChecks, noRequest),
    move: [
      'Progressing advancing 0',
      'MetricsUnavailable',
      'Holding at weight 0: request-success-rate has no data for the last 55s: the metrics show no request to the canary. At weight 0 callers send it none: write analysis.mirror: true, a webhook of type rollout that sends some, or noData: pass',
      5 * second,
    ],
  },
  'an A/B test begins with all that match': {
    rule: advance,
    given: at(run('pausingRollout'), { canary: abTest }),
    move: ['Progressing advancing 100', 'Advancing', 'Weight 0 → 100 of the matched requests', 0],
  },
  'an A/B test asks nothing of shares': {
    rule: runChecks,
    given: at({ ...inTest, ...due }, { canary: abTest, ...matched }),
    move: 'asks 11 questions',
  },
  'an A/B test ends in a promotion, with the callers where they are': {
    rule: promoteWhenConfirmed,
    given: at(inTest, { canary: abTest, ...matched }),
    move: ['Promoting copying 100', 'Promoting', 'Copying 34c7e426be (web:2) to Deployment web-primary', 0],
  },
  'a match that a hand took out is put right': {
    rule: waitUntilCarried,
    given: at(inTest, { canary: abTest, ...carried({}) }),
    move: [
      'Progressing advancing 100',
      'Routing',
      'Requested weight 100 of the matched requests; the routes still have 0',
      null,
    ],
  },
  'a share of what matches that a hand lowered is obeyed': {
    rule: waitUntilCarried,
    given: at(advancing(50, { traffic: weighted(50, among) }), {
      canary: matchedWeights,
      ...carried({ low: 20, high: 20, among }),
    }),
    move: [
      'Progressing advancing 20',
      'WeightOverridden',
      'The routes were edited by hand from weight 50 to 20; holding at 20 until `resume`',
      0,
    ],
  },
  'a match that is taken out of the spec gives nobody more': {
    rule: restartForOtherRequests,
    given: at(inTest, { canary: blueGreen, ...matched }),
    move: [
      'Progressing startingPods 0',
      'Advancing',
      'spec.analysis.match was changed at weight 100 of the matched requests; the steps start from the first',
      0,
    ],
  },
  'a match that comes into the spec is another plan': {
    rule: restartForOtherRequests,
    given: at(advancing(50), { canary: matchedWeights }),
    move: [
      'Progressing startingPods 0',
      'Advancing',
      'spec.analysis.match was changed at weight 50; the steps start from the first',
      0,
    ],
  },
  'a promotion follows a match that was changed': {
    rule: followMatch,
    given: at(promoting('copying', { traffic: weighted(100, 'other') }), { canary: abTest, ...matched }),
    move: ['Promoting copying 100', 'Initializing', '', 0],
  },
  'a promotion whose match is gone leaves all to the primary': {
    rule: followMatch,
    given: at(promoting('returning', { traffic: weighted(100, among) }), { canary: blueGreen, ...matched }),
    move: ['Promoting returning 0', 'Initializing', '', 0],
  },
  'what matches goes back to the primary like everything': {
    rule: copyToPrimary,
    given: at(promoting('copying', { traffic: weighted(100, among) }), {
      canary: abTest,
      primary: primary(candidate.revision),
      ...matched,
    }),
    move: [
      'Finalising',
      'Finalising',
      'Promoted 34c7e426be (web:2) without a check; the primary takes all traffic, and the canary drains',
      0,
    ],
  },
  'callers that will stay are told of': {
    rule: advance,
    given: at(run('pausingRollout'), { canary: sticky }),
    move: [
      'Progressing advancing 10',
      'Advancing',
      'Weight 0 → 10; callers that it answers stay by the cookie web, so shares are not compared with telemetry',
      0,
    ],
  },
  'callers that are not kept yet hold the next weight': {
    rule: holdWhileCallersNotKept,
    given: at(advancing(10), { canary: sticky, traffic: carriedBy([10]) }),
    move: [
      'Progressing advancing 10',
      'Routing',
      'Holding at weight 10: the routes keep other callers than spec.analysis.sessionAffinity says',
      9 * second,
    ],
  },
  'callers that are not kept stop no check': {
    rule: runChecks,
    given: at(advancing(50, due), { canary: sticky, traffic: carriedBy([50]) }),
    move: 'asks 11 questions',
  },
  'blue/green that comes at a weight judges without callers first': {
    rule: followThePlan,
    given: at(advancing(10), { canary: blueGreen }),
    move: [
      'Progressing advancing 0',
      'Advancing',
      'The steps are now 2 iterations at weight 0, then everything; the weight goes down to them from 10',
      0,
    ],
  },
  'blue/green with copies that comes after copies has its own': {
    rule: followThePlan,
    given: at(advancing(10, { mirrored: true }), { canary: blueGreenMirrored }),
    move: [
      'Progressing advancing 0',
      'Advancing',
      'The steps are now 2 iterations at weight 0, mirroring 20 %, then everything; the weight goes down to them from 10',
      0,
    ],
  },
  'blue/green that a hand lowered stays there': {
    rule: holdWhileOverridden,
    given: at(advancing(40, { hold: { by: 'override', from: 100 } }), { canary: blueGreen }),
    move: [
      'Progressing advancing 40',
      'WeightOverridden',
      'Holding at weight 40, set by hand in the routes (was 100); `resume` continues the run',
      9 * second,
    ],
  },
  'a match that is taken out after a hand lowered its share waits for `resume`': {
    rule: restartForOtherRequests,
    given: at(advancing(20, { traffic: weighted(20, among), hold: { by: 'override', from: 50 } }), {
      canary: web({ analysis: { interval, stepWeights: [10, 50] } }),
      ...carried({ low: 20, high: 20, among }),
    }),
    move: [
      'Progressing startingPods 0',
      'Advancing',
      'spec.analysis.match was changed at weight 20 of the matched requests; the weight is 0 until `resume`',
      0,
    ],
  },
  'copies to a candidate that no caller has met replace no primary': {
    rule: holdWhilePrimaryUnready,
    given: at(copied(), { canary: mirrored, primary: primary(undefined, 0), ...carried({ mirror: 100 }) }),
    move: [
      'Progressing advancing 0',
      'PrimaryNotReady',
      'Deployment web-primary has no ready pod; nothing is checked until it has',
      null,
    ],
  },
  'what matches returns step by step': {
    rule: returnTraffic,
    given: at(promoting('returning', { traffic: weighted(100, among), carriedAt: now - minute }), {
      canary: web({ analysis: { interval, iterations: 2, match, stepWeightPromotion: 40 } }),
      primary: primary(candidate.revision),
      ...matched,
    }),
    move: [
      'Promoting returning 60',
      'Returning',
      'Weight 100 of the matched requests → 60 of the matched requests while Deployment web-primary takes over the traffic',
      0,
    ],
  },
}
