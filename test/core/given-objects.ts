/** Builders: a canary, its target and what is around them, and a small world that writes are carried out in. */
import { createHash } from 'node:crypto'
import type { Canary } from '../../src/api/canary.ts'
import { parseCanary } from '../../src/api/parse-canary.ts'
import {
  apiVersionOf,
  type Kind,
  type KubeObject,
  kinds,
  type ObjectMeta,
  type Ref,
  refKey,
} from '../../src/api/object.ts'
import { at, present, recordOf, textsOf } from '../../src/core/json.ts'
import { emptyMemory } from '../../src/core/model/memory.ts'
import { namesOf, REVISION_ANNOTATION } from '../../src/core/model/names.ts'
import type {
  Observation,
  RecordedTemplate,
  Settings,
  Surroundings,
  Workload,
} from '../../src/core/model/observation.ts'
import type { Posture } from '../../src/core/model/posture.ts'
import { revisionOf, templateRevision, withoutPodHash } from '../../src/core/model/revision.ts'
import { recordedServices } from '../../src/core/render/service-record.ts'
import { routingOf } from '../../src/core/routers/index.ts'
import { deployment as workloadKind } from '../../src/core/workloads/deployment.ts'
import type { Write } from '../../src/core/model/write.ts'
import { NONE } from '../../src/core/model/traffic.ts'
import { mergePatch } from '../../playground/json.ts'
import { jsonPatch } from '../../playground/server/json-patch.ts'

type Fields = Readonly<Record<string, unknown>>

export const NAMESPACE = 'shop'

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** An object of the namespace, version 1 of it. */
export function object(kind: Kind, name: string, rest: Fields = {}, metadata: Partial<ObjectMeta> = {}): KubeObject {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: { name, namespace: NAMESPACE, uid: `uid-${kind.kind}-${name}`, resourceVersion: '1', ...metadata },
    ...rest,
  }
}

/** The canary `web` of the Deployment `web`; a field of the service that is undefined is not said. */
export function canary(spec: Fields = {}, service: Fields = {}, metadata: Partial<ObjectMeta> = {}): Canary {
  const written = object(
    kinds.Canary,
    'web',
    {
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        service: present({ port: 80, targetPort: 8080, ...service }),
        analysis: {},
        ...spec,
      },
    },
    { creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
  )
  const parsed = parseCanary(written)
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'))
  return parsed.canary
}

/** A template of one container that listens on 8080. */
export function template(image = 'web:1', labels: Fields = { app: 'web' }, podSpec: Fields = {}): Fields {
  const container = { name: 'web', image, ports: [{ name: 'http', containerPort: 8080 }] }
  return { metadata: { labels }, spec: { containers: [container], ...podSpec } }
}

/** A Deployment that is observed and asks for two pods. */
export function deployment(
  name: string,
  spec: Fields = {},
  metadata: Partial<ObjectMeta> = {},
  status: Fields = {},
): KubeObject {
  return object(
    kinds.Deployment,
    name,
    {
      spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: template(), ...spec },
      status: { observedGeneration: 1, ...status },
    },
    { generation: 1, ...metadata },
  )
}

/** The ReplicaSet of a template of a Deployment, all of its pods available. */
export function replicaSet(of: KubeObject, pods: number, podTemplate: unknown = at(of.spec, 'template')): KubeObject {
  const hash = templateRevision(podTemplate, sha256).slice(3, 11)
  const labels = { ...textsOf(at(podTemplate, 'metadata', 'labels')), 'pod-template-hash': hash }
  return object(
    kinds.ReplicaSet,
    `${of.metadata.name}-${hash}`,
    {
      spec: {
        replicas: pods,
        template: { ...recordOf(podTemplate), metadata: { ...recordOf(at(podTemplate, 'metadata')), labels } },
      },
      status: { replicas: pods, readyReplicas: pods, availableReplicas: pods },
    },
    {
      labels,
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          name: of.metadata.name,
          uid: of.metadata.uid ?? '',
          controller: true,
        },
      ],
    },
  )
}

export const workload = (of: KubeObject, sets: readonly KubeObject[] = [replicaSet(of, 2)]): Workload =>
  workloadKind.read(of, sets, { configs: {}, readyPercent: 100, sha256 })

export const live = (...objects: readonly [Kind, KubeObject][]): Record<string, KubeObject> =>
  Object.fromEntries(
    objects.map(([kind, one]) => [refKey({ kind, namespace: NAMESPACE, name: one.metadata.name }), one]),
  )

export const noSurroundings: Surroundings = {
  rivals: [],
  autoscalers: [],
  services: [],
  backends: [],
  otherPods: [],
  routes: [],
  trafficPolicies: [],
  policies: [],
  otherApiRoutes: [],
  aliases: [],
  ingresses: [],
  gateways: {},
  allRoutesSeen: true,
  namespaceTerminating: false,
}

/** A record of a template, as it is read back. */
export function record(podTemplate: Fields, configs: Readonly<Record<string, string>> = {}): RecordedTemplate {
  const revision = revisionOf(podTemplate, configs, sha256)
  const name = `web-${revision.slice(3, 13)}`
  const metadata = { labels: { 'sluice.dev/canary': 'web' }, annotations: { [REVISION_ANNOTATION]: revision } }
  const held = object(
    kinds.ControllerRevision,
    name,
    { data: { template: podTemplate, configs }, revision: 1 },
    metadata,
  )
  return { revision, template: withoutPodHash(podTemplate), configs, object: held }
}

