/** Webhooks before the first share: what their answers do. */
import { confirmTrafficIncrease, promoteHotfix } from '../../../../src/core/machine/rules/confirm.ts'
import { advance } from '../../../../src/core/machine/rules/advance.ts'
import { applyCommand } from '../../../../src/core/machine/rules/commands.ts'
import { copyToPrimary } from '../../../../src/core/machine/rules/promote.ts'
import { idle } from '../../../../src/core/machine/rules/rest.ts'
import { rejectWaiting, rejectWhenRequested } from '../../../../src/core/machine/rules/rollback-hooks.ts'
import { probeUnavailableHooks, runPreRollout } from '../../../../src/core/machine/rules/run-hooks.ts'
import { startRun, startWhenConfirmed } from '../../../../src/core/machine/rules/start-run.ts'
import { resumeSuspended } from '../../../../src/core/machine/rules/suspend.ts'
import { advancing, at, minute, now, promoting, remembers, resting, type Rows, second, web } from '../given.ts'
import {
  withGate,
  gate,
  called,
  having,
  heard,
  heardAt,
  waiting,
  retried,
  asleepAfter,
  REJECTED,
  START,
  ready,
  yes,
  no,
  gone,
  queued,
} from './hooks.given.ts'

export const hooksBeforeTraffic: Rows = {
  'a run that is to be confirmed waits for its webhook': {
    rule: startRun,
    given: having(resting(), 'confirm-rollout', null),
    move: [
      'Waiting',
      'WaitingToStart',
      'Revision 34c7e426be (web:2) is waiting for webhooks of type confirm-rollout',
      0,
    ],
  },
  'which is called': {
    rule: startWhenConfirmed,
    given: having(waiting, 'confirm-rollout', null),
    move: [
      'Waiting',
      'WaitingForWebhook',
      'Revision 34c7e426be (web:2) is waiting for webhook gate (confirm-rollout) to answer',
      null,
    ],
  },
  'and says how many calls are before its own': {
    rule: startWhenConfirmed,
    given: queued(having(waiting, 'confirm-rollout', called(START)), 33),
    move: [
      'Waiting',
      'WaitingForWebhook',
      'Revision 34c7e426be (web:2) is waiting for webhook gate (confirm-rollout), which is not called yet: 33 calls of the namespace are before it',
      null,
    ],
  },
  'or that it waits for those of other namespaces': {
    rule: startWhenConfirmed,
    given: queued(having(waiting, 'confirm-rollout', called(START)), 0),
    move: [
      'Waiting',
      'WaitingForWebhook',
      'Revision 34c7e426be (web:2) is waiting for webhook gate (confirm-rollout), which is not called yet',
      null,
    ],
  },
  'and has to say yes': {
    rule: startWhenConfirmed,
    given: heard(having(waiting, 'confirm-rollout', called(START)), 403),
    move: [
      'Waiting',
      'WaitingForWebhook',
      'Revision 34c7e426be (web:2) is waiting for webhook gate (confirm-rollout), which answered 403',
      null,
    ],
  },
  'then the run starts': {
    rule: startWhenConfirmed,
    given: heard(having(waiting, 'confirm-rollout', called(START)), 204),
    move: ['Progressing stoppingOldPods 0', 'NewRevision', 'New revision 34c7e426be (web:2): starting its pods', 0],
  },
  'a full approval does not start it, and is told why': {
    rule: applyCommand,
    given: having(waiting, 'confirm-rollout', called(START), {
      canary: {
        ...gate('confirm-rollout'),
        metadata: { ...web().metadata, annotations: { 'sluice.dev/approve': '1 full' } },
      },
    }),
    move: [
      'Waiting',
      'CommandRefused',
      '"approve" by a user was refused: no step is waiting for approval; webhook gate (confirm-rollout) has to say yes',
      0,
    ],
  },
  'a full approval of a revision that a pause keeps from starting is told of the pause': {
    rule: applyCommand,
    given: at(waiting, {
      canary: web({}, { 'sluice.dev/approve': '1 full' }),
      memory: remembers({ paused: 'kim: lunch' }),
    }),
    move: [
      'Waiting',
      'CommandRefused',
      '"approve" by a user was refused: no step is waiting for approval; the release waits to start: paused by kim: lunch',
      0,
    ],
  },
  'a rollback webhook rejects a revision that waits': {
    rule: rejectWhenRequested,
    given: heard(having(waiting, 'rollback', called(START)), 200),
    move: [
      'Failed',
      'RollbackRequested',
      'Rolled back 34c7e426be (web:2) before it started: requested by webhook gate, which answered 200',
      0,
    ],
  },
  'and is not started again by an earlier retry': {
    rule: idle,
    given: asleepAfter(rejectWhenRequested({ ...retried, findings: heard(retried, 200).findings }, now)),
    move: ['Failed', 'RollbackRequested', `${REJECTED}requested by webhook gate, which answered 200`, null],
  },
  'nor is one that is aborted after a retry': {
    rule: idle,
    given: asleepAfter(rejectWaiting(retried, 'Aborted', 'aborted', now)),
    move: ['Failed', 'Aborted', 'aborted', null],
  },
  'a release that replaced another waits, though its generation is known': {
    rule: startWhenConfirmed,
    given: {
      ...having(waiting, 'confirm-rollout', called(START, { asked: false, last: no })),
      memory: remembers({ targetGeneration: 9 }),
    },
    move: [
      'Waiting',
      'WaitingForWebhook',
      'Revision 34c7e426be (web:2) is waiting for webhook gate (confirm-rollout) to answer',
      null,
    ],
  },
  'ready pods wait for pre-rollout': {
    rule: runPreRollout,
    given: having(ready, 'pre-rollout', null),
    move: [
      'Progressing pausingRollout 0',
      'WaitingForWebhook',
      'Weight 0: waiting for webhook gate (pre-rollout) to answer',
      null,
    ],
  },
  'a no of it is a failed check': {
    rule: runPreRollout,
    given: heard(having(ready, 'pre-rollout', called('start')), 500),
    move: [
      'Progressing pausingRollout 0',
      'CheckFailed',
      'webhook gate (pre-rollout) answered 500 (1 of 5 failed checks)',
      null,
    ],
  },
  'the last that the threshold allows rolls back': {
    rule: runPreRollout,
    given: heard(having({ ...ready, failedChecks: 4 }, 'pre-rollout', called('start')), 'timeout'),
    move: [
      'Failed',
      'ThresholdReached',
      'Rolled back 34c7e426be (web:2) before it received traffic: webhook gate (pre-rollout) gave no answer in 10 s (5 of 5 failed checks)',
      0,
    ],
  },
  'one that cannot be called is waited for': {
    rule: runPreRollout,
    given: heard(having(ready, 'pre-rollout', called('start')), 'unreachable'),
    move: [
      'Progressing pausingRollout 0',
      'WaitingForWebhook',
      'Weight 0: waiting for webhook gate (pre-rollout), which cannot be reached: connect ECONNREFUSED',
      null,
    ],
  },
  'with onProviderError: fail that is a failed check': {
    rule: runPreRollout,
    given: heard(having(ready, 'pre-rollout', called('start'), {}, { onProviderError: 'fail' }), 'unreachable'),
    move: [
      'Progressing pausingRollout 0',
      'CheckFailed',
      'webhook gate (pre-rollout) cannot be reached: connect ECONNREFUSED (1 of 5 failed checks)',
      null,
    ],
  },
  'after maxBlind the analysis is suspended': {
    rule: runPreRollout,
    given: heard(
      having(ready, 'pre-rollout', called('start', { last: gone, unavailableSince: now - 20 * minute })),
      'unreachable',
    ),
    move: [
      'Progressing pausingRollout 0',
      'AnalysisSuspended',
      'Suspended the analysis of 34c7e426be (web:2) at weight 0 after 15m without data: webhook gate (pre-rollout) cannot be reached: connect ECONNREFUSED',
      0,
    ],
  },
  'then it is called again': {
    rule: probeUnavailableHooks,
    given: having(
      { ...ready, hold: { by: 'suspension', since: now - minute } },
      'pre-rollout',
      called('start', { asked: false, last: { ...gone, at: now - minute }, unavailableSince: now - 20 * minute }),
    ),
    move: ['Progressing pausingRollout 0', 'Initializing', '', 0],
  },
  'and the steps do not start before it can be called': {
    rule: resumeSuspended,
    given: having(
      { ...ready, hold: { by: 'suspension', since: now - minute }, lastCheckTime: now - second },
      'pre-rollout',
      called('start', { last: gone, unavailableSince: now - 20 * minute }),
    ),
    move: [
      'Progressing pausingRollout 0',
      'AnalysisSuspended',
      'The analysis of 34c7e426be (web:2) is suspended at weight 0 until there is data again: webhook gate (pre-rollout) cannot be reached',
      9000,
    ],
  },
  'once it can, the steps start, though a primary without requests has no metrics': {
    rule: resumeSuspended,
    given: having(
      { ...ready, hold: { by: 'suspension', since: now - minute }, lastCheckTime: now - minute },
      'pre-rollout',
      called('start', { asked: false, last: yes }),
    ),
    move: [
      'Progressing startingPods 0',
      'MetricsRestored',
      'There is data again; the steps of 34c7e426be (web:2) start from the first',
      0,
    ],
  },
  'without metrics, too, those are waited for': {
    rule: resumeSuspended,
    given: having(
      {
        ...ready,
        hold: { by: 'suspension', since: now - minute },
        lastCheckTime: now - minute,
        blindSince: now - minute,
      },
      'pre-rollout',
      called('start', { asked: false, last: yes }),
    ),
    move: 'asks 13 questions',
  },
  'a rollback webhook that cannot be called says nothing of the data': {
    rule: resumeSuspended,
    given: having(
      { ...ready, hold: { by: 'suspension', since: now - minute }, lastCheckTime: now - minute },
      'rollback',
      called('run', { asked: false, last: gone, unavailableSince: now - 20 * minute }),
    ),
    move: [
      'Progressing startingPods 0',
      'MetricsRestored',
      'There is data again; the steps of 34c7e426be (web:2) start from the first',
      0,
    ],
  },
  'a full approval ends the suspension by one': {
    rule: promoteHotfix,
    given: having(
      { ...ready, hold: { by: 'suspension', since: now - minute }, approved: 'full' },
      'pre-rollout',
      called('start', { last: gone, unavailableSince: now - 20 * minute }),
    ),
    move: ['Promoting copying 0', 'Promoting', 'Copying 34c7e426be (web:2) to Deployment web-primary', 0],
  },
  'its yes lets the first step begin': {
    rule: advance,
    given: heard(having(ready, 'pre-rollout', called('start')), 200),
    move: ['Progressing advancing 10', 'Advancing', 'Weight 0 → 10', 0],
  },
  'skipAnalysis leaves it out': {
    rule: copyToPrimary,
    given: at(promoting('copying'), { canary: web({ skipAnalysis: true, analysis: withGate('rollback') }) }),
    move: [
      'Promoting copying 100',
      'Promoting',
      'Waiting for Deployment web-primary: the template is being copied (<1m of 2m)',
      60000,
    ],
  },
  'the first rise has to be confirmed': {
    rule: confirmTrafficIncrease,
    given: having(ready, 'confirm-traffic-increase', null),
    move: [
      'Progressing pausingRollout 0',
      'WaitingForWebhook',
      'Weight 0, before 10: waiting for webhook gate (confirm-traffic-increase) to answer',
      null,
    ],
  },
  'and each one after it': {
    rule: confirmTrafficIncrease,
    given: heard(having(advancing(10), 'confirm-traffic-increase', called('rise/25')), 403),
    move: [
      'Progressing advancing 10',
      'WaitingForWebhook',
      'Weight 10, before 25: waiting for webhook gate (confirm-traffic-increase), which answered 403',
      9000,
    ],
  },
  'a yes is for one rise': {
    rule: confirmTrafficIncrease,
    given: having(advancing(25), 'confirm-traffic-increase', called('rise/25', { asked: false, last: yes })),
    move: [
      'Progressing advancing 25',
      'WaitingForWebhook',
      'Weight 25, before 50: waiting for webhook gate (confirm-traffic-increase) to answer',
      9000,
    ],
  },
  'and for one interval': {
    rule: confirmTrafficIncrease,
    given: having(
      advancing(10),
      'confirm-traffic-increase',
      called('rise/25', { asked: false, last: { ...yes, at: now - minute } }),
    ),
    move: [
      'Progressing advancing 10',
      'WaitingForWebhook',
      'Weight 10, before 25: waiting for webhook gate (confirm-traffic-increase) to answer',
      9000,
    ],
  },
  'however late it is looked at': {
    rule: confirmTrafficIncrease,
    given: heardAt(now - minute, having(advancing(10), 'confirm-traffic-increase', called('rise/25')), 200),
    move: [
      'Progressing advancing 10',
      'WaitingForWebhook',
      'Weight 10, before 25: waiting for webhook gate (confirm-traffic-increase) to answer',
      9000,
    ],
  },
  'with it the share rises': {
    rule: advance,
    given: heard(having(advancing(10), 'confirm-traffic-increase', called('rise/25')), 202),
    move: ['Progressing advancing 25', 'Advancing', 'Weight 10 → 25', 0],
  },
}
