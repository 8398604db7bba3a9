/**
 * DestinationRules for the two hosts of the split. One is written only where it has something to say: a rule for an exact
 * host switches off every wildcard for it, so what is written carries the whole policy that applied to the apex. With
 * subsets the rule is the user's and only read.
 */
import { isGatewayApi } from '../../../../api/providers.ts'
import type { Ref } from '../../../../api/object.ts'
import { type Json, present } from '../../../json.ts'
import type { Observation } from '../../../model/observation.ts'
import type { Posture } from '../../../model/posture.ts'
import { applyOurs, deleteOurs, ours } from '../../../render/ownership.ts'
import type { Write } from '../../../model/write.ts'
import type { Named } from '../../provider.ts'
import { ruleRefOf } from '../names.ts'
import { appliedPolicy, hostOf, isWildcard, overlaid, rulesFor } from './policies.ts'

/** Where people write how the two sides are called, as sentences name it. */
export const placeOfPolicy = ({ canary, names }: Named): string =>
  isGatewayApi(canary.spec.provider)
    ? `a DestinationRule for Service ${names.apexService.name}`
    : 'service.trafficPolicy of the Canary'

/** The rules of Sluice's for the two sides. */
export const ownRuleRefs = ({ names }: Named): Ref[] => [
  ruleRefOf(names.primaryService),
  ruleRefOf(names.canaryService),
]

export function renderRules(o: Observation, posture: Posture): Write[] {
  const { names } = o
  if (o.canary.spec.service.destinationRule !== undefined) return []
  const refs = [
    [ruleRefOf(names.primaryService), names.primaryService],
    [ruleRefOf(names.canaryService), names.canaryService],
  ] as const
  if (posture.remove === 'everything') return refs.flatMap(([ref]) => deleteOurs(o, ref))
  if (posture.primary === null) return []
  return refs.flatMap(([ref, side]) => {
    const spec = ruleOf(o, side)
    return spec === null ? deleteOurs(o, ref) : applyOurs(o, ref, ours(o, ref, {}, { spec }))
  })
}

/**
 * The rule for a side; null where there is nothing to say. In a route of the user's the primary may be the apex: the canary
 * beside it is treated alike.
 */
export function ruleOf(o: Observation, side: Ref): Json | null {
  const rules = rulesFor(o, o.names.apexService)
  const applied = appliedPolicy(o, rules)
  const said = o.canary.spec.service.trafficPolicy
  if (said !== undefined) {
    const before = applied?.workloadSelector === undefined ? applied : null
    const trafficPolicy = overlaid(before?.trafficPolicy, said)
    return present({ host: side.name, trafficPolicy, exportTo: before?.exportTo })
  }
  if (applied === null) return null
  const there = rulesFor(o, side)
  const alike = there.length === rules.length && there.every(rule => rules.includes(rule))
  // A rule of the user's for the side itself says what the user wants of it.
  if (alike || there.some(rule => !isWildcard(hostOf(rule)))) return null
  return present({ host: side.name, ...applied })
}
