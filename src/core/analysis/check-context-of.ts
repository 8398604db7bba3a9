/** The context of a check, from what a canary is and how it splits. */
import type { CheckContext } from './check-context.ts'
import type { Observation } from '../model/observation.ts'
import { routingOf } from '../routers/index.ts'
import type { AnalysisPhase } from '../model/state.ts'
import type { Instant, Milliseconds } from '../time.ts'

/** Windows of whole seconds read better, and are the same for canaries that were routed within one. */
const wholeSeconds = (length: Milliseconds): Milliseconds =>
  Math.max(1, length < 1000 ? length : Math.floor(length / 1000) * 1000)

/** @param at the check's place on the grid of times: it names the questions, so that no two checks have the same ids. */
export function checkContextOf(o: Observation<AnalysisPhase>, at: Instant): CheckContext {
  const { names, state } = o
  const run = { id: state.id, weight: state.traffic.canary }
  const unknown = { services: [] }
  const unseen = {
    vantage: 'destination',
    hosts: [],
    strangers: [],
    canaryCallers: unknown,
    primaryCallers: unknown,
  } as const
  const seen = routingOf(o).telemetry?.vantage(o) ?? unseen
  return {
    // What one vantage point answered is never judged as if it came from another.
    checkId: `${run.id}/${run.weight}/${at}/${seen.vantage}`,
    namespace: names.namespace,
    canary: names.canary,
    target: names.target.name,
    primary: names.primary.name,
    service: names.apexService.name,
    ingress: o.canary.spec.ingressRef?.name ?? names.target.name,
    ...seen,
    routedFor: state.routedAt === null ? 1 : wholeSeconds(at - state.routedAt),
    carriedFor: state.carriedAt === null ? 0 : Math.max(0, at - state.carriedAt),
  }
}
