/** What others have around a Canary: rivals, autoscalers, Services, workloads behind the apex, and routes. */
import { kinds, type KubeObject } from '../api/object.ts'
import type { Canary } from '../api/canary.ts'
import { at, textsOf } from '../core/json.ts'
import type { Names } from '../core/model/names.ts'
import type { Settings, Sight, Surroundings, Workload } from '../core/model/observation.ts'
import { podPrefixOf } from '../core/model/selectors.ts'
import { selects, templateLabels } from '../core/render/labels.ts'
import { originalOf, selectorBefore } from '../core/render/original.ts'
import { isOurs } from '../core/render/ownership.ts'
import { routingOf } from '../core/routers/index.ts'
import { readyPods, selectorKeys, workloadKinds } from './kinds.ts'
import type { TrackedReader } from './reader.ts'

export function surroundingsOf(
  reader: TrackedReader,
  settings: Settings,
  canary: Canary,
  names: Names,
  target: Workload | null,
  { namespaceTerminating, sight }: { readonly namespaceTerminating: boolean; readonly sight: Sight },
): Surroundings {
  const { namespace } = names
  const claims = [`${namespace}/target/${names.target.name}`, `${namespace}/service/${names.apexService.name}`]
  const rivals = claims.flatMap(claim => reader.byIndex(kinds.Canary, 'claims', claim))
  const scalers = [kinds.HorizontalPodAutoscaler, kinds.ScaledObject, kinds.VerticalPodAutoscaler].flatMap(kind =>
    [names.target.name, names.primary.name].flatMap(name => reader.byIndex(kind, 'scales', `${namespace}/${name}`)),
  )
  const labels = textsOf(at(target?.object.spec, 'template', 'metadata', 'labels'))
  const services = selectorKeys(namespace, labels).flatMap(key => reader.byIndex(kinds.Service, 'selector', key))
  const own = [names.apexService, names.primaryService, names.canaryService]
  const ours = new Set(own.map(ref => ref.name))
  const workloads = new Set([names.target.name, names.primary.name])
  const apex = reader.get(names.apexService)
  const selector = apex === undefined || isOurs({ names }, apex) ? {} : selectorBefore(apex)
  const backends = workloadKinds.flatMap(kind =>
    reader
      .bySmallest(kind, 'pods', selectorKeys(namespace, selector))
      .filter(one => selects(selector, templateLabels(one)) && !workloads.has(one.metadata.name)),
  )
  const isBefore = Object.keys(selector).length > 0 && apex !== undefined && originalOf(apex) === null
  const isRead = isBefore && (sight === 'endpoints' || sight === 'live')
  return {
    rivals: distinct(rivals).filter(one => one.metadata.name !== names.canary),
    autoscalers: distinct(scalers),
    services: distinct(services).filter(
      service => !ours.has(service.metadata.name) && selects(textsOf(at(service.spec, 'selector')), labels),
    ),
    backends,
    otherPods: isRead && target !== null ? otherPods(reader, names, [target.object, ...backends]) : [],
    ...routingOf({ canary }).surroundings(
      { canary, names, settings: settings },
      (kind, index, key) => reader.byIndex(kind, index, key),
      (kind, of) => reader.sees(kind, of),
    ),
    namespaceTerminating,
  }
}

/** Pods that the apex leads to, whose names are not those of pods of these Deployments and ReplicaSets, or of the primary. */
function otherPods(
  reader: TrackedReader,
  { apexService, primary }: Names,
  others: readonly KubeObject[],
): readonly string[] {
  const own = reader.get(primary)
  const known = own === undefined ? others : [...others, own]
  const key = `${apexService.namespace}/${apexService.name}`
  const sets = known.flatMap(({ kind, metadata }) =>
    kind === kinds.ReplicaSet.kind
      ? [metadata.name]
      : reader.byIndex(kinds.ReplicaSet, 'owner', metadata.uid ?? '').map(set => set.metadata.name),
  )
  const prefixes = sets.map(podPrefixOf)
  const pods = new Set(reader.byIndex(kinds.EndpointSlice, 'service', key).flatMap(readyPods))
  return [...pods].filter(pod => !prefixes.some(prefix => pod.startsWith(prefix))).toSorted()
}

/** Each object once. */
function distinct(objects: readonly KubeObject[]): readonly KubeObject[] {
  return objects.length < 2 ? objects : [...new Set(objects)]
}
