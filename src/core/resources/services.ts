/**
 * The Services: the apex that callers use, and one for each side where the split is between hosts.
 *
 * - own VirtualService, or the user's: apex, `<apex>-primary`, `<apex>-canary`.
 * - subsets: the apex alone, which selects both sides.
 */
import type { KubeObject, Ref } from '../../api/object.ts'
import { at, covers, entryOf, type Json, present, recordsOf, sameJson, textsOf } from '../json.ts'
import { apexSelector, type Labels, primaryLabels, selects, targetLabels, templateLabels } from '../labels.ts'
import { CANARY_LABEL, ORIGINAL_ANNOTATION, POD_HASH_LABEL } from '../names.ts'
import type { Observation } from '../observation.ts'
import type { Posture } from '../posture.ts'
import { templateOf } from '../revision.ts'
import type { Write } from '../write.ts'
import { applyOurs, deleteOurs, disownOf, handedBack, isOurs, liveOf, type Metadata, ours } from './ownership.ts'
import { adoptedPorts, servicePorts } from './ports.ts'

/** Selected by the canary Service before anything was judged: no pod has it. */
const NONE_YET = 'none-yet'

export function renderServices(o: Observation, posture: Posture): Write[] {
  return [...apex(o, posture), ...sides(o, posture)]
}

/** What the primary's pods are selected by, as it was made: the target may be made anew with other labels. */
function servedBy(o: Observation): Labels | null {
  const live = liveOf(o, o.names.primary)
  if (live === undefined || !isOurs(o, live)) return null
  const selector = textsOf(at(live.spec, 'selector', 'matchLabels'))
  return Object.keys(selector).length === 0 ? null : selector
}

function sides(o: Observation, posture: Posture): Write[] {
  const { names } = o
  if (o.canary.spec.service.destinationRule !== undefined) return []
  if (posture.remove === 'everything') {
    return [...deleteOurs(o, names.primaryService), ...deleteOurs(o, names.canaryService)]
  }
  // Before the first primary is wanted nothing is made; without a target it is not known what to select.
  if (o.target === null || posture.primary === null) return []
  const primary = servedBy(o) ?? primaryLabels(o, targetLabels(o))
  const { service } = o.canary.spec
  return [
    ...(primary === null ? [] : made(o, names.primaryService, service.primary, primary)),
    ...made(o, names.canaryService, service.canary, canarySelector(o, posture)),
  ]
}

/** The pods of the judged revision and no others: what was pushed since carries nothing. */
function canarySelector(o: Observation, posture: Posture): Labels {
  const judged = posture.judged === null ? undefined : o.target?.pods[templateOf(posture.judged)]
  const live = textsOf(at(liveOf(o, o.names.canaryService)?.spec, 'selector'))[POD_HASH_LABEL]
  return { ...targetLabels(o), [POD_HASH_LABEL]: judged?.hash ?? live ?? NONE_YET }
}

/** A Service that we make. Ports of others on it stay: a Service's ports are a map by number. */
function made(o: Observation, ref: Ref, metadata: Metadata | undefined, selector: Labels): Write[] {
  const { service } = o.canary.spec
  const live = liveOf(o, ref)
  // Cannot be changed once it is there.
  const headless = live === undefined ? service.headless : at(live.spec, 'clusterIP') === 'None'
  const spec = present({
    clusterIP: headless ? 'None' : undefined,
    selector,
    ports: servicePorts(o),
    trafficDistribution: service.trafficDistribution,
  })
  return applyOurs(o, ref, ours(o, ref, managed(o, metadata), { spec }), sameService)
}

/** The metadata of the spec without what it leaves to somebody else. */
function managed(o: Observation, metadata: Metadata | undefined): Metadata {
  const { labels = [], annotations = [] } = o.canary.spec.service.unmanagedMetadata ?? {}
  return {
    labels: omitted(metadata?.labels, labels),
    annotations: omitted(metadata?.annotations, annotations),
  }
}

const omitted = (entries: Labels | undefined, keys: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(entries ?? {}).filter(([key]) => !keys.includes(key)))

