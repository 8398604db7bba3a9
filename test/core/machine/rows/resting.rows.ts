/** Between runs, and how one begins. */
import { drainRejected, forgetRejected, idle, takeNewBaseline } from '../../../../src/core/machine/rules/rest.ts'
import { startRun, startWhenConfirmed } from '../../../../src/core/machine/rules/start-run.ts'
import { noSurroundings } from '../../given-objects.ts'
import {
  at,
  candidate,
  failed,
  minute,
  now,
  primary,
  promoted,
  remembers,
  resting,
  rival,
  type Rows,
  target,
  web,
} from '../given.ts'

const asleep = target('web:1', 0, { replicas: 0, paused: false })
const waiting = {
  phase: 'Waiting',
  promoted: promoted.revision,
  rejected: null,
  candidate: candidate.revision,
  waiting: { for: 'resume', since: now },
} as const
const foreign = { phase: 'Succeeded', promoted: 'h9:0', rejected: null } as const
const replicas = { ...remembers().replicas, ignoredManager: 'argocd' }
const ended = {
  id: '1',
  revision: candidate.revision,
  startedAt: now - minute,
  endedAt: now,
  outcome: 'Failed',
  highest: 10,
  reason: 'TargetDeleted',
  message: 'Rolled back: Deployment web was deleted',
} as const

export const restingRows: Rows = {
  'a revision that another version computed is replaced by the present one': {
    rule: takeNewBaseline,
    given: at(foreign, { target: asleep }),
    move: [
      'Succeeded',
      'BaselineTaken',
      'The recorded revision was written by another version of Sluice; 3a1c36f5bc (web:1) is taken as promoted',
      0,
    ],
  },
  'a new revision starts a run': {
    rule: startRun,
    given: at(resting()),
    move: ['Progressing stoppingOldPods 0', 'NewRevision', 'New revision 34c7e426be (web:2): starting its pods', 0],
  },
  'one that was promoted before can be promoted without the steps': {
    rule: startRun,
    given: at(resting(), { memory: remembers({ previous: candidate.revision }) }),
    move: [
      'Progressing stoppingOldPods 0',
      'NewRevision',
      'New revision 34c7e426be (web:2): starting its pods. It was promoted before; to promote it without the steps: kubectl -n shop annotate canaries.sluice.dev/web sluice.dev/approve="$(date +%s) full" --overwrite',
      0,
    ],
  },
  'a paused canary lets it wait': {
    rule: startRun,
    given: at(resting(), { canary: web({ paused: true }) }),
    move: ['Waiting', 'WaitingToStart', 'Revision 34c7e426be (web:2) is waiting: spec.paused is true', 0],
  },
  'it waits on': {
    rule: startWhenConfirmed,
    given: at(waiting, { memory: remembers({ paused: 'kim: freeze' }) }),
    move: ['Waiting', 'WaitingToStart', 'Revision 34c7e426be (web:2) is waiting: paused by kim: freeze', null],
  },
  'and starts when the canary is resumed': {
    rule: startWhenConfirmed,
    given: at(waiting),
    move: ['Progressing stoppingOldPods 0', 'NewRevision', 'New revision 34c7e426be (web:2): starting its pods', 0],
  },
  'or is forgotten when the target goes back': {
    rule: startWhenConfirmed,
    given: at(waiting, { target: asleep }),
    move: ['Succeeded', 'Withdrawn', 'Deployment web is back at 3a1c36f5bc (web:1); no release is waiting', 0],
  },
  'a canary at rest shows what happened last': {
    rule: idle,
    given: at(resting(), {
      target: asleep,
      memory: remembers({ reason: 'Succeeded', message: 'Promoted 0123456789 (web:1)' }),
    }),
    move: ['Succeeded', 'Succeeded', 'Promoted 0123456789 (web:1)', null],
  },
  'and what it serves once trouble is over': {
    rule: idle,
    given: at(resting(), { target: asleep, memory: remembers({ reason: 'WriteRefused', message: 'refused' }) }),
    move: ['Succeeded', 'AtRest', 'web-primary serves 3a1c36f5bc (web:1)', null],
  },
  'a target that is back after its deletion ended a run is not missing any more': {
    rule: idle,
    given: at(failed(), { memory: remembers({ reason: 'TargetMissing', message: 'missing', history: [ended] }) }),
    move: ['Failed', 'TargetDeleted', 'Rolled back: Deployment web was deleted', null],
  },
  'what would stop the next run is reported now': {
    rule: idle,
    given: at(resting(), { target: asleep, surroundings: { ...noSurroundings, rivals: [rival] } }),
    move: [
      'Succeeded',
      'Conflict',
      'Canary shop/older also targets Deployment web and takes precedence (it is older), so this Canary is ignored. Delete this one, or recreate it with another target and service.name.',
      null,
    ],
  },
  'a manager that keeps setting replicas is named': {
    rule: idle,
    given: at(resting(), { target: asleep, memory: remembers({ replicas }) }),
    move: [
      'Succeeded',
      'ReplicasPutBack',
      'argocd keeps setting spec.replicas of Deployment web, which is scaled to 0 between runs; remove `replicas` from the manifest that it applies. kubectl scale still changes how many pods web-primary runs',
      null,
    ],
  },
  'a primary without a ready pod is shown': {
    rule: idle,
    given: at(resting(), { target: asleep, primary: primary(undefined, 0) }),
    move: ['Succeeded', 'PrimaryNotReady', 'Deployment web-primary has no ready pod: 0 of 2 pods available', null],
  },
  'a rejected revision drains': {
    rule: drainRejected,
    given: at(failed({ drained: false })),
    move: ['Failed', 'AtRest', 'web-primary serves 3a1c36f5bc (web:1)', 11000],
  },
  'and its pods may go then': {
    rule: drainRejected,
    given: at(failed({ drained: false, carriedAt: now - 5 * minute })),
    move: ['Failed', 'AtRest', 'web-primary serves 3a1c36f5bc (web:1)', 0],
  },
  'they stay while the primary has no ready pod': {
    rule: drainRejected,
    given: at(failed({ drained: false }), { primary: primary(undefined, 0) }),
    move: [
      'Failed',
      'PrimaryNotReady',
      "Deployment web-primary has no ready pod; the canary's pods keep running until it has one",
      null,
    ],
  },
  'a target that goes back to the promoted revision ends the failure': {
    rule: forgetRejected,
    given: at(failed(), { target: asleep }),
    move: ['Succeeded', 'Succeeded', 'Deployment web is back at the promoted revision 3a1c36f5bc (web:1)', 0],
  },
  'a rejected revision is not released again': {
    rule: idle,
    given: at(failed()),
    move: ['Failed', 'AtRest', 'web-primary serves 3a1c36f5bc (web:1)', null],
  },
}
