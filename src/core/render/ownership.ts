/** What is ours, how it is marked, and how it is written only where the live object says something else. */
import {
  apiVersionOf,
  type KubeObject,
  type ManagedFields,
  type ObjectMeta,
  type Ref,
  refKey,
} from '../../api/object.ts'
import { covers, fingerprint, type Json, present } from '../json.ts'
import { CANARY_LABEL, ENDPOINTS_LABEL, RENDERED_ANNOTATION } from '../model/names.ts'
import type { Observation } from '../model/observation.ts'
import { FIELD_MANAGER, type Write } from '../model/write.ts'

/**
 * On what was ours and serves on after its Canary was deleted, the Canary's name: it is the user's now, but a Canary of that
 * name that comes back takes it up again instead of complaining about it.
 */
export const HANDED_BACK_ANNOTATION = 'sluice.dev/handed-back-by'

export function liveOf(o: Pick<Observation, 'live'>, ref: Ref): KubeObject | undefined {
  return o.live[refKey(ref)]
}

/** Made by this canary. */
export function isOurs(o: Pick<Observation, 'names'>, object: KubeObject): boolean {
  const { labels, annotations } = object.metadata
  return labels?.[CANARY_LABEL] === o.names.canary || annotations?.[HANDED_BACK_ANNOTATION] === o.names.canary
}

export type Metadata = Pick<ObjectMeta, 'labels' | 'annotations'>

