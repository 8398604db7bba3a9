/**
 * DestinationRules for the two hosts of the split. With subsets the rule is the user's and only read. In a VirtualService of
 * the user's the primary may be the apex, with a rule of the user's for it: the canary beside it is treated alike.
 */
import type { Ref } from '../../../api/object.ts'
import { at, present, textOf } from '../../json.ts'
import type { Observation } from '../../observation.ts'
import type { Posture } from '../../posture.ts'
import { applyOurs, deleteOurs, ours } from '../../resources/ownership.ts'
import type { Write } from '../../write.ts'
import { isHost } from './hosts.ts'

export function renderRules(o: Observation, posture: Posture): Write[] {
  const { names } = o
  const { service } = o.canary.spec
  if (service.destinationRule !== undefined) return []
  const refs = [
    [names.primaryRule, names.primaryService],
    [names.canaryRule, names.canaryService],
  ] as const
  if (posture.remove === 'everything') return refs.flatMap(([ref]) => deleteOurs(o, ref))
  if (posture.primary === null) return []
  const trafficPolicy = service.trafficPolicy ?? (service.virtualServices === undefined ? undefined : apexPolicy(o))
  const rule = (ref: Ref, host: Ref): Write[] =>
    applyOurs(o, ref, ours(o, ref, {}, { spec: present({ host: host.name, trafficPolicy }) }))
  return refs.flatMap(([ref, host]) => rule(ref, host))
}

/** The policy of the user's rule for the apex. */
function apexPolicy(o: Observation): unknown {
  const rule = o.surroundings.destinationRules.find(one =>
    isHost(textOf(at(one.spec, 'host')), one.metadata.namespace ?? '', o.names.apexService),
  )
  return at(rule?.spec, 'trafficPolicy')
}
