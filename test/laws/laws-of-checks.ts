/** Laws of questions, windows and counted failures, as onlookers. */
import type { Check } from '../../src/core/model/check.ts'
import { Broken, isAnalysis, type Law } from './laws.ts'
import { canaryShare } from './tiny-mesh.ts'

/** No question is asked twice under one id by one process. */
export const asksOnce: Law = life => {
  const asked = new Set<string>()
  return {
    asked(_world, checks) {
      for (const { id } of checks) {
        const key = `${life.controller.lives}/${id}`
        if (asked.has(key)) throw new Broken(`${id} is asked twice`)
        asked.add(key)
      }
    },
  }
}

/** No window reaches back to where another candidate carried: errors of an earlier one never count. */
export const windowsBeginWithTheCandidate: Law = () => {
  /** Until when each run's candidate carried; what carries outside of a climb is of an earlier one. */
  const until = new Map<string, number>()
  let carrier: string | null = null
  return {
    changed({ world, wire }) {
      if (carrier !== null) until.set(carrier, world.now)
      const climbs = wire.run?.stage === 'advancing' ? wire.run.id : undefined
      carrier = canaryShare(world).high > 0 ? (climbs ?? 'an earlier one') : null
    },
    asked(world, checks, state) {
      if (!isAnalysis(state) || state.traffic.canary === 0) return
      const longest = Math.max(0, ...checks.filter(isOfAGate).map(check => check.subject.window))
      const others = Math.max(0, ...[...until].filter(([run]) => run !== state.id).map(([, end]) => end))
      if (world.now - longest < others)
        throw new Broken(`a window of ${longest} ms; another candidate carried until ${world.now - others} ms ago`)
    },
  }
}

const isOfAGate = ({ id, subject }: Check): boolean =>
  subject.side === 'canary' && !id.includes('/silence/') && !id.includes('/split/')

/** Neither silence, an outage of the metrics server nor a setting at fault counts for or against a canary. */
export const blindnessDecidesNothing: Law = () => ({
  decided({ observation: o, decision }) {
    if ('ask' in decision || !isAnalysis(o.state) || o.state.traffic.canary === 0) return
    const { state, reason, message } = decision
    if (isAnalysis(state) && state.id === o.state.id && state.traffic.canary > o.state.traffic.canary)
      throw new Broken(`${o.state.traffic.canary} → ${state.traffic.canary} without a verdict`)
    if (state.phase === 'Promoting' && o.state.approved !== 'full') throw new Broken('promoted without a verdict')
    const ofPods = /no pod of \w+ is ready/.test(message)
    if (!ofPods && (reason === 'ThresholdReached' || reason === 'CheckFailed'))
      throw new Broken(`${reason}: ${message}`)
  },
})

/**
 * Requests that bypass the split say nothing about the candidate, whoever leads them past; and while the user's own VirtualService
 * does, no weight rises.
 */
export const waysPastDecideNothing: Law = () => ({
  decided({ observation: o, decision }) {
    if ('ask' in decision || !isAnalysis(o.state)) return
    const { state, message } = decision
    const past = o.surroundings.routes.filter(({ metadata }) => metadata.name.startsWith('past-'))
    if (past.length > 0 && message.includes('is unreachable')) throw new Broken(message)
    if (!past.some(({ metadata }) => metadata.namespace === o.names.namespace)) return
    if (isAnalysis(state) && state.id === o.state.id && state.traffic.canary > o.state.traffic.canary)
      throw new Broken(`${o.state.traffic.canary} → ${state.traffic.canary} past the split`)
  },
})

/** The failure that reaches the threshold rolls back in the same pass; one blip counts once. */
export const theNthFailureRollsBack: Law = () => {
  let counted: { readonly at: number; readonly failures: number }[] = []
  let run = ''
  return {
    decided({ world, observation: o, decision }) {
      if ('ask' in decision) return
      const { state, reason } = decision
      if (!isAnalysis(state)) return
      const { threshold, interval } = o.canary.spec.analysis
      if (state.failedChecks >= threshold)
        throw new Broken(`${state.failedChecks} of ${threshold} failures, and it goes on`)
      if (state.id !== run) [run, counted] = [state.id, []]
      const before = isAnalysis(o.state) ? o.state.failedChecks : 0
      // A process that died before its status was written has counted nothing.
      counted = counted.filter(({ failures }) => failures <= before)
      if (reason !== 'CheckFailed' || state.failedChecks <= before) return
      // Looks stand on a grid of seconds.
      const last = counted.at(-1)
      if (last !== undefined && world.now - last.at < interval - 1000)
        throw new Broken(`counted ${world.now - last.at} ms after the last failure`)
      counted.push({ at: world.now, failures: state.failedChecks })
    },
  }
}
