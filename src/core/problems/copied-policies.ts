/** Policies that cover the target and cannot be kept equal for the primary, and those that cover nothing. */
import { refKey } from '../../api/object.ts'
import { at, textsOf } from '../json.ts'
import { kindAndName } from '../model/names.ts'
import { attachedServices, isBoundToWaypoint } from '../policies/attached.ts'
import { parityOf, type Unequal } from '../policies/copies.ts'
import { type Copy, isCopy } from '../policies/copy.ts'
import { kindOfPolicy, policyKinds } from '../policies/index.ts'
import { policyWithoutPrimary } from '../policies/peers.ts'
import type { Expression } from '../policies/pod-selector.ts'
import { pairsOf, selectorOfPrimary } from '../policies/sides.ts'
import type { Observation } from '../model/observation.ts'
import { liveOf } from '../render/ownership.ts'
import { foreign } from './foreign.ts'
import { called, type FindProblem, problem } from './problem.ts'

/** The first policy that the primary would not have, or not alone. */
export const policyNotKept: FindProblem = o => {
  const [first] = parityOf(o)?.unequal ?? []
  return first === undefined ? null : problem('PolicyNotKept', sentence(o, first))
}

function sentence(o: Observation, unequal: Unequal): string {
  const { target, primary } = o.names
  const [policy, pods] = [called(unequal.policy), `the pods of ${kindAndName(primary)}`]
  switch (unequal.why) {
    case 'excludes':
      return `${policy} selects the pods of ${kindAndName(target)} and excludes ${pods} by ${inWords(unequal.expression)}, so what serves would be without it. Remove this expression, or select by a label that both have.`
    case 'overruled':
      return `${policy} decides for the pods of ${kindAndName(target)}, and the oldest decides alone: on ${pods} that would be ${called(unequal.other)}, which selects them too and says something else. Write the same spec in both, or narrow the selector of ${unequal.other.metadata.name} so that it does not select ${labelsInWords(o)}.`
    case 'doubled':
      return `${policy} and ${called(unequal.other)} both select the pods of ${kindAndName(target)}, and both would be copied for ${primary.name} as ${kindAndName(unequal.ref)}. Create one of them under another name, then delete the old one.`
  }
}

const inWords = ({ key, operator, values }: Expression): string =>
  values.length === 0 ? `${key} ${operator}` : `${key} ${operator} [${values.join(', ')}]`

const labelsInWords = (o: Observation): string =>
  Object.entries(selectorOfPrimary(o) ?? {})
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')

/** The name of a copy is taken. */
export const foreignPolicyCopy: FindProblem = o => {
  for (const copy of parityOf(o)?.copies ?? []) {
    const found = foreign(o, liveOf(o, copy.ref), '', adviceOn(copy))
    if (found !== null) return found
  }
  return null
}

const adviceOn = ({ ref, original }: Copy): string =>
  `Rename it, or delete it: ${ref.name} is made from ${called(original)}.`

/** It lets the pods of the target through and not those of the primary, on a side that is not theirs: no copy can mend that. */
export const peerMissed: FindProblem = o => {
  const { namespace, target, primary } = o.names
  const pairs = pairsOf(o)
  for (const kind of policyKinds) {
    if (kind.connections === undefined) continue
    const policies = o.policies.filter(one => kindOfPolicy(one) === kind)
    const policy = policyWithoutPrimary(kind.connections, policies, namespace, pairs)
    if (policy === null) continue
    return problem(
      'PolicyNotKept',
      `${called(policy)} lets the pods of ${kindAndName(target)} through as peers, and not those of ${kindAndName(primary)}. Add the same peer with ${labelsInWords(o)} in podSelector.matchLabels, beside the one that is there.`,
    )
  }
  return null
}

/** It names a Service, as only waypoints understand it, and no waypoint takes the requests to that. */
export const policyWithoutEffect: FindProblem = o => {
  const { apexService, primaryService, canaryService } = o.names
  for (const policy of o.policies) {
    const kind = kindOfPolicy(policy)
    if (kind?.attachable !== true || isCopy(o, policy)) continue
    const names = attachedServices(policy)
    const service = [apexService, primaryService, canaryService].find(
      ref => names.includes(ref.name) && !isBoundToWaypoint(o.live[refKey(ref)]),
    )
    if (service === undefined) continue
    const labels = Object.entries(textsOf(at(o.target?.object.spec, 'selector', 'matchLabels')))
    const matchLabels = labels.map(([key, value]) => `${key}: ${value}`).join(', ')
    return problem(
      'PolicyWithoutEffect',
      `${called(policy)} names ${kindAndName(service)} in spec.targetRefs, which only a waypoint obeys, and this Service is bound to none: no request meets the policy. Write ${kind.labelsAt} with ${matchLabels} in place of spec.targetRefs; it is then kept equal for ${o.names.primary.name}`,
    )
  }
  return null
}
