/** The Service that callers used before there was a Canary: it is pointed at the primary, and handed back to the target. */
import { apiVersionOf, type KubeObject } from '../../api/object.ts'
import { mayApexLeadToCanary } from '../../api/providers.ts'
import { at, entryOf, type Json, present, recordsOf, sameJson, textsOf } from '../json.ts'
import { type Labels, selects, targetLabels, templateLabels, unswitched } from './labels.ts'
import { ENDPOINTS_LABEL, ORIGINAL_ANNOTATION, POD_HASH_LABEL, ROLE_LABEL } from '../model/names.ts'
import type { Observation } from '../model/observation.ts'
import type { Posture } from '../model/posture.ts'
import type { Write } from '../model/write.ts'
import { type Entries, originalOf, usersService } from './original.ts'
import { disownOf, managed } from './ownership.ts'
import { apexPorts, withoutNodePorts } from './ports.ts'

/**
 * Points a user's Service at a side. Keys of its selector that the pods of that side have stay, and ours are added: an
 * added key survives a client-side apply of the user's manifest. The original is stored in the same write.
 *
 * @param selected labels of every pod that it should lead to: a key that one of them lacks would leave it out.
 */
export function adopt(
  o: Observation,
  live: KubeObject,
  selector: Labels,
  selected: readonly Labels[],
  posture: Posture,
): Write[] {
  const { spec } = live
  const kept = Object.entries(textsOf(at(spec, 'selector'))).filter(([key, value]) =>
    selected.every(pods => entryOf(pods, key) === value),
  )
  const { apex, trafficDistribution } = o.canary.spec.service
  const users = usersService(o)
  const before = originalOf(live)
  const said = managed(o, apex)
  const followed = mayApexLeadToCanary(o.canary.spec) ? { [ENDPOINTS_LABEL]: o.names.canary } : {}
  const labels = { ...before?.labels, ...said.labels, ...followed }
  const annotations = { ...before?.annotations, ...said.annotations }
  const written =
    posture.service === 'as it was'
      ? { ports: at(spec, 'ports'), trafficDistribution: at(spec, 'trafficDistribution') }
      : {
          ports: apexPorts(o),
          trafficDistribution: trafficDistribution ?? users?.spec['trafficDistribution'] ?? null,
        }
  const wanted = { selector: { ...Object.fromEntries(kept), ...selector }, ...written }
  if (agreesWith(live, wanted, { labels, annotations })) return disownOf(o.names.apexService, live)
  const original = {
    selector: before === null ? at(spec, 'selector') : before.selector,
    ports: users?.ports,
    trafficDistribution: users?.spec['trafficDistribution'],
    labels: recorded(before?.labels, live.metadata.labels, said.labels),
    annotations: recorded(before?.annotations, live.metadata.annotations, said.annotations),
    written: posture.service === 'as it was' ? before?.written : { ports: written.ports, trafficDistribution },
  }
  const record = { [ORIGINAL_ANNOTATION]: JSON.stringify(original) }
  return [patch(o, live, { labels, annotations: { ...annotations, ...record } }, wanted)]
}

/** A user's Service that was deleted is there again as what it was, and is the user's. */
export function makeAgain(o: Observation, selector: Labels): Write[] {
  const { apex, trafficDistribution } = o.canary.spec.service
  const users = usersService(o)
  if (users === null) return []
  const ref = o.names.apexService
  const said = managed(o, apex)
  const ports = apexPorts(o)
  const original = {
    selector: users.spec['selector'],
    ports: users.ports,
    trafficDistribution: users.spec['trafficDistribution'],
    labels: recorded(undefined, users.labels, said.labels),
    annotations: recorded(undefined, users.annotations, said.annotations),
    written: { ports, trafficDistribution },
  }
  const followed = mayApexLeadToCanary(o.canary.spec) ? { [ENDPOINTS_LABEL]: o.names.canary } : {}
  const spec = { ...users.spec, ...present({ trafficDistribution }), selector, ports }
  const object = {
    apiVersion: apiVersionOf(ref.kind),
    kind: ref.kind.kind,
    metadata: {
      name: ref.name,
      namespace: ref.namespace,
      labels: { ...users.labels, ...said.labels, ...followed },
      annotations: { ...users.annotations, ...said.annotations, [ORIGINAL_ANNOTATION]: JSON.stringify(original) },
    },
    spec: keepsAddresses(o) ? spec : withoutAddresses(spec),
  }
  return [{ verb: 'apply', ref, object }]
}

/**
 * Addresses and ports of nodes may have been given to another Service since, and the API server then refuses ours: after a write that failed
 * it is created with others.
 */
export const keepsAddresses = (o: Pick<Observation, 'writeError'>): boolean => o.writeError === null

function withoutAddresses(spec: Json): Json {
  const clusterIP = spec['clusterIP'] === 'None' ? 'None' : undefined
  const ports = withoutNodePorts(recordsOf(spec['ports']))
  return present({ ...spec, clusterIP, clusterIPs: undefined, healthCheckNodePort: undefined, ports })
}

/** What was there before, for each key that service.apex has; null: nothing. */
function recorded(before: Entries | undefined, live: Labels | undefined, said: Labels | undefined): Entries {
  const valueOf = (key: string): string | null =>
    before !== undefined && Object.hasOwn(before, key) ? (before[key] ?? null) : (entryOf(live, key) ?? null)
  return Object.fromEntries(Object.keys(said ?? {}).map(key => [key, valueOf(key)]))
}

