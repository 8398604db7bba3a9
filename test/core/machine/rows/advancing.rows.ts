/** A candidate with traffic: what holds it, what brings it back, and what takes it to the next step. */
import {
  advance,
  countIteration,
  holdWhileBlocked,
  holdWhileOverridden,
  holdWhilePaused,
  holdWhilePodsMissing,
  waitForApproval,
  waitUntilDue,
} from '../../../../src/core/machine/rules/advance.ts'
import { followThePlan, holdWhileUnconfirmed, waitUntilCarried } from '../../../../src/core/machine/rules/carry.ts'
import { raiseFloor } from '../../../../src/core/machine/rules/floor.ts'
import { promoteHotfix, promoteWhenConfirmed } from '../../../../src/core/machine/rules/confirm.ts'
import {
  dropToZeroWhenCanaryUnready,
  holdWhilePrimaryUnready,
  rollBackWhenPodsOverdue,
} from '../../../../src/core/machine/rules/unready.ts'
import { kinds, type KubeObject } from '../../../../src/api/object.ts'
import { CANARY_LABEL } from '../../../../src/core/model/names.ts'
import type { Observation } from '../../../../src/core/model/observation.ts'
import { hpa } from '../../autoscalers/given.ts'
import { live, noSurroundings, object } from '../../given-objects.ts'
import { advancing, at, minute, now, primary, remembers, rival, type Rows, second, target, web } from '../given.ts'
import { type Carried, carriedBy } from '../../../../src/core/model/traffic.ts'

const half = target('web:2', 1)

/** The primary has two pods, and its autoscaler so many as its minimum. */
function autoscaled(scaler: KubeObject, minReplicas: number): Observation {
  const kind = kinds.HorizontalPodAutoscaler
  const metadata = { labels: { [CANARY_LABEL]: 'web' } }
  const copy = object(kind, 'web-primary', { spec: { minReplicas } }, metadata)
  return at(advancing(10), {
    canary: web({ autoscalerRef: { apiVersion: 'autoscaling/v2', kind: kind.kind, name: 'web' } }),
    live: live([kind, scaler], [kind, copy]),
  })
}
const approving = web({
  analysis: {
    interval: '10s',
    steps: [
      { weight: 10, approve: true },
      { weight: 100, approve: true },
    ],
  },
})
const withoutMesh = web({
  provider: 'kubernetes',
  analysis: {
    interval: '10s',
    iterations: 3,
    metrics: [{ name: 'errors', query: 'sum(x)', thresholdRange: { max: 1 } }],
  },
})

const passed = {
  name: 'request-success-rate',
  verdict: 'pass',
  value: 100,
  min: 99,
  max: null,
  requests: 212,
  message: 'request-success-rate 100 % is at least 99 %',
  at: now - second,
} as const

/** Routes at a weight that one of their parents has not taken up for a minute. */
const unconfirmed = (weight: number, isPartial = true): Carried => ({
  low: weight,
  high: weight,
  among: '',
  mirror: 0,
  sticky: '',
  unconfirmed: {
    because: 'HTTPRoute shop/web has no answer from Gateway infra/public',
    since: now - minute,
    isAnswered: false,
    isPartial,
  },
})

