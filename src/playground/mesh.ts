/**
 * Clients and proxies in virtual time. A load is a constant stream of requests; between two changes of the cluster all
 * its shares are constant too, so what was answered is kept as stretches of time with rates, exactly, and nothing ticks.
 */
import { kindKey, kinds, type KubeObject } from '../api/object.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import type { Images, Latency } from './images.ts'
import { sameJson } from './json.ts'
import { imageOf, isRunning } from './kubelet.ts'
import { controllerOf } from './replicasets.ts'
import { type Destination, type Flag, type Request, routesOf } from './routes.ts'
import { Pod } from './kinds.ts'
import { carries } from './selector.ts'
import type { ApiServer } from './server.ts'

/** A constant stream of requests. */
export interface Load extends Partial<Omit<Request, 'host' | 'namespace'>> {
  readonly host: string
  readonly namespace: string
  readonly perSecond: number
}

/** One kind of answer within a stretch of time. */
export interface Flow {
  /** Empty where no Service was chosen. */
  readonly service: string
  readonly namespace: string
  /** The Deployment whose pods answered, or would have; empty where nobody can say. */
  readonly workload: string
  /** `pod-template-hash` of the pods that answered; empty when none did. */
  readonly revision: string
  readonly code: number
  /** Empty for an answer of a pod; else why the caller's proxy answered itself. UF: the pod it chose was not there. */
  readonly flag: Flag | 'UF' | ''
  readonly perSecond: number
  /** Of the answers; null where no pod answered. */
  readonly latency: Latency | null
}

export interface Stretch {
  readonly from: Instant
  readonly to: Instant
  readonly flows: readonly Flow[]
}

const WATCHED = new Set(
  [kinds.Service, kinds.VirtualService, kinds.DestinationRule, kinds.ReplicaSet, Pod].map(kindKey),
)

interface Routed {
  readonly load: Load
  readonly destinations: readonly Destination[]
}

export class Mesh {
  readonly #server: ApiServer
  readonly #images: Images
  /** From a change in the cluster until the proxies act on it. */
  readonly #propagation: Milliseconds
  readonly #loads = new Set<Load>()
  readonly #past: Stretch[] = []
  #routed: readonly Routed[] = []
  #flows: readonly Flow[] = []
  #since: Instant

