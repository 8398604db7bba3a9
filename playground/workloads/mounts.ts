/** Configuration without which the kubelet does not start a container: ConfigMaps and Secrets that a pod refers to. */
import { kinds, type Kind, type KubeObject } from '../../src/api/object.ts'
import { at, type Json, listOf, recordOf, textOf } from '../json.ts'
import type { Store } from '../server/store.ts'

/** Why a container waits, as its status says it. */
export interface Waiting {
  readonly reason: 'CreateContainerConfigError' | 'ContainerCreating'
  /** Empty where the kubelet says it in an Event only. */
  readonly message: string
}

/** A field that refers to configuration: of which kind, and where the name stands in it. */
interface Source {
  readonly field: string
  readonly kind: Kind
  readonly name: string
}

const { ConfigMap, Secret } = kinds
const VOLUMES: readonly Source[] = [
  { field: 'configMap', kind: ConfigMap, name: 'name' },
  { field: 'secret', kind: Secret, name: 'secretName' },
]
const PROJECTED: readonly Source[] = [
  { field: 'configMap', kind: ConfigMap, name: 'name' },
  { field: 'secret', kind: Secret, name: 'name' },
]
const VARIABLES: readonly Source[] = [
  { field: 'configMapKeyRef', kind: ConfigMap, name: 'name' },
  { field: 'secretKeyRef', kind: Secret, name: 'name' },
]
const ENVIRONMENTS: readonly Source[] = [
  { field: 'configMapRef', kind: ConfigMap, name: 'name' },
  { field: 'secretRef', kind: Secret, name: 'name' },
]

/** What the pod refers to and does not find; null when it has everything. Volumes are mounted before containers are created. */
export function missingConfig(store: Store, pod: KubeObject): Waiting | null {
  const spec = recordOf(pod['spec'])
  const volumes = listOf(spec['volumes']).flatMap(volume => [
    ...missing(store, pod, volume, VOLUMES),
    ...listOf(at(volume, 'projected', 'sources')).flatMap(source => missing(store, pod, source, PROJECTED)),
  ])
  if (volumes.length > 0) return { reason: 'ContainerCreating', message: '' }
  const containers = [...listOf(spec['initContainers']), ...listOf(spec['containers'])]
  const [message] = containers.flatMap(container => [
    ...listOf(at(container, 'envFrom')).flatMap(source => missing(store, pod, source, ENVIRONMENTS)),
    ...listOf(at(container, 'env')).flatMap(variable => missing(store, pod, at(variable, 'valueFrom'), VARIABLES)),
  ])
  return message === undefined ? null : { reason: 'CreateContainerConfigError', message }
}

/** What is not there, in the kubelet's words. */
function missing(store: Store, { metadata }: KubeObject, holder: unknown, sources: readonly Source[]): string[] {
  const { namespace = '' } = metadata
  return sources.flatMap(({ field, kind, name }) => {
    const reference = at(holder, field)
    const called = textOf(at(reference, name))
    if (called === '' || at(reference, 'optional') === true) return []
    const found = store.get(kind, namespace, called)
    if (found === null) return [`${kind.kind.toLowerCase()} "${called}" not found`]
    const key = at(reference, 'key')
    const has = key === undefined || keysOf(found).includes(textOf(key))
    return has ? [] : [`couldn't find key ${textOf(key)} in ${kind.kind} ${namespace}/${called}`]
  })
}

const keysOf = (object: Json): string[] => [
  ...Object.keys(recordOf(object['data'])),
  ...Object.keys(recordOf(object['binaryData'])),
]
