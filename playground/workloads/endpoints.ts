/**
 * EndpointSlices: for every Service with a selector one slice of the ready pods that it finds, with the labels of the Service
 * (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/). One slice a Service, however many pods.
 */
import { type KubeObject, kinds, kindKey } from '../../src/api/object.ts'
import { at, type Json, listOf, recordOf, textOf } from '../json.ts'
import { conditionOf, isReady } from './kubelet.ts'
import { reconcileOn } from './reconcile.ts'
import { ownerReference } from './replicasets.ts'
import { Pod } from '../kinds.ts'
import { carries } from '../schema/selector.ts'
import type { ApiServer } from '../server/server.ts'

const BY = { manager: 'kube-controller-manager' }

/** Keeps the slices from now on. */
export function runEndpoints(server: ApiServer): void {
  const { store } = server
  const servicesOf = (object: KubeObject): string[] =>
    store
      .all(kinds.Service, object.metadata.namespace ?? '')
      .filter(service => carries(object.metadata.labels, recordOf(at(service, 'spec', 'selector'))))
      .map(keyOf)

  const reconcile = (key: string): void => {
    const [namespace = '', name = ''] = key.split('/')
    const service = store.get(kinds.Service, namespace, name)
    if (service === null || service === undefined || service.metadata.deletionTimestamp !== undefined) return
    const selector = recordOf(at(service, 'spec', 'selector'))
    if (Object.keys(selector).length === 0) return
    const pods = store.all(Pod, namespace).filter(pod => carries(pod.metadata.labels, selector) && isReady(pod))
    const ref = { kind: kinds.EndpointSlice, namespace, name: `${name}-slice` }
    const slice: KubeObject = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: ref.name,
        generateName: `${name}-`,
        namespace,
        labels: {
          ...service.metadata.labels,
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
          'kubernetes.io/service-name': name,
        },
        annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': changeOf(service, pods) },
        ownerReferences: [ownerReference(service)],
      },
      addressType: 'IPv4',
      ports: pods.length === 0 ? null : listOf(at(service, 'spec', 'ports')).map(port => portOf(port, pods)),
      endpoints:
        pods.length === 0
          ? null
          : pods.map(pod => ({
              addresses: [at(pod, 'status', 'podIP')],
              conditions: { ready: true },
              targetRef: { kind: 'Pod', namespace, name: pod.metadata.name },
            })),
    }
    server.apply(ref, slice, BY, 'force')
  }

  reconcileOn(
    server,
    ({ kind, before, after }) => {
      const objects = [before, after].filter(object => object !== null && object !== undefined)
      if (kindKey(kind) === kindKey(kinds.Service)) return objects.map(keyOf)
      return kindKey(kind) === kindKey(Pod) ? [...new Set(objects.flatMap(servicesOf))] : []
    },
    reconcile,
  )
}

/** When the last of what a slice is made from came to be as it is. */
function changeOf({ metadata }: KubeObject, pods: readonly KubeObject[]): string {
  const ready = pods.map(pod => textOf(conditionOf(pod, 'Ready')['lastTransitionTime']))
  return [metadata.creationTimestamp ?? '', ...ready].reduce((latest, time) => (time > latest ? time : latest))
}

/** A port as pods have it: by number, or by the name that a container gives it. */
function portOf(port: unknown, pods: readonly KubeObject[]): Json {
  const { name = '', protocol, targetPort } = recordOf(port)
  const containers = pods.slice(0, 1).flatMap(pod => listOf(at(pod, 'spec', 'containers')))
  const named = containers.flatMap(one => listOf(at(one, 'ports'))).find(one => at(one, 'name') === targetPort)
  return { name, protocol, port: typeof targetPort === 'number' ? targetPort : at(named, 'containerPort') }
}

const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`
