/**
 * Policies by selector on pods in ambient. The node's proxy (ztunnel) obeys them, because it is before the pods: it knows connections
 * and no requests, and what a waypoint leads to a pod comes from the waypoint (istiod's `serviceregistry/ambient/authorization.go`).
 */
import { kinds, type Kind, type KubeObject } from '../../../../api/object.ts'
import { at, type Json, listOf, recordOf, recordsOf, textOf } from '../../../json.ts'
import type { Observation } from '../../../model/observation.ts'
import { isBoundToWaypoint } from '../../../policies/attached.ts'
import { kindOfPolicy } from '../../../policies/index.ts'
import { selectsIn } from '../../../policies/order.ts'
import { called, type FindProblem, problem } from '../../../problems/problem.ts'
import { templateLabels } from '../../../render/labels.ts'
import { liveOf } from '../../../render/ownership.ts'
import { dataPlaneOf } from './data-plane.ts'
import { namespaceLabelsOf, USE_WAYPOINT } from './waypoint.ts'

/** The kinds that ztunnel obeys. */
export const ambientPolicyKinds = (o: Pick<Observation, 'samples' | 'target'>): readonly Kind[] =>
  dataPlaneOf(o) === 'ambient' ? [kinds.AuthorizationPolicy] : []

/** AuthorizationPolicies that select pods of the target. */
function selecting(o: Observation): readonly KubeObject[] {
  if (dataPlaneOf(o) !== 'ambient') return []
  const labels = templateLabels(o.target?.object)
  return o.policies.filter(policy => {
    const kind = kindOfPolicy(policy)
    return kind?.kind === kinds.AuthorizationPolicy && selectsIn(o, kind, policy, labels)
  })
}

/** What istiod says of what ztunnel leaves out of a policy: its status is True, and only the reason tells. */
const unsupported = (policy: KubeObject): Json | undefined =>
  recordsOf(at(policy['status'], 'conditions')).find(
    one => one['type'] === 'ZtunnelAccepted' && one['reason'] === 'UnsupportedValue',
  )

export const policyOfRequests: FindProblem = o => {
  const policy = selecting(o).find(one => unsupported(one) !== undefined)
  if (policy === undefined) return null
  const does =
    textOf(at(policy.spec, 'action')) === 'DENY'
      ? 'denies more than it says'
      : 'allows less than it says, or nothing at all'
  return problem(
    'PolicyWithoutEffect',
    `${called(policy)} selects pods in ambient by rules on requests, which ztunnel leaves out (UnsupportedValue): it ${does}. Write spec.targetRefs: [{group: "", kind: Service, name: ${o.names.apexService.name}}] in place of spec.selector`,
  )
}

/** The waypoint of the Service that callers use, as the identity of its pods names it; null where there is none. */
function waypointOf(o: Observation): { readonly namespace: string; readonly name: string } | null {
  const live = liveOf(o, o.names.apexService)
  if (!isBoundToWaypoint(live)) return null
  const labels = live?.metadata.labels?.[USE_WAYPOINT] === undefined ? namespaceLabelsOf(o) : live.metadata.labels
  const name = labels[USE_WAYPOINT]
  return name === undefined ? null : { namespace: labels[`${USE_WAYPOINT}-namespace`] ?? o.names.namespace, name }
}

/** Callers by their own principals are refused here, because the tunnel comes from the waypoint. */
export const policyAgainstWaypoint: FindProblem = o => {
  const waypoint = waypointOf(o)
  if (waypoint === null) return null
  const allowing = selecting(o).filter(
    one => ['', 'ALLOW'].includes(textOf(at(one.spec, 'action'))) && unsupported(one) === undefined,
  )
  const [first] = allowing
  const principal = `/ns/${waypoint.namespace}/sa/${waypoint.name}`
  const lets = (policy: KubeObject): boolean =>
    recordsOf(at(policy.spec, 'rules')).some(rule => {
      const from = recordsOf(rule['from'])
      return from.length === 0 || from.some(one => isIn(recordOf(one['source']), principal, waypoint.namespace))
    })
  if (first === undefined || allowing.some(lets)) return null
  return problem(
    'PolicyWithoutEffect',
    `${called(first)} selects pods in ambient and does not allow the waypoint, from which every request comes that it has split: all of these are refused. Allow principal cluster.local${principal} there, and say who may call in a policy with spec.targetRefs: [{group: "", kind: Service, name: ${o.names.apexService.name}}]`,
  )
}

/** Whether the source of a rule may be the waypoint; what it says otherwise is not known to exclude it. */
function isIn(source: Json, principal: string, namespace: string): boolean {
  const [principals, namespaces] = [listOf(source['principals']), listOf(source['namespaces'])]
  return (
    (principals.length === 0 || principals.some(one => fits(textOf(one), `cluster.local${principal}`, principal))) &&
    (namespaces.length === 0 || namespaces.some(one => fits(textOf(one), namespace, namespace)))
  )
}

/** A pattern with `*` at one end; the trust domain may be another one. */
function fits(pattern: string, value: string, end: string): boolean {
  if (pattern.startsWith('*')) return value.endsWith(pattern.slice(1))
  if (pattern.endsWith('*')) return value.startsWith(pattern.slice(0, -1))
  return pattern === value || pattern.endsWith(end)
}
