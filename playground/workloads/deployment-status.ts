/** What a Deployment says of itself: counts, and the conditions Available and Progressing with their reasons. */
import type { KubeObject } from '../../src/api/object.ts'
import type { Instant } from '../../src/core/time.ts'
import { at, type Json, listOf, recordOf, textOf } from '../json.ts'
import { counts } from './replicasets.ts'
import { conditionOf } from './kubelet.ts'
import { stampOf } from '../server/deletion.ts'

interface Tally {
  readonly replicas: number
  readonly ready: number
  readonly available: number
  readonly terminating: number
}

/** The pods of some ReplicaSets, as their statuses count them. */
export function tally(sets: readonly KubeObject[]): Tally {
  const total = (field: string): number => sets.reduce((sum, set) => sum + Number(at(set, 'status', field) ?? 0), 0)
  return {
    replicas: total('replicas'),
    ready: total('readyReplicas'),
    available: total('availableReplicas'),
    terminating: total('terminatingReplicas'),
  }
}

interface Progress {
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
}

/** The status of a Deployment with these ReplicaSets. */
export function deploymentStatus(
  deployment: KubeObject,
  all: readonly KubeObject[],
  current: KubeObject | null,
  now: Instant,
): Json {
  const { replicas, ready, available, terminating } = tally(all)
  const wanted = Number(at(deployment, 'spec', 'replicas') ?? 1)
  const updated = current ? tally([current]).replicas : 0
  const sums = {
    observedGeneration: deployment.metadata.generation ?? 0,
    terminatingReplicas: terminating,
    ...counts({
      replicas,
      updatedReplicas: updated,
      readyReplicas: ready,
      availableReplicas: available,
      unavailableReplicas: Math.max(
        0,
        Math.max(
          wanted,
          all.reduce((sum, set) => sum + specReplicas(set), 0),
        ) - available,
      ),
    }),
  }
  const complete = updated === wanted && replicas === wanted && available === wanted
  const progress = progressOf(deployment, sums, complete, current, now)
  const enough = available >= wanted - unavailableAllowed(deployment, wanted)
  const availability: Progress = enough
    ? { status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
    : {
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      }
  const conditions = [
    condition(deployment, 'Available', availability, false, now),
    condition(deployment, 'Progressing', progress.next, progress.moved, now),
  ]
  return { ...sums, conditions }
}

/**
 * When the rollout runs out of time if nothing moves until then; null when it is complete, paused, or already too late.
 */
export function progressDeadline(deployment: KubeObject, status: Json, now: Instant): Instant | null {
  const progressing = recordOf(listOf(status['conditions']).find(one => at(one, 'type') === 'Progressing'))
  if (
    ['NewReplicaSetAvailable', 'ProgressDeadlineExceeded', 'DeploymentPaused'].includes(String(progressing['reason']))
  ) {
    return null
  }
  // Times are stamped to the second, so the deadline is looked at in the second after it.
  return Math.max(now, Date.parse(String(progressing['lastUpdateTime'])) + deadlineOf(deployment) + 1000)
}

function progressOf(
  deployment: KubeObject,
  sums: Json,
  complete: boolean,
  current: KubeObject | null,
  now: Instant,
): { next: Progress; moved: boolean } {
  const before = conditionOf(deployment, 'Progressing')
  const set = `ReplicaSet "${current?.metadata.name ?? ''}"`
  const stay: Progress = {
    status: (before['status'] ?? 'True') as Progress['status'],
    reason: textOf(before['reason'], 'NewReplicaSetCreated'),
    message: textOf(before['message'], `Created new replica set "${current?.metadata.name ?? ''}"`),
  }
  if (at(deployment, 'spec', 'paused') === true) {
    const next: Progress = { status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' }
    return { next, moved: stay.reason !== next.reason }
  }
  if (stay.reason === 'DeploymentPaused') {
    const next: Progress = { status: 'Unknown', reason: 'DeploymentResumed', message: 'Deployment is resumed' }
    return { next, moved: true }
  }
  // Once complete it stays so, whatever its pods do later, until the template changes.
  const settled = stay.reason === 'NewReplicaSetAvailable' && sums['replicas'] === sums['updatedReplicas']
  if (complete || settled) {
    const message = `${set} has successfully progressed.`
    return {
      next: { status: 'True', reason: 'NewReplicaSetAvailable', message },
      moved: stay.reason !== 'NewReplicaSetAvailable',
    }
  }
  const old = recordOf(deployment['status'])
  const grew = (field: string): boolean => Number(sums[field] ?? 0) > Number(old[field] ?? 0)
  const oldPods = (status: Json): number => Number(status['replicas'] ?? 0) - Number(status['updatedReplicas'] ?? 0)
  const fresh = stay.reason === 'NewReplicaSetAvailable' || !('reason' in before)
  if (
    fresh ||
    grew('updatedReplicas') ||
    grew('readyReplicas') ||
    grew('availableReplicas') ||
    oldPods(sums) < oldPods(old)
  ) {
    return { next: { status: 'True', reason: 'ReplicaSetUpdated', message: `${set} is progressing.` }, moved: true }
  }
  const since = Date.parse(String(before['lastUpdateTime']))
  if (now > since + deadlineOf(deployment) && stay.reason !== 'ProgressDeadlineExceeded') {
    const message = `${set} has timed out progressing.`
    return { next: { status: 'False', reason: 'ProgressDeadlineExceeded', message }, moved: true }
  }
  return { next: stay, moved: false }
}

function condition(deployment: KubeObject, type: string, next: Progress, moved: boolean, now: Instant): Json {
  const before = conditionOf(deployment, type)
  const same = before['status'] === next.status
  const updated = moved || !same ? stampOf(now) : before['lastUpdateTime']
  return {
    type,
    ...next,
    lastUpdateTime: updated,
    lastTransitionTime: same ? before['lastTransitionTime'] : stampOf(now),
  }
}

const specReplicas = (set: KubeObject): number => Number(at(set, 'spec', 'replicas') ?? 0)
const deadlineOf = (deployment: KubeObject): number =>
  Number(at(deployment, 'spec', 'progressDeadlineSeconds') ?? 600) * 1000

function unavailableAllowed(deployment: KubeObject, wanted: number): number {
  const value = at(deployment, 'spec', 'strategy', 'rollingUpdate', 'maxUnavailable') ?? 0
  return typeof value === 'string' ? Math.floor((Number.parseInt(value, 10) * wanted) / 100) : Number(value)
}
