/**
 * No mesh: the split is in the selector of the Service that callers use, so one side has all requests. Carried is what its
 * EndpointSlices lead to (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/); connections that are open
 * stay where they are until their pods end.
 */
import { rulesOf } from '../../../api/providers.ts'
import { at, textsOf } from '../../json.ts'
import { CANARY_LABEL, ORIGINAL_ANNOTATION, POD_HASH_LABEL } from '../../model/names.ts'
import type { Workload } from '../../model/observation.ts'
import { podPrefix } from '../../model/selectors.ts'
import { carriedBy } from '../../model/traffic.ts'
import { stops } from '../../problems/policy.ts'
import { type FindProblem, problem } from '../../problems/problem.ts'
import { selects, templateLabels } from '../../render/labels.ts'
import { liveOf } from '../../render/ownership.ts'
import { renderApex } from '../../render/services.ts'
import type { RoutingProvider } from '../provider.ts'

const ALL = 100

/** What the spec may not say, where the flag chose the provider and admission could not know. */
const specThatCannotBeCarried: FindProblem = o => {
  const broken = rulesOf('kubernetes').find(({ holds }) => !holds(o.canary.spec))
  if (broken !== undefined) return problem('Invalid', `spec: ${broken.message}`)
  const { skipAnalysis, analysis } = o.canary.spec
  const index = skipAnalysis ? -1 : analysis.metrics.findIndex(({ minRequests }) => minRequests > 0)
  if (index === -1) return null
  return problem(
    'Invalid',
    `spec.analysis.metrics[${index}].minRequests cannot be counted, because provider kubernetes has no telemetry of its own. Remove it`,
  )
}

export const kubernetes: RoutingProvider = {
  kinds: [],
  refs: () => [],
  routes: o => [o.names.apexService],
  surroundings: () => ({ routes: [], trafficPolicies: [] }),
  subsets: () => null,
  read: o => {
    const share = selectedShare(o)
    if (share === null) return null
    const pods = o.endpoints?.apex ?? []
    const shares = pods.flatMap(pod => (isOf(o.primary, pod) ? [0] : isOf(o.target, pod) ? [ALL] : []))
    return carriedBy([share, ...shares])
  },
  render: renderApex,
  leadingTo: () => [],
  policies: { spec: [stops(specThatCannotBeCarried)], pods: [], objects: [], routes: [], ports: [] },
  telemetry: null,
}

/** The side that the Service selects; null before it is ours to point. */
function selectedShare(o: Parameters<RoutingProvider['read']>[0]): number | null {
  const live = liveOf(o, o.names.apexService)
  const { labels, annotations } = live?.metadata ?? {}
  const isPointed = labels?.[CANARY_LABEL] === o.names.canary || annotations?.[ORIGINAL_ANNOTATION] !== undefined
  if (!isPointed) return null
  const selector = textsOf(at(live?.spec, 'selector'))
  if (selector[POD_HASH_LABEL] !== undefined) return ALL
  return o.primary === null || selects(selector, templateLabels(o.primary.object)) ? 0 : ALL
}

const isOf = (workload: Workload | null, pod: string): boolean =>
  workload !== null && Object.values(workload.pods).some(pods => pod.startsWith(podPrefix(workload, pods)))
