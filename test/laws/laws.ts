/**
 * Laws that hold at every moment of every history, as onlookers: each keeps its own account of what happened and says so when
 * the controller does what it must not. None of them reads what the rules under test have computed, where the world tells.
 */
import type { CanaryStatus } from '../../src/api/status.ts'
import { refKey } from '../../src/api/object.ts'
import { at } from '../../src/core/json.ts'
import { LOCKED_ANNOTATION } from '../../src/core/model/names.ts'
import type { Observation } from '../../src/core/model/observation.ts'
import { planOf, stepAt } from '../../src/core/model/plan.ts'
import type { Analysis, State } from '../../src/core/model/state.ts'
import type { Write } from '../../src/core/model/write.ts'
import type { Life, Onlooker } from './histories.ts'
import { PROGRESS_DEADLINE } from './setups.ts'
import { settings } from '../core/given-objects.ts'
import { canaryShare, carriers, deadEnds, isCanaryRouted } from './tiny-mesh.ts'
import { isLeftByWrites } from './tiny-nginx.ts'
import { imageOf } from './tiny-pods.ts'
import { CANARY, type Mood, PRIMARY, TARGET, type TinyWorld } from './tiny-world.ts'

/** Thrown by an onlooker. */
export class Broken extends Error {}

export type Law = (life: Life) => Onlooker

export const isAnalysis = (state: State): state is Extract<State, { phase: 'Progressing' | 'WaitingPromotion' }> =>
  state.phase === 'Progressing' || state.phase === 'WaitingPromotion'

export const readyPods = (world: TinyWorld, deployment: string): number =>
  world
    .everyGroup()
    .filter(group => group.deployment === deployment)
    .reduce((sum, group) => sum + group.ready, 0)

/** What a look was: when, at which weight, and what there was to be seen. */
interface Look {
  readonly run: string
  readonly weight: number
  readonly at: number
  readonly mood: Mood
  readonly ofTheSplit: boolean
  /** Whether lost requests were asked for; without routes none can be. */
  readonly ofTheLost: boolean
}

/** What callers tell of the split counts where it was asked: where all routes are ours, and not before 20 s at a weight. */
const passes = ({ mood, ofTheSplit, ofTheLost }: Look): boolean =>
  mood === 'good' || (mood === 'not carried' && !ofTheSplit) || (mood === 'misrouted' && !ofTheLost)

/** Weight rises only after a look that passed, once it is due, while the mesh is seen to carry the old weight. */
export const risesOnlyWhenJudged: Law = life => {
  let last: Look | null = null
  /** The first look of this run at this weight. */
  let first: Look | null = null
  /** The looks of this run at this weight, at different times. */
  let looks = 0
  return {
    asked(world, checks, state) {
      if (!isAnalysis(state)) return
      const ofTheSplit = checks.some(({ id }) => id.includes('/split/'))
      const ofTheLost = checks.some(({ id }) => id.includes('/lost/'))
      const { mood } = world.weather
      const before = last
      last = { run: state.id, weight: state.traffic.canary, at: world.now, mood, ofTheSplit, ofTheLost }
      if (first?.run !== last.run || first.weight !== last.weight) [first, looks] = [last, 0]
      if (looks === 0 || before?.at !== last.at) looks += 1
    },
    decided({ world, observation: o, decision }) {
      if ('ask' in decision || !isAnalysis(o.state)) return
      const [from, to] = [o.state, decision.state]
      const promoted = to.phase === 'Promoting'
      if (promoted && (o.canary.spec.skipAnalysis || from.approved === 'full')) return
      const goesOn = isAnalysis(to) && to.id === from.id
      // What was copied is judged like a share.
      const ended = goesOn && to.mirrored && !from.mirrored
      if (!promoted && !ended && !(goesOn && to.traffic.canary > from.traffic.canary)) return
      const what = `${from.traffic.canary} → ${promoted ? 'promotion' : (to as Analysis).traffic.canary}`
      const step = stepAt(planOf(o.canary.spec.analysis), from.traffic)
      if (from.traffic.canary === 0 && !promoted && !ended) firstRise(what, o)
      // With no step at weight 0 there is nothing to judge it by.
      if (from.traffic.canary === 0 && !promoted && (step === undefined || from.stage !== 'advancing')) return
      const { share, since } = life.chronicle
      if (share.low !== from.traffic.canary || share.high !== from.traffic.canary)
        throw new Broken(`${what} while the mesh carries ${share.low} to ${share.high}`)
      const { analysis } = o.canary.spec
      const hold = Math.max(analysis.interval, step?.hold ?? 0)
      if (world.now - since < hold) throw new Broken(`${what} after ${world.now - since} ms of ${hold}`)
      if (last === null || last.run !== from.id || last.weight !== from.traffic.canary || last.at < since + hold)
        throw new Broken(`${what} without a look at ${from.traffic.canary}: ${JSON.stringify(last)}`)
      const iterations = step?.iterations ?? 1
      // A look that came late counts for when it was due.
      const least = (iterations - 1) * analysis.interval - analysis.checkInterval
      if (first === null || looks < iterations || last.at - first.at < least)
        throw new Broken(`${what} before ${iterations} iterations`)
      if (!passes(last)) throw new Broken(`${what} after a look that was ${last.mood}`)
    },
  }
}

