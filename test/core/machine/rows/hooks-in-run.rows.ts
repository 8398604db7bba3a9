/** Webhooks while the canary has traffic, and in the promotion: what their answers do. */
import {
  promoteHotfix,
  promoteWhenApprovedInFull,
  promoteWhenConfirmed,
} from '../../../../src/core/machine/rules/confirm.ts'
import { advance } from '../../../../src/core/machine/rules/advance.ts'
import { runChecks } from '../../../../src/core/machine/rules/checks.ts'
import { rollBackWhenRequested, undoWhenRequested } from '../../../../src/core/machine/rules/rollback-hooks.ts'
import { runRolloutHooks, waitForRolloutHooks } from '../../../../src/core/machine/rules/run-hooks.ts'
import { carriedBy } from '../../../../src/core/model/traffic.ts'
import { advancing, at, minute, now, promoting, type Rows, second } from '../given.ts'
import { gate, called, having, heard, heardAt, checked, yes, no, gone } from './hooks.given.ts'

export const hooksInRun: Rows = {
  'a step begins with a call': {
    rule: runRolloutHooks,
    given: having(checked, 'rollout', null),
    move: ['Progressing advancing 10', 'Initializing', '', 0],
  },
  'a no of it counts': {
    rule: runRolloutHooks,
    given: heard(having(checked, 'rollout', called('step/10/0')), 404),
    move: [
      'Progressing advancing 10',
      'CheckFailed',
      'webhook gate (rollout) answered 404 (1 of 5 failed checks)',
      6000,
    ],
  },
  'not twice in an interval, whatever else failed': {
    rule: runRolloutHooks,
    given: heard(
      having({ ...checked, failedChecks: 1, lastFailedTime: now - second }, 'rollout', called('step/10/0')),
      404,
    ),
    move: [
      'Progressing advancing 10',
      'CheckFailed',
      'webhook gate (rollout) answered 404 (1 of 5 failed checks)',
      6000,
    ],
  },
  'a no counts by the time at which it came': {
    rule: runRolloutHooks,
    given: heardAt(
      now - second,
      having({ ...checked, failedChecks: 1, lastFailedTime: now - 11 * second }, 'rollout', called('step/10/0')),
      404,
    ),
    move: [
      'Progressing advancing 10',
      'CheckFailed',
      'webhook gate (rollout) answered 404 (2 of 5 failed checks)',
      6000,
    ],
  },
  'metrics are judged while it is called': {
    rule: runChecks,
    given: having(
      advancing(10, { lastCheckTime: now - minute, lastCheckPassed: false }),
      'rollout',
      called('step/10/0'),
    ),
    move: 'asks 15 questions',
  },
  'the step does not end before its answer': {
    rule: waitForRolloutHooks,
    given: having(advancing(10), 'rollout', called('step/10/0')),
    move: [
      'Progressing advancing 10',
      'WaitingForWebhook',
      'Weight 10: waiting for webhook gate (rollout) to answer',
      9000,
    ],
  },
  'nor after a no': {
    rule: waitForRolloutHooks,
    given: having(advancing(10), 'rollout', called('step/10/0', { asked: false, last: no })),
    move: [
      'Progressing advancing 10',
      'WaitingForWebhook',
      'Weight 10: waiting for webhook gate (rollout), which answered 403',
      9000,
    ],
  },
  'it ends with a yes': {
    rule: advance,
    given: having(advancing(10), 'rollout', called('step/10/0', { asked: false, last: yes })),
    move: ['Progressing advancing 25', 'Advancing', 'Weight 10 → 25', 0],
  },
  'a weight that was lowered by hand is obeyed in the pass that asks a rollback webhook': {
    rule: rollBackWhenRequested,
    given: at(advancing(25), { canary: gate('rollback'), traffic: carriedBy([10, 10]) }),
    move: [
      'Progressing advancing 10',
      'WeightOverridden',
      'The routes were edited by hand from weight 25 to 10; holding at 10 until `resume`',
      0,
    ],
  },
  'one that was raised by hand counts as not carried there': {
    rule: rollBackWhenRequested,
    given: at(advancing(25), { canary: gate('rollback'), traffic: carriedBy([40, 40]) }),
    move: ['Progressing advancing 25', 'Routing', 'Requested weight 25; the routes still have 40', 0],
  },
  'a rollback webhook rolls back': {
    rule: rollBackWhenRequested,
    given: heard(having(advancing(10), 'rollback', called('run')), 202),
    move: [
      'Failed',
      'RollbackRequested',
      'Rolled back 34c7e426be (web:2) at weight 10: requested by webhook gate, which answered 202',
      0,
    ],
  },
  'a 204 does not': {
    rule: rollBackWhenRequested,
    given: heard(having(advancing(10), 'rollback', called('run')), 204),
    move: ['Progressing advancing 10', 'Initializing', '', 0],
  },
  'nor does one that cannot be called': {
    rule: advance,
    given: having(advancing(10), 'rollback', called('run', { asked: false, last: gone })),
    move: ['Progressing advancing 25', 'Advancing', 'Weight 10 → 25', 0],
  },
  'the promotion has to be confirmed, and checks go on': {
    rule: promoteWhenConfirmed,
    given: heard(having(advancing(100), 'confirm-promotion', called('promotion')), 403),
    move: [
      'WaitingPromotion advancing 100',
      'WaitingForWebhook',
      'Weight 100, before the promotion: waiting for webhook gate (confirm-promotion), which answered 403',
      9000,
    ],
  },
  'then the primary takes the template': {
    rule: promoteWhenConfirmed,
    given: heard(
      having({ ...advancing(100), phase: 'WaitingPromotion' }, 'confirm-promotion', called('promotion')),
      200,
    ),
    move: ['Promoting copying 100', 'Promoting', 'Copying 34c7e426be (web:2) to Deployment web-primary', 0],
  },
  'a full approval has to be confirmed, too': {
    rule: promoteHotfix,
    given: having(advancing(10, { approved: 'full' }), 'confirm-promotion', null),
    move: ['Progressing advancing 10', 'Initializing', '', 0],
  },
  'meanwhile the rules of its step decide': {
    rule: promoteWhenApprovedInFull,
    given: having(
      advancing(10, { approved: 'full', lastCheckPassed: false }),
      'confirm-promotion',
      called('promotion', { asked: false, last: no }),
    ),
    move: [
      'WaitingPromotion advancing 10',
      'WaitingForWebhook',
      'Weight 10, before the promotion: waiting for webhook gate (confirm-promotion), which answered 403',
      9000,
    ],
  },
  'a rollback webhook undoes a promotion': {
    rule: undoWhenRequested,
    given: heard(having(promoting('copying'), 'rollback', called('run')), 201),
    move: [
      'Promoting undoing 100',
      'Undoing',
      'Undoing the promotion: Deployment web-primary gets 3a1c36f5bc (web:1) back: a rollback was requested by webhook gate, which answered 201',
      0,
    ],
  },
}
