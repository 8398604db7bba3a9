/**
 * A Deployment and its ReplicaSets, read as a Workload: which revision it is, whose pods run, and whether they are ready.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status says what the conditions mean.
 */
import { kinds, type KubeObject, type ManagedFields } from '../../api/object.ts'
import { at, type Json, numberOf, recordOf, recordsOf, textOf } from '../json.ts'
import { CANARY_LABEL, POD_HASH_LABEL, REVISION_ANNOTATION } from '../model/names.ts'
import type { Pods, Workload } from '../model/observation.ts'
import type { Sha256 } from '../ports.ts'
import { templateOf, templateRevision, withConfigs } from '../model/revision.ts'
import { FIELD_MANAGER } from '../model/write.ts'
import type { Reading, WorkloadKind } from './workload-kind.ts'

/** Each template is hashed once, not once a pass: the cache hands out the same one until it changes. */
const hashed = new WeakMap<Json, string>()

function templatePartOf(object: KubeObject, sha256: Sha256): string {
  const template = recordOf(at(object.spec, 'template'))
  const known = hashed.get(template)
  if (known !== undefined) return known
  const part = templateRevision(template, sha256)
  hashed.set(template, part)
  return part
}

export const deployment: WorkloadKind = {
  kind: kinds.Deployment,
  childKind: kinds.ReplicaSet,
  read: readDeployment,
  surgeless: takesOldPodsFirst,
  autoscalable: true,
}

/**
 * @returns the Workload. A Deployment of ours says its revision by annotation, because the template on it is rendered:
 * labels and names of configuration differ from what was judged.
 */
function readDeployment(object: KubeObject, replicaSets: readonly KubeObject[], reading: Reading): Workload {
  const { spec, status } = object
  const own = templatePartOf(object, reading.sha256)
  const revision = revisionOn(object) ?? withConfigs(own, reading.configs, reading.sha256)
  const sets = replicaSets.filter(set => isControlledBy(set, object))
  const present = sets.find(set => templatePartOf(set, reading.sha256) === own)
  const others = sets.filter(set => set !== present && setReplicas(set) > 0)
  const pods = new Map(others.map(set => [templatePartOf(set, reading.sha256), podsOf(set)]))
  if (present !== undefined) pods.set(templateOf(revision), podsOf(present))
  const replicas = numberOf(at(spec, 'replicas'), 1)
  const running = Math.max(
    numberOf(at(status, 'replicas'), 0),
    sets.reduce((sum, set) => sum + setReplicas(set), 0),
  )
  const paused = at(spec, 'paused') === true
  const ofEarlier = Math.max(running - (present ? setReplicas(present) : 0), 0)
  const counts: Counts = {
    desired: replicas,
    needed: Math.max(1, Math.ceil((replicas * reading.readyPercent) / 100)),
    available: present ? numberOf(at(present.status, 'availableReplicas'), 0) : 0,
    earlier: ofEarlier,
    paused,
  }
  return {
    object,
    revision,
    generation: object.metadata.generation ?? 0,
    replicas,
    replicasBy: lastWriterOfReplicas(object.metadata.managedFields ?? []),
    paused,
    pods: Object.fromEntries(pods),
    ready: numberOf(at(status, 'readyReplicas'), 0),
    running,
    ...readinessOf(object, counts),
  }
}

/** The revision on a workload of ours. */
function revisionOn(object: KubeObject): string | undefined {
  if (object.metadata.labels?.[CANARY_LABEL] === undefined) return undefined
  return object.metadata.annotations?.[REVISION_ANNOTATION]
}

function isControlledBy(set: KubeObject, owner: KubeObject): boolean {
  return (set.metadata.ownerReferences ?? []).some(
    reference => reference.kind === owner.kind && reference.uid === owner.metadata.uid,
  )
}

const setReplicas = (set: KubeObject): number => numberOf(at(set.status, 'replicas'), 0)

function podsOf(set: KubeObject): Pods {
  return {
    hash:
      set.metadata.labels?.[POD_HASH_LABEL] ?? textOf(at(set.spec, 'template', 'metadata', 'labels', POD_HASH_LABEL)),
    replicas: setReplicas(set),
    ready: numberOf(at(set.status, 'readyReplicas'), 0),
  }
}

