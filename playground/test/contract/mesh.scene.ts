/**
 * What both meshes are given, and who must answer: objects, a request, and shares. Four versions of an application run: `v1`
 * and `v2` (labelled `quality: good`), `bad`, which answers every second request with 500, and `slow`, which takes 400 ms.
 */
import type { KubeObject } from '../../../src/api/object.ts'

/** Where a case is played. */
export interface Place {
  /** Of the versions. */
  readonly namespace: string
  /** Unlike that of all other cases; names of the case's objects begin with it. */
  readonly id: string
  /** `namespace/name` of a Gateway for `*.example.com`; its namespace is that of all clients, whose pods are labelled `app: client`. */
  readonly gateway: string
}

type Shares = Readonly<Record<string, number>>

export interface Played {
  readonly objects: readonly KubeObject[]
  readonly request: {
    readonly via: 'client' | 'gateway'
    readonly host: string
    readonly path?: string
    readonly method?: string
    readonly headers?: Readonly<Record<string, string>>
  }
  /** Who answered, as a share of the requests: a version, `500 bad`, or the code of a proxy's own answer. */
  readonly answers: Shares
  /** `503 UH`: what the caller's telemetry says in response flags. */
  readonly flags?: Shares
  /** Tries that pods received, for each request; where not said, what they answered. */
  readonly received?: Shares
}

export interface Case {
  readonly name: string
  readonly play: (place: Place) => Played
}

/** The versions, with what their pods carry. */
export const versions = {
  v1: { version: 'v1', quality: 'good' },
  v2: { version: 'v2', quality: 'good' },
  bad: { version: 'bad' },
  slow: { version: 'slow' },
} as const
export const SLOW = 400
export const BAD = 0.5

export type Json = Readonly<Record<string, unknown>>

/** How a case says its objects: `apex` is the host that is called, every version has a Service of its own. */
export class Scene {
  readonly #place: Place
  readonly objects: KubeObject[] = []

  constructor(place: Place) {
    this.#place = place
    this.service('apex', versions.v1)
    for (const [version, labels] of Object.entries(versions)) this.service(version, { version: labels.version })
  }

  get namespace(): string {
    return this.#place.namespace
  }

  get gateway(): string {
    return this.#place.gateway
  }

  get clients(): string {
    return this.#place.gateway.split('/')[0] ?? ''
  }

  /** The name of one of the case's objects. */
  name(part: string): string {
    return `${this.#place.id}-${part}`
  }

  full(part: string): string {
    return `${this.name(part)}.${this.namespace}.svc.cluster.local`
  }

  service(part: string, selector: Json, ports: readonly Json[] = [{ name: 'http', port: 80, targetPort: 8080 }]): this {
    const name = this.name(part)
    this.objects.push({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: this.namespace },
      spec: { selector, ports },
    })
    return this
  }

  /** Without `hosts` it is for the apex. */
  virtualService(http: readonly Json[], spec: Json = {}, metadata: { part?: string; namespace?: string } = {}): this {
    const { part = 'apex', namespace = this.namespace } = metadata
    this.objects.push({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: this.name(part), namespace },
      spec: { hosts: [this.name('apex')], http, ...spec },
    })
    return this
  }

  destinationRule(
    host: string,
    subsets: Readonly<Record<string, Json>>,
    namespace = this.namespace,
    part = 'rule',
  ): this {
    this.objects.push({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: this.name(part), namespace },
      spec: { host, subsets: Object.entries(subsets).map(([name, labels]) => ({ name, labels })) },
    })
    return this
  }

  to(part: string, weight?: number, more: Json = {}): Json {
    return { destination: { host: this.name(part), ...more }, ...(weight === undefined ? {} : { weight }) }
  }

  /** A route to one place. */
  route(part: string, more: Json = {}): Json {
    return { route: [this.to(part)], ...more }
  }
}

type Outcome = Omit<Played, 'objects' | 'request'>
export type Asked = Partial<Played['request']>

/** A case at the client's sidecar, which calls the apex. */
export const mesh = (name: string, set: (scene: Scene) => unknown, outcome: Outcome, asked: Asked = {}): Case => ({
  name,
  play: place => {
    const scene = new Scene(place)
    set(scene)
    return { objects: scene.objects, request: { via: 'client', host: scene.full('apex'), ...asked }, ...outcome }
  },
})

/** A case at the gateway; hosts are `<name>.<id>.example.com`. */
export const edge = (
  name: string,
  called: string,
  set: (scene: Scene, domain: string) => unknown,
  outcome: Outcome,
): Case => ({
  name,
  play: place => {
    const scene = new Scene(place)
    const domain = `${place.id}.example.com`
    set(scene, domain)
    return { objects: scene.objects, request: { via: 'gateway', host: `${called}.${domain}` }, ...outcome }
  },
})
