/** Which kinds the controller follows, what it keeps of them, and how they are found. */
import { kindKey, kinds, type Kind, type KubeObject } from '../api/object.ts'
import type { Provider } from '../api/providers.ts'
import { at, textOf, textsOf } from '../core/json.ts'
import { templateLabels } from '../core/render/labels.ts'
import { CANARY_LABEL, ENDPOINTS_LABEL, SERVICE_NAME_LABEL } from '../core/model/names.ts'
import type { ObjectForm } from '../core/ports.ts'
import { TRACKING_ANNOTATIONS } from '../core/render/configs.ts'
import { aliasKeys } from '../core/routers/aliases.ts'
import { routing } from '../core/routers/index.ts'
import type { ProviderKind } from '../core/routers/provider.ts'
import { scalerKinds } from '../core/autoscalers/index.ts'
import { pausedBy } from '../core/autoscalers/pause.ts'
import { attachedServices } from '../core/policies/attached.ts'
import { policyKindOf, policyKinds } from '../core/policies/index.ts'
import { peerKeys } from '../core/policies/peers.ts'
import { selectorKeys as keysOfSelector } from '../core/policies/pod-selector.ts'
import { workloads } from '../core/workloads/index.ts'
import type { Informers } from '../runtime/informers.ts'
import type { ReflectorTiming } from '../runtime/reflector-timing.ts'
import { identity, slim } from '../runtime/transform.ts'

/** Workloads that can be released, and what they control. */
export const workloadKinds: readonly Kind[] = Object.values(workloads).flatMap(({ kind, childKind }) => [
  kind,
  childKind,
])

/** Followed from the start, in every namespace that is watched. */
export const followed: readonly Kind[] = [
  kinds.Canary,
  kinds.MetricTemplate,
  ...workloadKinds,
  kinds.ControllerRevision,
  kinds.Service,
  kinds.HorizontalPodAutoscaler,
  kinds.EndpointSlice,
]

/** Followed where they are installed: their absence is no trouble. (AlertProviders came after the other kinds of Sluice.) */
export const followedWherePresent: readonly Kind[] = [
  kinds.AlertProvider,
  kinds.VerticalPodAutoscaler,
  kinds.ScaledObject,
]

/** Installed or allowed later, these are found within so long; until then they cost next to nothing. */
const RARELY = 600_000

/** Waits of what may be absent, or not allowed. */
export const rarely: Partial<ReflectorTiming> = { absentRetry: RARELY, forbiddenRetry: RARELY }

/** Kinds of the routing providers: each is followed while a Canary of its provider exists. */
export const providerKinds: readonly ProviderKind[] = Object.values(routing).flatMap(provider => provider.kinds)

/** All whose objects are read around a Canary: those of providers, and those that others have beside them. */
export const routeKinds: readonly ProviderKind[] = distinct([
  ...providerKinds,
  ...Object.values(routing).flatMap(provider => provider.neighbours),
])

/** Each in each version. */
function distinct(all: readonly ProviderKind[]): readonly ProviderKind[] {
  return all.filter(({ kind }, place) => all.findIndex(other => other.kind === kind) === place)
}

/** Kinds of policies, which are followed while a Canary needs them; the absence of those that are not a provider's is no trouble. */
const policiesAlone = policyKinds.map(({ kind }) => kind).filter(kind => !providerKinds.some(one => one.kind === kind))

/** Waits of kinds that may be absent, by `kindKey`. */
export const timings: Readonly<Record<string, Partial<ReflectorTiming>>> = Object.fromEntries([
  ...followedWherePresent.map(kind => [kindKey(kind), rarely] as const),
  ...policiesAlone.map(kind => [kindKey(kind), { absentRetry: RARELY }] as const),
])

/** What a decision rests on. */
export const decisive: ReadonlySet<Kind> = new Set([...followed, ...routeKinds.map(({ kind }) => kind)])

/** Without these nothing can be decided. */
export const required: readonly Kind[] = [kinds.Canary, kinds.MetricTemplate]

/** Whether objects of other namespaces may matter to a Canary: what splits traffic reads its kinds wherever they are, policies of the mesh's own namespace may be for all, and those of any may name its pods as peers. */
export function isReadInAllNamespaces(kind: Kind): boolean {
  const policy = policyKindOf(kind)
  return (
    routeKinds.some(one => kindKey(one.kind) === kindKey(kind)) ||
    policy?.rootSelectsAll === true ||
    policy?.connections !== undefined
  )
}