interface Counts {
  readonly desired: number
  readonly needed: number
  /** Of the present template. */
  readonly available: number
  /** Pods of other templates. */
  readonly earlier: number
  readonly paused: boolean
}

type Readiness = Pick<Workload, 'readiness' | 'message'>

/** The condition for readiness comes before the deadline: enough pods are enough, whatever an old condition says. */
function readinessOf(object: KubeObject, counts: Counts): Readiness {
  const { desired, needed, available, earlier, paused } = counts
  const generation = object.metadata.generation ?? 0
  const observed = numberOf(at(object.status, 'observedGeneration'), 0)
  if (observed < generation) {
    const message = `the Deployment controller has not observed its latest change (generation ${generation}, observed ${observed})`
    return { readiness: 'pending', message }
  }
  if (desired === 0) return { readiness: 'progressing', message: 'it is scaled to 0' }
  const ready = `${available} of ${desired} pods available`
  if (available >= needed && earlier === 0) return { readiness: 'ready', message: ready }
  const stuck = stuckBecause(object)
  if (stuck !== null) return { readiness: 'stuck', message: `${ready}; ${stuck}` }
  if (available >= needed) {
    const still = `${pods(earlier)} of an earlier revision ${earlier === 1 ? 'is' : 'are'} still running`
    return { readiness: 'progressing', message: still }
  }
  return {
    readiness: 'progressing',
    message: [ready, paused ? 'its rollout is paused' : failureOf(object)].filter(Boolean).join('; '),
  }
}

const pods = (count: number): string => (count === 1 ? '1 pod' : `${count} pods`)

const conditionOf = (object: KubeObject, type: string) =>
  recordsOf(at(object.status, 'conditions')).find(condition => condition['type'] === type)

/**
 * Whether a rollout takes an old pod before it has a new one, so that none may be left: `Recreate`, or no surge, or everything
 * unavailable. Percentages are rounded as the Deployment controller does it, surge up and unavailable down; both at 0 is one
 * unavailable (https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/controller/deployment/util/deployment_util.go,
 * ResolveFenceposts).
 */
function takesOldPodsFirst({ spec }: KubeObject, replicas: number): boolean {
  if (at(spec, 'strategy', 'type') === 'Recreate') return true
  const share = (field: string, round: (pods: number) => number): number => {
    const value = at(spec, 'strategy', 'rollingUpdate', field) ?? '25%'
    return typeof value === 'number' ? value : round((Number.parseInt(textOf(value), 10) * replicas) / 100)
  }
  return share('maxSurge', Math.ceil) === 0 || share('maxUnavailable', Math.floor) >= replicas
}

/** Why the Deployment controller gave the rollout up, or null while it goes on. */
function stuckBecause(object: KubeObject): string | null {
  const progressing = conditionOf(object, 'Progressing')
  if (progressing?.['reason'] !== 'ProgressDeadlineExceeded' || progressing['status'] !== 'False') return null
  const seconds = numberOf(at(object.spec, 'progressDeadlineSeconds'), 600)
  const failure = failureOf(object)
  return `no progress within its progressDeadlineSeconds (${seconds})${failure === '' ? '' : `; ${failure}`}`
}

/** Why pods cannot even be created (quota, admission), as the controller was told. */
function failureOf(object: KubeObject): string {
  const failure = conditionOf(object, 'ReplicaFailure')
  return failure?.['status'] === 'True' ? textOf(failure['message']) : ''
}

/**
 * The manager that wrote spec.replicas last. Times are to the second: of several within one, another client's counts, because
 * it was not ours.
 */
function lastWriterOfReplicas(entries: readonly ManagedFields[]): string {
  const writers = entries.filter(entry => at(entry.fieldsV1, 'f:spec', 'f:replicas') !== undefined)
  const [last] = writers.toSorted((a, b) => {
    const byTime = (b.time ?? '').localeCompare(a.time ?? '')
    return byTime === 0 ? Number(a.manager === FIELD_MANAGER) - Number(b.manager === FIELD_MANAGER) : byTime
  })
  return last?.manager ?? ''
}
