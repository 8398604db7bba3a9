/** Promotion, its undoing, and the drain after it. */
import { drain, finishRollingBack } from '../../../../src/core/machine/rules/drain.ts'
import { copyToPrimary, returnTraffic } from '../../../../src/core/machine/rules/promote.ts'
import { shiftAllTraffic } from '../../../../src/core/machine/rules/shift.ts'
import { moveCallersOffPrimary, restorePrimary } from '../../../../src/core/machine/rules/undo.ts'
import { carriedBy, weighted } from '../../../../src/core/model/traffic.ts'
import {
  at,
  candidate,
  finalising,
  minute,
  now,
  primary,
  promoted,
  promoting,
  remembers,
  type Rows,
  second,
  target,
  web,
} from '../given.ts'

const late = { waiting: { for: 'primary', since: now - 2 * minute } } as const
const taken = { primary: primary(candidate.revision) }
const rolledBack = finalising({
  promoted: promoted.revision,
  rejected: candidate.revision,
  outcome: 'RolledBack',
  because: 'requested by kim: slow',
})
const unknown = {
  name: 'errors',
  verdict: 'hold',
  value: null,
  min: null,
  max: 1,
  requests: null,
  message: 'errors has no data',
  at: now - second,
} as const
const metrics = [{ name: 'errors', query: 'sum(x)', thresholdRange: { max: 1 } }]
const withoutMesh = web({ provider: 'kubernetes', analysis: { interval: '10s', metrics } })