interface Fields {
  readonly selector: Labels
  readonly ports: unknown
  readonly trafficDistribution: unknown
}

interface Metadata {
  readonly labels: Entries
  readonly annotations: Entries
}

function agreesWith(live: KubeObject, { selector, ports, trafficDistribution }: Fields, metadata: Metadata): boolean {
  return (
    sameJson(at(live.spec, 'selector'), selector) &&
    sameJson(at(live.spec, 'ports'), ports) &&
    sameJson(at(live.spec, 'trafficDistribution'), trafficDistribution) &&
    agrees(live.metadata.labels, metadata.labels) &&
    agrees(live.metadata.annotations, metadata.annotations)
  )
}

/** Whether a patch of these entries would change nothing. */
const agrees = (live: Labels | undefined, entries: Entries): boolean =>
  Object.entries(entries).every(([key, value]) => (entryOf(live, key) ?? null) === value)

function patch(o: Observation, live: KubeObject, { labels, annotations }: Metadata, fields: Fields): Write {
  const { selector, ports, trafficDistribution } = fields
  const metadata = present({
    resourceVersion: live.metadata.resourceVersion,
    labels: Object.keys(labels).length === 0 ? undefined : labels,
    annotations: Object.keys(annotations).length === 0 ? undefined : annotations,
  })
  const moved = !sameJson(at(live.spec, 'trafficDistribution'), trafficDistribution)
  const spec = {
    selector: onlySelector(live, selector),
    ...present({ ports, trafficDistribution: moved ? trafficDistribution : undefined }),
  }
  return { verb: 'merge', ref: o.names.apexService, patch: { metadata, spec } }
}

/** For a merge patch that leaves nothing of the live selector but `selector`. */
export function onlySelector(live: KubeObject, selector: Labels): Readonly<Record<string, string | null>> {
  const gone = Object.keys(textsOf(at(live.spec, 'selector'))).filter(key => !Object.hasOwn(selector, key))
  return { ...Object.fromEntries(gone.map(key => [key, null])), ...selector }
}

/**
 * A user's Service serves the target again, by what it selected before where that still finds the target's pods; with
 * revertOnDeletion its ports, labels and annotations are the user's again, too.
 */
export function pointBack(o: Observation, live: KubeObject, forgotten: Entries): Write[] {
  const original = originalOf(live)
  const selected = textsOf(original?.selector)
  // Without a target it can only select what it selected before.
  const serves = o.target === null ? original !== null : selects(selected, templateLabels(o.target.object))
  const fields = {
    selector: serves ? selected : ownSelector(o, live),
    ports: at(live.spec, 'ports'),
    trafficDistribution: at(live.spec, 'trafficDistribution'),
  }
  const reverts = original !== null && o.canary.spec.revertOnDeletion
  const wanted = reverts ? { ...fields, ...usersFields(o) } : fields
  const { labels, annotations }: Metadata = reverts ? original : { labels: {}, annotations: {} }
  // Its EndpointSlices are followed until they are seen to lead to the target.
  const isReleased = Object.hasOwn(forgotten, ORIGINAL_ANNOTATION)
  const isFollowed = live.metadata.labels?.[ENDPOINTS_LABEL] !== undefined
  const unfollowed = isReleased && isFollowed ? { [ENDPOINTS_LABEL]: null } : {}
  const metadata = { labels: { ...labels, ...unfollowed }, annotations: { ...annotations, ...forgotten } }
  return agreesWith(live, wanted, metadata) ? [] : [patch(o, live, metadata, wanted)]
}

function usersFields(o: Observation): Pick<Fields, 'ports' | 'trafficDistribution'> | null {
  const users = usersService(o)
  return users && { ports: users.ports, trafficDistribution: users.spec['trafficDistribution'] ?? null }
}

/** The last write to a user's Service. One that was never adopted is not touched. */
export function releaseAdopted(o: Observation, live: KubeObject): Write[] {
  if (Object.hasOwn(live.metadata.annotations ?? {}, ORIGINAL_ANNOTATION)) {
    return pointBack(o, live, { [ORIGINAL_ANNOTATION]: null })
  }
  return disownOf(o.names.apexService, live)
}

/** What the target's pods are selected by; where it is gone, what the Service selects now, without what only pods of a release have. */
export function ownSelector(o: Observation, live: KubeObject): Labels {
  if (o.target !== null) return targetLabels(o)
  const { [ROLE_LABEL]: role, [POD_HASH_LABEL]: _, ...selector } = textsOf(at(live.spec, 'selector'))
  return role === undefined ? unswitched(o, selector) : selector
}

/** Whether a user's Service still is what Sluice last wrote of it, so that this write follows from something else. */
export function isAsLeft(write: Write, live: KubeObject): boolean {
  const original = originalOf(live)
  if (write.verb !== 'merge' || original === null) return false
  const { ports, trafficDistribution = original.trafficDistribution } = original.written
  const [labels, annotations] = ['labels', 'annotations'].map(field => textsOf(at(write.patch, 'metadata', field)))
  const { [ORIGINAL_ANNOTATION]: _record, ...others } = annotations ?? {}
  return (
    sameJson(at(live.spec, 'ports'), ports) &&
    sameJson(at(live.spec, 'trafficDistribution'), trafficDistribution) &&
    sameJson(at(live.spec, 'selector'), at(write.patch, 'spec', 'selector')) &&
    agrees(live.metadata.labels, labels ?? {}) &&
    agrees(live.metadata.annotations, others)
  )
}
