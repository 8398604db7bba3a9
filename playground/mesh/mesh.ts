/**
 * Clients and proxies. A load is a constant stream of requests; between two changes of the cluster all its shares are
 * constant too, so what was answered is kept as stretches of time with rates, exactly, and nothing ticks.
 */
import { kindKey, kinds, type KubeObject } from '../../src/api/object.ts'
import type { Instant, Milliseconds } from '../../src/core/time.ts'
import { AT_ONCE, type Backend, type Course, coursesTo, later, type Try } from './courses.ts'
import type { Images } from '../workloads/images.ts'
import { at, listOf, sameJson, textOf } from '../json.ts'
import { containerOf, isRunning } from '../workloads/kubelet.ts'
import type { Latency } from '../workloads/latency.ts'
import { controllerOf } from '../workloads/replicasets.ts'
import { type Destination, portsOf, refusalOfDestinationRule, type Route, routeOf } from './routes.ts'
import { Pod } from '../kinds.ts'
import type { ApiServer } from '../server/server.ts'
import { refusalOfVirtualService, type Request } from './virtual-services.ts'

/** A constant stream of requests. What is not said: `GET /` from a sidecar, without headers. */
export interface Load extends Partial<Omit<Request, 'host' | 'namespace'>> {
  readonly host: string
  readonly namespace: string
  readonly perSecond: number
  /** The workload that sends them. Default: `load`, or `istio-ingressgateway` at a gateway. */
  readonly client?: string
}

/** One kind of request within a stretch of time: who sent it, which pods tried it, what came back. */
export interface Flow {
  readonly load: Load
  /** Empty where no Service was chosen. */
  readonly service: string
  readonly namespace: string
  /** The Deployment whose pods answered, or were waited for; empty where no pod was chosen. */
  readonly workload: string
  /** `pod-template-hash` of the pods that answered; empty when none did. */
  readonly revision: string
  readonly code: number
  /** Envoy's response flags: why the caller's proxy answered itself; empty for an answer of a pod. */
  readonly flag: string
  readonly perSecond: number
  readonly latency: Latency
  readonly backend: Backend | null
  readonly tries: readonly Try[]
}

export interface Stretch {
  readonly from: Instant
  readonly to: Instant
  readonly flows: readonly Flow[]
  /** Copies, of which only the pods know. */
  readonly mirrored: readonly Flow[]
  /** All pods that run, as `namespace/name`: those that a Prometheus finds. */
  readonly running: ReadonlySet<string>
}

const WATCHED = new Set(
  [kinds.Service, kinds.VirtualService, kinds.DestinationRule, kinds.ReplicaSet, Pod].map(kindKey),
)

/** What lies longer ago is forgotten. */
const MOST_STRETCHES = 20_000

interface Routed {
  readonly load: Load
  readonly route: Route
}

export class Mesh {
  readonly #server: ApiServer
  readonly #images: Images
  /** From a change in the cluster until the proxies act on it. */
  readonly #propagation: Milliseconds
  readonly #loads = new Set<Load>()
  readonly #past: Stretch[] = []
  #routed: readonly Routed[] = []
  #now: Omit<Stretch, 'from' | 'to'> = { flows: [], mirrored: [], running: new Set() }
  #since: Instant