  constructor(server: ApiServer, images: Images, propagation: Milliseconds = 0) {
    this.#server = server
    this.#images = images
    this.#propagation = propagation
    this.#since = server.clock.now()
    server.store.subscribe(({ kind }) => {
      if (!WATCHED.has(kindKey(kind))) return
      this.#learn(this.#propagation)
      if (kindKey(kind) === kindKey(Pod)) this.#turn()
    })
    images.subscribe(() => this.#turn())
  }

  /** Starts a load. Returns what stops it. */
  load(load: Load): () => void {
    this.#loads.add(load)
    this.#learn(0)
    return () => {
      this.#loads.delete(load)
      this.#learn(0)
    }
  }

  /** What was answered from `from` until now, oldest first. */
  stretches(from: Instant = 0, to: Instant = this.#server.clock.now()): Stretch[] {
    return [...this.#past, { from: this.#since, to: this.#server.clock.now(), flows: this.#flows }]
      .map(one => ({ ...one, from: Math.max(one.from, from), to: Math.min(one.to, to) }))
      .filter(one => one.to > one.from)
  }

  /** Requests from `from` until now, as far as `counted` says; fractions of requests included. */
  count(counted: (flow: Flow) => boolean, from: Instant = 0, to: Instant = this.#server.clock.now()): number {
    return this.stretches(from, to).reduce((sum, { from: start, to: end, flows }) => {
      const rate = flows.filter(counted).reduce((total, flow) => total + flow.perSecond, 0)
      return sum + (rate * (end - start)) / 1000
    }, 0)
  }

  /** Requests that no pod answered: what clients lost because of routing, never because of an image. */
  failures(from: Instant = 0): number {
    return this.count(flow => flow.flag !== '', from)
  }

  /** Answers by pod-template hash, of all time: who ever carried traffic. */
  answersByRevision(): Map<string, number> {
    const revisions = new Set(this.stretches().flatMap(({ flows }) => flows.map(flow => flow.revision)))
    revisions.delete('')
    return new Map([...revisions].map(revision => [revision, this.count(flow => flow.revision === revision)]))
  }

  /** Percent of the present requests that each Deployment's pods answer. */
  shares(): Record<string, number> {
    const total = this.#flows.reduce((sum, flow) => sum + flow.perSecond, 0)
    const shares: Record<string, number> = {}
    for (const { workload, flag, perSecond } of this.#flows) {
      const name = flag === '' ? workload : flag
      shares[name] = (shares[name] ?? 0) + (100 * perSecond) / total
    }
    return Object.fromEntries(Object.entries(shares).map(([name, share]) => [name, Math.round(share * 1e6) / 1e6]))
  }

  /** Reads the routes as they are now; the proxies have them after the delay. */
  #learn(delay: Milliseconds): void {
    const routed = [...this.#loads].map((load): Routed => {
      const usual = { gateway: 'mesh', path: '/', headers: {} }
      return { load, destinations: routesOf(this.#server.store, { ...usual, ...load }) }
    })
    const install = (): void => {
      this.#routed = routed
      this.#turn()
    }
    if (delay === 0) install()
    else this.#server.clock.at(this.#server.clock.now() + delay, install)
  }

  /** Ends the present stretch and begins the next, if anything is different. */
  #turn(): void {
    const now = this.#server.clock.now()
    const flows = this.#routed.flatMap(({ load, destinations }) =>
      destinations.flatMap(destination => this.#answers(destination, load.perSecond * destination.share)),
    )
    if (sameJson(flows, this.#flows)) return
    if (now > this.#since) this.#past.push({ from: this.#since, to: now, flows: this.#flows })
    this.#since = now
    this.#flows = flows
  }

  #answers(destination: Destination, perSecond: number): Flow[] {
    const { namespace, service, answer } = destination
    const lost = (flag: Flow['flag'], rate: number): Flow[] =>
      this.#meant(destination).map(workload => {
        const code = flag === 'NR' ? 404 : 503
        return { service, namespace, workload, revision: '', code, flag, perSecond: rate, latency: null }
      })
    if ('flag' in answer) return lost(answer.flag, perSecond)
    const each = perSecond / answer.pods.length
    const groups = new Map<string, { pod: KubeObject; rate: number }>()
    let unreachable = 0
    for (const name of answer.pods) {
      const pod = this.#server.store.get(Pod, namespace, name)
      if (pod === null || !isRunning(pod)) {
        unreachable += each
        continue
      }
      const key = `${controllerOf(pod)?.uid} ${imageOf(pod)}`
      groups.set(key, { pod, rate: (groups.get(key)?.rate ?? 0) + each })
    }
    const answered = [...groups.values()].flatMap(({ pod, rate }) => this.#answeredBy(pod, service, rate))
    return unreachable > 0 ? [...answered, ...lost('UF', unreachable)] : answered
  }

  /** The answers of pods alike: some of them errors. */
  #answeredBy(pod: KubeObject, service: string, perSecond: number): Flow[] {
    const namespace = pod.metadata.namespace ?? ''
    const behaviour = this.#images.behaviour(imageOf(pod))
    const errorRate = behaviour?.errorRate ?? 0
    const common = {
      service,
      namespace,
      workload: this.#deploymentOf(namespace, controllerOf(pod)?.name ?? ''),
      revision: pod.metadata.labels?.['pod-template-hash'] ?? '',
      flag: '' as const,
      latency: behaviour?.latency ?? null,
    }
    const flows: Flow[] = [
      { ...common, code: 200, perSecond: perSecond * (1 - errorRate) },
      { ...common, code: 500, perSecond: perSecond * errorRate },
    ]
    return flows.filter(flow => flow.perSecond > 0)
  }

  /** Whose pods were meant when none answered: ReplicaSets carry the labels of their pods even when they have none. */
  #meant({ namespace, labels }: Destination): string[] {
    const sets = this.#server.store.all(kinds.ReplicaSet, namespace).filter(set => carries(set.metadata.labels, labels))
    const workloads = new Set(sets.map(set => controllerOf(set)?.name ?? ''))
    // One lost request is one lost request, however many could have been meant.
    return [[...workloads].sort().at(0) ?? '']
  }

  #deploymentOf(namespace: string, set: string): string {
    const found = this.#server.store.get(kinds.ReplicaSet, namespace, set)
    return found ? (controllerOf(found)?.name ?? '') : set.replace(/-[^-]*$/, '')
  }
}
