/**
 * The Deployment controller, as far as a canary sees it: one ReplicaSet per template, a rolling update that never drops
 * below what is available, a pause that stops the rollout but not the scaling, and a status that says where it stands
 * (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/).
 */
import { createHash } from 'node:crypto'
import { apiVersionOf, kindKey, kinds, type KubeObject, refOf } from '../../src/api/object.ts'
import { deploymentStatus, progressDeadline, tally } from './deployment-status.ts'
import { at, type Json, recordOf, sameJson } from '../json.ts'
import { reconcileOn } from './reconcile.ts'
import { controllerOf, ownedBy, ownerReference } from './replicasets.ts'
import { Pod } from '../kinds.ts'
import type { ApiServer } from '../server/server.ts'

const BY = { manager: 'kube-controller-manager' }
const HASH = 'pod-template-hash'
const REVISION = 'deployment.kubernetes.io/revision'
const HISTORY = 'deployment.kubernetes.io/revision-history'
const DESIRED = 'deployment.kubernetes.io/desired-replicas'
const MAXIMUM = 'deployment.kubernetes.io/max-replicas'

/** Rolls Deployments out from now on. */
export function runDeployments(server: ApiServer): void {
  const lookAgain = reconcileOn(
    server,
    ({ kind, before, after }) => {
      const object = after ?? before
      const { namespace = '', name = '' } = object?.metadata ?? {}
      if (kindKey(kind) === kindKey(kinds.Deployment)) return after ? [`${namespace}/${name}`] : []
      const owner = object && kindKey(kind) === kindKey(kinds.ReplicaSet) ? controllerOf(object) : undefined
      return owner ? [`${namespace}/${owner.name}`] : []
    },
    key => {
      const [namespace = '', name = ''] = key.split('/')
      const deployment = server.store.get(kinds.Deployment, namespace, name)
      if (deployment === null) return
      if (deployment.metadata.deletionTimestamp === undefined) new Rollout(server, deployment).advance()
      const deadline = writeStatus(server, deployment)
      if (deadline !== null) lookAgain(key, Math.max(0, deadline - server.clock.now()))
    },
  )
}

/** Writes what is seen, and returns when the progress deadline passes unless something moves before. */
function writeStatus(server: ApiServer, deployment: KubeObject): number | null {
  const sets = setsOf(server, deployment)
  const now = server.clock.now()
  const status = deploymentStatus(deployment, sets.all, sets.current, now)
  server.patch(refOf(kinds.Deployment, deployment), current => ({ ...current, status }), BY, 'status')
  return progressDeadline(deployment, status, now)
}

/** A Deployment's ReplicaSets, oldest revision first, and the one of its present template. */
function setsOf(server: ApiServer, deployment: KubeObject): { all: KubeObject[]; current: KubeObject | null } {
  const all = server.store
    .all(kinds.ReplicaSet, deployment.metadata.namespace)
    .filter(set => ownedBy(deployment)(set) && set.metadata.deletionTimestamp === undefined)
    .sort((a, b) => revisionOf(a) - revisionOf(b))
  const template = at(deployment, 'spec', 'template')
  return { all, current: all.find(set => sameJson(withoutHash(at(set, 'spec', 'template')), template)) ?? null }
}

/** One look at one Deployment: makes the next moves, and leaves the rest to the looks that follow from them. */
class Rollout {
  readonly #server: ApiServer
  readonly #deployment: KubeObject
  readonly #all: readonly KubeObject[]
  readonly #current: KubeObject | null
  readonly #wanted: number
  readonly #surge: number
  readonly #unavailable: number