/** The selector exactly, for a key more selects other pods; the ports among those that are there. */
function sameService(live: KubeObject, wanted: KubeObject): boolean {
  const { ports, selector, ...rest } = wanted.spec as { ports: Json[]; selector: Labels }
  const there = recordsOf(at(live.spec, 'ports'))
  return (
    covers(live.metadata.annotations, wanted.metadata.annotations) &&
    covers(live.spec, rest) &&
    sameJson(at(live.spec, 'selector'), selector) &&
    ports.every(port => there.some(one => covers(one, port)))
  )
}

function apex(o: Observation, posture: Posture): Write[] {
  const live = liveOf(o, o.names.apexService)
  const adopted = live !== undefined && !isOurs(o, live)
  if (posture.remove === 'everything') {
    if (live === undefined) return []
    return adopted ? releaseAdopted(o, live) : releaseMade(o, live)
  }
  if (posture.callers === 'untouched') return []
  if (posture.callers === 'primary') {
    const subsets = o.canary.spec.service.destinationRule !== undefined
    const selector = (subsets ? null : servedBy(o)) ?? apexSelector(o)
    if (selector === null) return []
    return adopted ? adopt(o, live, selector) : made(o, o.names.apexService, o.canary.spec.service.apex, selector)
  }
  if (live === undefined || o.target === null) return []
  if (adopted) return pointBack(o, live, {})
  return made(o, o.names.apexService, o.canary.spec.service.apex, targetLabels(o))
}

/** What an adopted Service was before our first write. */
interface Original {
  readonly selector: unknown
  readonly ports: unknown
  /** Of labels and annotations only those that service.apex speaks of. */
  readonly labels: Labels
  readonly annotations: Labels
}

export function originalOf(live: KubeObject): Original | null {
  const text = live.metadata.annotations?.[ORIGINAL_ANNOTATION]
  if (text === undefined) return null
  try {
    const original: unknown = JSON.parse(text)
    return {
      selector: at(original, 'selector'),
      ports: at(original, 'ports'),
      labels: textsOf(at(original, 'labels')),
      annotations: textsOf(at(original, 'annotations')),
    }
  } catch {
    return null
  }
}

/** What a user's Service selected before it was adopted; of one that is not, what it selects now. */
export function selectorBefore(live: KubeObject): Labels {
  return textsOf(originalOf(live)?.selector ?? at(live.spec, 'selector'))
}

/**
 * Points a user's Service at the primary. Keys of its selector that the primary's pods have stay, and ours are added: an
 * added key survives a client-side apply of the user's manifest. The original is stored in the same write.
 */
function adopt(o: Observation, live: KubeObject, selector: Labels): Write[] {
  const spec = live.spec
  const target = templateLabels(o.target?.object)
  const primary = primaryLabels(o, target) ?? selector
  const selected = o.canary.spec.service.destinationRule === undefined ? [primary] : [primary, target]
  const kept = Object.entries(textsOf(at(spec, 'selector'))).filter(([key, value]) =>
    selected.every(pods => entryOf(pods, key) === value),
  )
  const { apex: written, trafficDistribution } = o.canary.spec.service
  const { labels = {}, annotations = {} } = managed(o, written)
  const wanted = { selector: { ...Object.fromEntries(kept), ...selector }, ports: adoptedPorts(o, spec) }
  const stands =
    sameJson(at(spec, 'selector'), wanted.selector) &&
    sameJson(at(spec, 'ports'), wanted.ports) &&
    covers(spec, present({ trafficDistribution })) &&
    agrees(live.metadata.labels, labels) &&
    agrees(live.metadata.annotations, annotations)
  if (stands) return disownOf(o.names.apexService, live)
  const original = {
    selector: at(spec, 'selector'),
    ports: at(spec, 'ports'),
    labels: only(live.metadata.labels, labels),
    annotations: only(live.metadata.annotations, annotations),
  }
  const noted = originalOf(live) === null ? { [ORIGINAL_ANNOTATION]: JSON.stringify(original) } : {}
  const metadata = { labels, annotations: { ...annotations, ...noted } }
  return [patch(o, live, metadata, { ...wanted, trafficDistribution })]
}

