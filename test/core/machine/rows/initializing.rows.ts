/** From a new Canary to a primary that serves. */
import {
  adoptExistingPrimary,
  finishInitialization,
  moveCallersToPrimary,
  refuseToStart,
  waitForTarget,
} from '../../../../src/core/machine/rules/initialize.ts'
import { kinds } from '../../../../src/api/object.ts'
import { live, noSurroundings, object } from '../../given-objects.ts'
import { at, candidate, initializing, minute, now, primary, rival, type Rows, second, target } from '../given.ts'

const fresh = initializing({ revision: null, waiting: { for: 'target', since: now } })
const late = { for: 'target', since: now - 3 * minute } as const
const pods = (ready: number) => target('web:1', ready, { paused: false })

const apex = (selector: object) =>
  live([
    kinds.Service,
    object(kinds.Service, 'web', { spec: { selector } }, { labels: { 'sluice.dev/canary': 'web' } }),
  ])
const before = apex({ app: 'web' })
const users = live([kinds.Service, object(kinds.Service, 'web', { spec: { selector: { app: 'web' } } })])
const moved = apex({ app: 'web', 'sluice.dev/role': 'primary' })

export const initializingRows: Rows = {
  'a primary of ours says what is promoted': {
    rule: adoptExistingPrimary,
    given: at(fresh),
    move: ['Initializing cloning', 'Initializing', 'Deployment web-primary already runs 3a1c36f5bc (web:1)', 0],
  },
  'one whose record is lost, beside another template, is left to a user': {
    rule: adoptExistingPrimary,
    given: at(fresh, { recorded: [candidate] }),
    move: [
      'Initializing cloning',
      'Conflict',
      'Deployment web-primary serves 3a1c36f5bc, which is not recorded any more, and Deployment web holds 34c7e426be (web:2). Set Deployment web to the image and settings that web-primary runs, then release again',
      null,
    ],
  },
  'a target that changed before its template was recorded is cloned again': {
    rule: adoptExistingPrimary,
    given: at(initializing(), { primary: null, recorded: [] }),
    move: [
      'Initializing cloning',
      'Initializing',
      'Deployment web changed before its primary was created; starting over with its present template',
      0,
    ],
  },
  'what makes no sense stops the start': {
    rule: refuseToStart,
    given: at(fresh, { primary: null, surroundings: { ...noSurroundings, rivals: [rival] } }),
    move: [
      'Initializing cloning',
      'Conflict',
      'Canary shop/older also targets Deployment web and takes precedence (it is older), so this Canary is ignored. Delete this one, or recreate it with another target and service.name.',
      null,
    ],
  },
  'a target at 0 has its time to be scaled': {
    rule: refuseToStart,
    given: at(fresh, { primary: null, target: target('web:1', 0, { replicas: 0, paused: false }) }),
    move: [
      'Initializing cloning',
      'TargetNotReady',
      'Deployment shop/web is scaled to 0, so nothing serves that could become the primary. Scale it to the replicas that production needs.',
      120000,
    ],
  },
  'a target that is not ready is waited for': {
    rule: waitForTarget,
    given: at(fresh, { primary: null, target: pods(1) }),
    move: [
      'Initializing cloning',
      'TargetNotReady',
      'Waiting for Deployment web before its primary is created: 1 of 2 pods available',
      120000,
    ],
  },
  'and reported after the deadline': {
    rule: waitForTarget,
    given: at({ ...fresh, waiting: late }, { primary: null, target: pods(1) }),
    move: [
      'Initializing cloning',
      'TargetNotReady',
      'Waiting for Deployment web before its primary is created: 1 of 2 pods available, for longer than spec.progressDeadlineSeconds (2m)',
      null,
    ],
  },
  'a target that is ready is cloned': {
    rule: waitForTarget,
    given: at(fresh, { primary: null, target: pods(2) }),
    move: ['Initializing cloning', 'Initializing', 'Creating Deployment web-primary from 3a1c36f5bc (web:1)', 0],
  },
  'but not before it is read what a Service of the user leads to': {
    rule: waitForTarget,
    given: at(fresh, { primary: null, target: pods(2), live: users, sight: 'cached' }),
    move: 'reads 2 sources',
  },
  'nor while that cannot be read': {
    rule: waitForTarget,
    given: at(fresh, { primary: null, target: pods(2), live: users, sight: { unavailable: 'connect ETIMEDOUT' } }),
    move: [
      'Initializing cloning',
      'WatchUnavailable',
      'No callers are moved until the endpoints of Service web could be read: connect ETIMEDOUT',
      10000,
    ],
  },
  'pods of others behind it stop the start, and are looked for again': {
    rule: refuseToStart,
    given: at(fresh, {
      primary: null,
      target: pods(2),
      live: users,
      sight: 'endpoints',
      surroundings: { ...noSurroundings, otherPods: ['db-0', 'db-1', 'db-2', 'db-3'] },
    }),
    move: [
      'Initializing cloning',
      'Conflict',
      'Service shop/web also selects Pod shop/db-0, Pod shop/db-1 and Pod shop/db-2 (and 1 more), which would get no requests any more. Scale web so that it can carry all traffic, then let the Service select its pods alone, by a label that only they have in addition; or recreate the Canary with another service.name.',
      30000,
    ],
  },
  'a primary without ready pods is waited for': {
    rule: moveCallersToPrimary,
    given: at(initializing(), { primary: primary(undefined, 0), target: pods(2) }),
    move: [
      'Initializing cloning',
      'WaitingForPods',
      'Waiting for Deployment web-primary: 0 of 2 pods available',
      120000,
    ],
  },
  'one that is ready waits until proxies know it': {
    rule: moveCallersToPrimary,
    given: at(initializing(), { target: pods(2) }),
    move: [
      'Initializing cloning',
      'WaitingForPods',
      'Deployment web-primary is ready; waiting 1s for proxies to receive its endpoints',
      1000,
    ],
  },
  'and until it is read again what a Service of the user leads to by now': {
    rule: moveCallersToPrimary,
    given: at(initializing({ carriedAt: now - second }), { target: pods(2), live: users, sight: 'cached' }),
    move: 'reads 2 sources',
  },
  'then the callers are moved': {
    rule: moveCallersToPrimary,
    given: at(initializing({ carriedAt: now - second }), { target: pods(2) }),
    move: ['Initializing routing', 'RoutingCallers', 'Deployment web-primary is ready; moving the callers to it', 0],
  },
  'routes that do not lead to the primary yet are waited for': {
    rule: finishInitialization,
    given: at(initializing({ stage: 'routing' }), { target: pods(2), traffic: null }),
    move: ['Initializing routing', 'RoutingCallers', 'Waiting for the routes to lead to Deployment web-primary', null],
  },
  'a Service that still leads to the target is waited for, whatever the routes carry': {
    rule: finishInitialization,
    given: at(initializing({ stage: 'routing', carriedAt: now - 5 * minute }), { target: pods(2), live: before }),
    move: ['Initializing routing', 'RoutingCallers', 'Waiting for the routes to lead to Deployment web-primary', null],
  },
  'in-flight requests of the target are waited for': {
    rule: finishInitialization,
    given: at(initializing({ stage: 'routing', carriedAt: now - second }), { target: pods(2), live: moved }),
    move: ['Initializing routing', 'RoutingCallers', 'Waiting for in-flight requests of Deployment web', 10000],
  },
  'then the canary is initialized': {
    rule: finishInitialization,
    given: at(initializing({ stage: 'routing', carriedAt: now - 5 * minute }), { target: pods(2), live: moved }),
    move: ['Initialized', 'Initialized', 'Ready: web-primary serves 3a1c36f5bc (web:1); web is scaled to 0', 0],
  },
}