/** The first rise is onto ready pods that can roll no more. */
function firstRise(what: string, o: Observation): void {
  const candidate = imageOf(at(o.target?.object.spec, 'template'))
  if ((o.target?.ready ?? 0) === 0) throw new Broken(`${what} without a ready pod of ${candidate}`)
  if (o.canary.spec.analysis.lockTarget && o.target?.paused !== true)
    throw new Broken(`${what} onto an unlocked target`)
}

/** Which image a revision stands for, learned from the target whenever it is looked at; a canary that rests begins with web:1. */
export class Images {
  readonly #known = new Map<string, string>()

  constructor({ wire }: Life) {
    if (wire.lastPromotedSpec !== undefined) this.#known.set(wire.lastPromotedSpec, 'web:1')
  }

  learn({ target }: Observation): void {
    if (target !== null) this.#known.set(target.revision, imageOf(at(target.object.spec, 'template')))
  }

  of(revision: string | undefined): string | undefined {
    return revision === undefined ? undefined : this.#known.get(revision)
  }
}

/** The primary takes a template only as the candidate whose promotion, or as the revision whose place, the status tells. */
export const primaryTakesOnlyWhatWasJudged: Law = life => {
  const images = new Images(life)
  return {
    decided: ({ observation }) => images.learn(observation),
    wrote(_world, write, wire) {
      if (refKey(write.ref) !== refKey(PRIMARY) || (write.verb !== 'create' && write.verb !== 'replace')) return
      const image = imageOf(at(write.object['spec'], 'template'))
      const allowed = [
        wire.lastPromotedSpec,
        wire.phase === 'Promoting' ? wire.run?.candidate : undefined,
        wire.phase === 'Initializing' ? wire.progress?.revision : undefined,
      ].map(revision => images.of(revision))
      if (!allowed.includes(image)) {
        throw new Broken(
          `the primary takes ${image}; the status (${wire.phase}) allows ${allowed.filter(Boolean).join()}`,
        )
      }
    },
  }
}

/** Pods of the canary are stopped only when they have carried nothing for as long as answers may take. */
export const podsStopOnlyWhenDrained: Law = life => ({
  wrote(world, write, _wire, o) {
    if (refKey(write.ref) !== refKey(TARGET) || (o.target?.replicas ?? 0) === 0) return
    if (at(world.get(TARGET)?.['spec'], 'replicas') !== 0) return
    const since = world.now - life.chronicle.targetCarriedAt(world.now)
    const drain = o.canary.spec.analysis.drain + settings.settle
    if (since < drain) throw new Broken(`pods are stopped ${since} ms after they carried, before ${drain}`)
  },
})

/** Phases in which the routes between primary and canary are ours to answer for. */
const isOurs = (wire: CanaryStatus): boolean =>
  wire.lastPromotedSpec !== undefined && wire.phase !== 'Initializing' && wire.phase !== 'Terminating'