/** Of these kinds only what belongs to a canary is followed; EndpointSlices have the labels of their Service. */
export const selectors: Readonly<Record<string, string>> = {
  [kindKey(kinds.ControllerRevision)]: CANARY_LABEL,
  [kindKey(kinds.EndpointSlice)]: ENDPOINTS_LABEL,
}

/** Names of the pods that an EndpointSlice leads to. */
export function readyPods(slice: KubeObject): string[] {
  const endpoints = slice['endpoints']
  if (!Array.isArray(endpoints)) return []
  return endpoints.flatMap((endpoint: unknown) => {
    // Absent means ready (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions).
    const ready = at(endpoint, 'conditions', 'ready') !== false
    const pod = textOf(at(endpoint, 'targetRef', 'name'))
    return ready && pod !== '' ? [pod] : []
  })
}

/** Configuration: of its objects only the metadata is followed, because their content is large, or secret. */
export const configKinds: readonly Kind[] = [kinds.ConfigMap, kinds.Secret]

/** Kinds of which only the metadata is followed, by `kindKey`. */
export const forms: Readonly<Record<string, ObjectForm>> = Object.fromEntries(
  configKinds.map(kind => [kindKey(kind), 'metadata'] as const),
)

/**
 * What the cache keeps of an object. Of configuration that is who it is: of the annotations only those that are read, because
 * kubectl's last-applied-configuration holds the content of a Secret.
 */
export function keeping(object: KubeObject): KubeObject {
  if (object.kind !== 'ConfigMap' && object.kind !== 'Secret') return slim(object)
  const { apiVersion, kind, metadata } = object
  const { labels, annotations = {} } = metadata
  const read = TRACKING_ANNOTATIONS.flatMap(name => {
    const value = Object.hasOwn(annotations, name) ? annotations[name] : undefined
    return value === undefined ? [] : [[name, value] as const]
  })
  const canary = labels?.[CANARY_LABEL]
  return {
    apiVersion,
    kind,
    // A change of the content is a new version and nothing else here; it has to be news all the same.
    contentVersion: metadata.resourceVersion,
    metadata: {
      ...identity(metadata),
      ...(canary === undefined ? { labels: {} } : { labels: { [CANARY_LABEL]: canary } }),
      ...(read.length === 0 ? {} : { annotations: Object.fromEntries(read) }),
    },
  }
}

/** Index of Canaries by the provider that was recorded for them, else the one that they name; '' for none. */
export const BY_PROVIDER = 'provider'

/** The key of a Canary in it. */
export const providerKey = (canary: KubeObject): string =>
  textOf(at(canary['status'], 'provider')) || textOf(at(canary.spec, 'provider'))

/** Its keys for the Canaries of a provider. */
export const providerKeys = (provider: Provider, fallback: Provider): readonly string[] =>
  provider === fallback ? [provider, ''] : [provider]

const namespaceOf = (object: KubeObject): string => object.metadata.namespace ?? ''
const pair = (namespace: string, [key, value]: [string, string]): string => `${namespace}/${key}=${value}`

/** What no two Canaries may have: a target, and a Service. */
export function claimsOf(canary: KubeObject): string[] {
  const target = textOf(at(canary.spec, 'targetRef', 'name'))
  const service = textOf(at(canary.spec, 'service', 'name')) || target
  return [`${namespaceOf(canary)}/target/${target}`, `${namespaceOf(canary)}/service/${service}`]
}

/**
 * The indexes of a cache: how objects that matter to a canary are found without reading all others. Every index key is
 * also what a canary may be interested in: it is woken when an object enters or leaves one.
 */
