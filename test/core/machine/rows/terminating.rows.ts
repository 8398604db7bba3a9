/** A deleted canary hands its workload back. */
import {
  removeOurObjects,
  removeWhenNothingToHandOver,
  restoreTarget,
  returnToPrimary,
  routeToTarget,
  waitForHandover,
  watchAutoscaler,
} from '../../../../src/core/machine/rules/terminate.ts'
import { applyCommand } from '../../../../src/core/machine/rules/commands.ts'
import { at, candidate, deleted, minute, now, primary, type Rows, target, terminating } from '../given.ts'
import { carriedBy } from '../../../../src/core/model/traffic.ts'

const canary = deleted()
const ready = target('web:1', 2, { paused: false })

export const terminatingRows: Rows = {
  'a command has no effect any more': {
    rule: applyCommand,
    given: at(terminating('returning'), {
      canary: { ...canary, metadata: { ...canary.metadata, annotations: { 'sluice.dev/pause': '1' } } },
    }),
    move: ['Terminating returning', 'CommandRefused', '"pause" by a user was refused: the canary is being deleted', 0],
  },
  'nothing is handed over that cannot be seen': {
    rule: waitForHandover,
    given: at(terminating('returning'), { canary, hidden: 'forbidden to watch virtualservices' }),
    move: [
      'Terminating returning',
      'WatchUnavailable',
      'The canary is being deleted, and nothing is handed over until its objects can be read: forbidden to watch virtualservices',
      10000,
    ],
  },
  'without a target there is nothing to hand over': {
    rule: removeWhenNothingToHandOver,
    given: at(terminating('restoring'), { canary, target: null }),
    move: ['Terminating removing', 'HandingBack', 'There is nothing left to hand over', 0],
  },
  'the share of the canary goes back to the primary': {
    rule: returnToPrimary,
    given: at(terminating('returning'), { canary, traffic: carriedBy([25, 25]) }),
    move: ['Terminating returning', 'HandingBack', 'Deployment web takes over from web-primary', null],
  },
  'a target that serves alone goes on until the primary is ready': {
    rule: returnToPrimary,
    given: at(terminating('returning'), { canary, primary: primary(undefined, 0) }),
    move: [
      'Terminating returning',
      'PrimaryNotReady',
      'Deployment web-primary has no ready pod (0 of 2 pods available); the target serves until it does',
      null,
    ],
  },
  'then the target gets the promoted template': {
    rule: returnToPrimary,
    given: at(terminating('returning', { carriedAt: now - 5 * minute }), { canary }),
    move: [
      'Terminating restoring',
      'TargetRestored',
      'Deployment web held 34c7e426be (web:2), which was not promoted; it is set to 3a1c36f5bc (web:1)',
      0,
    ],
  },
  'it is waited for': {
    rule: restoreTarget,
    given: at(terminating('restoring'), { canary, target: target('web:1', 1, { paused: false }) }),
    move: [
      'Terminating restoring',
      'HandingBack',
      'Waiting for Deployment web before callers are moved back to it: 1 of 2 pods available (<1m of 2m)',
      60000,
    ],
  },
  'and reported after the deadline': {
    rule: restoreTarget,
    given: at(terminating('restoring', { waiting: { for: 'target', since: now - 2 * minute } }), {
      canary,
      target: target('web:1', 1, { paused: false }),
    }),
    move: [
      'Terminating restoring',
      'HandingBack',
      'Waiting for Deployment web before callers are moved back to it: 1 of 2 pods available. Manual intervention required',
      null,
    ],
  },
  'a promoted template that is not recorded any more has to be set by a user': {
    rule: restoreTarget,
    given: at(terminating('restoring'), { canary, recorded: [candidate] }),
    move: [
      'Terminating restoring',
      'Conflict',
      'Deployment web holds 34c7e426be (web:2), which was not promoted, and 3a1c36f5bc is not recorded any more. Set Deployment web to the image and settings that web-primary runs: it takes over then, and web-primary serves until it does',
      null,
    ],
  },
  'callers are moved to a target that is ready': {
    rule: restoreTarget,
    given: at(terminating('restoring'), { canary, target: ready }),
    move: ['Terminating routing', 'HandingBack', 'Deployment web is ready; moving the callers back to it', 0],
  },
  'routes that do not lead to it yet are waited for': {
    rule: routeToTarget,
    given: at(terminating('routing'), { canary, target: ready }),
    move: ['Terminating routing', 'HandingBack', 'Deployment web takes over from web-primary', null],
  },
  'an autoscaler that is not paused is not waited for': {
    rule: watchAutoscaler,
    given: at(terminating('resuming'), { canary, target: ready }),
    move: ['Terminating removing', 'HandingBack', 'Deployment web takes over from web-primary', 0],
  },
  'what Sluice created goes last': {
    rule: removeOurObjects,
    given: at(terminating('removing'), { canary, target: ready }),
    move: ['Terminating removing', 'HandingBack', 'Removing the objects that Sluice created', null],
  },
}
