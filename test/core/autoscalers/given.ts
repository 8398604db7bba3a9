/** Canaries that name an autoscaler, and the autoscalers around the Deployment `web`. */
import { type Kind, kinds, type KubeObject, type ObjectMeta } from '../../../src/api/object.ts'
import { emptyMemory, type Memory } from '../../../src/core/model/memory.ts'
import { CANARY_LABEL, REVISION_ANNOTATION } from '../../../src/core/model/names.ts'
import type { Observation, Workload } from '../../../src/core/model/observation.ts'
import type { Write } from '../../../src/core/model/write.ts'
import {
  canary,
  deployment,
  live,
  noSurroundings,
  object,
  observation,
  record,
  replicaSet,
  template,
  workload,
} from '../given-objects.ts'

type Fields = Readonly<Record<string, unknown>>

export const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }

/** From 2 to 10 pods, by CPU. */
export const hpa = (spec: Fields = {}, metadata: Partial<ObjectMeta> = {}): KubeObject =>
  object(
    kinds.HorizontalPodAutoscaler,
    'web',
    { spec: { scaleTargetRef, minReplicas: 2, maxReplicas: 10, metrics: [cpu], ...spec } },
    metadata,
  )

export const cpu = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } },
}

export const trigger = (query: string, name = 'requests'): Fields => ({
  type: 'prometheus',
  name,
  metadata: { serverAddress: 'http://prometheus:9090', query, threshold: '10' },
})

/** From 0 to 8 pods, by requests to web. */
export const scaledObject = (spec: Fields = {}, metadata: Partial<ObjectMeta> = {}): KubeObject =>
  object(
    kinds.ScaledObject,
    'web',
    {
      spec: { scaleTargetRef: { name: 'web' }, maxReplicaCount: 8, triggers: [trigger('sum(x{app="web"})')], ...spec },
    },
    metadata,
  )

const referenceOf = (kind: Kind): Fields => ({
  apiVersion: kind === kinds.ScaledObject ? 'keda.sh/v1alpha1' : 'autoscaling/v2',
  kind: kind.kind,
  name: 'web',
})

/** A workload of so many pods that are all ready. */
export function sized(
  name: string,
  replicas: number,
  ready = replicas,
  labels: 'keep' | 'switch' = 'switch',
): Workload {
  const ours = name === 'web-primary'
  const value = ours && labels === 'switch' ? 'web-primary' : 'web'
  const spec = { replicas, selector: { matchLabels: { app: value } }, template: template('web:1', { app: value }) }
  const metadata = ours
    ? { labels: { [CANARY_LABEL]: 'web' }, annotations: { [REVISION_ANNOTATION]: record(template()).revision } }
    : {}
  const of = deployment(name, spec, metadata, { replicas, readyReplicas: ready })
  const sets = replicas === 0 ? [] : [replicaSet(of, replicas)]
  const available = sets.map(set => ({ ...set, status: { replicas, readyReplicas: ready, availableReplicas: ready } }))
  return workload(of, available)
}

/** At rest with labels `switch`: the target has no pods, the primary four, and the Canary names this autoscaler. */
export function scaled(
  scaler: KubeObject,
  more: Partial<Observation> & { readonly reference?: Fields; readonly labels?: 'keep' | 'switch' } = {},
): Observation {
  const { reference = {}, labels = 'switch', ...rest } = more
  const kind = scaler.kind === 'ScaledObject' ? kinds.ScaledObject : kinds.HorizontalPodAutoscaler
  const target = rest.target ?? sized('web', 0)
  const primary = rest.primary === undefined ? sized('web-primary', 4, 4, labels) : rest.primary
  const own = canary({ autoscalerRef: { ...referenceOf(kind), ...reference } })
  const there = primary === null ? [] : [[kinds.Deployment, primary.object] as [Kind, KubeObject]]
  return observation({
    canary: own,
    memory: remembering({}, { labels }),
    surroundings: { ...noSurroundings, autoscalers: [scaler] },
    ...rest,
    target,
    primary,
    live: { ...live([kind, scaler], [kinds.Deployment, target.object], ...there), ...rest.live },
  })
}

export const remembering = (replicas: Partial<Memory['replicas']> = {}, more: Partial<Memory> = {}): Memory => ({
  ...emptyMemory,
  labels: 'switch',
  handled: {},
  replicas: { ...emptyMemory.replicas, desired: 4, ...replicas },
  ...more,
})

/** What is written to spec.replicas of the target. */
export const scaledTo = (writes: readonly Write[]): unknown[] =>
  writes.flatMap(write =>
    write.verb === 'patch' ? write.operations.flatMap(one => (one.path === '/spec/replicas' ? [one.value] : [])) : [],
  )
