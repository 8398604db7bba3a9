/**
 * The API server's own validation of its built-in kinds, by type: what a release, a user's manifest or a bad patch can trip
 * over. The words are the server's.
 */
import type { KubeObject } from '../../api/object.ts'
import { at, isRecord, type Json, listOf, recordOf, sameJson, textOf } from '../json.ts'
import type { Cause } from '../resource.ts'
import { selectsLabels } from '../selector.ts'
import { definitionCauses } from './definition-checks.ts'
import { duplicate, forbidden, invalid, notFound, notSupported, required } from './causes.ts'
import {
  causesOf,
  configKey,
  dnsLabel,
  dnsSubdomain,
  frozen,
  immutable,
  labelsOf,
  type NameRule,
  pathSegment,
  percent,
  portName,
  qualifiedName,
  undotted,
} from './metadata.ts'

/** Checks one value of a type, which stands at `path`; `before` is what stood there. */
type Check = (value: Json, path: string, before: unknown) => readonly Cause[]

const core = 'io.k8s.api.core.v1'
const apps = 'io.k8s.api.apps.v1'
const rbac = 'io.k8s.api.rbac.v1'
const extensions = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1'

const ZERO = 'must be greater than or equal to 0'
const PORT = 'must be between 1 and 65535, inclusive'
const isPort = (value: unknown): boolean => typeof value === 'number' && value >= 1 && value <= 65_535

function notBelow(least: number, path: string, value: unknown, why = ZERO): Cause[] {
  return typeof value === 'number' && value < least ? [invalid(path, value, why)] : []
}

/** A number, or a share such as `25%`. */
function share(path: string, value: unknown): Cause[] {
  return typeof value === 'string' ? causesOf(path, value, percent) : notBelow(0, path, value)
}

/** The number or name of a port. */
function port(path: string, value: unknown): Cause[] {
  if (typeof value === 'string') return causesOf(path, value, portName)
  return isPort(value) ? [] : [invalid(path, value, PORT)]
}

/** Entries that bear a name which an earlier one has. */
function twice(path: string, entries: readonly unknown[], key = 'name'): Cause[] {
  const names = entries.map(entry => at(entry, key))
  return names.flatMap((name, i) =>
    name !== undefined && names.indexOf(name) < i ? [duplicate(`${path}[${i}].${key}`, name)] : [],
  )
}

/** A pod template with replicas: a Deployment, a ReplicaSet. */
function replicated(kind: string): Check {
  return (spec, path, before) => {
    const { selector, template } = spec
    const labels = at(template, 'metadata', 'labels')
    const isEmpty = isRecord(selector) && Object.keys(selector).length === 0
    const restarts = at(template, 'spec', 'restartPolicy')
    return [
      ...notBelow(0, `${path}.replicas`, spec['replicas']),
      ...notBelow(0, `${path}.minReadySeconds`, spec['minReadySeconds']),
      ...(selector === undefined ? [required(`${path}.selector`)] : []),
      ...(isEmpty ? [invalid(`${path}.selector`, {}, `empty selector is invalid for ${kind}`)] : []),
      ...(isEmpty || selectsLabels(selector, recordOf(labels))
        ? []
        : [invalid(`${path}.template.metadata.labels`, labels ?? null, '`selector` does not match template `labels`')]),
      ...labelsOf(`${path}.template.labels`, recordOf(labels)),
      ...(restarts === 'Always' ? [] : [notSupported(`${path}.template.spec.restartPolicy`, restarts, ['Always'])]),
      ...(isRecord(before) ? immutable(`${path}.selector`, before['selector'], selector) : []),
    ]
  }
}

/** In thousandths; NaN for what is compared by nobody here. */
function amount(quantity: unknown): number {
  const [, number = '', unit = ''] = /^([0-9.]+)([a-zA-Z]*)$/.exec(textOf(quantity)) ?? []
  const scale = { '': 1, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 }[unit]
  return Number(number) * (scale ?? Number.NaN)
}

