/** Laws of what routes carry beside a share of all requests: copies, matched requests, and callers that stay. */
import { Broken, type Law, readyPods } from './laws.ts'
import { copies, sharesOf } from './tiny-mesh.ts'
import { settings } from '../core/given-objects.ts'

/** Copies are seen to end, for as long as proxies take to hear it, before the canary gets a share; and come to a run alone. */
export const copiesComeBeforeAShare: Law = () => {
  let copiedAt = Number.NEGATIVE_INFINITY
  return {
    changed({ world, wire }) {
      if (copies(world) > 0) copiedAt = world.now
      const { all, matched, kept } = sharesOf(world)
      const share = Math.max(0, ...all, ...matched, ...kept)
      // In a promotion nothing is judged any more.
      const isStandIn = readyPods(world, 'web-primary') === 0 || wire.phase === 'Promoting'
      if (share > 0 && world.now - copiedAt < settings.settle && !isStandIn)
        throw new Broken(`a share of ${share} comes ${world.now - copiedAt} ms after copies, in ${wire.phase}`)
    },
    carriedOut({ world, decision }) {
      if ('ask' in decision || copies(world) === 0) return
      const { state } = decision
      const mirror = 'traffic' in state ? state.traffic.mirror : 0
      // A Canary whose status was lost begins anew: its routes stay as they are until the primary is known again.
      if (mirror === 0 && state.phase !== 'Terminating' && state.phase !== 'Initializing')
        throw new Broken(`copies go to the canary in ${state.phase}`)
    },
  }
}

/** Requests that do not match stay on the primary, as long as it can serve them. */
export const othersStayOnThePrimary: Law = ({ setup }) => ({
  carriedOut({ world, observation: o, decision }) {
    if ('ask' in decision || o.unseen !== null || !setup.strategy.startsWith('matched')) return
    const { phase } = decision.state
    // Where a promotion is undone, or the primary's pods all go first, the canary serves for it.
    if (phase === 'Initializing' || phase === 'Terminating' || phase === 'Promoting') return
    if ((o.primary?.ready ?? 0) === 0 || readyPods(world, 'web-primary') === 0) return
    const share = Math.max(0, ...sharesOf(world).all)
    if (share > 0) throw new Broken(`${share} % of the requests that do not match go to the canary in ${phase}`)
  },
})

/** Callers stay on the canary of a run, and of no run that is over. */
export const nobodyStaysAfterARun: Law = () => ({
  carriedOut({ world, observation: o, decision }) {
    if ('ask' in decision || o.unseen !== null) return
    const { state } = decision
    // A Canary whose status was lost begins anew: its routes stay as they are until the primary is known again.
    if (state.phase === 'Initializing') return
    const share = Math.max(0, ...sharesOf(world).kept)
    const shared = 'traffic' in state && state.traffic.canary > 0
    if (share > 0 && !shared) throw new Broken(`callers stay on the canary in ${state.phase}`)
  },
})
