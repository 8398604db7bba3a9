/** DestinationRules for one host from several writers: which one callers use, and which one then says nothing to them. */
import { isGatewayApi } from '../../../../../api/providers.ts'
import type { KubeObject, Ref } from '../../../../../api/object.ts'
import { at, sameJson } from '../../../../json.ts'
import type { Observation } from '../../../../model/observation.ts'
import { called, type FindProblem, problem } from '../../../../problems/problem.ts'
import { inOrder } from '../../../around.ts'
import { clientPolicies, reachesFromOurs } from '../client-tls.ts'
import {
  callingNamespaces,
  ELSEWHERE,
  exportKey,
  hiddenBy,
  hostOf,
  isWildcard,
  rulesFor,
  selectorOf,
} from '../policies.ts'
import { placeOfPolicy, ruleOf } from '../rules.ts'

const sidesOf = ({ names }: Observation): readonly Ref[] => [names.canaryService, names.primaryService]

const saysPolicy = (rule: KubeObject): boolean => at(rule.spec, 'trafficPolicy') !== undefined

/**
 * Callers whose own namespace has any rule for the hosts of the sides never use ours. Nothing of another namespace is written, so
 * it is named.
 */
export const ruleThatHidesOurs: FindProblem = o => {
  if (o.canary.spec.service.destinationRule !== undefined) return null
  for (const side of sidesOf(o)) {
    if (ruleOf(o, side) === null) continue
    const [rule, ...more] = callingNamespaces(o).flatMap(one => hiddenBy(o, rulesFor(o, side, one), one) ?? [])
    if (rule === undefined) continue
    const also = more.length === 0 ? '' : '; those of other namespaces have such rules, too'
    const ofApex = `a rule for Service ${o.names.apexService.name}`
    const said = isGatewayApi(o.canary.spec.provider) ? ofApex : `service.trafficPolicy, or ${ofApex},`
    return problem(
      'Conflict',
      `Callers in namespace ${rule.metadata.namespace} use ${called(rule)}, for ${hostOf(rule)}, and not DestinationRule ${side.name} of Sluice, for Istio looks into their own namespace first${also}. What ${said} says does not apply to them: write it there`,
    )
  }
  return null
}

/** A rule of ours is exact and near: for callers elsewhere it would come before one of the mesh, or of this namespace, that is for them. */
export const ruleThatOursWouldHide: FindProblem = o => {
  const { names } = o
  if (o.canary.spec.service.destinationRule !== undefined) return null
  const carried = rulesFor(o, names.apexService)
  for (const side of sidesOf(o)) {
    const written = ruleOf(o, side)
    if (written === null) continue
    for (const callers of callingNamespaces(o)) {
      const theirs = rulesFor(o, side, callers)
      if (hiddenBy(o, theirs, callers) !== undefined || !reachesFromOurs(o, written, callers)) continue
      const lost = theirs.find(rule => saysPolicy(rule) && isWildcard(hostOf(rule)) && !carried.includes(rule))
      if (lost === undefined || callers === names.namespace) continue
      const who = callers === ELSEWHERE ? 'other namespaces' : `namespace ${callers}`
      return problem(
        'Conflict',
        `${called(lost)}, for ${hostOf(lost)}, is what callers in ${who} use for Service ${side.name}, and DestinationRule ${side.name} of Sluice would come before it. Write its trafficPolicy into ${placeOfPolicy(o)}, or a rule like it in the namespace of those callers.`,
      )
    }
  }
  return null
}

/** Of two rules for one host Istio uses the policy of the older: ours would say nothing. */
export const ruleBesideOurs: FindProblem = o => {
  const { service } = o.canary.spec
  if (service.destinationRule !== undefined || service.trafficPolicy === undefined) return null
  for (const side of sidesOf(o)) {
    const rule = rulesFor(o, side).find(
      one => one.metadata.name !== side.name && !isWildcard(hostOf(one)) && selectorOf(one) === undefined,
    )
    if (rule === undefined || rule.metadata.namespace !== o.names.namespace) continue
    return problem(
      'Conflict',
      `${called(rule)} is for Service ${side.name}, for which Sluice writes service.trafficPolicy of the Canary as DestinationRule ${side.name}, and Istio uses only one of them. Copy what it says to service.trafficPolicy, then delete it; or remove service.trafficPolicy.`,
    )
  }
  return null
}

/** Istio joins rules for one host that are exported alike, and uses the trafficPolicy of the oldest alone. */
export const rulesThatContradict: FindProblem = o => {
  for (const service of [o.names.apexService, ...sidesOf(o)]) {
    const general = rulesFor(o, service).filter(rule => selectorOf(rule) === undefined && saysPolicy(rule))
    const [used, ignored] = contradicting(general)
    if (used === undefined || ignored === undefined) continue
    return problem(
      'Conflict',
      `${called(used)} and ${called(ignored)} are both for ${hostOf(used)} and say different things; Istio uses the trafficPolicy of the older, ${used.metadata.name}, and nothing of the other's. Write all of it into one`,
    )
  }
  return null
}

/** Of rules for one host the one that counts, and one that is exported alike and says something else; none where there are no such two. */
function contradicting(rules: readonly KubeObject[]): readonly KubeObject[] {
  const oldest = new Map<string, KubeObject>()
  for (const rule of inOrder(rules)) {
    const key = exportKey(rule)
    const used = oldest.get(key) ?? rule
    if (!sameJson(at(used.spec, 'trafficPolicy'), at(rule.spec, 'trafficPolicy'))) return [used, rule]
    oldest.set(key, used)
  }
  return []
}

/** Envoy ejects a pod only while fewer than this share are; at 100 % of a bad candidate none is left (Envoy's outlier detection). */
export const everyPodEjected: FindProblem = o => {
  const policy = clientPolicies(o, 'canary').find(
    ({ trafficPolicy }) => at(trafficPolicy, 'outlierDetection', 'maxEjectionPercent') === 100,
  )
  if (policy === undefined) return null
  const who = policy.rule === null ? 'service.trafficPolicy' : called(policy.rule)
  return problem(
    'Conflict',
    `${who} lets callers' proxies eject every pod of Service ${policy.service.name} (outlierDetection.maxEjectionPercent: 100). A bad candidate, above all one with a single pod, gets no request then, and its whole share is answered 503 by those proxies: gates see that by the callers' telemetry alone. Write 50, or leave it out for 10`,
  )
}