  constructor(server: ApiServer, deployment: KubeObject) {
    this.#server = server
    this.#deployment = deployment
    const { all, current } = setsOf(server, deployment)
    this.#all = all
    this.#current = current
    this.#wanted = Number(at(deployment, 'spec', 'replicas') ?? 1)
    const rolling = at(deployment, 'spec', 'strategy', 'rollingUpdate')
    this.#surge = shareOf(at(rolling, 'maxSurge'), this.#wanted, Math.ceil)
    const unavailable = shareOf(at(rolling, 'maxUnavailable'), this.#wanted, Math.floor)
    // Both zero would never move; the API server refuses it, and rounding must not bring it about.
    this.#unavailable = this.#surge === 0 ? Math.max(1, unavailable) : unavailable
  }

  advance(): void {
    const active = this.#all.filter(set => replicasOf(set) > 0)
    const rescaled = active.some(set => Number(set.metadata.annotations?.[DESIRED]) !== this.#wanted)
    if (at(this.#deployment, 'spec', 'paused') === true || rescaled) this.#rescale(active)
    else if (at(this.#deployment, 'spec', 'strategy', 'type') === 'Recreate') this.#recreate()
    else this.#roll()
    this.#numberRevisions()
  }

  /** Scales what is there without rolling: one ReplicaSet takes all, several keep their proportions. */
  #rescale(active: readonly KubeObject[]): void {
    const only = active.length > 1 ? undefined : (active[0] ?? this.#current ?? this.#all.at(-1))
    if (only) return this.#scale(only, this.#wanted)
    const most = this.#wanted > 0 ? this.#wanted + this.#surge : 0
    let left = most - sum(active, replicasOf)
    const bySize = active.toSorted((a, b) => replicasOf(b) - replicasOf(a))
    const sizes = bySize.map(set => {
      const before = Number(set.metadata.annotations?.[MAXIMUM] ?? this.#wanted)
      const share = Math.round((replicasOf(set) * most) / Math.max(1, before)) - replicasOf(set)
      const change = left > 0 ? Math.min(left, Math.max(0, share)) : Math.max(left, Math.min(0, share))
      left -= change
      return replicasOf(set) + change
    })
    bySize.forEach((set, index) => this.#scale(set, Math.max(0, (sizes[index] ?? 0) + (index === 0 ? left : 0))))
  }

  #recreate(): void {
    const old = this.#all.filter(set => set !== this.#current)
    for (const set of old) this.#scale(set, 0)
    const pods = this.#server.store.all(Pod, this.#deployment.metadata.namespace)
    if (pods.some(pod => old.some(set => ownedBy(set)(pod)))) return
    if (this.#current) this.#scale(this.#current, this.#wanted)
    else this.#create(this.#wanted)
  }

  #roll(): void {
    const total = sum(this.#all, replicasOf)
    const room = Math.max(0, this.#wanted + this.#surge - total)
    if (this.#current === null) return this.#create(Math.min(this.#wanted, room))
    const has = replicasOf(this.#current)
    const next = has > this.#wanted ? this.#wanted : Math.min(this.#wanted, has + room)
    if (next !== has) return this.#scale(this.#current, next)
    this.#shrinkOld(total, this.#current)
  }

  /** Takes old pods away: the broken ones first, then as many as availability allows. */
  #shrinkOld(total: number, current: KubeObject): void {
    const least = this.#wanted - this.#unavailable
    const old = this.#all.filter(set => set !== current && replicasOf(set) > 0)
    let allowed = total - least - (replicasOf(current) - availableOf(current))
    const sizes = new Map(old.map(set => [set, replicasOf(set)]))
    const take = (set: KubeObject, count: number): void => {
      sizes.set(set, (sizes.get(set) ?? 0) - count)
      allowed -= count
    }
    for (const set of old) take(set, Math.max(0, Math.min(allowed, replicasOf(set) - availableOf(set))))
    allowed = Math.min(allowed, sum(this.#all, availableOf) - least)
    for (const set of old) take(set, Math.max(0, Math.min(allowed, sizes.get(set) ?? 0)))
    for (const [set, size] of sizes) this.#scale(set, size)
  }

  #create(replicas: number): void {
    const deployment = this.#deployment
    const template = recordOf(at(deployment, 'spec', 'template'))
    const hash = hashOf(template)
    const labels = { ...recordOf(at(template, 'metadata', 'labels')), [HASH]: hash } as Record<string, string>
    const { name, namespace = '' } = deployment.metadata
    const matchLabels = { ...recordOf(at(deployment, 'spec', 'selector', 'matchLabels')), [HASH]: hash }
    const set: KubeObject = {
      apiVersion: apiVersionOf(kinds.ReplicaSet),
      kind: 'ReplicaSet',
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels,
        annotations: { [REVISION]: String(this.#nextRevision()), ...this.#scaleMarks() },
        ownerReferences: [ownerReference(deployment)],
      },
      spec: {
        replicas,
        selector: { matchLabels },
        template: { ...template, metadata: { ...recordOf(template['metadata']), labels } },
        ...(at(deployment, 'spec', 'minReadySeconds')
          ? { minReadySeconds: at(deployment, 'spec', 'minReadySeconds') }
          : {}),
      },
    }
    // That of a Deployment of this name that was just deleted; once it is collected, its end brings us back.
    if (this.#server.store.get(kinds.ReplicaSet, namespace, set.metadata.name) !== null) return
    this.#server.create(refOf(kinds.ReplicaSet, set), set, BY)
  }

  #scale(set: KubeObject, replicas: number): void {
    this.#annotate(set, this.#scaleMarks(), { replicas })
  }

  #scaleMarks(): Record<string, string> {
    return { [DESIRED]: String(this.#wanted), [MAXIMUM]: String(this.#wanted + this.#surge) }
  }

  /** The present ReplicaSet has the highest revision (a template that came back is a new one), and so has the Deployment. */
  #numberRevisions(): void {
    const { all, current } = setsOf(this.#server, this.#deployment)
    if (current === null) return
    const highest = Math.max(...all.map(revisionOf))
    if (revisionOf(current) < highest)
      this.#annotate(current, { [REVISION]: String(highest + 1), ...historyOf(current) }, {})
    const revision = String(revisionOf(current) < highest ? highest + 1 : revisionOf(current))
    const deployment = refOf(kinds.Deployment, this.#deployment)
    this.#server.patch(deployment, live => annotated(live, { [REVISION]: revision }), BY)
  }

  #nextRevision(): number {
    return Math.max(0, ...this.#all.map(revisionOf)) + 1
  }

  #annotate(set: KubeObject, annotations: Record<string, string>, spec: Json): void {
    this.#server.patch(
      refOf(kinds.ReplicaSet, set),
      live => ({ ...annotated(live, annotations), spec: { ...recordOf(live['spec']), ...spec } }),
      BY,
    )
  }
}

function annotated(object: KubeObject, annotations: Record<string, string>): KubeObject {
  const all = { ...object.metadata.annotations, ...annotations }
  return { ...object, metadata: { ...object.metadata, annotations: all } }
}

const sum = (sets: readonly KubeObject[], count: (set: KubeObject) => number): number =>
  sets.reduce((total, set) => total + count(set), 0)
const replicasOf = (set: KubeObject): number => Number(at(set, 'spec', 'replicas') ?? 0)
const availableOf = (set: KubeObject): number => tally([set]).available
const revisionOf = (set: KubeObject): number => Number(set.metadata.annotations?.[REVISION] ?? 0)

/** The revisions that a ReplicaSet has been before. */
function historyOf({ metadata: { annotations = {} } }: KubeObject): Record<string, string> {
  const had = annotations[REVISION]
  if (had === undefined) return {}
  const before = annotations[HISTORY]
  return { [HISTORY]: before === undefined ? had : `${before},${had}` }
}

/** A number, or a percentage of `whole` rounded as the controller does. */
function shareOf(value: unknown, whole: number, round: (share: number) => number): number {
  if (typeof value === 'string' && value.endsWith('%')) return round((Number.parseInt(value, 10) * whole) / 100)
  return Number(value ?? 0)
}

function withoutHash(template: unknown): unknown {
  const { [HASH]: _, ...labels } = recordOf(at(template, 'metadata', 'labels'))
  return { ...recordOf(template), metadata: { ...recordOf(at(template, 'metadata')), labels } }
}

/** Ten characters of the alphabet that real hashes are written in; the same template has always the same. */
function hashOf(template: Json): string {
  const digest = createHash('sha256').update(JSON.stringify(template)).digest()
  return [...digest.subarray(0, 10)].map(byte => 'bcdfghjklmnpqrstvwxz2456789'.charAt(byte % 27)).join('')
}
