/** What comes first in every phase: deletion, commands, a view of the cluster, the finalizer. */
import { applyCommand } from '../../../../src/core/machine/rules/commands.ts'
import { ensureFinalizer, holdWhileUnwatched } from '../../../../src/core/machine/rules/preconditions.ts'
import { terminate } from '../../../../src/core/machine/rules/terminate.ts'
import { canary, noSurroundings } from '../../given-objects.ts'
import {
  advancing,
  at,
  deleted,
  failed,
  initializing,
  primary,
  promoting,
  remembers,
  resting,
  type Rows,
  target,
  web,
} from '../given.ts'

const previous = remembers({ previous: 'h1:0' })
const command = (name: string, value: string) => web({}, { [`sluice.dev/${name}`]: value })

export const everyPhase: Rows = {
  'a canary that is deleted hands over to its target': {
    rule: terminate,
    given: at(resting(), { canary: deleted() }),
    move: [
      'Terminating returning',
      'HandingBack',
      'The canary is being deleted; Deployment web takes over from web-primary',
      0,
    ],
  },
  'one that is deleted before callers were moved has nothing to hand over': {
    rule: terminate,
    given: at(initializing(), { canary: deleted(), primary: null, traffic: null }),
    move: ['Terminating removing', 'HandingBack', 'The canary is being deleted; there is nothing to hand over', 0],
  },
  'nor has one whose namespace is deleted': {
    rule: terminate,
    given: at(advancing(10), { canary: deleted(), surroundings: { ...noSurroundings, namespaceTerminating: true } }),
    move: ['Terminating removing', 'HandingBack', 'The canary is being deleted; there is nothing to hand over', 0],
  },
  'commands that a new Canary brings along are recorded, not run': {
    rule: applyCommand,
    given: at(resting(), { canary: command('abort', '1'), memory: { ...remembers(), handled: null } }),
    move: ['Succeeded', 'Initializing', '', 0],
  },
  '`abort` rolls a run back': {
    rule: applyCommand,
    given: at(advancing(25), { canary: command('abort', '1 kim: errors') }),
    move: ['Failed', 'Aborted', 'Rolled back 34c7e426be (web:2) at weight 25: aborted by kim: errors', 0],
  },
  '`abort` undoes a promotion': {
    rule: applyCommand,
    given: at(promoting('copying'), { canary: command('abort', '1 kim: errors'), primary: primary('h1:other', 0) }),
    move: [
      'Promoting undoing 100',
      'Undoing',
      'Undoing the promotion: Deployment web-primary gets 3a1c36f5bc (web:1) back: aborted by kim: errors',
      0,
    ],
  },
  '`abort` at rest is refused': {
    rule: applyCommand,
    given: at(resting(), { canary: command('abort', '1') }),
    move: ['Succeeded', 'CommandRefused', '"abort" by a user was refused: no run is under way', 0],
  },
  '`retry` releases a rejected revision again': {
    rule: applyCommand,
    given: at(failed(), { canary: command('retry', '1 kim: fixed upstream') }),
    move: [
      'Failed',
      'Retrying',
      'Releasing rejected revision 34c7e426be (web:2) again, requested by kim: fixed upstream',
      0,
    ],
  },
  '`resume` at a weight that was lowered by hand goes on from there': {
    rule: applyCommand,
    given: at(advancing(10, { hold: { by: 'override', from: 25 } }), { canary: command('resume', '1') }),
    move: ['Progressing advancing 10', 'Resumed', 'Resumed (a user)', 0],
  },
  'at weight 0 it waits for pods first': {
    rule: applyCommand,
    given: at(advancing(0, { hold: { by: 'override', from: 25 } }), { canary: command('resume', '1') }),
    move: ['Progressing startingPods 0', 'Resumed', 'Resumed from the first step (a user)', 0],
  },
  '`rollback` without a previous revision is refused': {
    rule: applyCommand,
    given: at(resting(), { canary: command('rollback', '1 kim: slow'), target: target('web:1') }),
    move: [
      'Succeeded',
      'CommandRefused',
      '"rollback" by kim: slow was refused: no previously promoted revision is recorded',
      0,
    ],
  },
  'a previous revision that is not recorded any more cannot be rolled back to': {
    rule: applyCommand,
    given: at(resting(), { canary: command('rollback', '1'), memory: previous, target: target('web:1') }),
    move: [
      'Succeeded',
      'CommandRefused',
      '"rollback" by a user was refused: no previously promoted revision is recorded',
      0,
    ],
  },
  'a word that decides is no id': {
    rule: applyCommand,
    given: at(advancing(10), { canary: command('approve', 'full hotfix') }),
    move: [
      'Progressing advancing 10',
      'CommandRefused',
      '"approve" by a user: hotfix was refused: its value must begin with an id: kubectl -n shop annotate canaries.sluice.dev/web sluice.dev/approve="$(date +%s) full hotfix" --overwrite',
      0,
    ],
  },
  'a full approval of a run that is paused says what it waits for': {
    rule: applyCommand,
    given: at(advancing(10), {
      canary: command('approve', '1 full hotfix'),
      memory: remembers({ paused: 'kim: lunch' }),
    }),
    move: [
      'Progressing advancing 10',
      'Approved',
      'Approved, straight to promotion, once the pause ends (paused by kim: lunch) (a user: hotfix)',
      0,
    ],
  },
  'nothing is decided on half a view': {
    rule: holdWhileUnwatched,
    given: at(advancing(10), { unseen: 'forbidden to watch services' }),
    move: ['Progressing advancing 10', 'WatchUnavailable', 'forbidden to watch services', 10000],
  },
  'the finalizer comes before everything that Sluice creates': {
    rule: ensureFinalizer,
    given: at(initializing({ revision: null }), { canary: canary() }),
    move: ['Initializing cloning', 'Initializing', 'Adding the finalizer to the Canary', null],
  },
}
