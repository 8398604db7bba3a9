/**
 * The Deployment controller, in sweeps: new pods start beside the old ones, are ready a sweep later, and only then the old
 * ones end. A paused Deployment rolls nothing and is scaled all the same.
 */
import { apiVersionOf, type KubeObject, kinds } from '../../src/api/object.ts'
import { at, fingerprint, recordOf, recordsOf, sameJson, textOf, textsOf } from '../../src/core/json.ts'
import type { Weather } from './tiny-world.ts'

/** The pods of one template of a Deployment: a ReplicaSet. */
export interface PodGroup {
  readonly deployment: string
  readonly image: string
  readonly hash: string
  readonly labels: Readonly<Record<string, string>>
  /** As the user wrote it. */
  readonly template: unknown
  readonly replicas: number
  readonly ready: number
  /** The ReplicaSet as the API server shows it. */
  readonly set: KubeObject
}

export const imageOf = (template: unknown): string =>
  textOf(recordsOf(at(template, 'spec', 'containers'))[0]?.['image'])

/** The pods after one sweep; the same list where nothing moves. */
export function advancePods(
  deployment: KubeObject,
  before: readonly PodGroup[],
  weather: Weather,
): readonly PodGroup[] {
  const desired = Number(at(deployment['spec'], 'replicas') ?? 1)
  const paused = at(deployment['spec'], 'paused') === true
  const template = at(deployment['spec'], 'template')
  const current = before.find(group => group.template === template || sameJson(group.template, template))
  const groups = current === undefined && !paused ? [...before, groupOf(deployment, template)] : before
  const newest = current ?? groups[groups.length - 1]
  const recreates = at(deployment['spec'], 'strategy', 'type') === 'Recreate'
  const roll = recreates ? recreated : rolled
  const counts = paused ? scaled(groups, desired, current) : roll(groups, desired, newest)
  const after = groups.map((group, i) => withCounts(group, counts[i] ?? 0, readyOf(group, counts[i] ?? 0, weather)))
  return after.length === before.length && after.every((group, i) => group === before[i]) ? before : after
}

/** Old pods stay until the new ones are all ready. */
function rolled(groups: readonly PodGroup[], desired: number, current: PodGroup | undefined): number[] {
  const done = desired === 0 || (current !== undefined && current.ready >= desired)
  return groups.map(group => (group === current ? desired : done ? 0 : Math.min(group.replicas, Math.max(desired, 1))))
}

/** New pods start when no old one is left. */
function recreated(groups: readonly PodGroup[], desired: number, current: PodGroup | undefined): number[] {
  const left = groups.some(group => group !== current && group.replicas > 0)
  return groups.map(group => (group === current && !left ? desired : 0))
}

/** Who has pods keeps them; where nobody has, the present template gets them, or the newest. */
function scaled(groups: readonly PodGroup[], desired: number, current: PodGroup | undefined): number[] {
  const active = groups.filter(group => group.replicas > 0)
  const [only] = active.length > 1 ? [] : [active[0] ?? current ?? groups[groups.length - 1]]
  return groups.map(group => {
    if (desired === 0) return 0
    return only === undefined ? group.replicas : group === only ? desired : 0
  })
}

function readyOf(group: PodGroup, replicas: number, weather: Weather): number {
  const healthy = !weather.broken.has(group.image) && !weather.down.has(group.deployment)
  // Those that start in this sweep are ready in the next.
  return healthy ? Math.min(group.replicas, replicas) : 0
}

function groupOf(deployment: KubeObject, template: unknown): PodGroup {
  const hash = fingerprint(template).slice(0, 8)
  const labels = { ...textsOf(at(template, 'metadata', 'labels')), 'pod-template-hash': hash }
  const group = { deployment: deployment.metadata.name, image: imageOf(template), hash, labels, template }
  const labelled = { ...recordOf(template), metadata: { ...recordOf(at(template, 'metadata')), labels } }
  const { name, uid = '' } = deployment.metadata
  const set: KubeObject = {
    apiVersion: apiVersionOf(kinds.ReplicaSet),
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      labels,
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true }],
    },
    spec: { template: labelled },
    status: {},
  }
  return { ...group, replicas: 0, ready: 0, set }
}

function withCounts(group: PodGroup, replicas: number, ready: number): PodGroup {
  if (group.replicas === replicas && group.ready === ready) return group
  const status = { replicas, readyReplicas: ready, availableReplicas: ready }
  return { ...group, replicas, ready, set: { ...group.set, status } }
}

/** Pods crash, all of a Deployment at once; those that recover are ready with the next sweep. */
export function withReadiness(groups: readonly PodGroup[], weather: Weather): readonly PodGroup[] {
  const after = groups.map(group =>
    withCounts(group, group.replicas, Math.min(group.ready, readyOf(group, group.replicas, weather))),
  )
  return after.every((group, i) => group === groups[i]) ? groups : after
}