export const indexes: readonly { kind: Kind; name: string; of: (object: KubeObject) => readonly string[] }[] = [
  {
    kind: kinds.Canary,
    name: 'claims',
    of: claimsOf,
  },
  {
    kind: kinds.Canary,
    name: BY_PROVIDER,
    of: canary => [providerKey(canary)],
  },
  {
    kind: kinds.Deployment,
    name: 'pods',
    of: deployment => podKeys(deployment),
  },
  {
    // A Deployment speaks for its own.
    kind: kinds.ReplicaSet,
    name: 'pods',
    of: set => (controllerOf(set)?.kind === 'Deployment' ? [] : podKeys(set)),
  },
  {
    kind: kinds.ReplicaSet,
    name: 'owner',
    of: set => (set.metadata.ownerReferences ?? []).filter(owner => owner.controller === true).map(owner => owner.uid),
  },
  {
    kind: kinds.ControllerRevision,
    name: 'canary',
    of: revision => labelled(revision),
  },
  {
    kind: kinds.EndpointSlice,
    name: 'service',
    of: slice => [`${namespaceOf(slice)}/${slice.metadata.labels?.[SERVICE_NAME_LABEL] ?? ''}`],
  },
  { kind: kinds.ConfigMap, name: 'canary', of: config => labelled(config) },
  { kind: kinds.Secret, name: 'canary', of: config => labelled(config) },
  {
    kind: kinds.Service,
    name: 'selector',
    of: service => {
      const [first] = Object.entries(textsOf(at(service.spec, 'selector'))).toSorted(([a], [b]) => a.localeCompare(b))
      return first === undefined ? [] : [pair(namespaceOf(service), first)]
    },
  },
  { kind: kinds.Service, name: 'alias', of: aliasKeys },
  ...routeKinds.flatMap(({ kind, indexes: own }) => Object.entries(own).map(([name, of]) => ({ kind, name, of }))),
  ...scalerKinds.map(({ kind, pausable }) => ({
    kind,
    name: 'canary',
    of: (scaler: KubeObject) => [...labelled(scaler), ...(pausable ? pausedFor(scaler) : [])],
  })),
  ...policyKinds.flatMap(policyKind => [
    { kind: policyKind.kind, name: 'canary', of: labelled },
    {
      kind: policyKind.kind,
      name: 'selects',
      of: (policy: KubeObject) => {
        const selector = policyKind.selectorOf(policy)
        return selector === null ? [] : keysOfSelector(namespaceOf(policy), selector)
      },
    },
    {
      kind: policyKind.kind,
      name: 'peers',
      of: (policy: KubeObject) =>
        policyKind.connections === undefined ? [] : peerKeys(policyKind.connections, policy),
    },
    {
      // Those for all pods of their namespace, too.
      kind: policyKind.kind,
      name: 'connections',
      of: (policy: KubeObject) =>
        policyKind.connections === undefined
          ? []
          : keysOfSelector(namespaceOf(policy), policyKind.connections.podsOf(policy)),
    },
    {
      kind: policyKind.kind,
      name: 'attached',
      of: (policy: KubeObject) =>
        policyKind.attachable ? attachedServices(policy).map(service => `${namespaceOf(policy)}/${service}`) : [],
    },
  ]),
  ...[kinds.HorizontalPodAutoscaler, kinds.ScaledObject, kinds.VerticalPodAutoscaler].map(kind => ({
    kind,
    name: 'scales',
    of: (scaler: KubeObject) => {
      const reference = at(scaler.spec, 'scaleTargetRef') ?? at(scaler.spec, 'targetRef')
      return [`${namespaceOf(scaler)}/${textOf(at(reference, 'name'))}`]
    },
  })),
]

/** Keys of a Service that may select pods with these labels. */
export function selectorKeys(namespace: string, labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(entry => pair(namespace, entry))
}

const podKeys = (workload: KubeObject): string[] =>
  Object.entries(templateLabels(workload)).map(entry => pair(namespaceOf(workload), entry))

const controllerOf = (object: KubeObject) => object.metadata.ownerReferences?.find(owner => owner.controller === true)

function labelled(object: KubeObject): string[] {
  const canary = object.metadata.labels?.[CANARY_LABEL]
  return canary === undefined ? [] : [`${namespaceOf(object)}/${canary}`]
}

/** A user's ScaledObject that is paused for a Canary belongs to it until it is given back, wherever it points. */
function pausedFor(scaler: KubeObject): string[] {
  const canary = pausedBy(scaler)
  return canary === null ? [] : [`${namespaceOf(scaler)}/${canary}`]
}

/** Gives a cache all indexes. */
export function addIndexes(cache: Informers): void {
  for (const { kind, name, of } of indexes) cache.index(kind, name, of)
}
