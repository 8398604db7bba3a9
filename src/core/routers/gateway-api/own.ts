/** The HTTPRoute that Sluice makes. It is never deleted and made again: at a gateway it would move behind those of others. */
import type { Kind, KubeObject, Ref } from '../../../api/object.ts'
import { at, type Json, recordOf, sameJson } from '../../json.ts'
import { CANARY_LABEL, type Names } from '../../model/names.ts'
import type { Observation } from '../../model/observation.ts'
import type { Posture } from '../../model/posture.ts'
import type { Carried } from '../../model/traffic.ts'
import type { Write } from '../../model/write.ts'
import { applyOurs, deleteOurs, disownOf, handedBack, inherited, isOurs, liveOf, ours } from '../../render/ownership.ts'
import type { Named } from '../provider.ts'
import { unconfirmedOf } from './acceptance.ts'
import { writtenParents } from './parents.ts'
import { rulesIn } from './refs.ts'
import { apexRules, type Base, baseOf, liveBase, readRules, rulesFor, unmatchedRule } from './rules.ts'

/** It has the name of the Service that callers use, as Flagger's. */
export const httpRouteOf = (kind: Kind, { apexService: { namespace, name } }: Names): Ref => ({ kind, namespace, name })

/** Of the live route of ours; null where there is none that splits. */
export function readOwn(o: Named & Pick<Observation, 'live'>, kind: Kind): Carried | null {
  const live = liveOf(o, httpRouteOf(kind, o.names))
  if (live === undefined || !isOurs(o, live)) return null
  const carried = readRules(o, rulesIn(live.spec))
  const unconfirmed = unconfirmedOf(live)
  return carried === null || unconfirmed === null ? carried : { ...carried, unconfirmed }
}

export function renderOwn(o: Observation, kind: Kind, posture: Posture): Write[] {
  if (posture.remove === 'everything') return remove(o, kind, posture)
  if (posture.callers === 'target') return isThere(o, kind) ? write(o, kind, posture, 'apex') : []
  if (posture.traffic === null || posture.callers === 'untouched') return []
  return write(o, kind, posture, posture)
}

function isThere(o: Observation, kind: Kind): boolean {
  const live = liveOf(o, httpRouteOf(kind, o.names))
  return live !== undefined && isOurs(o, live)
}

/** What the rules carry: a split, or everything to the apex, whose Service then selects the target. */
type Split = Pick<Posture, 'traffic' | 'sticky' | 'retired'> | 'apex'

function write(o: Observation, kind: Kind, posture: Posture, split: Split): Write[] {
  const ref = httpRouteOf(kind, o.names)
  const { apex } = o.canary.spec.service
  const metadata = { labels: inherited(apex?.labels), annotations: inherited(apex?.annotations) }
  const spec = specOf(o, ref, posture, split)
  return spec === null ? [] : applyOurs(o, ref, ours(o, ref, metadata, { spec }), sameRoute)
}

/** null: what the Canary says is refused, and there is nothing that it could be carried by. */
function specOf(o: Observation, ref: Ref, posture: Posture, split: Split): Json | null {
  const rules = (base: Base): Json[] => (split === 'apex' ? apexRules(o, base) : rulesFor(o, base, split))
  if (posture.service === 'as written') {
    // A list that is left out would be another client's to add.
    const hostnames = o.canary.spec.service.hosts ?? []
    return { parentRefs: writtenParents(o), hostnames, rules: [...rules(baseOf(o)), ...unmatchedRule(o)] }
  }
  const live = recordOf(liveOf(o, ref)?.spec)
  const all = rulesIn(live)
  const base = liveBase(o, all)
  const { parentRefs, hostnames = [] } = live
  if (base === null) return split === 'apex' && all.length > 0 ? { parentRefs, hostnames, rules: all } : null
  const place = all.findLastIndex(one => one['backendRefs'] !== undefined && liveBase(o, [one]) !== null)
  return { parentRefs, hostnames, rules: [...rules(base), ...all.slice(place + 1)] }
}

/** Lists of an HTTPRoute are atomic: the manager that owns a weight owns the rules, to the last member. */
function sameRoute(live: KubeObject, wanted: KubeObject): boolean {
  return ['parentRefs', 'hostnames', 'rules'].every(field =>
    sameJson(at(live.spec, field) ?? [], at(wanted.spec, field) ?? []),
  )
}

/** What leads to the target stays and is the user's from here on; with revertOnDeletion there was none before. */
function remove(o: Observation, kind: Kind, posture: Posture): Write[] {
  const ref = httpRouteOf(kind, o.names)
  const live = liveOf(o, ref)
  if (live === undefined || !isOurs(o, live)) return []
  if (o.canary.spec.revertOnDeletion) return deleteOurs(o, ref)
  if (live.metadata.labels?.[CANARY_LABEL] === undefined) return disownOf(ref, live)
  const spec = specOf(o, ref, posture, 'apex')
  return spec === null ? [] : [{ verb: 'merge', ref, patch: handedBack(o, live, { rules: spec['rules'] }) }]
}
