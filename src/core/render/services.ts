/**
 * The Services: the apex that callers use, and one for each side where the split is between hosts.
 *
 * - two services: apex, `<apex>-primary`, `<apex>-canary`.
 * - subsets: the apex alone, which selects both sides.
 * - selector: the same Services, and the apex selects one side or the other.
 * - ingress: the same Services, and the apex selects the canary only while that has everything.
 */
import type { KubeObject, Ref } from '../../api/object.ts'
import { mayApexLeadToCanary, topologyOf } from '../../api/providers.ts'
import { at, covers, type Json, present, recordOf, recordsOf, sameJson, textsOf } from '../json.ts'
import { apexSelector, type Labels, primaryLabels, selects, targetLabels, templateLabels } from './labels.ts'
import { CANARY_LABEL, ENDPOINTS_LABEL, POD_HASH_LABEL } from '../model/names.ts'
import type { Observation } from '../model/observation.ts'
import type { Posture } from '../model/posture.ts'
import { ALL, isNone, sameTraffic } from '../model/traffic.ts'
import { templateOf } from '../model/revision.ts'
import { candidateOf, judgedOf, judgedReady, podsOf, promotedOf, recordedOf, runOf } from '../model/selectors.ts'
import type { Revision } from '../model/state.ts'
import type { Write } from '../model/write.ts'
import { adopt, makeAgain, onlySelector, ownSelector, pointBack, releaseAdopted } from './adopted.ts'
import { byKey, portKey, usersService } from './original.ts'
import {
  applyOurs,
  deleteOurs,
  disownOf,
  handedBack,
  isOurs,
  liveOf,
  managed,
  type Metadata,
  ours,
} from './ownership.ts'
import { ownPorts, sidePorts } from './ports.ts'
import { isOnlyAName, repairing } from './service-repairs.ts'
import { FAMILY_FIELDS, fieldsOf, meaningful, TRAFFIC_FIELDS } from './traffic-fields.ts'

/** Selected by the canary Service before anything was judged: no pod has it. */
const NONE_YET = 'none-yet'

export function renderServices(o: Observation, posture: Posture): Write[] {
  return [...(topologyOf(o.canary.spec) === 'selector' ? [] : renderApex(o, posture)), ...sides(o, posture)]
}

/** What the primary's pods are selected by, as it was made: the target may be recreated with other labels. */
function servedBy(o: Observation): Labels | null {
  const live = liveOf(o, o.names.primary)
  if (live === undefined || !isOurs(o, live)) return null
  const selector = textsOf(at(live.spec, 'selector', 'matchLabels'))
  return Object.keys(selector).length === 0 ? null : selector
}

function sides(o: Observation, posture: Posture): Write[] {
  const { names } = o
  if (topologyOf(o.canary.spec) === 'subsets') return []
  if (posture.remove === 'everything') {
    return [...deleteOurs(o, names.primaryService), ...deleteOurs(o, names.canaryService)]
  }
  // Before the first primary is wanted nothing is made; without a target it is not known what to select.
  if (o.target === null || posture.primary === null) return []
  const primary = servedBy(o) ?? primaryLabels(o, targetLabels(o))
  const { service } = o.canary.spec
  return [
    ...(primary === null ? [] : side(o, posture, names.primaryService, service.primary, primary)),
    ...side(o, posture, names.canaryService, service.canary, canarySelector(o, posture)),
  ]
}

/** The pods of the judged revision and no others: what was pushed since carries nothing. */
function canarySelector(o: Observation, posture: Posture): Labels {
  const judged = posture.judged === null ? undefined : o.target?.pods[templateOf(posture.judged)]
  const live = textsOf(at(liveOf(o, o.names.canaryService)?.spec, 'selector'))[POD_HASH_LABEL]
  return { ...targetLabels(o), [POD_HASH_LABEL]: judged?.hash ?? live ?? NONE_YET }
}

