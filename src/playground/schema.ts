/**
 * What the playground knows about kinds, as the real API declares it: how lists merge, who has a generation and a status
 * subresource, what is filled in by default, what is refused. Only what a canary meets.
 */
import { type Kind, kindKey, kinds, type KubeObject } from '../api/object.ts'
import { at, isRecord, type Json, listOf, recordOf, sameJson } from './json.ts'
import { carries } from './selector.ts'

/** The kinds of a cluster that only the playground touches. */
export const Pod: Kind = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true }

/** How a list or map merges under server-side apply. */
export type FieldType =
  | { readonly merge: 'atomic' | 'granular' | 'set' }
  /** A list whose entries are told apart by these fields, with their usual values. */
  | { readonly merge: 'map'; readonly keys: Readonly<Record<string, unknown>> }

const atomic: FieldType = { merge: 'atomic' }
const keyed = (keys: Readonly<Record<string, unknown>>): FieldType => ({ merge: 'map', keys })
const byName = keyed({ name: '' })

const everywhere: Readonly<Record<string, FieldType>> = {
  'metadata.finalizers': { merge: 'set' },
  'metadata.ownerReferences': keyed({ uid: '' }),
  'metadata.ownerReferences.*': atomic,
  'status.conditions': keyed({ type: '' }),
}
const podSpec: Readonly<Record<string, FieldType>> = {
  containers: byName,
  initContainers: byName,
  volumes: byName,
  imagePullSecrets: byName,
  'containers.*.env': byName,
  'containers.*.env.*.valueFrom.configMapKeyRef': atomic,
  'containers.*.env.*.valueFrom.secretKeyRef': atomic,
  'containers.*.ports': keyed({ containerPort: 0, protocol: 'TCP' }),
  'containers.*.volumeMounts': keyed({ mountPath: '' }),
  nodeSelector: atomic,
}
const podSpecAt = (prefix: string): [string, FieldType][] =>
  Object.entries(podSpec).map(([path, type]) => [`${prefix}.${path}`, type])
const byKind: Readonly<Record<string, Readonly<Record<string, FieldType>>>> = {
  services: { 'spec.ports': keyed({ port: 0, protocol: 'TCP' }), 'spec.selector': atomic },
  'deployments.apps': { 'spec.selector': atomic, ...Object.fromEntries(podSpecAt('spec.template.spec')) },
  'replicasets.apps': { 'spec.selector': atomic, ...Object.fromEntries(podSpecAt('spec.template.spec')) },
  pods: Object.fromEntries(podSpecAt('spec')),
}

/** How the value at `path` (in fieldsV1 notation) merges. Of what is undeclared, maps merge by key and lists do not. */
export function fieldType(kind: string, path: readonly string[]): FieldType {
  const dotted = path.map(step => (step.startsWith('f:') ? step.slice(2) : '*')).join('.')
  const declared = byKind[kind]?.[dotted] ?? everywhere[dotted]
  return declared ?? { merge: 'granular' }
}

const WITHOUT_GENERATION = new Set(
  [
    kinds.Service,
    kinds.ConfigMap,
    kinds.Secret,
    kinds.Event,
    kinds.Namespace,
    kinds.Lease,
    kinds.ControllerRevision,
    kinds.EndpointSlice,
  ].map(kindKey),
)
const WITHOUT_STATUS = new Set(
  [kinds.ConfigMap, kinds.Secret, kinds.Event, kinds.Lease, kinds.ControllerRevision, kinds.MetricTemplate]
    .concat(kinds.AlertProvider)
    .map(kindKey),
)
const BUILT_IN_GROUPS = new Set([
  '',
  'discovery.k8s.io',
  'apps',
  'autoscaling',
  'coordination.k8s.io',
  'apiextensions.k8s.io',
])

export const hasGeneration = (kind: Kind): boolean => !WITHOUT_GENERATION.has(kindKey(kind))
export const hasStatus = (kind: Kind): boolean => !WITHOUT_STATUS.has(kindKey(kind))
/** Custom resources and Leases may be replaced only with a resourceVersion. */
export const replacesBlindly = (kind: Kind): boolean =>
  BUILT_IN_GROUPS.has(kind.group) && kindKey(kind) !== kindKey(kinds.Lease)