/** Requests meet only pods of the promoted template, and of candidates that came to carry through their run. */
export const unjudgedPodsCarryNothing: Law = life => {
  const images = new Images(life)
  let climbed: string | undefined
  return {
    decided: ({ observation }) => images.learn(observation),
    changed({ world, wire }) {
      if (!isOurs(wire) || world.get(CANARY) === undefined) return
      const { run } = wire
      const carries = wire.phase === 'Promoting' || (run?.stage === 'advancing' && (wire.canaryWeight ?? 0) > 0)
      if (run !== undefined && carries) climbed = images.of(run.candidate)
      const allowed = [images.of(wire.lastPromotedSpec), climbed]
      for (const group of carriers(world)) {
        if (group.deployment !== 'web' || allowed.includes(group.image)) continue
        throw new Broken(
          `pods of ${group.image} carry in ${wire.phase} ${run?.stage ?? ''} at ${wire.canaryWeight}; judged are ${allowed.join()}`,
        )
      }
    },
  }
}

/** Nothing is left to go to a side without a ready pod while the other has one. */
export const noDeadEnds: Law = life => {
  const images = new Images(life)
  let climbed: string | undefined
  return {
    decided: ({ observation }) => images.learn(observation),
    carriedOut({ world, observation, decision }) {
      if ('ask' in decision || observation.unseen !== null) return
      const { state } = decision
      if (isAnalysis(state) && state.stage === 'advancing' && state.traffic.canary > 0)
        climbed = images.of(state.candidate)
      if (state.phase === 'Initializing' || hasLetGo(state)) return
      const canaryReady = carryingPods(world, climbed, state)
      for (const { side, part } of deadEnds(world)) {
        const other = side === 'canary' ? readyPods(world, 'web-primary') : canaryReady
        if (other > 0) throw new Broken(`${part} % go to the ${side}, which has no ready pod, in ${stateName(state)}`)
      }
    },
  }
}

/** Ready pods that may stand in for the primary: of a candidate that carried, as long as its run is not drained. */
function carryingPods(world: TinyWorld, climbed: string | undefined, state: State): number {
  if (state.phase === 'Failed' && state.drained) return 0
  // Before a candidate carried in its run, pods of another one may only while they drain.
  const inRun = isAnalysis(state) && (state.stage === 'draining' || state.highest > 0)
  const handsBack = state.phase === 'Terminating' && state.stage === 'returning'
  const standIn = inRun || handsBack || ['Promoting', 'Finalising', 'Failed'].includes(state.phase)
  if (!standIn) return 0
  const groups = world.everyGroup().filter(group => group.deployment === 'web' && group.image === climbed)
  return groups.reduce((sum, group) => sum + group.ready, 0)
}

const stateName = (state: State): string => ('stage' in state ? `${state.phase} ${state.stage}` : state.phase)

/** The split that is asked follows from the status that stands at the API server, never from one that is yet to be written. */
export const statusComesFirst: Law = () => ({
  wrote(world, write, wire, o) {
    if (!isOurs(wire)) return
    const { phase = '', run } = wire
    const inRun = run !== undefined
    const standIn = (o.primary?.ready ?? 0) === 0
    if (write.ref.kind.kind === 'VirtualService') {
      const { high } = canaryShare(world)
      const told = inRun ? (wire.canaryWeight ?? 0) : 0
      if (high > told && !standIn) throw new Broken(`${high} is asked of the mesh; the status says ${phase} ${told}`)
    }
    if (refKey(write.ref) === refKey(TARGET) && !inRun && o.target?.replicas === 0) {
      const drains = phase === 'Finalising' || phase === 'Failed'
      if (at(world.get(TARGET)?.['spec'], 'replicas') !== 0 && !drains)
        throw new Broken(`the target is scaled up while the status says ${phase}`)
    }
    unlocksEarly(world, write, wire, o)
  },
})

/** A lock is lifted in one write with nothing carried: whoever carries stays as judged. */
function unlocksEarly(world: TinyWorld, write: Write, wire: CanaryStatus, o: Observation): void {
  if (refKey(write.ref) !== refKey(TARGET) || !o.canary.spec.analysis.lockTarget) return
  const wasLocked = o.target?.object.metadata.annotations?.[LOCKED_ANNOTATION] !== undefined
  const isLocked = at(world.get(TARGET)?.['spec'], 'paused') === true
  if (wasLocked && !isLocked && isCanaryRouted(world))
    throw new Broken(`the lock is lifted in ${wire.phase} while the mesh carries ${canaryShare(world).high}`)
}