/** The Service of a side. What the Canary does not say of it is as in the user's Service that it replaces, or as it says of the apex. */
function side(o: Observation, posture: Posture, ref: Ref, metadata: Metadata | undefined, selector: Labels): Write[] {
  const users = usersService(o)
  const live = liveOf(o, ref)
  const families = fieldsOf(users?.spec, FAMILY_FIELDS)
  // The first family of a Service cannot be changed.
  const fits = live === undefined || firstOf(families) === firstOf(live.spec) ? families : {}
  const { apex, trafficDistribution } = o.canary.spec.service
  const followed = { ...fieldsOf(users?.spec, TRAFFIC_FIELDS), ...fits, ...present({ trafficDistribution }) }
  const own = {
    labels: {
      ...meaningful(o, { ...users?.labels, ...apex?.labels }),
      ...metadata?.labels,
      [ENDPOINTS_LABEL]: o.names.canary,
    },
    annotations: { ...meaningful(o, { ...users?.annotations, ...apex?.annotations }), ...metadata?.annotations },
  }
  return made(o, posture, ref, own, { ...followed, selector, ports: sidePorts(o) })
}

const firstOf = (spec: unknown): unknown => {
  const families = at(spec, 'ipFamilies')
  return Array.isArray(families) ? families[0] : undefined
}

/** A Service that we make. Ports of others on it stay: a Service's ports are a map by number. */
function made(
  o: Observation,
  posture: Posture,
  ref: Ref,
  metadata: Metadata | undefined,
  wanted: Json & { readonly selector: Labels },
): Write[] {
  const { service } = o.canary.spec
  const live = liveOf(o, ref)
  const stays = live !== undefined && posture.service === 'as it was'
  if (stays && sameJson(at(live.spec, 'selector'), wanted.selector)) return []
  const kept = fieldsOf(live?.spec, ['ports', ...TRAFFIC_FIELDS, ...FAMILY_FIELDS])
  const fields = stays ? { ...kept, selector: wanted.selector } : wanted
  // Cannot be changed once it is there.
  const headless = live === undefined ? service.headless : at(live.spec, 'clusterIP') === 'None'
  const spec = { ...(headless ? { clusterIP: 'None' } : {}), ...fields }
  const object = ours(o, ref, managed(o, metadata), { spec })
  const writes = applyOurs(o, ref, object, sameService)
  return live === undefined ? writes : writes.map(write => repairing(write, live))
}

/** The selector exactly, for a key more selects other pods; the ports among those that are there. */
function sameService(live: KubeObject, wanted: KubeObject): boolean {
  const { ports, selector, ...rest } = recordOf(wanted.spec)
  const there = byKey(recordsOf(at(live.spec, 'ports')))
  return (
    !isOnlyAName(live) &&
    covers(live.metadata.annotations, wanted.metadata.annotations) &&
    covers(live.spec, rest) &&
    sameJson(at(live.spec, 'selector'), selector) &&
    recordsOf(ports).every(port => covers(there.get(portKey(port)), port))
  )
}

/** What the apex selects while the primary serves. */
const ofPrimary = (o: Observation): Labels | null =>
  (topologyOf(o.canary.spec) === 'subsets' ? null : servedBy(o)) ?? apexSelector(o)

/** Whose pods the apex selects; where it is not the split, always those that the primary's routes start from. */
function sideOfApex(o: Observation, { traffic }: Posture): 'primary' | 'canary' | 'both' | 'as it is' {
  const topology = topologyOf(o.canary.spec)
  if (topology === 'subsets') return 'both'
  if (topology === 'two services') return 'primary'
  if (traffic === null) return 'as it is'
  const isOfCanary = topology === 'ingress' ? sameTraffic(traffic, ALL) : !isNone(traffic)
  return isOfCanary ? 'canary' : 'primary'
}

/**
 * The revision of the canary that the apex leads to: what is judged, or what carried and serves for the primary. null where it has
 * no pods that are known: the apex stays as it is then, because a selector without pods has no endpoints.
 */
function servingCanary(o: Observation, { judged }: Posture): Revision | null {
  const run = runOf(o.state)
  const carried = [judgedOf(o), run !== null && run.highest > 0 ? run.candidate : '']
  const known = (judged === null ? carried : [judged]).filter(revision => podsOf(o.target, revision) !== null)
  return known.find(revision => judgedReady(o, revision) > 0) ?? known[0] ?? null
}

