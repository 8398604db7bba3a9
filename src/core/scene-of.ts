/** The scene of a look, from what a canary is and how it splits. */
import type { Scene } from './metrics/scene.ts'
import type { Observation } from './observation.ts'
import type { AnalysisPhase } from './state.ts'
import type { Instant } from './time.ts'

/** @param at the look's place on the grid: it names the questions, so that nothing is asked twice under one id. */
export function sceneOf(o: Observation<AnalysisPhase>, at: Instant): Scene {
  const { names, state } = o
  const apex = names.apexService.name
  const subsets = o.canary.spec.service.destinationRule
  const run = { id: state.id, weight: state.weight }
  return {
    look: `${run.id}/${run.weight}/${at}`,
    namespace: names.namespace,
    canary: names.canary,
    target: names.target.name,
    primary: names.primary.name,
    service: apex,
    canaryCallers:
      subsets === undefined
        ? { services: [names.canaryService.name] }
        : { services: [apex], version: subsets.canarySubset },
    primaryCallers:
      subsets === undefined
        ? { services: [names.primaryService.name, apex] }
        : { services: [apex], version: subsets.primarySubset },
    routedFor: state.routedAt === null ? 1 : Math.max(1, at - state.routedAt),
    carriedFor: state.carriedAt === null ? 0 : Math.max(0, at - state.carriedAt),
  }
}