export const advancingRows: Rows = {
  'a canary without a ready pod drops to 0, and it counts': {
    rule: dropToZeroWhenCanaryUnready,
    given: at(advancing(25), { target: target('web:2', 0) }),
    move: [
      'Progressing startingPods 0',
      'CanaryNotReady',
      'Weight 0: no pod of 34c7e426be is ready (1 of 5 failed checks)',
      0,
    ],
  },
  'at the threshold it is rolled back': {
    rule: dropToZeroWhenCanaryUnready,
    given: at(advancing(25, { failedChecks: 4 }), { target: target('web:2', 0) }),
    move: [
      'Failed',
      'ThresholdReached',
      'Rolled back 34c7e426be (web:2) at weight 25: no pod of 34c7e426be is ready (5 of 5 failed checks)',
      0,
    ],
  },
  'a full approval waits for nothing': {
    rule: promoteHotfix,
    given: at(advancing(10, { approved: 'full' })),
    move: ['Promoting copying 10', 'Promoting', 'Copying 34c7e426be (web:2) to Deployment web-primary', 0],
  },
  'without a ready pod of the primary the run holds': {
    rule: holdWhilePrimaryUnready,
    given: at(advancing(10), { primary: primary(undefined, 0) }),
    move: [
      'Progressing advancing 10',
      'PrimaryNotReady',
      'Deployment web-primary has no ready pod; the canary serves all traffic until it does',
      null,
    ],
  },
  'pods that are missing for too long roll it back': {
    rule: rollBackWhenPodsOverdue,
    given: at(advancing(10, { waiting: { for: 'pods', since: now - 2 * minute } }), { target: half }),
    move: [
      'Failed',
      'DeadlineExceeded',
      'Rolled back 34c7e426be (web:2) at weight 10: Deployment web was not ready within 2m (1 of 2 pods available; its rollout is paused)',
      0,
    ],
  },
  'a plan that ends below the weight is followed down': {
    rule: followThePlan,
    given: at(advancing(50), { canary: web({ analysis: { interval: '10s', stepWeights: [10, 20] } }) }),
    move: [
      'Progressing advancing 20',
      'Advancing',
      'The last step is now weight 20; the weight goes down to it from 50',
      0,
    ],
  },
  'a weight that the routes do not carry yet is waited for': {
    rule: waitUntilCarried,
    given: at(advancing(25, { carriedAt: null }), { traffic: carriedBy([10, 10]) }),
    move: ['Progressing advancing 25', 'Routing', 'Requested weight 25; the routes still have 10', null],
  },
  'it counts after the settle time': {
    rule: waitUntilCarried,
    given: at(advancing(25, { carriedAt: null })),
    move: ['Progressing advancing 25', 'Initializing', '', 1000],
  },
  'a weight that was lowered by hand is obeyed': {
    rule: waitUntilCarried,
    given: at(advancing(25), { traffic: carriedBy([0, 0]) }),
    move: [
      'Progressing advancing 0',
      'WeightOverridden',
      'The routes were edited by hand from weight 25 to 0; holding at 0 until `resume`',
      0,
    ],
  },
  'half a percent that was lowered by hand to a tenth is obeyed': {
    rule: waitUntilCarried,
    given: at(advancing(0.5), { traffic: carriedBy([0.1, 0.1]) }),
    move: [
      'Progressing advancing 0.1',
      'WeightOverridden',
      'The routes were edited by hand from weight 0.5 to 0.1; holding at 0.1 until `resume`',
      0,
    ],
  },
  'a weight that some parents of the routes have not taken up is judged, and does not rise': {
    rule: holdWhileUnconfirmed,
    given: at(advancing(25), { traffic: unconfirmed(25) }),
    move: [
      'Progressing advancing 25',
      'Routing',
      'Requested weight 25; HTTPRoute shop/web has no answer from Gateway infra/public',
      9000,
    ],
  },
  'one that none has taken up is waited for': {
    rule: waitUntilCarried,
    given: at(advancing(25, { carriedAt: null }), { traffic: unconfirmed(25, false) }),
    move: [
      'Progressing advancing 25',
      'Routing',
      'Requested weight 25; HTTPRoute shop/web has no answer from Gateway infra/public',
      null,
    ],
  },
  'a step lasts its interval': {
    rule: waitUntilDue,
    given: at(advancing(10, { carriedAt: now - 5 * second }), { memory: remembers({ checks: [passed] }) }),
    move: ['Progressing advancing 10', 'Analysing', 'Weight 10: request-success-rate 100 % is at least 99 %', 5000],
  },
  'an iteration that has passed is counted': {
    rule: countIteration,
    given: at(advancing(0), { canary: withoutMesh }),
    move: ['Progressing advancing 0', 'Analysing', 'Weight 0: iteration 1 of 3 passed', 9000],
  },
  'all requests go to the canary after the last iteration': {
    rule: advance,
    given: at(advancing(0, { iteration: 2 }), { canary: withoutMesh }),
    move: ['Progressing advancing 100', 'Advancing', 'Weight 0 → 100', 0],
  },
  'a weight that was lowered by hand is kept': {
    rule: holdWhileOverridden,
    given: at(advancing(10, { hold: { by: 'override', from: 25 } })),
    move: [
      'Progressing advancing 10',
      'WeightOverridden',
      'Holding at weight 10, set by hand in the routes (was 25); `resume` continues the run',
      9000,
    ],
  },
  'a paused canary holds': {
    rule: holdWhilePaused,
    given: at(advancing(10), { memory: remembers({ paused: 'kim: lunch' }) }),
    move: ['Progressing advancing 10', 'Paused', 'Holding at weight 10: paused by kim: lunch', 9000],
  },
  'a conflict holds it': {
    rule: holdWhileBlocked,
    given: at(advancing(10), { surroundings: { ...noSurroundings, rivals: [rival] } }),
    move: [
      'Progressing advancing 10',
      'Conflict',
      'Canary shop/older also targets Deployment web and takes precedence (it is older), so this Canary is ignored. Delete this one, or recreate it with another target and service.name.',
      9000,
    ],
  },
  'missing pods hold it': {
    rule: holdWhilePodsMissing,
    given: at(advancing(10), { target: half }),
    move: [
      'Progressing advancing 10',
      'WaitingForPods',
      'Holding at weight 10: 1 of 2 pods available; its rollout is paused',
      9000,
    ],
  },
  'a step may need an approval': {
    rule: waitForApproval,
    given: at(advancing(10), { canary: approving }),
    move: [
      'Progressing advancing 10',
      'WaitingForApproval',
      'Weight 10 passed; waiting for approval: kubectl -n shop annotate canaries.sluice.dev/web sluice.dev/approve="$(date +%s)" --overwrite',
      9000,
    ],
  },
  'and so may the promotion': {
    rule: waitForApproval,
    given: at(advancing(100), { canary: approving }),
    move: [
      'WaitingPromotion advancing 100',
      'WaitingForApproval',
      'Weight 100 passed; waiting for approval of the promotion: kubectl -n shop annotate canaries.sluice.dev/web sluice.dev/approve="$(date +%s)" --overwrite',
      9000,
    ],
  },
  'an approved step goes on': {
    rule: advance,
    given: at(advancing(10, { approved: 10 }), { canary: approving }),
    move: ['Progressing advancing 100', 'Advancing', 'Weight 10 → 100', 0],
  },
  'no share rises before the autoscaler of the primary has the floor': {
    rule: raiseFloor,
    given: autoscaled(hpa(), 1),
    move: [
      'Progressing advancing 10',
      'Advancing',
      'Holding at weight 10 until HorizontalPodAutoscaler web-primary keeps at least 2 pods of web-primary for a rollback',
      9 * second,
    ],
  },
  'nor where it cannot be written': {
    rule: raiseFloor,
    given: autoscaled(hpa({ minReplicas: 0 }), 1),
    move: [
      'Progressing advancing 10',
      'AutoscalerInvalid',
      'Holding at weight 10 until HorizontalPodAutoscaler web-primary keeps at least 2 pods of web-primary for a rollback, which cannot be written: HorizontalPodAutoscaler shop/web has minReplicas: 0 and could start pods of the target between releases. Set spec.minReplicas to 1 or more.',
      9 * second,
    ],
  },
  'with the floor it rises': {
    rule: advance,
    given: autoscaled(hpa(), 2),
    move: ['Progressing advancing 25', 'Advancing', 'Weight 10 → 25', 0],
  },
  'the next step': {
    rule: advance,
    given: at(advancing(10)),
    move: ['Progressing advancing 25', 'Advancing', 'Weight 10 → 25', 0],
  },
  'after the last one the judged template is promoted': {
    rule: promoteWhenConfirmed,
    given: at(advancing(100)),
    move: ['Promoting copying 100', 'Promoting', 'Copying 34c7e426be (web:2) to Deployment web-primary', 0],
  },
}