export const promotingRows: Rows = {
  'all traffic is shifted before a rollout that stops old pods first': {
    rule: shiftAllTraffic,
    given: at(promoting('shifting'), { traffic: carriedBy([50, 50]) }),
    move: [
      'Promoting shifting 100',
      'Promoting',
      'Shifting all traffic to the canary before Deployment web-primary is updated: its rollout may stop all old pods first; the routes do not carry weight 100 yet (<1m of 2m)',
      60000,
    ],
  },
  'a pause holds it': {
    rule: shiftAllTraffic,
    given: at(promoting('shifting'), { memory: remembers({ paused: 'kim: lunch' }) }),
    move: [
      'Promoting shifting 100',
      'Paused',
      'Holding before 34c7e426be (web:2) is copied to Deployment web-primary: paused by kim: lunch',
      null,
    ],
  },
  'old pods of the primary answer to the end': {
    rule: shiftAllTraffic,
    given: at(promoting('shifting')),
    move: [
      'Promoting shifting 100',
      'Promoting',
      'Shifting all traffic to the canary before Deployment web-primary is updated: its rollout may stop all old pods first',
      11000,
    ],
  },
  'then the template is copied': {
    rule: shiftAllTraffic,
    given: at(promoting('shifting', { carriedAt: now - 5 * minute })),
    move: ['Promoting copying 100', 'Promoting', 'Copying 34c7e426be (web:2) to Deployment web-primary', 0],
  },
  'but not while no pod of the canary is ready: the routes are about to lead to the primary': {
    rule: shiftAllTraffic,
    given: at(promoting('shifting', { carriedAt: now - 5 * minute }), { target: null }),
    move: [
      'Promoting shifting 100',
      'Promoting',
      'Shifting all traffic to the canary before Deployment web-primary is updated: its rollout may stop all old pods first; no pod of 34c7e426be (web:2) is ready to serve all traffic (<1m of 2m)',
      60000,
    ],
  },
  'the primary takes the template': {
    rule: copyToPrimary,
    given: at(promoting('copying')),
    move: [
      'Promoting copying 100',
      'Promoting',
      'Waiting for Deployment web-primary: the template is being copied (<1m of 2m)',
      60000,
    ],
  },
  'and its pods get ready': {
    rule: copyToPrimary,
    given: at(promoting('copying'), { primary: primary(candidate.revision, 1) }),
    move: [
      'Promoting copying 100',
      'Promoting',
      'Waiting for Deployment web-primary: 1 of 2 pods available (<1m of 2m)',
      60000,
    ],
  },
  'in time, or the promotion is undone': {
    rule: copyToPrimary,
    given: at(promoting('copying', late), { primary: primary(candidate.revision, 1) }),
    move: [
      'Promoting diverting 100',
      'Undoing',
      'Undoing the promotion: Deployment web-primary gets 3a1c36f5bc (web:1) back: Deployment web-primary was not ready within 2m (1 of 2 pods available)',
      0,
    ],
  },
  'traffic returns to a primary that is ready': {
    rule: copyToPrimary,
    given: at(promoting('copying'), taken),
    move: [
      'Finalising',
      'Finalising',
      'Promoted 34c7e426be (web:2) without a check; the primary takes all traffic, and the canary drains',
      0,
    ],
  },
  'one whose last checks gave no verdict says so': {
    rule: copyToPrimary,
    given: at(promoting('copying'), { ...taken, memory: remembers({ checks: [unknown] }) }),
    move: [
      'Finalising',
      'Finalising',
      'Promoted 34c7e426be (web:2), whose last checks had no verdict; the primary takes all traffic, and the canary drains',
      0,
    ],
  },
  'in steps': {
    rule: copyToPrimary,
    given: at(promoting('copying'), {
      ...taken,
      canary: web({ analysis: { interval: '10s', stepWeightPromotion: 40 } }),
    }),
    move: [
      'Promoting returning 60',
      'Returning',
      'Weight 100 → 60 while Deployment web-primary takes over the traffic',
      0,
    ],
  },
  'each of which is carried': {
    rule: returnTraffic,
    given: at(promoting('returning', { traffic: weighted(60) }), { ...taken, traffic: carriedBy([100, 100]) }),
    move: [
      'Promoting returning 60',
      'Returning',
      'Weight 60 while Deployment web-primary takes over the traffic',
      null,
    ],
  },
  'until the primary serves alone': {
    rule: returnTraffic,
    given: at(promoting('returning', { traffic: weighted(60), carriedAt: now - minute }), taken),
    move: [
      'Finalising',
      'Finalising',
      'Promoted 34c7e426be (web:2) without a check; the primary takes all traffic, and the canary drains',
      0,
    ],
  },
  'without weights a primary that is ready by its threshold takes all requests at once': {
    rule: returnTraffic,
    given: at(promoting('returning', { carriedAt: now - minute }), {
      canary: withoutMesh,
      primary: { ...primary(candidate.revision, 1), readiness: 'ready' },
    }),
    move: [
      'Finalising',
      'Finalising',
      'Promoted 34c7e426be (web:2) without a check; the primary takes all traffic, and the canary drains',
      0,
    ],
  },
  'and until it is, the canary serves alone': {
    rule: returnTraffic,
    given: at(promoting('returning', { carriedAt: now - minute }), {
      canary: withoutMesh,
      primary: primary(candidate.revision, 1),
    }),
    move: [
      'Promoting returning 100',
      'Returning',
      'Weight 100: 1 of 2 pods of Deployment web-primary are ready',
      120000,
    ],
  },
  'a primary that loses its pods is waited for': {
    rule: returnTraffic,
    given: at(promoting('returning'), { primary: primary(candidate.revision, 0) }),
    move: [
      'Promoting returning 100',
      'PrimaryNotReady',
      'Deployment web-primary has no ready pod: 0 of 2 pods available (<1m of 2m)',
      60000,
    ],
  },
  'with one deadline for all of its pods, whether some are missing or all': {
    rule: returnTraffic,
    given: at(promoting('returning', { ...late, carriedAt: now - minute }), {
      canary: withoutMesh,
      primary: primary(candidate.revision, 1),
    }),
    move: [
      'Promoting diverting 100',
      'Undoing',
      'Undoing the promotion: Deployment web-primary gets 3a1c36f5bc (web:1) back: 1 of 2 pods of Deployment web-primary are ready',
      0,
    ],
  },
  'callers are moved off a primary before its template goes back': {
    rule: moveCallersOffPrimary,
    given: at(promoting('diverting'), { ...taken, traffic: carriedBy([50, 50]) }),
    move: [
      'Promoting diverting 100',
      'Undoing',
      'Promotion failed (aborted by kim: broken): waiting for the routes to carry weight 100 before Deployment web-primary gets 3a1c36f5bc (web:1) back',
      120000,
    ],
  },
  'then it goes back': {
    rule: moveCallersOffPrimary,
    given: at(promoting('diverting', { carriedAt: now - second }), taken),
    move: [
      'Promoting undoing 100',
      'Undoing',
      'Promotion failed (aborted by kim: broken): waiting for Deployment web-primary to run 3a1c36f5bc (web:1) again: the template is being put back',
      0,
    ],
  },
  'the primary gets the promoted template': {
    rule: restorePrimary,
    given: at(promoting('undoing'), taken),
    move: [
      'Promoting undoing 100',
      'Undoing',
      'Promotion failed (aborted by kim: broken): waiting for Deployment web-primary to run 3a1c36f5bc (web:1) again: the template is being put back (<1m of 2m)',
      60000,
    ],
  },
  'a template that is not recorded any more has to be set by a user': {
    rule: restorePrimary,
    given: at(promoting('undoing'), { ...taken, recorded: [candidate] }),
    move: [
      'Promoting undoing 100',
      'Undoing',
      'Revision 3a1c36f5bc is not recorded any more, so it cannot be put back on Deployment web-primary. Set Deployment web to the image and settings of 3a1c36f5bc; they are copied from there. The promotion failed: aborted by kim: broken',
      null,
    ],
  },
  'what takes too long is reported': {
    rule: restorePrimary,
    given: at(promoting('undoing', late), taken),
    move: [
      'Promoting undoing 100',
      'Undoing',
      'Promotion failed (aborted by kim: broken): waiting for Deployment web-primary to run 3a1c36f5bc (web:1) again: the template is being put back. Manual intervention required',
      null,
    ],
  },
  'once it is ready the release has failed': {
    rule: restorePrimary,
    given: at(promoting('undoing')),
    move: ['Failed', 'PromotionFailed', 'Promotion of 34c7e426be (web:2) failed: aborted by kim: broken', 0],
  },
  'a requested rollback waits for the primary': {
    rule: finishRollingBack,
    given: at(rolledBack, taken),
    move: [
      'Finalising',
      'RollingBack',
      'Waiting for Deployment web-primary to run 3a1c36f5bc (web:1) again, requested by kim: slow: the template is being put back (<1m of 2m)',
      60000,
    ],
  },
  'and is over when it is ready': {
    rule: finishRollingBack,
    given: at(rolledBack),
    move: [
      'Failed',
      'RolledBack',
      'Rolled back to 3a1c36f5bc (web:1), requested by kim: slow; 34c7e426be (web:2) is rejected',
      0,
    ],
  },
  'or when its time is over': {
    rule: finishRollingBack,
    given: at({ ...rolledBack, ...late }, taken),
    move: [
      'Failed',
      'RolledBack',
      'Deployment web-primary was rolled back to 3a1c36f5bc (web:1), requested by kim: slow, and was not ready within 2m (the template is being put back). Manual intervention required: release a revision that works on Deployment web',
      0,
    ],
  },
  'the canary drains': {
    rule: drain,
    given: at(finalising(), taken),
    move: [
      'Finalising',
      'Finalising',
      'web-primary serves 34c7e426be (web:2); waiting for in-flight requests of the canary',
      11000,
    ],
  },
  'and the promotion is done': {
    rule: drain,
    given: at(finalising({ carriedAt: now - 5 * minute }), taken),
    move: ['Succeeded', 'Succeeded', 'web-primary serves 34c7e426be (web:2)', 0],
  },
  'a primary without a ready pod keeps the pods of the canary': {
    rule: drain,
    given: at(finalising(), { primary: primary(candidate.revision, 0), target: target('web:2') }),
    move: [
      'Finalising',
      'PrimaryNotReady',
      "Deployment web-primary has no ready pod; the canary's pods keep running until it has one",
      null,
    ],
  },
}