/** An object of ours: identity, our label, and the owner for those who asked for the tree. */
export function ours(o: Observation, ref: Ref, metadata: Metadata, rest: Json): KubeObject {
  const { canary, names, settings } = o
  const owner = {
    apiVersion: canary.apiVersion,
    kind: canary.kind,
    name: names.canary,
    uid: canary.metadata.uid ?? '',
    controller: true,
  }
  return {
    apiVersion: apiVersionOf(ref.kind),
    kind: ref.kind.kind,
    metadata: {
      name: ref.name,
      namespace: ref.namespace,
      labels: { ...metadata.labels, [CANARY_LABEL]: names.canary },
      ...(metadata.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ...(settings.ownerReferences ? { ownerReferences: [owner] } : {}),
    },
    ...rest,
  }
}

/** The metadata that service.apex, primary or canary says, without what it leaves to other clients. */
export function managed(o: Pick<Observation, 'canary'>, metadata: Metadata | undefined): Metadata {
  const { labels = [], annotations = [] } = o.canary.spec.service.unmanagedMetadata ?? {}
  return {
    labels: omitted(metadata?.labels, labels),
    annotations: omitted(metadata?.annotations, annotations),
  }
}

const omitted = (
  entries: Readonly<Record<string, string>> | undefined,
  keys: readonly string[],
): Record<string, string> => Object.fromEntries(Object.entries(entries ?? {}).filter(([key]) => !keys.includes(key)))

/** The object with the hash of what it says, by which the next pass knows that it was written as it would be now. */
export function stamped(object: KubeObject): KubeObject {
  const annotations = { ...object.metadata.annotations, [RENDERED_ANNOTATION]: fingerprint(object) }
  return { ...object, metadata: { ...object.metadata, annotations } }
}

/** Whether a live object was rendered as this one, and nothing that it says was changed since. */
export function isCurrent(
  live: KubeObject,
  wanted: KubeObject,
  agree: (live: KubeObject, wanted: KubeObject) => boolean,
): boolean {
  const same = live.metadata.annotations?.[RENDERED_ANNOTATION] === wanted.metadata.annotations?.[RENDERED_ANNOTATION]
  return same && covers(live.metadata.labels, wanted.metadata.labels) && agree(live, wanted)
}

const sameSpec = (live: KubeObject, wanted: KubeObject): boolean => covers(live.spec, wanted.spec)

/** The object as a change of exactly the one that was seen: what arrives late, from a leader that is none any more, is refused. */
function guarded(live: KubeObject, wanted: KubeObject): KubeObject {
  const { uid, resourceVersion } = live.metadata
  return { ...wanted, metadata: { ...wanted.metadata, ...present({ uid, resourceVersion }) } }
}

/** Server-side apply of an object of ours, unless it is current. What has its name but is not ours is left alone. */
export function applyOurs(o: Observation, ref: Ref, object: KubeObject, agree = sameSpec): Write[] {
  const live = liveOf(o, ref)
  const wanted = stamped(object)
  if (live !== undefined && (!isOurs(o, live) || isCurrent(live, wanted, agree))) return []
  return [{ verb: 'apply', ref, object: live === undefined ? wanted : guarded(live, wanted) }]
}

/** DELETE of an object of ours, exactly the one that was seen. */
export function deleteOurs(o: Observation, ref: Ref): Write[] {
  const live = liveOf(o, ref)
  if (live === undefined || live.metadata.deletionTimestamp !== undefined) return []
  if (live.metadata.labels?.[CANARY_LABEL] !== o.names.canary) return []
  return [deleteOf(ref, live)]
}

export function deleteOf(ref: Ref, live: KubeObject): Write {
  const { uid } = live.metadata
  return uid === undefined ? { verb: 'delete', ref } : { verb: 'delete', ref, uid }
}

/** The patch by which an object of ours becomes the user's: the mark changes, and an owner would take it along. */
export function handedBack(o: Observation, live: KubeObject, spec: Json): Json {
  const { resourceVersion, ownerReferences } = live.metadata
  const hasEndpoints = live.metadata.labels?.[ENDPOINTS_LABEL] !== undefined
  const metadata = present({
    resourceVersion,
    labels: { [CANARY_LABEL]: null, ...present({ [ENDPOINTS_LABEL]: hasEndpoints ? null : undefined }) },
    annotations: { [HANDED_BACK_ANNOTATION]: o.names.canary },
    ownerReferences: ownerReferences === undefined ? undefined : null,
  })
  return { metadata, spec }
}

/** Gives up our fields of a user's object that is as it should be, so that the user's next apply meets no conflict. */
export function disownOf(ref: Ref, live: KubeObject): Write[] {
  const ownsSome = (live.metadata.managedFields ?? []).some(
    entry => entry.manager === FIELD_MANAGER && (entry.subresource ?? '') === '',
  )
  return ownsSome ? [{ verb: 'disown', ref }] : []
}

/** Writes the revision of a rollout on Deployments, right after the client that changed them. */
const DEPLOYMENT_CONTROLLER = 'kube-controller-manager'

/**
 * The field manager that changed an object since Sluice did, as the subject of a sentence. A field that is removed, as by
 * `kubectl rollout resume`, has no owner afterwards: then nothing tells who it was.
 */
export function lastWriter(object: KubeObject): string {
  return laterWriter(object) ?? 'An unknown client'
}

/** Whether another client is known to have written an object since Sluice did. */
export function isLaterWriter(object: KubeObject): boolean {
  return laterWriter(object) !== undefined
}

function laterWriter(object: KubeObject): string | undefined {
  const latest = writtenAt(object, isOfOthers)
  if (latest === null || latest < (writtenAt(object, isOfSluice) ?? '')) return undefined
  const others = entriesOf(object).filter(isOfOthers)
  return others.find(({ time = '' }) => time === latest)?.manager ?? 'An unknown client'
}

/** When another client has written an object last, as the API server notes it. */
export const lastWriteOfOthers = (object: KubeObject): string | null => writtenAt(object, isOfOthers)

/** Whether another client has written `object` since Sluice wrote the other one. */
export function isNewerThan(object: KubeObject, other: KubeObject): boolean {
  const own = writtenAt(other, isOfSluice)
  return own !== null && (writtenAt(object, isOfOthers) ?? '') > own
}

const entriesOf = ({ metadata }: KubeObject): readonly ManagedFields[] =>
  (metadata.managedFields ?? []).filter(({ subresource }) => subresource !== 'status')

/** The time of the latest of these entries; null where there is none. */
const writtenAt = (object: KubeObject, which: (entry: ManagedFields) => boolean): string | null =>
  entriesOf(object)
    .filter(which)
    .map(({ time = '' }) => time)
    .toSorted()
    .at(-1) ?? null

const isOfSluice = ({ manager }: ManagedFields): boolean => manager === FIELD_MANAGER

const isOfOthers = ({ manager }: ManagedFields): boolean =>
  manager !== FIELD_MANAGER && manager !== DEPLOYMENT_CONTROLLER

/**
 * Domains of tools that find what they deployed, and prune what they no longer deploy, by label or annotation. A primary
 * that carried one would be deleted by the next sync: nothing else keeps it, because it has no ownerReference.
 */
const TRACKING_DOMAINS = [
  'argocd.argoproj.io',
  'toolkit.fluxcd.io',
  'meta.helm.sh',
  'helm.sh',
  'kapp.k14s.io',
  'applyset.kubernetes.io',
  'config.k8s.io',
  'kustomize.config.k8s.io',
  'objectset.rio.cattle.io',
  'configsync.gke.io',
  'configmanagement.gke.io',
  'sluice.dev',
  'flagger.app',
]

/**
 * Single keys of the kind. `app.kubernetes.io/instance` is how Argo CD tracks by default before 3.0 and wherever it tracks
 * by label (https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/); it goes from the workload's own
 * metadata only, its pods keep it. `managed-by` would name a tool that does not manage it.
 */
const TRACKING_KEYS = new Set([
  'app.kubernetes.io/instance',
  'app.kubernetes.io/managed-by',
  'kubectl.kubernetes.io/last-applied-configuration',
  'deployment.kubernetes.io/revision',
])

/** What a copy of an object may carry of its labels or annotations. */
export function inherited(entries: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(entries ?? {}).filter(([key]) => !isTracking(key)))
}

function isTracking(key: string): boolean {
  const domain = key.split('/', 1)[0] ?? ''
  return TRACKING_KEYS.has(key) || TRACKING_DOMAINS.some(one => domain === one || domain.endsWith(`.${one}`))
}
