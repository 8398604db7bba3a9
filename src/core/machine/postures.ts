/** What each phase wants of the world: one line a phase, and the one exception that no phase may forget. */
import { LOCKED_ANNOTATION } from '../model/names.ts'
import { judgedOf, judgedReady, recordedOf, standsIn } from '../model/selectors.ts'
import type { Observation } from '../model/observation.ts'
import type { Posture } from '../model/posture.ts'
import { stickyOf } from '../model/sticky.ts'
import { ALL, asks, isNone, keeps, NONE, sameTraffic, type Traffic } from '../model/traffic.ts'
import { serviceRefusal } from '../problems/index.ts'
import type { Analysis, Phase, Revision, Run, State } from '../model/state.ts'

const idle: Posture = {
  traffic: null,
  sticky: null,
  retired: null,
  callers: 'untouched',
  canaryPods: 'untouched',
  lock: false,
  judged: null,
  primary: null,
  record: null,
  target: null,
  service: 'as written',
  remove: 'nothing',
}

/** What carries in a run; where another split carries because a side has no ready pod, it keeps no caller. */
const carrying = (o: Observation, run: State & Run, traffic: Traffic): Pick<Posture, 'traffic' | 'sticky'> => ({
  traffic,
  sticky: sameTraffic(traffic, run.traffic) ? stickyOf(o, run) : null,
})

/** The primary serves; the target rests. */
const resting = (o: Observation, promoted: Revision): Posture => ({
  ...idle,
  traffic: NONE,
  // No courtesy to callers is in the way of a rollback: it comes once the routes say that. They need not carry it yet: the rule for it
  // is one more change to be taken up.
  retired: asks(o.traffic, NONE) && keeps(o.traffic, null) ? o.memory.retiredCookie : null,
  callers: 'primary',
  canaryPods: 'none',
  primary: promoted,
  record: recordable(o, promoted),
})

/** The target's present template can be recorded only under the revision that it is. */
function recordable(o: Observation, revision: Revision): Revision | null {
  return o.target?.revision === revision ? revision : null
}

/**
 * Traffic never goes to a side with no ready pod while the other has one.
 *
 * @param candidate whose pods may carry: none but those that are under analysis, or were judged.
 */
function clampToReadySides(o: Observation, traffic: Traffic, candidate: Revision): Traffic {
  const primary = o.primary?.ready ?? 0
  const canary = judgedReady(o, candidate)
  if (!isNone(traffic) && canary === 0 && primary > 0) return NONE
  if (!sameTraffic(traffic, ALL) && primary === 0 && canary > 0) return ALL
  return traffic
}

function analysing(o: Observation, run: Extract<State, { phase: 'Progressing' | 'WaitingPromotion' }>): Posture {
  const { lockTarget } = o.canary.spec.analysis
  // What carried may serve for the primary at any stage: an earlier candidate while it drains, then this one.
  const carried = run.highest > 0 ? run.candidate : ''
  const standIn = clampToReadySides(o, NONE, run.stage === 'draining' ? judgedOf(o) : carried)
  const common = { ...resting(o, run.promoted), traffic: standIn, record: recordable(o, run.candidate) }
  switch (run.stage) {
    case 'draining':
      return { ...common, canaryPods: 'as desired', lock: lockTarget, record: null }
    case 'stoppingOldPods':
      return { ...common, canaryPods: 'none' }
    case 'startingPods': {
      // The template is on record before a pod of it starts: promotion needs it, and the target's owner may change it.
      const recorded = recordedOf(o, run.candidate) !== undefined
      return { ...common, canaryPods: recorded ? 'starting' : 'untouched', judged: run.candidate }
    }
    case 'pausingRollout':
      return { ...common, canaryPods: 'as desired', lock: true, judged: run.candidate }
    case 'advancing': {
      const split = carrying(o, run, advancing(o, run, carried))
      return { ...common, ...split, canaryPods: 'as desired', lock: lockTarget, judged: run.candidate }
    }
  }
}

/** Copies go to ready pods too, and none of a candidate that got only copies serves for the primary. */
function advancing(o: Observation, run: Analysis, carried: Revision): Traffic {
  const { traffic, candidate } = run
  if (traffic.canary > 0) return clampToReadySides(o, traffic, candidate)
  const standIn = clampToReadySides(o, NONE, carried)
  return isNone(standIn) && judgedReady(o, candidate) > 0 ? traffic : standIn
}

