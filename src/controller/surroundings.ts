/** What others have around a Canary: rivals, autoscalers, Services, workloads behind the apex, and routes. */
import { kinds, type KubeObject } from '../api/object.ts'
import type { Canary } from '../api/canary.ts'
import { at, textsOf } from '../core/json.ts'
import type { Names } from '../core/model/names.ts'
import type { Settings, Surroundings, Workload } from '../core/model/observation.ts'
import { selects, templateLabels } from '../core/render/labels.ts'
import { selectorBefore } from '../core/render/original.ts'
import { isOurs } from '../core/render/ownership.ts'
import { routingOf } from '../core/routers/index.ts'
import { selectorKeys, workloadKinds } from './kinds.ts'
import type { TrackedReader } from './reader.ts'

export function surroundingsOf(
  reader: TrackedReader,
  settings: Settings,
  canary: Canary,
  names: Names,
  target: Workload | null,
  namespaceTerminating: boolean,
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
  return {
    rivals: distinct(rivals).filter(one => one.metadata.name !== names.canary),
    autoscalers: distinct(scalers),
    services: distinct(services).filter(
      service => !ours.has(service.metadata.name) && selects(textsOf(at(service.spec, 'selector')), labels),
    ),
    backends: workloadKinds.flatMap(kind =>
      reader
        .bySmallest(kind, 'pods', selectorKeys(namespace, selector))
        .filter(one => selects(selector, templateLabels(one)) && !workloads.has(one.metadata.name)),
    ),
    ...routingOf({ canary }).surroundings(
      { canary, names, settings: settings },
      (kind, index, key) => reader.byIndex(kind, index, key),
      (kind, of) => reader.sees(kind, of),
    ),
    namespaceTerminating,
  }
}

/** Each object once. */
function distinct(objects: readonly KubeObject[]): readonly KubeObject[] {
  return objects.length < 2 ? objects : [...new Set(objects)]
}