function selectorOf(o: Observation, revision: Revision): Labels | null {
  const pods = podsOf(o.target, revision)
  return pods === null ? null : { ...targetLabels(o), [POD_HASH_LABEL]: pods.hash }
}

/** Labels of the pods of a revision; null where its template is not known. */
function labelsOfRevision(o: Observation, revision: Revision): Labels | null {
  if (o.target?.revision === revision) return templateLabels(o.target.object)
  const recorded = recordedOf(o, revision)
  return recorded === undefined ? null : textsOf(at(recorded.template, 'metadata', 'labels'))
}

/**
 * Labels of the primary's pods: of the template that it has now, and of those that it may be rolling from. What the target holds
 * says nothing of them before it is promoted.
 */
function labelsOfPrimary(o: Observation, selector: Labels): Labels[] {
  if (o.primary === null) return [primaryLabels(o, templateLabels(o.target?.object)) ?? selector]
  const { state } = o
  const rolling = state.phase === 'Promoting' || state.phase === 'Finalising'
  const others = rolling ? [promotedOf(state), candidateOf(state), state.rejected] : []
  const before = others.flatMap((revision): Labels[] => {
    const labels = revision === null ? null : labelsOfRevision(o, revision)
    return labels === null ? [] : [primaryLabels(o, labels) ?? labels]
  })
  return [templateLabels(o.primary.object), ...before]
}

/** The Service that callers use. With the topology `selector` it is the split. */
export function renderApex(o: Observation, posture: Posture): Write[] {
  const live = liveOf(o, o.names.apexService)
  const adopted = live !== undefined && !isOurs(o, live)
  if (posture.remove === 'everything') {
    if (live === undefined) return []
    return adopted ? releaseAdopted(o, live) : releaseMade(o, live)
  }
  if (posture.callers === 'untouched') return []
  if (posture.callers === 'primary') {
    const pointed = sideOfApex(o, posture)
    if (pointed === 'as it is') return []
    const serving = pointed === 'canary' ? servingCanary(o, posture) : null
    const ofCanary = serving === null ? null : selectorOf(o, serving)
    const selector = pointed === 'canary' ? ofCanary : ofPrimary(o)
    if (selector === null) return []
    if (live === undefined && usersService(o) !== null) return makeAgain(o, selector)
    if (!adopted) return ownApex(o, posture, selector)
    const selected = {
      primary: () => labelsOfPrimary(o, selector),
      canary: () => [labelsOfRevision(o, serving ?? '') ?? selector],
      both: () => [...labelsOfPrimary(o, selector), templateLabels(o.target?.object)],
    }
    return adopt(o, live, selector, selected[pointed](), posture)
  }
  if (live === undefined || o.target === null) return []
  if (adopted) return pointBack(o, live, {})
  return ownApex(o, posture, targetLabels(o))
}

/**
 * Whether the Service of the callers leads past the target by now. Only of a split between two Services it says more than the
 * routes do: who is not in the mesh goes by it, and its write may succeed later than theirs.
 */
export function apexLeftTarget(o: Observation): boolean {
  if (!['two services', 'ingress'].includes(topologyOf(o.canary.spec))) return true
  const live = liveOf(o, o.names.apexService)
  return live !== undefined && !selects(textsOf(at(live.spec, 'selector')), templateLabels(o.target?.object))
}

function ownApex(o: Observation, posture: Posture, selector: Labels): Write[] {
  const { apex: metadata, trafficDistribution } = o.canary.spec.service
  const wanted = { ...present({ trafficDistribution }), selector, ports: ownPorts(o) }
  const own = mayApexLeadToCanary(o.canary.spec)
    ? { ...metadata, labels: { ...metadata?.labels, [ENDPOINTS_LABEL]: o.names.canary } }
    : metadata
  return made(o, posture, o.names.apexService, own, wanted)
}

/** The Service that we made goes on serving, now the target, and is the user's from here on. */
function releaseMade(o: Observation, live: KubeObject): Write[] {
  const ref = o.names.apexService
  if (live.metadata.labels?.[CANARY_LABEL] === undefined) return disownOf(ref, live)
  return [{ verb: 'merge', ref, patch: handedBack(o, live, { selector: onlySelector(live, ownSelector(o, live)) }) }]
}