/** The entries of those keys that `written` has. */
function only(entries: Labels | undefined, written: Labels): Labels {
  return Object.fromEntries(Object.entries(entries ?? {}).filter(([key]) => Object.hasOwn(written, key)))
}

/** The values to go back to; null takes out what was not there before. */
function before(original: Labels | undefined, written: Labels | undefined): Entries {
  return Object.fromEntries(Object.keys(written ?? {}).map(key => [key, entryOf(original, key) ?? null]))
}

/** Labels or annotations as a merge patch has them: null takes one out. */
type Entries = Readonly<Record<string, string | null>>

function patch(
  o: Observation,
  live: KubeObject,
  { labels, annotations }: { readonly labels: Entries; readonly annotations: Entries },
  { selector, ...rest }: { readonly selector: Labels; readonly [field: string]: unknown },
): Write {
  const metadata = present({
    resourceVersion: live.metadata.resourceVersion,
    labels: Object.keys(labels).length === 0 ? undefined : labels,
    annotations: Object.keys(annotations).length === 0 ? undefined : annotations,
  })
  const spec = { selector: onlySelector(live, selector), ...present(rest) }
  return { verb: 'merge', ref: o.names.apexService, patch: { metadata, spec } }
}

/** For a merge patch that leaves nothing of the live selector but `selector`. */
function onlySelector(live: KubeObject, selector: Labels): Readonly<Record<string, string | null>> {
  const gone = Object.keys(textsOf(at(live.spec, 'selector'))).filter(key => !Object.hasOwn(selector, key))
  return { ...Object.fromEntries(gone.map(key => [key, null])), ...selector }
}

/**
 * A user's Service serves the target again, by what it selected before where that still finds the target's pods; with
 * revertOnDeletion its ports, labels and annotations are what they were, too.
 */
function pointBack(o: Observation, live: KubeObject, forgotten: Entries): Write[] {
  const original = originalOf(live)
  const selected = textsOf(original?.selector)
  // Without a target there is nobody to point it at but those whom it pointed at before.
  const serves = o.target === null ? original !== null : selects(selected, templateLabels(o.target.object))
  const selector = serves ? selected : ownSelector(o, live)
  const reverts = o.canary.spec.revertOnDeletion
  const ports = (reverts ? original?.ports : undefined) ?? at(live.spec, 'ports')
  const written = reverts ? managed(o, o.canary.spec.service.apex) : {}
  const labels = before(original?.labels, written.labels)
  const annotations = { ...before(original?.annotations, written.annotations), ...forgotten }
  const same =
    sameJson(at(live.spec, 'selector'), selector) &&
    sameJson(at(live.spec, 'ports'), ports) &&
    agrees(live.metadata.labels, labels) &&
    agrees(live.metadata.annotations, annotations)
  return same ? [] : [patch(o, live, { labels, annotations }, { selector, ports })]
}

/** Whether a patch of these entries would change nothing. */
const agrees = (live: Labels | undefined, entries: Entries): boolean =>
  Object.entries(entries).every(([key, value]) => (entryOf(live, key) ?? null) === value)

/** The last write to a user's Service. One that was never adopted is not touched. */
function releaseAdopted(o: Observation, live: KubeObject): Write[] {
  if (ORIGINAL_ANNOTATION in (live.metadata.annotations ?? {})) {
    return pointBack(o, live, { [ORIGINAL_ANNOTATION]: null })
  }
  return disownOf(o.names.apexService, live)
}

/** The Service that we made goes on serving, now the target, and is the user's from here on. */
function releaseMade(o: Observation, live: KubeObject): Write[] {
  const ref = o.names.apexService
  if (live.metadata.labels?.[CANARY_LABEL] === undefined) return disownOf(ref, live)
  return [{ verb: 'merge', ref, patch: handedBack(o, live, { selector: onlySelector(live, ownSelector(o, live)) }) }]
}

/** What the target's pods are selected by; where it is gone, what the Service selects now. */
function ownSelector(o: Observation, live: KubeObject): Labels {
  return o.target === null ? textsOf(at(live.spec, 'selector')) : targetLabels(o)
}