/** Fills in what the API server fills in, under what is there. */
export function withDefaults(kind: Kind, object: KubeObject): KubeObject {
  if (!isRecord(object['spec'])) return object
  const spec = object['spec']
  switch (kindKey(kind)) {
    case 'services':
      return { ...object, spec: serviceSpec(spec) }
    case 'deployments.apps':
      return { ...object, spec: deploymentSpec(spec) }
    default:
      return object
  }
}

/** What the API server allots rather than defaults: nobody owns it. */
export function withAllotments(kind: Kind, object: KubeObject, address: () => string): KubeObject {
  if (kindKey(kind) !== kindKey(kinds.Service)) return object
  const spec = recordOf(object['spec'])
  const ip = spec['clusterIP'] ?? address()
  const allotted = { clusterIP: ip, clusterIPs: [ip], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }
  return { ...object, spec: { ...allotted, ...spec }, status: object['status'] ?? { loadBalancer: {} } }
}

function serviceSpec(spec: Json): Json {
  return {
    type: 'ClusterIP',
    internalTrafficPolicy: 'Cluster',
    sessionAffinity: 'None',
    ...spec,
    ports: listOf(spec['ports']).map(port => ({ protocol: 'TCP', targetPort: at(port, 'port'), ...recordOf(port) })),
  }
}

function deploymentSpec(spec: Json): Json {
  const template = recordOf(spec['template'])
  const strategy = recordOf(spec['strategy'])
  const rolling = { maxSurge: '25%', maxUnavailable: '25%', ...recordOf(strategy['rollingUpdate']) }
  return {
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    ...spec,
    strategy: strategy['type'] === 'Recreate' ? strategy : { type: 'RollingUpdate', rollingUpdate: rolling },
    template: {
      ...template,
      spec: podDefaults(recordOf(template['spec'])),
    },
  }
}

function podDefaults(spec: Json): Json {
  return {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    ...spec,
    containers: listOf(spec['containers']).map(container => ({
      resources: {},
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      imagePullPolicy: /:latest$|^[^:]*$/.test(String(at(container, 'image'))) ? 'Always' : 'IfNotPresent',
      ...recordOf(container),
      ...(isRecord(container) && 'ports' in container
        ? { ports: listOf(container['ports']).map(port => ({ protocol: 'TCP', ...recordOf(port) })) }
        : {}),
    })),
  }
}

/** What the API server's own validation says against an object, or null. Only the rules that a canary can trip over. */
export function refusalOf(kind: Kind, object: KubeObject, before: KubeObject | null): string | null {
  switch (kindKey(kind)) {
    case 'deployments.apps': {
      const wanted = recordOf(at(object, 'spec', 'selector', 'matchLabels'))
      const labels = at(object, 'spec', 'template', 'metadata', 'labels') as Record<string, string> | undefined
      if (!carries(labels, wanted)) {
        const shown = JSON.stringify(labels ?? {})
        return `spec.template.metadata.labels: Invalid value: ${shown}: \`selector\` does not match template \`labels\``
      }
      if (before && !sameJson(at(before, 'spec', 'selector'), at(object, 'spec', 'selector'))) {
        return `spec.selector: Invalid value: ${JSON.stringify(at(object, 'spec', 'selector'))}: field is immutable`
      }
      return null
    }
    case 'services': {
      const ports = listOf(at(object, 'spec', 'ports'))
      const nameless = ports.findIndex(port => at(port, 'name') === undefined)
      if (ports.length > 1 && nameless >= 0) return `spec.ports[${nameless}].name: Required value`
      if (ports.length > 0 || at(object, 'spec', 'type') === 'ExternalName') return null
      return at(object, 'spec', 'clusterIP') === 'None' ? null : 'spec.ports: Required value'
    }
    case 'configmaps':
    case 'secrets': {
      if (before?.['immutable'] !== true) return null
      const fixed = ['data', 'binaryData', 'immutable'].find(field => !sameJson(before[field], object[field]))
      return fixed === undefined ? null : `${fixed}: Forbidden: field is immutable when \`immutable\` is set`
    }
    default:
      return null
  }
}
