/** Laws of webhooks, as onlookers: each keeps its own account of what was called, and what the receivers answered. */
import type { HookType } from '../../src/api/webhook.ts'
import type { HookCall } from '../../src/core/model/hook.ts'
import type { Observation } from '../../src/core/model/observation.ts'
import type { State } from '../../src/core/model/state.ts'
import type { Life } from './histories.ts'
import { Broken, isAnalysis, type Law } from './laws.ts'
import { answersYes } from './tiny-receivers.ts'
import type { TinyWorld } from './tiny-world.ts'

const has = ({ canary }: Observation, type: HookType): boolean =>
  !canary.spec.skipAnalysis && canary.spec.analysis.webhooks.some(hook => hook.type === type)

/** The last yes of the webhooks of a type, as the receivers know it. */
class Yes {
  readonly #type: HookType
  #last: { readonly call: HookCall; readonly at: number } | null = null

  constructor(type: HookType) {
    this.#type = type
  }

  called(world: TinyWorld, call: HookCall): void {
    if (call.hook.type !== this.#type) return
    this.#last = answersYes(this.#type, world.weather.gates) ? { call, at: world.now } : this.#last
  }

  /** Whether it was given for this run, since then. */
  isFor(payload: Partial<HookCall['payload']>, since: number): boolean {
    if (this.#last === null || this.#last.at < since) return false
    const said = this.#last.call.payload
    return Object.entries(payload).every(([key, value]) => said[key as keyof typeof said] === value)
  }
}

/** The share rises only after confirm-traffic-increase has said yes to that rise, an interval ago at most. */
export const risesOnlyWhenConfirmed: Law = () => {
  const yes = new Yes('confirm-traffic-increase')
  let since = 0
  let weight = 0
  return {
    called: (world, call) => yes.called(world, call),
    decided({ world, observation: o, decision }) {
      if ('ask' in decision || !isAnalysis(decision.state)) return
      const [from, to] = [isAnalysis(o.state) ? o.state.traffic.canary : 0, decision.state.traffic.canary]
      // A decision whose status was not taken has used nothing up.
      if (from !== weight) [weight, since] = [from, world.now]
      const isRise = to > from && has(o, 'confirm-traffic-increase') && decision.state.approved !== 'full'
      const latest = Math.max(since, world.now - o.canary.spec.analysis.interval)
      if (isRise && !yes.isFor({ runId: decision.state.id, weight: from }, latest))
        throw new Broken(`${from} → ${to} was not confirmed`)
    },
  }
}

/** The primary takes the template only after confirm-promotion has said yes. */
export const promotesOnlyWhenConfirmed: Law = () => {
  const yes = new Yes('confirm-promotion')
  return {
    called: (world, call) => yes.called(world, call),
    decided({ world, observation: o, decision }) {
      if ('ask' in decision || decision.state.phase !== 'Promoting' || !isAnalysis(o.state)) return
      if (!has(o, 'confirm-promotion')) return
      if (!yes.isFor({ runId: o.state.id }, world.now - o.canary.spec.analysis.interval))
        throw new Broken(`${o.state.id} is promoted without a yes`)
    },
  }
}

/** Pods of a candidate start only after confirm-rollout has said yes to it. */
export const startsOnlyWhenConfirmed: Law = () => {
  const yes = new Yes('confirm-rollout')
  return {
    called: (world, call) => yes.called(world, call),
    decided({ observation: o, decision }) {
      if ('ask' in decision || !isAnalysis(decision.state)) return
      const { id, stage, candidate } = decision.state
      const isBefore = stage === 'draining'
      const was = isAnalysis(o.state) && o.state.id === id && o.state.stage !== 'draining'
      const hasGate = o.canary.spec.analysis.webhooks.some(hook => hook.type === 'confirm-rollout')
      if (isBefore || was || !hasGate) return
      if (!yes.isFor({ revision: candidate, runId: id }, 0)) throw new Broken(`${id} starts without a yes`)
    },
  }
}

/**
 * What a webhook of type rollback has rejected neither starts, rises, nor is promoted by the process that heard it, and a promotion
 * that it rejects is undone.
 */
export const rejectedGoesNoFurther: Law = (life: Life) => {
  let rejected: { readonly run: string; readonly life: number } | null = null
  return {
    called(world, { hook, payload }) {
      if (hook.type !== 'rollback' || !answersYes('rollback', world.weather.gates)) return
      rejected = { run: payload.runId, life: life.controller.lives }
    },
    decided({ observation: o, decision }) {
      if ('ask' in decision || rejected?.life !== life.controller.lives) return
      const { run } = rejected
      const { state } = decision
      const said = `${run}, which a webhook has rejected,`
      if (o.state.phase === 'Waiting' && isAnalysis(state) && state.id === run) throw new Broken(`${said} starts`)
      const isPromoted = ({ memory: { history } }: Pick<Observation, 'memory'>): boolean =>
        history.some(({ id, outcome }) => id === run && outcome === 'Succeeded')
      if (isPromoted(decision) && !isPromoted(o)) throw new Broken(`${said} is promoted to the end`)
      if (!isAnalysis(o.state) || o.state.id !== run) return
      if (isAnalysis(state) && state.id === run && state.traffic.canary > o.state.traffic.canary)
        throw new Broken(`${said} rises to ${state.traffic.canary}`)
      if (state.phase === 'Promoting') throw new Broken(`${said} is promoted`)
    },
  }
}

/** What a process found in a pass. */
interface Found {
  readonly life: number
  readonly state: State
  readonly at: number
}

/** How far a run has come that can still be rolled back; null: none is under way. */
function progressOf(state: State): { readonly run: string; readonly far: number } | null {
  if (isAnalysis(state)) return { run: state.id, far: state.traffic.canary }
  if (state.phase !== 'Promoting') return null
  const stage = ['shifting', 'copying', 'returning'].indexOf(state.stage)
  if (stage < 0) return null
  return { run: state.id, far: state.stage === 'returning' ? 203 - state.traffic.canary : 101 + stage }
}

/**
 * A run goes a step further only where its webhook of type rollback was called, and has answered within a check interval or not at
 * all. Judged by what the next pass of the same process finds: a step whose status was not written is none, and the first
 * pass of a process calls once its status is written.
 */
export const callsBeforeEachStep: Law = life => {
  let last: { readonly run: string; readonly at: number; readonly isAnswered: boolean } | null = null
  let before: Found | null = null
  return {
    called(world, { hook, payload }) {
      if (hook.type !== 'rollback' || payload.phase === 'Waiting') return
      const isAnswered = !['unreachable', 'hanging'].includes(world.weather.gates)
      last = { run: payload.runId, at: world.now, isAnswered }
    },
    decided({ world, observation: o }) {
      const found: Found = { life: life.controller.lives, state: o.state, at: world.now }
      const [from, to] = [before, progressOf(o.state)]
      const earlier = from?.life === found.life ? progressOf(from.state) : null
      before = found
      if (from === null || earlier === null || earlier.run !== to?.run || to.far <= earlier.far) return
      if (!has(o, 'rollback')) return
      if (last?.run !== to.run) throw new Broken(`${to.run} went further, and no webhook was called before`)
      if (last.isAnswered && from.at - last.at > o.canary.spec.analysis.checkInterval)
        throw new Broken(`${to.run} went further; the webhook was called ${from.at - last.at} ms before`)
    },
  }
}

/** No webhook is called twice under one id by one process. */
export const callsOnce: Law = life => {
  const called = new Set<string>()
  return {
    called(_, { id, hook }) {
      const key = `${life.controller.lives}/${id}`
      if (called.has(key)) throw new Broken(`${hook.name} is called twice as ${id}`)
      called.add(key)
    },
  }
}

/** Each run that ended is told once, as long as it is acknowledged, and with its end. */
export const endsAreTold: Law = life => {
  const told = new Map<string, number>()
  return {
    told(world, { sink, key, run }) {
      if (sink !== 'post-rollout') return
      if (!life.wire.history?.some(({ id }) => id === run)) throw new Broken(`${run} is told, and has no end`)
      const before = told.get(key)
      const isAway = ['unreachable', 'hanging'].includes(world.weather.gates)
      if (before === life.controller.lives) throw new Broken(`the end of ${run} is told again`)
      if (!isAway) told.set(key, life.controller.lives)
    },
  }
}

/**
 * What Git is told of a commit is how its run is: nothing follows the end of a run but that it was taken out of production, and the end is
 * that of the history. Excused: what a process that died was told is repeated by the next, in the same order.
 */
export const commitsAreTold: Law = life => {
  const ended = new Map<string, string>()
  return {
    told(world, { sink, run, commit }) {
      if (sink !== 'commit status' || commit === undefined) return
      const isAway = ['unreachable', 'hanging'].includes(world.weather.gates)
      const key = `${life.controller.lives}/${run}/${commit.of}`
      const before = ended.get(key)
      const isTakenOut = before === 'success' && commit.state === 'failure'
      if (before !== undefined && !isTakenOut) throw new Broken(`${commit.state} is told of ${run} after ${before}`)
      if (commit.state === 'pending') return
      const record = life.wire.history?.find(({ id }) => id === run)
      const isPromoted = record?.outcome === 'Succeeded'
      if (commit.state === 'success' && !isPromoted)
        throw new Broken(`success is told of ${run}, which is not promoted`)
      if (!isAway) ended.set(key, commit.state)
    },
  }
}