  constructor(server: ApiServer, images: Images, propagation: Milliseconds = 0) {
    this.#server = server
    this.#images = images
    this.#propagation = propagation
    this.#since = server.clock.now()
    for (const [kind, refusal] of [
      [kinds.VirtualService, refusalOfVirtualService],
      [kinds.DestinationRule, refusalOfDestinationRule],
    ] as const) {
      server.admission.set(kindKey(kind), [...(server.admission.get(kindKey(kind)) ?? []), refusal])
    }
    server.store.subscribe(({ kind, before, after }) => {
      if (!WATCHED.has(kindKey(kind))) return
      this.#learn(this.#propagation)
      if (kindKey(kind) !== kindKey(Pod)) return
      this.#turn()
      if (after !== null && isRunning(after) && !(before !== null && isRunning(before))) this.#watchAge(after)
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

  /** Starts over with the cluster as it is after a restore: no request was answered before. */
  restart(): void {
    this.#past.length = 0
    this.#since = this.#server.clock.now()
    this.#learn(0)
  }

  /** What was answered from `from` until `to`, oldest first. */
  stretches(from: Instant = 0, to: Instant = this.#server.clock.now()): Stretch[] {
    const first = this.#past.findLastIndex(one => one.to <= from) + 1
    return [...this.#past.slice(first), { ...this.#now, from: this.#since, to: this.#server.clock.now() }]
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
    return this.count(flow => flow.revision === '' && flow.code >= 400, from)
  }

  /** Answers by pod-template hash, of all time: who ever carried traffic. */
  answersByRevision(): Map<string, number> {
    const revisions = new Set(this.stretches().flatMap(({ flows }) => flows.map(flow => flow.revision)))
    revisions.delete('')
    return new Map([...revisions].map(revision => [revision, this.count(flow => flow.revision === revision)]))
  }

  /** Percent of the present requests that each Deployment's pods answer; what they do not, by flag or code. */
  shares(): Record<string, number> {
    const { flows } = this.#now
    const total = flows.reduce((sum, flow) => sum + flow.perSecond, 0)
    const shares: Record<string, number> = {}
    for (const { workload, revision, flag, code, perSecond } of flows) {
      const name = revision !== '' ? workload : flag || String(code)
      shares[name] = (shares[name] ?? 0) + (100 * perSecond) / total
    }
    return Object.fromEntries(Object.entries(shares).map(([name, share]) => [name, Math.round(share * 1e6) / 1e6]))
  }

  /** Reads the routes as they are now; the proxies have them after the delay. */
  #learn(delay: Milliseconds): void {
    const usual = { gateway: 'mesh', path: '/', method: 'GET', headers: {}, labels: {} }
    const { store, clock } = this.#server
    const routed = [...this.#loads].map((load): Routed => ({ load, route: routeOf(store, { ...usual, ...load }) }))
    const install = (): void => {
      this.#routed = routed
      this.#turn()
    }
    if (delay === 0) install()
    else clock.at(clock.now() + delay, install)
  }

  /** With age an image may answer otherwise. */
  #watchAge(pod: KubeObject): void {
    const { clock } = this.#server
    for (const { after } of this.#images.behaviour(textOf(at(containerOf(pod), 'image')))?.ages ?? []) {
      clock.at(startOf(pod) + after, () => this.#turn())
    }
  }

  /** Ends the present stretch and begins the next, if anything is different. */
  #turn(): void {
    const now = this.#server.clock.now()
    const next = this.#present()
    if (sameJson({ ...next, running: [...next.running] }, { ...this.#now, running: [...this.#now.running] })) return
    if (now > this.#since) this.#past.push({ from: this.#since, to: now, ...this.#now })
    if (this.#past.length > MOST_STRETCHES) this.#past.shift()
    this.#since = now
    this.#now = next
  }

  #present(): Omit<Stretch, 'from' | 'to'> {
    const running = this.#server.store.all(Pod).filter(isRunning)
    return {
      flows: this.#routed.flatMap(({ load, route }) =>
        route.destinations.flatMap(one => this.#flows(load, route, one)),
      ),
      mirrored: this.#routed.flatMap(({ load, route }) => route.mirrors.flatMap(one => this.#copies(load, route, one))),
      running: new Set(running.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)),
    }
  }

  /** What a load gets from one destination: faults first, as they are injected before anything is sent. */
  #flows(load: Load, { abort, delay, ...policy }: Route, destination: Destination): Flow[] {
    const aborted: Course = {
      share: abort.share,
      tries: [],
      backend: null,
      code: abort.code,
      flag: 'FI',
      latency: AT_ONCE,
    }
    const sent = this.#courses(destination, policy).map(one => ({ ...one, share: one.share * (1 - abort.share) }))
    const all = [aborted, ...sent].flatMap((one): Course[] => [
      { ...one, share: one.share * (1 - delay.share) },
      {
        ...one,
        share: one.share * delay.share,
        flag: one.flag === '' ? 'DI' : `DI,${one.flag}`,
        latency: later(one.latency, delay.ms),
      },
    ])
    return flowsOf(load, destination, all)
  }

  /** Copies are sent once. */
  #copies(load: Load, { timeout, retries }: Route, destination: Destination): Flow[] {
    return flowsOf(load, destination, this.#courses(destination, { timeout, retries: { ...retries, attempts: 0 } }))
  }

  #courses({ namespace, to }: Destination, policy: Pick<Route, 'retries' | 'timeout'>): Course[] {
    if ('code' in to) return [{ ...to, share: 1, tries: [], backend: null, latency: AT_ONCE }]
    const groups = new Map<string, Backend & { pods: string[] }>()
    for (const name of to.pods) {
      const pod = this.#server.store.get(Pod, namespace, name)
      const backend = this.#backend(namespace, name, pod, to.port)
      const key = `${controllerOf(pod ?? NOBODY)?.uid} ${JSON.stringify(backend.answers)}`
      const group = groups.get(key) ?? backend
      if (group !== backend) group.pods.push(name)
      groups.set(key, group)
    }
    return coursesTo([...groups.values()], policy)
  }

  /** A container listens at the ports that it declares, or everywhere. */
  #backend(namespace: string, name: string, pod: KubeObject | null, port: unknown): Backend & { pods: string[] } {
    const set = controllerOf(pod ?? NOBODY)?.name ?? ''
    const owner = this.#server.store.get(kinds.ReplicaSet, namespace, set)
    const labels = pod?.metadata.labels ?? {}
    const ports = portsOf(pod ?? NOBODY)
    const listens =
      ports.length === 0 || ports.some(one => at(one, 'containerPort') === port || at(one, 'name') === port)
    const alive = pod !== null && isRunning(pod) && listens
    return {
      namespace,
      workload: owner ? (controllerOf(owner)?.name ?? '') : set.replace(/-[^-]*$/, ''),
      revision: labels['pod-template-hash'] ?? '',
      labels,
      serviceAccount: textOf(at(pod, 'spec', 'serviceAccountName'), 'default'),
      pods: [name],
      answers: alive ? this.#images.answers(containerOf(pod), this.#server.clock.now() - startOf(pod)) : null,
    }
  }
}

const NOBODY: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: '' } }

/** When a pod's container started. */
const startOf = (pod: KubeObject): Instant =>
  Date.parse(textOf(at(listOf(at(pod, 'status', 'containerStatuses'))[0], 'state', 'running', 'startedAt')))

function flowsOf(load: Load, { service, namespace, share }: Destination, courses: readonly Course[]): Flow[] {
  return courses.flatMap(course => {
    const perSecond = load.perSecond * share * course.share
    if (perSecond === 0) return []
    const { backend, code, flag, latency, tries } = course
    // What a pod answered came with its code; everything else is the proxy's own.
    const revision = tries.at(-1)?.code === code ? (backend?.revision ?? '') : ''
    const workload = backend?.workload ?? ''
    return [{ load, service, namespace, workload, revision, code, flag, perSecond, latency, backend, tries }]
  })
}