/** Once a promotion is given up, a primary that runs something else is not given the candidate any more. */
export const givenUpIsGivenUp: Law = life => {
  const images = new Images(life)
  let givenUp: string | undefined
  return {
    decided: ({ observation }) => images.learn(observation),
    changed({ wire: { phase, run } }) {
      if (phase === 'Promoting') givenUp = (run?.because ?? '') === '' ? undefined : images.of(run?.candidate)
      else if (phase !== 'Terminating') givenUp = undefined
    },
    wrote(_world, write, wire, { primary }) {
      if (refKey(write.ref) !== refKey(PRIMARY) || write.verb !== 'replace' || primary === null) return
      const image = imageOf(at(write.object['spec'], 'template'))
      if (image !== givenUp || image === imageOf(at(primary.object.spec, 'template'))) return
      throw new Broken(`${image} was given up, and the primary takes it in ${wire.phase} ${wire.run?.stage ?? ''}`)
    },
  }
}

/**
 * A promotion that is undone changes the primary's pods only once the canary carries all and the mesh has settled; once, for what
 * happens to the weight after that is not waited for. Nothing is asked where no pod of the canary is ready.
 */
export const callersLeaveFirst: Law = life => {
  const images = new Images(life)
  let undone: { readonly run: string; readonly since: number; free: boolean } | null = null
  return {
    decided: ({ observation }) => images.learn(observation),
    changed({ world, wire, chronicle }) {
      const { run } = wire
      if (wire.phase !== 'Promoting' || run?.id === undefined || (run.because ?? '') === '') return
      if (undone?.run !== run.id) undone = { run: run.id, since: world.now, free: false }
      const settled = chronicle.share.low === 100 && world.now - chronicle.since >= settings.settle
      const candidate = images.of(run.candidate)
      const standIn = world.everyGroup().some(({ deployment, image, ready }) => {
        return deployment === 'web' && image === candidate && ready > 0
      })
      if (settled || !standIn) undone.free = true
    },
    wrote({ now }, write, wire, { primary }) {
      if (refKey(write.ref) !== refKey(PRIMARY) || write.verb !== 'replace' || primary === null) return
      if (wire.phase !== 'Promoting' || undone?.run !== wire.run?.id || undone === null || undone.free) return
      const image = imageOf(at(write.object['spec'], 'template'))
      if (image === imageOf(at(primary.object.spec, 'template')) || image !== images.of(wire.lastPromotedSpec)) return
      if (now - undone.since < PROGRESS_DEADLINE * 1000)
        throw new Broken(
          `the primary goes back to ${image} while callers are on it: ${JSON.stringify(life.chronicle.share)}`,
        )
    },
  }
}

/** What Sluice made is going, routes included. */
const hasLetGo = (state: State): boolean =>
  state.phase === 'Terminating' && (state.stage === 'resuming' || state.stage === 'removing')

/**
 * What is not the candidate any more, or has no ready pod, carries nothing from the same pass on. Excused: without a mesh, and where the
 * canary had everything at an Ingress, requests follow the EndpointSlices, which follow the Service a moment after that pass.
 */
export const leavesAtOnce: Law = ({ setup }) => ({
  carriedOut({ world, observation: o, decision }) {
    if (setup.split === 'selector' || (setup.split === 'ingress' && isLeftByWrites(world))) return
    if ('ask' in decision || o.unseen !== null || !isAnalysis(o.state) || o.state.stage !== 'advancing') return
    // A canary that is deleted together with its target lets go at once.
    if (hasLetGo(decision.state)) return
    const { target, state, memory } = o
    // A person's command is obeyed first; the next pass follows at once.
    if (JSON.stringify(decision.memory.handled) !== JSON.stringify(memory.handled) || (o.primary?.ready ?? 0) === 0)
      return
    const ready = world.everyGroup().some(group => group.deployment === 'web' && group.ready > 0)
    const why =
      target === null
        ? 'the target is gone'
        : target.revision !== state.candidate
          ? 'another revision is on the target'
          : ready
            ? null
            : 'the canary has no ready pod'
    const { high } = canaryShare(world)
    if (why !== null && high > 0) throw new Broken(`${why}, and ${high} % still go to the canary`)
  },
})
