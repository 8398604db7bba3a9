/** From a new revision to pods that may receive traffic, and what a change of the target does to a run. */
import { promoteHotfix } from '../../../../src/core/machine/rules/confirm.ts'
import {
  drainEarlierCandidate,
  holdWhileReleaseBlocked,
  pauseTargetRollout,
  startCandidatePods,
  startPodsAgain,
  stopOldPods,
  waitForCanaryEndpoints,
  waitForOwner,
  waitForPrimary,
  waitUntilTargetPaused,
} from '../../../../src/core/machine/rules/start-pods.ts'
import { advance, promoteWithoutAnalysis } from '../../../../src/core/machine/rules/advance.ts'
import {
  abortWhenTargetDeleted,
  cancelWhenTargetReverted,
  restartOnNewRevision,
} from '../../../../src/core/machine/rules/target-changes.ts'
import { rollBackWhenOverdue } from '../../../../src/core/machine/rules/unready.ts'
import { noSurroundings, record, template } from '../../given-objects.ts'
import { advancing, at, minute, now, primary, rival, type Rows, run, target, web } from '../given.ts'

const crashing = [{ reason: 'CrashLoopBackOff', count: 1, image: 'registry.example.com/web:2' }]
const podsSince = (ago: number) => ({ waiting: { for: 'pods', since: now - ago } }) as const
const third = record(template('web:3')).revision
const pausing = run('pausingRollout')

