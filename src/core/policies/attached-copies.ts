/**
 * Policies for the Service of the callers (`targetRefs`), and their copies for those of the two sides. A waypoint enforces a policy in the
 * chain of the Service that was called, before the split, so it covers what is split and leaves calls to `web-primary` and `web-canary` by name open
 * (tried with istiod, as is that what the split leads to a side does not meet the policies of that side).
 */
import { kindKey, type KubeObject } from '../../api/object.ts'
import { at, isRecord, type Json, recordOf, recordsOf } from '../json.ts'
import type { Observation } from '../model/observation.ts'
import { liveOf } from '../render/ownership.ts'
import { attachedServices, waypointCondition } from './attached.ts'
import { type Copy, isCopy, refOfCopy } from './copy.ts'
import { istioPolicies } from './istio.ts'
import type { PolicyKind } from './policy-kind.ts'

type Attached = Pick<Observation, 'names' | 'live' | 'policies'>

/** The kinds that name Services. */
export const attachableKinds: readonly PolicyKind[] = istioPolicies.filter(({ attachable }) => attachable)

/** Whether a waypoint enforces what is attached to the Service of the callers, or will as soon as it is ready: istiod has answered to the label. */
export const isCoveredByWaypoint = (o: Pick<Observation, 'names' | 'live'>): boolean =>
  waypointCondition(liveOf(o, o.names.apexService)) !== undefined

/** One for each policy of the user's for that Service; it names those of the two sides that the policy itself does not. */
export function attachedCopies(o: Attached): readonly Copy[] {
  return isCoveredByWaypoint(o) ? attachableKinds.flatMap(kind => ofKind(o, kind)) : []
}

function ofKind(o: Attached, kind: PolicyKind): readonly Copy[] {
  const { apexService, primaryService, canaryService } = o.names
  const users = o.policies.filter(one => kindKeyOf(one) === kindKey(kind.kind) && !isCopy(o, one))
  const attached = users.map(policy => ({ policy, services: attachedServices(policy) }))
  const ofApex = attached.filter(({ services }) => services.includes(apexService.name))
  // What the user wrote for a side alone is the user's decision: another policy beside it may allow more.
  const own = attached.filter(one => !ofApex.includes(one)).flatMap(({ services }) => services)
  const sides = [primaryService.name, canaryService.name].filter(side => !own.includes(side))
  return ofApex.flatMap(({ policy, services }) => {
    const open = sides.filter(side => !services.includes(side))
    if (open.length === 0) return []
    const spec = attachedTo(recordOf(policy.spec), apexService.name, open)
    return [{ kind, original: policy, ref: refOfCopy(o, kind, policy), spec }]
  })
}

const kindKeyOf = ({ kind }: KubeObject): string | undefined => {
  const found = attachableKinds.find(one => one.kind.kind === kind)
  return found === undefined ? undefined : kindKey(found.kind)
}

/** The spec for these Services in place of the one that it names. */
function attachedTo(spec: Json, apex: string, services: readonly string[]): Json {
  const { targetRef, targetRefs, ...rest } = spec
  const refs = [...recordsOf(targetRefs), ...(isRecord(targetRef) ? [targetRef] : [])]
  const entry = refs.find(one => at(one, 'kind') === 'Service' && at(one, 'name') === apex) ?? {}
  return { ...rest, targetRefs: services.map(name => ({ ...entry, name })) }
}