/** What the flags of a controller say, as nearly all tests have it. */
export const settings: Settings = {
  provider: 'istio',
  settle: 1000,
  selectorLabels: ['app', 'name', 'app.kubernetes.io/name'],
  metricsServers: ['http://prometheus:9090'],
  ownerReferences: false,
  inlineQueries: true,
  rootNamespace: 'istio-system',
  allowedHosts: [],
  allowedGateways: [],
  ingressAnnotationsPrefix: 'nginx.ingress.kubernetes.io',
  ingressClasses: ['nginx'],
  webhookRefusal: () => null,
  trackConfigs: true,
  traceLink: '',
}

/** At rest, with a target of two pods, its template promoted and recorded, and nothing else in the cluster. */
export function observation(more: Partial<Observation> = {}): Observation {
  const own = more.canary ?? canary()
  const target = more.target?.object ?? deployment('web')
  const promoted = record(template())
  const names = namesOf(own)
  const there = { ...live([kinds.Deployment, target]), ...more.live }
  return {
    canary: own,
    names,
    settings: { ...settings, metricsServers: ['http://prometheus.istio-system:9090'] },
    state: { phase: 'Succeeded', promoted: promoted.revision, rejected: null },
    memory: { ...emptyMemory, labels: 'keep', replicas: { ...emptyMemory.replicas, desired: 2 } },
    target: workload(target),
    primary: null,
    traffic: null,
    samples: { primary: null, canary: null, namespaceLabels: null },
    podTroubles: [],
    recorded: [promoted],
    recordedServices: [],
    configs: {},
    templates: {},
    unreadableTemplates: {},
    alertProviders: {},
    surroundings: noSurroundings,
    policies: [],
    findings: {},
    unseen: null,
    sight: 'cached',
    hidden: null,
    writeError: null,
    ...more,
    endpoints: null,
    live: there,
    subsets: routingOf({ canary: own }).subsets({ canary: own, names, live: there }),
  }
}

/** The primary serves template web:1, at weight 0. */
export function posture(more: Partial<Posture> = {}): Posture {
  return {
    traffic: NONE,
    sticky: null,
    retired: null,
    callers: 'primary',
    canaryPods: 'none',
    lock: false,
    judged: null,
    primary: record(template()).revision,
    record: null,
    target: null,
    service: 'as written',
    remove: 'nothing',
    ...more,
  }
}

/** What a write leaves of an object; null for none. Defaults of the server and field ownership of others are not modelled. */
function carried(before: KubeObject | undefined, write: Write): KubeObject | null {
  const version = String(Number(before?.metadata.resourceVersion ?? 0) + 1)
  const guard = (given: unknown): void => {
    if (given !== undefined && given !== before?.metadata.resourceVersion)
      throw new Error(`conflict on ${write.ref.name}`)
  }
  const next = (value: unknown): KubeObject => {
    const written = value as KubeObject
    const managedFields = [{ manager: 'sluice', operation: write.verb === 'apply' ? 'Apply' : 'Update' }]
    const uid = before?.metadata.uid ?? `uid-${write.ref.name}`
    return { ...written, metadata: { ...written.metadata, uid, resourceVersion: version, managedFields } }
  }
  switch (write.verb) {
    case 'apply':
      return next(before === undefined ? write.object : { ...merged(before, write.object), spec: write.object.spec })
    case 'create':
      if (before !== undefined) throw new Error(`${write.ref.name} exists`)
      return next(write.object)
    case 'replace':
      guard(write.object.metadata.resourceVersion)
      return next(write.object)
    case 'merge':
      if (before === undefined) throw new Error(`${write.ref.name} does not exist`)
      guard(at(write.patch, 'metadata', 'resourceVersion'))
      return next(mergePatch(before, write.patch))
    case 'patch':
      if (write.generation === undefined || write.generation !== before?.metadata.generation)
        guard(write.resourceVersion)
      return next(jsonPatch(before, write.operations))
    case 'copy':
      return object(write.ref.kind, write.ref.name, {}, { labels: { ...write.labels } })
    case 'disown': {
      const { managedFields: _, ...metadata } = before?.metadata ?? { name: write.ref.name }
      return before === undefined ? null : { ...before, metadata }
    }
    case 'delete':
      return null
    case 'status':
      throw new Error('no status is written here')
  }
}

const merged = (before: KubeObject, applied: KubeObject): KubeObject => mergePatch(before, applied) as KubeObject

/** The observation after some writes: live objects, and the workloads read from them. */
export function after(o: Observation, writes: readonly Write[]): Observation {
  const next: Record<string, KubeObject> = { ...o.live }
  for (const write of writes) {
    const key = refKey(write.ref)
    const left = carried(next[key], write)
    if (left === null) delete next[key]
    else next[key] = left
  }
  const of = (ref: Ref): Workload | null => {
    const found = next[refKey(ref)]
    return found === undefined ? null : workload(found, [replicaSet(found, 2)])
  }
  const subsets = routingOf(o).subsets({ ...o, live: next })
  const services = recordedServices(Object.values(next), o.names.canary)
  return {
    ...o,
    live: next,
    recordedServices: services,
    subsets,
    target: of(o.names.target),
    primary: of(o.names.primary),
  }
}

export function only<T>(list: readonly T[]): T {
  const [first, ...rest] = list
  if (first === undefined || rest.length > 0) throw new Error(`expected one, there are ${list.length}`)
  return first
}

/** A live object of the namespace, of which the test knows that it is there. */
export function liveOne(o: Observation, kind: Kind, name: string): KubeObject {
  const found = o.live[refKey({ kind, namespace: NAMESPACE, name })]
  if (found === undefined) throw new Error(`${kind.kind} ${name} is not there`)
  return found
}