export const starting: Rows = {
  'a target that is deleted ends the run': {
    rule: abortWhenTargetDeleted,
    given: at(advancing(25), { target: null }),
    move: [
      'Failed',
      'TargetDeleted',
      'Rolled back 34c7e426be (web:2) at weight 25: Deployment web was deleted. The revision stays rejected; to release it once web is back: kubectl -n shop annotate canaries.sluice.dev/web sluice.dev/retry="$(date +%s) why" --overwrite',
      0,
    ],
  },
  'one that goes back to the promoted revision, too': {
    rule: cancelWhenTargetReverted,
    given: at(advancing(25), { target: target('web:1') }),
    move: [
      'Finalising',
      'Withdrawn',
      'Deployment web was set back to the promoted revision 3a1c36f5bc (web:1); the release of 34c7e426be (web:2) is canceled',
      0,
    ],
  },
  'another revision starts over, after a drain': {
    rule: restartOnNewRevision,
    given: at(advancing(25), { target: target('web:3') }),
    move: [
      'Progressing draining 0',
      'Restarted',
      'Revision 2efb4f9884 (web:3) replaces 34c7e426be (web:2) at weight 25; the release starts over',
      0,
    ],
  },
  'or at once where nothing received traffic yet': {
    rule: restartOnNewRevision,
    given: at(run('startingPods'), { target: target('web:3') }),
    move: [
      'Progressing stoppingOldPods 0',
      'Restarted',
      'Revision 2efb4f9884 (web:3) replaces 34c7e426be (web:2) at weight 0; the release starts over',
      0,
    ],
  },
  'a rejected revision is not tried again': {
    rule: restartOnNewRevision,
    given: at(advancing(25, { rejected: third }), { target: target('web:3') }),
    move: [
      'Failed',
      'StillRejected',
      'Deployment web went back to 2efb4f9884 (web:3), which was rejected before and stays rejected until it changes or is retried; 34c7e426be (web:2) is superseded at weight 25',
      0,
    ],
  },
  'a run that takes too long is rolled back': {
    rule: rollBackWhenOverdue,
    given: at(run('startingPods', { startedAt: now - 25 * 60 * minute })),
    move: [
      'Failed',
      'Undecided',
      'Rolled back 34c7e426be (web:2) before it received traffic: the run was not decided within analysis.maxDuration (24h)',
      0,
    ],
  },
  'requests of an earlier candidate drain': {
    rule: drainEarlierCandidate,
    given: at(run('draining')),
    move: [
      'Progressing draining 0',
      'Restarted',
      'Waiting for in-flight requests of 3a1c36f5bc (web:1) before starting 34c7e426be (web:2)',
      11000,
    ],
  },
  'then the pods of this one start': {
    rule: drainEarlierCandidate,
    given: at(run('draining', { carriedAt: now - 5 * minute })),
    move: [
      'Progressing stoppingOldPods 0',
      'Restarted',
      'Waiting for in-flight requests of 3a1c36f5bc (web:1) before starting 34c7e426be (web:2)',
      0,
    ],
  },
  'pods with an earlier configuration end first': {
    rule: stopOldPods,
    given: at(run('stoppingOldPods')),
    move: [
      'Progressing stoppingOldPods 0',
      'WaitingForPods',
      'Waiting for 2 pods with the earlier configuration to end (<1m of 2m)',
      60000,
    ],
  },
  'without an end, because that is no fault of the candidate': {
    rule: stopOldPods,
    given: at(run('stoppingOldPods', { waiting: { for: 'oldPods', since: now - 2 * minute } })),
    move: [
      'Progressing stoppingOldPods 0',
      'WaitingForPods',
      'Waiting for 2 pods with the earlier configuration to end. The release of 34c7e426be (web:2) continues when it does; check kube-controller-manager',
      null,
    ],
  },
  'a conflict stops a candidate before its pods start': {
    rule: holdWhileReleaseBlocked,
    given: at(run('startingPods'), { surroundings: { ...noSurroundings, rivals: [rival] } }),
    move: [
      'Progressing startingPods 0',
      'Conflict',
      'Canary shop/older also targets Deployment web and takes precedence (it is older), so this Canary is ignored. Delete this one, or recreate it with another target and service.name.',
      null,
    ],
  },
  'a target that its owner paused starts no pods': {
    rule: waitForOwner,
    given: at(run('startingPods'), { target: target('web:2', 0, { by: 'kubectl' }) }),
    move: [
      'Progressing startingPods 0',
      'WaitingForPods',
      'Deployment web is paused by its owner, so the pods of 34c7e426be (web:2) do not start; resume it: kubectl -n shop rollout resume deployment/web',
      null,
    ],
  },
  'pods are waited for': {
    rule: startCandidatePods,
    given: at(run('startingPods', podsSince(0)), { target: target('web:2', 1) }),
    move: [
      'Progressing startingPods 0',
      'WaitingForPods',
      'Waiting for Deployment web: 1 of 2 pods available; its rollout is paused (<1m of 2m)',
      60000,
    ],
  },
  'why they are not ready is said': {
    rule: startCandidatePods,
    given: at(run('startingPods', podsSince(0)), { target: target('web:2', 1), podTroubles: crashing }),
    move: [
      'Progressing startingPods 0',
      'WaitingForPods',
      'Waiting for Deployment web: 1 of 2 pods available; its rollout is paused (CrashLoopBackOff: web:2, <1m of 2m)',
      60000,
    ],
  },
  'or that it may not be known': {
    rule: startCandidatePods,
    given: at(run('startingPods', podsSince(0)), { target: target('web:2', 1), podTroubles: 'hidden' }),
    move: [
      'Progressing startingPods 0',
      'WaitingForPods',
      'Waiting for Deployment web: 1 of 2 pods available; its rollout is paused (<1m of 2m); why: pods may not be read',
      60000,
    ],
  },
  'and it is said of the rollback': {
    rule: startCandidatePods,
    given: at(run('startingPods', podsSince(2 * minute)), { target: target('web:2', 1), podTroubles: crashing }),
    move: [
      'Failed',
      'DeadlineExceeded',
      'Rolled back 34c7e426be (web:2) before it received traffic: Deployment web was not ready within 2m (1 of 2 pods available; its rollout is paused; CrashLoopBackOff: web:2)',
      0,
    ],
  },
  'a minute later it says so': {
    rule: startCandidatePods,
    given: at(run('startingPods', podsSince(minute)), { target: target('web:2', 1) }),
    move: [
      'Progressing startingPods 0',
      'WaitingForPods',
      'Waiting for Deployment web: 1 of 2 pods available; its rollout is paused (1m of 2m)',
      60000,
    ],
  },
  'until their deadline': {
    rule: startCandidatePods,
    given: at(run('startingPods', podsSince(2 * minute)), { target: target('web:2', 1) }),
    move: [
      'Failed',
      'DeadlineExceeded',
      'Rolled back 34c7e426be (web:2) before it received traffic: Deployment web was not ready within 2m (1 of 2 pods available; its rollout is paused)',
      0,
    ],
  },
  'which counts only after a fresh read': {
    rule: startCandidatePods,
    given: at(run('startingPods', podsSince(2 * minute)), { target: target('web:2', 1), sight: 'cached' }),
    move: 'reads 8 sources',
  },
  'once they are ready the rollout is paused': {
    rule: pauseTargetRollout,
    given: at(run('startingPods')),
    move: ['Progressing pausingRollout 0', 'Initializing', '', 0],
  },
  'it is waited for': {
    rule: waitUntilTargetPaused,
    given: at(pausing, { target: target('web:2', 2, { paused: false }) }),
    move: [
      'Progressing pausingRollout 0',
      'WaitingForPods',
      'Pausing the rollout of Deployment web so that the pods under test stay',
      null,
    ],
  },
  'pods that are gone meanwhile are started again': {
    rule: startPodsAgain,
    given: at(pausing, { target: target('web:2', 0) }),
    move: ['Progressing startingPods 0', 'Initializing', '', 0],
  },
  'pods that are in no endpoints yet get no traffic': {
    rule: waitForCanaryEndpoints,
    given: { ...at(pausing), endpoints: { primary: [], canary: [], apex: [] } },
    move: [
      'Progressing pausingRollout 0',
      'WaitingForPods',
      'Waiting for 34c7e426be (web:2): 2 ready pods are not yet in the endpoints of Service web-canary (<1m of 2m)',
      60000,
    ],
  },
  'nothing is compared with a primary that does not serve': {
    rule: waitForPrimary,
    given: at(pausing, { primary: primary(undefined, 0) }),
    move: [
      'Progressing pausingRollout 0',
      'PrimaryNotReady',
      'Waiting for Deployment web-primary: 0 of 2 pods available',
      null,
    ],
  },
  'then the first step begins': {
    rule: advance,
    given: at(pausing),
    move: ['Progressing advancing 10', 'Advancing', 'Weight 0 → 10', 0],
  },
  'a full approval skips it': {
    rule: promoteHotfix,
    given: at(run('pausingRollout', { approved: 'full' })),
    move: ['Promoting copying 0', 'Promoting', 'Copying 34c7e426be (web:2) to Deployment web-primary', 0],
  },
  'and so does skipAnalysis': {
    rule: promoteWithoutAnalysis,
    given: at(run('startingPods'), { canary: web({ skipAnalysis: true }) }),
    move: ['Promoting copying 0', 'Promoting', 'Copying 34c7e426be (web:2) to Deployment web-primary', 0],
  },
}