const byType: Readonly<Record<string, Check>> = {
  [`${apps}.DeploymentSpec`]: (spec, path, before) => {
    const [deadline, ready = 0] = [Number(spec['progressDeadlineSeconds']), spec['minReadySeconds']]
    const field = `${path}.progressDeadlineSeconds`
    return [
      ...replicated('deployment')(spec, path, before),
      ...(deadline <= Number(ready) ? [invalid(field, deadline, 'must be greater than minReadySeconds')] : []),
    ]
  },
  [`${apps}.ReplicaSetSpec`]: replicated('replicaset'),
  [`${apps}.DeploymentStrategy`]: (strategy, path) => {
    const { type, rollingUpdate } = strategy
    const { maxSurge, maxUnavailable } = recordOf(rollingUpdate)
    const rolling = `${path}.rollingUpdate`
    if (type === 'Recreate') {
      const why = "may not be specified when strategy `type` is 'Recreate'"
      return rollingUpdate === undefined ? [] : [forbidden(rolling, why)]
    }
    if (type !== 'RollingUpdate') {
      const shown = { Type: type, RollingUpdate: rollingUpdate ?? null }
      return [notSupported(path, shown, ['Recreate', 'RollingUpdate'])]
    }
    const isNone = (value: unknown): boolean => value === 0 || value === '0%'
    const stuck = isNone(maxSurge) && isNone(maxUnavailable)
    return [
      ...share(`${rolling}.maxUnavailable`, maxUnavailable),
      ...share(`${rolling}.maxSurge`, maxSurge),
      ...(stuck ? [invalid(`${rolling}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0')] : []),
    ]
  },
  [`${core}.PodSpec`]: (spec, path) => {
    const [containers, volumes] = [listOf(spec['containers']), listOf(spec['volumes'])]
    const named = new Set(volumes.map(volume => at(volume, 'name')))
    const lists = [['containers', containers] as const, ['initContainers', listOf(spec['initContainers'])] as const]
    return [
      ...(containers.length === 0 ? [required(`${path}.containers`)] : []),
      ...twice(`${path}.volumes`, volumes),
      ...lists.flatMap(([list, entries]) => [
        ...twice(`${path}.${list}`, entries),
        ...entries.flatMap((container, i) =>
          listOf(at(container, 'volumeMounts')).flatMap((mount, j) => {
            const name = at(mount, 'name')
            return named.has(name) ? [] : [notFound(`${path}.${list}[${i}].volumeMounts[${j}].name`, name)]
          }),
        ),
      ]),
    ]
  },
  [`${core}.Container`]: (container, path) => {
    const { limits, requests } = recordOf(container['resources'])
    const name = textOf(container['name'])
    return [
      ...(name === '' ? [] : causesOf(`${path}.name`, name, dnsLabel)),
      ...(container['image'] === undefined ? [required(`${path}.image`)] : []),
      ...twice(`${path}.volumeMounts`, listOf(container['volumeMounts']), 'mountPath'),
      ...Object.entries(recordOf(requests)).flatMap(([resource, request]) => {
        const limit = recordOf(limits)[resource]
        const why = `must be less than or equal to ${resource} limit of ${textOf(limit)}`
        return amount(request) > amount(limit) ? [invalid(`${path}.resources.requests`, request, why)] : []
      }),
    ]
  },
  [`${core}.ContainerPort`]: (value, path) => {
    const { containerPort: number, name } = value
    return [
      ...(name === undefined ? [] : causesOf(`${path}.name`, textOf(name), portName)),
      ...(number === undefined || number === 0
        ? [required(`${path}.containerPort`)]
        : port(`${path}.containerPort`, number)),
    ]
  },
  [`${core}.EnvVar`]: ({ name, value, valueFrom }, path) => {
    const why = "a valid environment variable name must consist only of printable ASCII characters other than '='"
    const isName = name === undefined || /^[ -<>-~]+$/.test(textOf(name))
    const both = value !== undefined && valueFrom !== undefined
    return [
      ...(isName ? [] : [invalid(`${path}.name`, name, why)]),
      ...(both ? [invalid(`${path}.valueFrom`, '', 'may not be specified when `value` is not empty')] : []),
    ]
  },
  [`${core}.Probe`]: (probe, path) =>
    ['httpGet', 'tcpSocket', 'exec', 'grpc'].some(handler => handler in probe)
      ? []
      : [required(path, 'must specify a handler type')],
  [`${core}.HTTPGetAction`]: (action, path) => port(`${path}.port`, action['port'] ?? 0),
  [`${core}.TCPSocketAction`]: (action, path) => port(`${path}.port`, action['port'] ?? 0),
  [`${core}.ServiceSpec`]: (spec, path, before) => {
    const { type, clusterIP, externalName, trafficDistribution: spread } = spec
    const ports = listOf(spec['ports'])
    const external = type === 'ExternalName'
    const keys = ports.map(one => `${String(at(one, 'port'))}/${String(at(one, 'protocol'))}`)
    const known = ['PreferClose', 'PreferSameZone', 'PreferSameNode']
    const ip = at(before, 'clusterIP')
    return [
      ...(ports.length === 0 && !external && clusterIP !== 'None' ? [required(`${path}.ports`)] : []),
      ...(external && externalName === undefined ? [required(`${path}.externalName`)] : []),
      ...labelsOf(`${path}.selector`, recordOf(spec['selector'])),
      ...(ports.length > 1
        ? ports.flatMap((one, i) => (at(one, 'name') === undefined ? [required(`${path}.ports[${i}].name`)] : []))
        : []),
      ...twice(`${path}.ports`, ports),
      ...keys.flatMap((key, i) => {
        const { port: number, protocol } = recordOf(ports[i])
        const shown = { Name: '', Protocol: protocol, AppProtocol: null, Port: number, TargetPort: 0, NodePort: 0 }
        return keys.indexOf(key) < i ? [duplicate(`${path}.ports[${i}]`, shown)] : []
      }),
      ...(spread === undefined || known.includes(textOf(spread))
        ? []
        : [notSupported(`${path}.trafficDistribution`, spread, known)]),
      ...(ip !== undefined && clusterIP !== undefined && ip !== clusterIP && at(before, 'type') === type
        ? [invalid(`${path}.clusterIPs[0]`, [clusterIP], 'may not change once set')]
        : []),
    ]
  },
  [`${core}.ServicePort`]: (value, path) => {
    const { name, appProtocol, port: number = 0, targetPort = 0 } = value
    return [
      ...(name === undefined ? [] : causesOf(`${path}.name`, textOf(name), dnsLabel)),
      ...(isPort(number) ? [] : [invalid(`${path}.port`, number, PORT)]),
      ...port(`${path}.targetPort`, targetPort),
      ...(appProtocol === undefined ? [] : causesOf(`${path}.appProtocol`, textOf(appProtocol), qualifiedName)),
    ]
  },
  [`${core}.ConfigMap`]: (map, path, before) => data(map, before, path),
  [`${core}.Secret`]: (secret, path, before) => [
    ...data(secret, before, path),
    ...(isRecord(before) ? immutable('type', before['type'], secret['type']) : []),
    ...(secret['type'] === 'kubernetes.io/tls'
      ? ['tls.crt', 'tls.key'].filter(key => at(secret['data'], key) === undefined).map(key => required(`data[${key}]`))
      : []),
  ],
  [`${core}.Event`]: event => {
    const namespace = at(event, 'metadata', 'namespace')
    const about = at(event, 'involvedObject', 'namespace')
    const fits = about === undefined || about === namespace
    const newer = event['eventTime'] !== null && event['eventTime'] !== undefined
    const missing = newer ? ['reportingComponent', 'reportingInstance', 'action'].filter(key => !event[key]) : []
    return [
      ...(fits ? [] : [invalid('involvedObject.namespace', about, 'does not match event.namespace')]),
      ...missing.map(key => required(key)),
    ]
  },
  [`${extensions}.CustomResourceDefinition`]: definitionCauses,
  [`${apps}.ControllerRevision`]: (revision, _path, before) => [
    ...notBelow(0, 'revision', revision['revision']),
    ...(revision['data'] === undefined ? [required('data', 'data is mandatory')] : []),
    ...(isRecord(before) ? immutable('data', before['data'], revision['data']) : []),
  ],
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec': ({ minReplicas: min, maxReplicas: max = 0 }, path) => {
    const most = `${path}.maxReplicas`
    return [
      ...notBelow(1, `${path}.minReplicas`, min, 'must be greater than or equal to 1'),
      ...(Number(max) < 1 ? [required(most, 'must be set and greater than 0')] : []),
      ...(Number(max) >= 1 && Number(max) < Number(min)
        ? [invalid(most, max, 'must be greater than or equal to `minReplicas`')]
        : []),
    ]
  },
  'io.k8s.api.autoscaling.v2.CrossVersionObjectReference': ({ apiVersion }, path) =>
    textOf(apiVersion).includes('/') || apiVersion === 'v1'
      ? []
      : [invalid(`${path}.apiVersion`, apiVersion ?? '', 'apiVersion must specify API group')],
  'io.k8s.api.coordination.v1.LeaseSpec': (spec, path) => [
    ...notBelow(1, `${path}.leaseDurationSeconds`, spec['leaseDurationSeconds'], 'must be greater than 0'),
    ...notBelow(0, `${path}.leaseTransitions`, spec['leaseTransitions']),
  ],
  'io.k8s.api.discovery.v1.EndpointSlice': (slice, _path, before) => [
    ...(isRecord(before) ? immutable('addressType', before['addressType'], slice['addressType']) : []),
    ...twice('ports', listOf(slice['ports'])),
  ],
  'io.k8s.api.discovery.v1.Endpoint': (endpoint, path) =>
    listOf(endpoint['addresses']).length > 0 ? [] : [required(`${path}.addresses`, 'must contain at least 1 address')],
  'io.k8s.api.policy.v1.PodDisruptionBudgetSpec': (spec, path) => {
    const { minAvailable, maxUnavailable, selector = null, unhealthyPodEvictionPolicy: evicts = null } = spec
    const [Selector, UnhealthyPodEvictionPolicy] = [selector, evicts]
    const shown = { MinAvailable: minAvailable, Selector, MaxUnavailable: maxUnavailable, UnhealthyPodEvictionPolicy }
    const both = minAvailable !== undefined && maxUnavailable !== undefined
    return [
      ...(both ? [invalid(path, shown, 'minAvailable and maxUnavailable cannot be both set')] : []),
      ...share(`${path}.minAvailable`, minAvailable),
      ...share(`${path}.maxUnavailable`, maxUnavailable),
    ]
  },
  [`${rbac}.PolicyRule`]: (rule, path) => {
    const lacks = (key: string): boolean => listOf(rule[key]).length === 0
    const ofResources = lacks('nonResourceURLs')
    const why = 'resource rules must supply at least one'
    return [
      ...(lacks('verbs') ? [required(`${path}.verbs`, 'verbs must contain at least one value')] : []),
      ...(ofResources && lacks('apiGroups') ? [required(`${path}.apiGroups`, `${why} api group`)] : []),
      ...(ofResources && lacks('resources') ? [required(`${path}.resources`, `${why} resource`)] : []),
    ]
  },
  [`${rbac}.RoleRef`]: (ref, path, before) => {
    const { apiGroup, kind = '', name } = ref
    const known = ['Role', 'ClusterRole']
    const shown = { APIGroup: apiGroup, Kind: kind, Name: name }
    return [
      ...(known.includes(textOf(kind)) ? [] : [notSupported(`${path}.kind`, kind, known)]),
      ...(isRecord(before) && !sameJson(before, ref) ? [invalid(path, shown, 'cannot change roleRef')] : []),
    ]
  },
  [`${rbac}.Subject`]: ({ kind = '', namespace }, path) => {
    const known = ['ServiceAccount', 'User', 'Group']
    return [
      ...(kind === 'ServiceAccount' && namespace === undefined ? [required(`${path}.namespace`)] : []),
      ...(known.includes(textOf(kind)) ? [] : [notSupported(`${path}.kind`, kind, known)]),
    ]
  },
}

/** A ConfigMap or a Secret. */
function data(object: Json, before: unknown, _path: string): Cause[] {
  const fields = ['data', 'binaryData'] as const
  const keys = fields.flatMap(field =>
    Object.keys(recordOf(object[field])).map(key => [`${field}[${key}]`, key] as const),
  )
  const wasFrozen = at(before, 'immutable') === true
  const changed = wasFrozen ? ['immutable', ...fields].filter(key => !sameJson(at(before, key), object[key])) : []
  return [...changed.map(frozen), ...keys.flatMap(([field, key]) => causesOf(field, key, configKey))]
}

/** Types whose missing or unlisted texts are refused in other words than those of OpenAPI. */
const WITH_OWN_WORDS = new Set([
  `${apps}.DeploymentStrategy`,
  `${extensions}.CustomResourceColumnDefinition`,
  `${extensions}.CustomResourceSubresourceScale`,
])

/** What is wrong with a value of a named type itself; its members are looked at apart. */
export function checksOf(type: string, value: Json, path: string, before: unknown): readonly Cause[] {
  return byType[type]?.(value, path, before) ?? []
}
export const hasOwnWords = (type: string): boolean => WITH_OWN_WORDS.has(type)

/** How objects of a kind may be called. */
export function nameRuleOf(object: KubeObject): NameRule {
  switch (object.kind) {
    case 'Namespace':
      return undotted
    case 'Service':
      return dnsLabel
    case 'Role':
    case 'RoleBinding':
    case 'ClusterRole':
    case 'ClusterRoleBinding':
      return pathSegment
    default:
      return dnsSubdomain
  }
}
