/** The context of a check, from what a canary is and how it splits. */
import { subsetsOf } from '../render/labels.ts'
import type { CheckContext } from './check-context.ts'
import type { Observation } from '../model/observation.ts'
import { gatewaysIn, MESH } from '../routers/istio/bindings.ts'
import type { AnalysisPhase } from '../model/state.ts'
import type { Instant, Milliseconds } from '../time.ts'

/** Windows of whole seconds read better, and are the same for canaries that were routed within one. */
const wholeSeconds = (length: Milliseconds): Milliseconds =>
  Math.max(1, length < 1000 ? length : Math.floor(length / 1000) * 1000)

function strangersOf({ names, surroundings }: Observation): string[] {
  const inMesh = surroundings.virtualServices.filter(one => gatewaysIn(one).includes(MESH))
  const namespaces = new Set(inMesh.map(({ metadata }) => metadata.namespace ?? ''))
  return [...namespaces].filter(one => one !== names.namespace).toSorted()
}

/** @param at the check's place on the grid of times: it names the questions, so that no two checks have the same ids. */
export function checkContextOf(o: Observation<AnalysisPhase>, at: Instant): CheckContext {
  const { names, state } = o
  const apex = names.apexService.name
  const subsets = o.canary.spec.service.destinationRule
  // Istio reports the label `version` of the pods, whatever their subset is called.
  const labels = subsetsOf(o)
  const usersRoutes = o.canary.spec.service.virtualServices !== undefined
  const run = { id: state.id, weight: state.traffic.canary }
  return {
    checkId: `${run.id}/${run.weight}/${at}`,
    namespace: names.namespace,
    canary: names.canary,
    target: names.target.name,
    primary: names.primary.name,
    service: apex,
    // A wildcard is no Host header, and a name without a dot is that of a Service.
    hosts: (o.canary.spec.service.hosts ?? []).filter(host => host.includes('.') && !host.includes('*')),
    strangers: strangersOf(o),
    canaryCallers:
      subsets === undefined
        ? { services: [names.canaryService.name] }
        : { services: [apex], version: labels?.canary['version'] ?? subsets.canarySubset },
    primaryCallers:
      subsets === undefined
        ? { services: usersRoutes ? [names.primaryService.name, apex] : [names.primaryService.name] }
        : { services: [apex], version: labels?.primary['version'] ?? subsets.primarySubset },
    routedFor: state.routedAt === null ? 1 : wholeSeconds(at - state.routedAt),
    carriedFor: state.carriedAt === null ? 0 : Math.max(0, at - state.carriedAt),
  }
}
