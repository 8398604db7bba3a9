/**
 * The API server's own validation of its built-in kinds, by type: what a release, a user's manifest or a bad patch can trip
 * over, in the server's words. Roles, budgets and slices are taken as they are: nothing here acts on what they say.
 */
import type { KubeObject } from '../../src/api/object.ts'
import { at, isRecord, type Json, listOf, recordOf, sameJson, textOf } from '../json.ts'
import type { Cause } from '../resource.ts'
import { duplicate, invalid, required, tooLong } from './causes.ts'
import { type Check, isPort, notBelow, PORT, port, twice } from './check.ts'
import { definitionCauses } from './definition-checks.ts'
import {
  causesOf,
  configKey,
  dnsLabel,
  dnsSubdomain,
  frozen,
  immutable,
  labelsOf,
  type NameRule,
  undotted,
} from './metadata.ts'
import { podChecks } from './pod-checks.ts'

const core = 'io.k8s.api.core.v1'
const apps = 'io.k8s.api.apps.v1'
const extensions = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1'

const byType: Readonly<Record<string, Check>> = {
  ...podChecks,
  [`${core}.ServiceSpec`]: (spec, path, before) => {
    const { type, clusterIP, externalName } = spec
    const ports = listOf(spec['ports'])
    const external = type === 'ExternalName'
    const keys = ports.map(one => `${String(at(one, 'port'))}/${String(at(one, 'protocol'))}`)
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
      ...(ip !== undefined && clusterIP !== undefined && ip !== clusterIP && at(before, 'type') === type
        ? [invalid(`${path}.clusterIPs[0]`, [clusterIP], 'may not change once set')]
        : []),
    ]
  },
  [`${core}.ServicePort`]: (value, path) => {
    const { name, port: number = 0, targetPort = 0 } = value
    return [
      ...(name === undefined ? [] : causesOf(`${path}.name`, textOf(name), dnsLabel)),
      ...(isPort(number) ? [] : [invalid(`${path}.port`, number, PORT)]),
      ...port(`${path}.targetPort`, targetPort),
    ]
  },
  [`${core}.ConfigMap`]: (map, _path, before) => [...data(map, before), ...tooMuch('[]', map)],
  [`${core}.Secret`]: (secret, _path, before) => [
    ...data(secret, before),
    ...tooMuch('data', secret),
    ...(isRecord(before) ? immutable('type', before['type'], secret['type']) : []),
  ],
  [`${core}.Event`]: event => {
    const namespace = at(event, 'metadata', 'namespace')
    const about = at(event, 'involvedObject', 'namespace') ?? ''
    // What is in no namespace is told of in those that are always there.
    const fits = about === '' ? ['default', 'kube-system'].includes(textOf(namespace)) : about === namespace
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
}

/** A ConfigMap or a Secret. */
function data(object: Json, before: unknown): Cause[] {
  const fields = ['data', 'binaryData'] as const
  const keys = fields.flatMap(field =>
    Object.keys(recordOf(object[field])).map(key => [`${field}[${key}]`, key] as const),
  )
  const wasFrozen = at(before, 'immutable') === true
  const changed = wasFrozen ? ['immutable', ...fields].filter(key => !sameJson(at(before, key), object[key])) : []
  return [...changed.map(frozen), ...keys.flatMap(([field, key]) => causesOf(field, key, configKey))]
}

const MOST = 1024 * 1024

/** Of ConfigMaps and Secrets: what does not fit into etcd. */
function tooMuch(field: string, { data: texts, binaryData }: Json): Cause[] {
  const sizes = [...Object.values(recordOf(texts)), ...Object.values(recordOf(binaryData))].map(
    text => textOf(text).length,
  )
  return sizes.reduce((sum, size) => sum + size, 0) > MOST ? [tooLong(field, MOST)] : []
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
export const nameRuleOf = ({ kind }: KubeObject): NameRule =>
  kind === 'Namespace' || kind === 'Service' ? undotted : dnsSubdomain