const postures: { readonly [P in Phase]: (o: Observation, state: Extract<State, { phase: P }>) => Posture } = {
  Initializing(o, { stage, revision }) {
    if (revision === null) return idle
    const cloning: Posture = { ...idle, primary: revision, record: recordable(o, revision), judged: revision }
    return stage === 'cloning' ? cloning : { ...cloning, traffic: NONE, callers: 'primary' }
  },
  Initialized: (o, { promoted }) => resting(o, promoted),
  Waiting: (o, { promoted }) => resting(o, promoted),
  Succeeded: (o, { promoted }) => resting(o, promoted),
  Progressing: analysing,
  WaitingPromotion: analysing,
  Promoting(o, run) {
    const primary = run.stage === 'undoing' || run.stage === 'shifting' ? run.promoted : run.candidate
    // What carries is kept from rolling; unjudged, it carries only what the primary cannot.
    const lock = o.canary.spec.analysis.lockTarget && (!o.canary.spec.skipAnalysis || !isNone(run.traffic))
    const split = carrying(o, run, clampToReadySides(o, run.traffic, run.candidate))
    // A record that was lost is made again once a person has put the template on the target.
    const record = run.stage === 'undoing' ? recordable(o, run.promoted) : null
    return { ...resting(o, primary), ...split, canaryPods: 'as desired', lock, judged: run.candidate, record }
  },
  Finalising(o, { promoted }) {
    const { lockTarget } = o.canary.spec.analysis
    const traffic = clampToReadySides(o, NONE, judgedOf(o))
    // A rollback at rest starts no pods of the target.
    const canaryPods = (o.target?.replicas ?? 0) === 0 ? 'none' : 'as desired'
    return { ...resting(o, promoted), traffic, canaryPods, lock: lockTarget && canaryPods !== 'none', record: null }
  },
  Failed(o, { promoted, drained }) {
    if (drained) return resting(o, promoted)
    const { lockTarget } = o.canary.spec.analysis
    const traffic = clampToReadySides(o, NONE, judgedOf(o))
    return { ...resting(o, promoted), traffic, canaryPods: 'as desired', lock: lockTarget, record: null }
  },
  Terminating(o, { stage, promoted }) {
    if (stage === 'removing' || promoted === null) return { ...idle, remove: 'everything' }
    if (stage === 'resuming') return { ...idle, remove: 'everything', canaryPods: 'as desired' }
    const serving = { ...idle, primary: promoted } as const
    const restored = { ...serving, canaryPods: 'starting', target: promoted } as const
    switch (stage) {
      case 'returning': {
        const running = (o.target?.running ?? 0) > 0
        // Never to a primary without a ready pod while the target has one.
        const others = (o.primary?.ready ?? 0) === 0 && (o.target?.ready ?? 0) > 0 ? null : NONE
        const traffic = standsIn(o, judgedOf(o)) ? ALL : others
        return { ...serving, traffic, callers: 'primary', lock: running && o.canary.spec.analysis.lockTarget }
      }
      case 'restoring':
        return { ...restored, traffic: NONE, callers: 'primary' }
      case 'routing':
        return { ...restored, canaryPods: 'as desired', callers: 'target' }
    }
  },
}

/** The posture of a state. */
export function postureOf(o: Observation, state: State): Posture {
  const of = postures[state.phase] as (o: Observation, state: State) => Posture
  const posture = of(o, state)
  const lock = posture.lock || isLockNeeded(o, state)
  const service = serviceRefusal(o) === null && !isLoweringRefused(o, posture) ? posture.service : 'as it was'
  return { ...posture, lock, service }
}

/**
 * Routes that are to be lowered may refuse it, and a lock that was lifted meanwhile lets pods of another push start under them. What is
 * handed over is not locked: requests are to go to it.
 */
function isLockNeeded({ canary, target, traffic }: Observation, { phase }: State): boolean {
  const isLocked = target?.object.metadata.annotations?.[LOCKED_ANNOTATION] !== undefined
  const isRouted = traffic !== null && (traffic.high > 0 || (traffic.mirror ?? 100) > 0)
  return canary.spec.analysis.lockTarget && phase !== 'Terminating' && isLocked && isRouted
}

/**
 * Routes that give the canary more than they are to, while something was refused: whatever else the spec says of them waits until they
 * have been lowered with the words that they have.
 */
function isLoweringRefused(o: Observation, { traffic: wanted }: Posture): boolean {
  if (o.writeError === null || wanted === null || o.traffic === null) return false
  return o.traffic.high > wanted.canary || (o.traffic.mirror ?? 100) > wanted.mirror
}
