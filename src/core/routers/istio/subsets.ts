/** The two subsets of `service.destinationRule`, as their labels. */
import { kinds, refKey } from '../../../api/object.ts'
import { at, recordsOf, textsOf } from '../../json.ts'
import type { Observation, SubsetLabels } from '../../model/observation.ts'
import type { Named } from '../provider.ts'

/** @returns null where `destinationRule` is not used, or the rule does not have them. */
export function subsetsOf(o: Named & Pick<Observation, 'live'>): SubsetLabels | null {
  const wanted = o.canary.spec.service.destinationRule
  if (wanted === undefined) return null
  const ref = { kind: kinds.DestinationRule, namespace: o.names.namespace, name: wanted.name }
  const subsets = recordsOf(at(o.live[refKey(ref)]?.spec, 'subsets'))
  const labelsOf = (name: string): Readonly<Record<string, string>> =>
    textsOf(subsets.find(subset => subset['name'] === name)?.['labels'])
  const [primary, canary] = [labelsOf(wanted.primarySubset), labelsOf(wanted.canarySubset)]
  return Object.keys(primary).length === 0 || Object.keys(canary).length === 0 ? null : { primary, canary }
}
