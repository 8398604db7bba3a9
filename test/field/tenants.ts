/** The whole controller against the cluster in memory over HTTP, in real time: what its memory and sockets are asked to hold. */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monotonicClock, systemClock } from '../../src/adapters/clock.ts'
import type { KubeTransport } from '../../src/adapters/kubernetes/transport.ts'
import type { CanaryStatus } from '../../src/api/status.ts'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { Controller } from '../../src/controller/controller.ts'
import { EventRecorder } from '../../src/runtime/events.ts'
import { type Cluster, startCluster } from '../../playground/cluster.ts'
import { resourceOf } from '../../playground/schema/custom.ts'
import { Hand } from '../../playground/server/hand.ts'
import { transportTo, until } from '../runtime/scripted-server.ts'
import { sluiceDefinitions } from '../../playground/test/installed.ts'
import { settings, sha256 } from '../core/given-objects.ts'
import { Chats } from '../chats.ts'
import { Receivers } from '../receivers.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }

export class Tenants {
  readonly #cluster: Cluster
  readonly #relay: Server
  readonly #folder: string
  readonly #sockets: ReadonlySet<Socket>
  readonly #api: KubeTransport
  readonly #recorder: EventRecorder
  readonly #controller: Controller
  readonly #stop = new AbortController()
  readonly user: Hand
  /** Bytes that the API server has sent to the controller. */
  received = 0

  private constructor(cluster: Cluster, folder: string, relay: Server, sockets: ReadonlySet<Socket>, heap: number) {
    this.#sockets = sockets
    this.#cluster = cluster
    this.#folder = folder
    this.#relay = relay
    this.user = new Hand(cluster.server, 'kubectl')
    const { pathname } = new URL(cluster.url)
    this.#api = transportTo(`http://127.0.0.1:${(relay.address() as AddressInfo).port}${pathname}`)
    const shared = { api: this.#api, random: () => 0.5, log }
    this.#recorder = new EventRecorder({ ...shared, clock: monotonicClock, instance: 'test' })
    this.#controller = new Controller(
      {
        ...shared,
        metrics: { measure: async () => new Map() },
        webhooks: new Receivers(() => Date.now()),
        alerts: new Chats(() => Date.now()),
        access: { problemOf: async () => null },
        recorder: this.#recorder,
        clock: systemClock,
        steady: monotonicClock,
        sha256,
      },
      {
        settings: { ...settings, settle: 10 },
        namespaces: [],
        podReasons: true,
        heap,
      },
    )
  }

  /** @param heap that the controller may have for objects. */
  static async begin(heap = Number.POSITIVE_INFINITY): Promise<Tenants> {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
    const cluster = await startCluster({ clock: systemClock, port: 0, kubeconfig: join(folder, 'kubeconfig') })
    cluster.server.resources.install(...sluiceDefinitions().map(resourceOf))
    let world: Tenants | null = null
    const sockets = new Set<Socket>()
    const relay = createServer(near => {
      const far = connect(Number(new URL(cluster.url).port), '127.0.0.1')
      far.on('data', piece => {
        if (world !== null) world.received += piece.length
      })
      near.pipe(far).pipe(near)
      for (const socket of [near, far]) {
        sockets.add(socket)
        socket.on('error', () => near.destroy())
        socket.on('close', () => sockets.delete(socket))
      }
    })
    await new Promise<void>(resolve => {
      relay.listen(0, '127.0.0.1', resolve)
    })
    world = new Tenants(cluster, folder, relay, sockets, heap)
    return world
  }

  /** Starts the controller; it leads from then on. */
  start(): void {
    void this.#controller.start().then(() => this.#controller.lead(this.#stop.signal))
  }

  get ready(): boolean {
    return this.#controller.unseen() === null
  }

  /** A Deployment of this name with its Canary; `containers` adds to its one container. */
  app(
    namespace: string,
    name: string,
    container: Record<string, unknown> = {},
    spec: Record<string, unknown> = {},
  ): void {
    const metadata = { name, namespace }
    const labels = { app: name }
    const image = { name, image: 'demo/web:1.0.0', ports: [{ containerPort: 8080 }], ...container }
    this.user.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [image] } },
      },
    })
    this.user.create({
      apiVersion: 'sluice.dev/v1beta1',
      kind: 'Canary',
      metadata,
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
        service: { port: 80, targetPort: 8080 },
        analysis: { interval: '10s', threshold: 2, drain: '1s' },
        ...spec,
      },
    })
  }

  canary(namespace: string, name: string): KubeObject {
    const object = this.user.get(kinds.Canary, namespace, name)
    if (object === null) throw new Error(`There is no Canary ${namespace}/${name}.`)
    return object
  }

  status(namespace: string, name: string): CanaryStatus {
    return this.canary(namespace, name)['status'] ?? {}
  }

  until(holds: () => boolean): Promise<void> {
    return until(holds)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all([this.#recorder.close(0), this.#controller.close(), this.#api.close()])
    this.#relay.close()
    for (const socket of this.#sockets) socket.destroy()
    await this.#cluster.close()
    rmSync(this.#folder, { recursive: true })
  }
}
