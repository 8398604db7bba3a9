/**
 * What both meshes are given, and who must answer: objects, a request, and shares. Four versions of an application run: `v1`
 * and `v2` (labelled `quality: good`), `bad`, which answers every second request with 500, and `slow`, which takes 400 ms.
 */
import type { KubeObject } from '../../src/api/object.ts'

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

type Json = Readonly<Record<string, unknown>>

/** How a case says its objects: `apex` is the host that is called, every version has a Service of its own. */
class Scene {
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
type Asked = Partial<Played['request']>

/** A case at the client's sidecar, which calls the apex. */
const mesh = (name: string, set: (scene: Scene) => unknown, outcome: Outcome, asked: Asked = {}): Case => ({
  name,
  play: place => {
    const scene = new Scene(place)
    set(scene)
    return { objects: scene.objects, request: { via: 'client', host: scene.full('apex'), ...asked }, ...outcome }
  },
})

/** A case at the gateway; hosts are `<name>.<id>.example.com`. */
const edge = (
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

/** A route that asks for something goes to v2, all the rest to v1. */
const matching = (name: string, match: Json | readonly Json[], asked: Asked, fits: boolean): Case =>
  mesh(
    name,
    scene => scene.virtualService([{ ...scene.route('v2'), match: [match].flat() }, scene.route('v1')]),
    { answers: { [fits ? 'v2' : 'v1']: 1 } },
    asked,
  )

const x = (value: string): Asked => ({ headers: { 'x-user': value } })
const header = (rule: Json): Json => ({ headers: { 'x-user': rule } })

const balanced: readonly Case[] = [
  mesh(
    'a Service without a VirtualService: all its ready pods',
    scene => scene.objects.splice(0, 1) && scene.service('apex', { quality: 'good' }),
    {
      answers: { v1: 0.5, v2: 0.5 },
    },
  ),
  mesh('weights by host', scene => scene.virtualService([{ route: [scene.to('v1', 90), scene.to('v2', 10)] }]), {
    answers: { v1: 0.9, v2: 0.1 },
  }),
  mesh(
    'weights that are not percent',
    scene => scene.virtualService([{ route: [scene.to('v1', 1), scene.to('v2', 3)] }]),
    {
      answers: { v1: 0.25, v2: 0.75 },
    },
  ),
  mesh('a weight of 0', scene => scene.virtualService([{ route: [scene.to('v1', 0), scene.to('v2', 100)] }]), {
    answers: { v2: 1 },
  }),
  mesh('one destination without a weight', scene => scene.virtualService([scene.route('v2')]), { answers: { v2: 1 } }),
  mesh(
    'a destination without a weight among others',
    scene => scene.virtualService([{ route: [scene.to('v1', 100), scene.to('v2')] }]),
    { answers: { v1: 1 } },
  ),
  mesh(
    'weights by subset',
    scene =>
      scene
        .service('both', { quality: 'good' })
        .destinationRule(scene.name('both'), { one: { version: 'v1' }, two: { version: 'v2' } })
        .virtualService([
          { route: [scene.to('both', 75, { subset: 'one' }), scene.to('both', 25, { subset: 'two' })] },
        ]),
    { answers: { v1: 0.75, v2: 0.25 } },
  ),
  mesh(
    'a destination by its full name',
    scene => scene.virtualService([{ route: [{ destination: { host: scene.full('v2') } }] }]),
    { answers: { v2: 1 } },
  ),
  mesh(
    'no port said, of a Service with several: that of the request',
    scene =>
      scene
        .service('two', versions.v2, [
          { name: 'http-more', port: 81, targetPort: 9999 },
          { name: 'http', port: 80, targetPort: 8080 },
        ])
        .virtualService([scene.route('two')]),
    { answers: { v2: 1 } },
  ),
  mesh(
    'a target port by name',
    scene =>
      scene
        .service('named', versions.v2, [{ name: 'http', port: 80, targetPort: 'http' }])
        .virtualService([scene.route('named')]),
    { answers: { v2: 1 } },
  ),
]

const missing: readonly Case[] = [
  mesh(
    'a Service without pods',
    scene => scene.service('none', { version: 'none' }).virtualService([scene.route('none')]),
    {
      answers: { 503: 1 },
      flags: { '503 UH': 1 },
    },
  ),
  mesh(
    'half to a Service without pods',
    scene =>
      scene
        .service('none', { version: 'none' })
        .virtualService([{ route: [scene.to('v1', 50), scene.to('none', 50)] }]),
    { answers: { v1: 0.5, 503: 0.5 }, flags: { '503 UH': 0.5 } },
  ),
  mesh(
    'a subset without pods',
    scene =>
      scene
        .destinationRule(scene.name('v1'), { two: { version: 'v2' } })
        .virtualService([{ route: [scene.to('v1', 1, { subset: 'two' })] }]),
    { answers: { 503: 1 }, flags: { '503 UH': 1 } },
  ),
  mesh(
    'a subset that no DestinationRule has',
    scene =>
      scene
        .destinationRule(scene.name('v1'), { one: { version: 'v1' } })
        .virtualService([{ route: [scene.to('v1', 1, { subset: 'two' })] }]),
    { answers: { 503: 1 }, flags: { '503 NC': 1 } },
  ),
  mesh('a destination that is no Service', scene => scene.virtualService([scene.route('nobody')]), {
    answers: { 503: 1 },
    flags: { '503 NC': 1 },
  }),
  mesh(
    'a destination by half a name',
    scene => scene.virtualService([{ route: [{ destination: { host: `${scene.name('v2')}.${scene.namespace}` } }] }]),
    { answers: { 503: 1 }, flags: { '503 NC': 1 } },
  ),
  mesh(
    'a port that the Service does not have',
    scene => scene.virtualService([{ route: [scene.to('v2', 1, { port: { number: 81 } })] }]),
    { answers: { 503: 1 }, flags: { '503 NC': 1 } },
  ),
  mesh(
    'no route fits',
    scene => scene.virtualService([{ ...scene.route('v2'), match: [{ uri: { exact: '/elsewhere' } }] }]),
    { answers: { 404: 1 }, flags: { '404 NR': 1 } },
  ),
  mesh('a host that nobody knows', () => {}, { answers: { 502: 1 } }, { host: 'nobody.nowhere.svc.cluster.local' }),
  mesh(
    'a target port that the pods do not name',
    scene =>
      scene
        .service('unnamed', versions.v2, [{ name: 'http', port: 80, targetPort: 'other' }])
        .virtualService([scene.route('unnamed')]),
    { answers: { 503: 1 }, flags: { '503 UH': 1 } },
  ),
]

const matches: readonly Case[] = [
  matching('a header, exactly', header({ exact: 'ann' }), x('ann'), true),
  matching('another value of the header', header({ exact: 'ann' }), x('Ann'), false),
  matching('the beginning of a header', header({ prefix: 'an' }), x('ann'), true),
  matching('a header by a regular expression, all of it', header({ regex: 'a.n' }), x('ann2'), false),
  matching('the presence of a header', header({}), x('anybody'), true),
  matching('a header that is not to be there', { withoutHeaders: { 'x-user': {} } }, {}, true),
  matching(
    'a value that a header must not have, without the header',
    { withoutHeaders: { 'x-user': { exact: 'ann' } } },
    {},
    true,
  ),
  matching(
    'a value that a header must not have, with it',
    { withoutHeaders: { 'x-user': { exact: 'ann' } } },
    x('ann'),
    false,
  ),
  matching('a path, exactly, whatever its query', { uri: { exact: '/a' } }, { path: '/a?b=c' }, true),
  matching('the beginning of a path, within a word', { uri: { prefix: '/ab' } }, { path: '/abc' }, true),
  matching('a path by a regular expression', { uri: { regex: '/[0-9]+' } }, { path: '/42' }, true),
  matching('a path in other letters', { uri: { exact: '/AB' }, ignoreUriCase: true }, { path: '/ab' }, true),
  matching('a method', { method: { exact: 'POST' } }, { method: 'POST' }, true),
  matching('a parameter of the query', { queryParams: { user: { exact: 'ann' } } }, { path: '/?user=ann' }, true),
  matching(
    'a parameter of the query that is not there',
    { queryParams: { user: { exact: 'ann' } } },
    { path: '/?other=ann' },
    false,
  ),
  matching('all conditions of a match', { ...header({ exact: 'ann' }), uri: { exact: '/a' } }, x('ann'), false),
  matching('any match of several', [header({ exact: 'bob' }), { uri: { exact: '/' } }], x('ann'), true),
  matching('labels of the caller', { sourceLabels: { app: 'client' } }, {}, true),
  matching('labels that the caller has not', { sourceLabels: { app: 'other' } }, {}, false),
  matching("a namespace that is not the caller's", { sourceNamespace: 'elsewhere' }, {}, false),
  mesh(
    'the first of two that fit',
    scene =>
      scene.virtualService([
        { ...scene.route('v2'), match: [{ uri: { prefix: '/' } }] },
        { ...scene.route('v1'), match: [{ uri: { exact: '/' } }] },
      ]),
    { answers: { v2: 1 } },
  ),
  mesh(
    'a route for a gateway only',
    scene =>
      scene.virtualService([{ ...scene.route('v2'), match: [{ gateways: [scene.gateway] }] }, scene.route('v1')], {
        gateways: [scene.gateway, 'mesh'],
      }),
    { answers: { v1: 1 } },
  ),
]

/** VirtualServices for hosts that are no Services; the last of them is called. */
const outside = (name: string, to: (domain: string) => readonly [host: string, version: string][]): Case => ({
  name,
  play: place => {
    const scene = new Scene(place)
    const hosts = to(`${place.id}.example.org`)
    for (const [host, version] of hosts) {
      scene.virtualService([scene.route(version)], { hosts: [host] }, { part: version })
    }
    return { objects: scene.objects, request: { via: 'client', host: hosts.at(-1)?.[0] ?? '' }, answers: { v2: 1 } }
  },
})

const hosts: readonly Case[] = [
  mesh(
    'a VirtualService that is for a gateway only',
    scene => scene.virtualService([scene.route('v2')], { gateways: [scene.gateway] }),
    {
      answers: { v1: 1 },
    },
  ),
  mesh(
    'of two VirtualServices for a host, the older one or the one that sorts first',
    scene =>
      scene
        .virtualService([{ ...scene.route('v2'), match: [{ uri: { exact: '/' } }] }], {}, { part: 'a' })
        .virtualService([scene.route('bad')], {}, { part: 'b' }),
    { answers: { v2: 1 } },
  ),
  mesh(
    'a VirtualService in the namespace of the callers',
    scene =>
      scene.virtualService(
        [{ route: [{ destination: { host: scene.full('v2') } }] }],
        { hosts: [scene.full('apex')] },
        { namespace: scene.clients },
      ),
    { answers: { v2: 1 } },
  ),
  mesh(
    'a VirtualService that other namespaces do not see',
    scene => scene.virtualService([scene.route('v2')], { exportTo: ['.'] }),
    {
      answers: { v1: 1 },
    },
  ),
  mesh(
    'a DestinationRule in the namespace of the callers goes first',
    scene =>
      scene
        .service('both', { quality: 'good' })
        .destinationRule(scene.name('both'), { some: { version: 'v1' } })
        .destinationRule(scene.full('both'), { some: { version: 'v2' } }, scene.clients)
        .virtualService([{ route: [scene.to('both', 1, { subset: 'some' })] }]),
    { answers: { v2: 1 } },
  ),
  mesh(
    'two DestinationRules for one host: the subsets of both',
    scene =>
      scene
        .service('both', { quality: 'good' })
        .destinationRule(scene.name('both'), { one: { version: 'v1' } })
        .destinationRule(scene.name('both'), { two: { version: 'v2' } }, undefined, 'more')
        .virtualService([
          { route: [scene.to('both', 50, { subset: 'one' }), scene.to('both', 50, { subset: 'two' })] },
        ]),
    { answers: { v1: 0.5, v2: 0.5 } },
  ),
  outside('a host outside of the cluster, for sidecars', domain => [[domain, 'v2']]),
  outside('a wildcard at a sidecar, before it an exact host', domain => [
    [`*.${domain}`, 'v1'],
    [`web.${domain}`, 'v2'],
  ]),
  edge(
    'weights at a gateway',
    'web',
    (scene, domain) =>
      scene.virtualService([{ route: [scene.to('v1', 90), scene.to('v2', 10)] }], {
        hosts: [`web.${domain}`],
        gateways: [scene.gateway],
      }),
    { answers: { v1: 0.9, v2: 0.1 } },
  ),
  edge(
    'a port of a Service with several',
    'web',
    (scene, domain) =>
      scene
        .service('two', versions.v2, [
          { name: 'http', port: 80, targetPort: 9999 },
          { name: 'http-more', port: 81, targetPort: 8080 },
        ])
        .virtualService([{ route: [scene.to('two', 1, { port: { number: 81 } })] }], {
          hosts: [`web.${domain}`],
          gateways: [scene.gateway],
        }),
    { answers: { v2: 1 } },
  ),
  edge('a host that the gateway does not know', 'nobody', () => {}, { answers: { 404: 1 }, flags: { '404 NR': 1 } }),
  edge(
    'a VirtualService that does not name the gateway',
    'web',
    (scene, domain) => scene.virtualService([scene.route('v2')], { hosts: [`web.${domain}`] }),
    { answers: { 404: 1 }, flags: { '404 NR': 1 } },
  ),
  edge(
    'a route for the gateway only',
    'web',
    (scene, domain) =>
      scene.virtualService([{ ...scene.route('v2'), match: [{ gateways: [scene.gateway] }] }, scene.route('v1')], {
        hosts: [`web.${domain}`],
        gateways: [scene.gateway, 'mesh'],
      }),
    { answers: { v2: 1 } },
  ),
  edge(
    'an exact host before a wildcard',
    'web',
    (scene, domain) =>
      scene
        .virtualService([scene.route('v1')], { hosts: [`*.${domain}`], gateways: [scene.gateway] }, { part: 'a' })
        .virtualService([scene.route('v2')], { hosts: [`web.${domain}`], gateways: [scene.gateway] }, { part: 'b' }),
    { answers: { v2: 1 } },
  ),
  edge(
    'a wildcard, the longer of two',
    'web.more',
    (scene, domain) =>
      scene
        .virtualService([scene.route('v1')], { hosts: [`*.${domain}`], gateways: [scene.gateway] }, { part: 'a' })
        .virtualService([scene.route('v2')], { hosts: [`*.more.${domain}`], gateways: [scene.gateway] }, { part: 'b' }),
    { answers: { v2: 1 } },
  ),
  edge(
    'two VirtualServices for a host at a gateway: the routes of both',
    'web',
    (scene, domain) => {
      const spec = { hosts: [`web.${domain}`], gateways: [scene.gateway] }
      return scene
        .virtualService([{ ...scene.route('v1'), match: [{ uri: { exact: '/elsewhere' } }] }], spec, { part: 'a' })
        .virtualService([scene.route('v2')], spec, { part: 'b' })
    },
    { answers: { v2: 1 } },
  ),
]

const on = (retryOn: string, more: Json = {}): Json => ({ retries: { attempts: 2, retryOn, ...more } })
const alone = (part: string, more: Json) => (scene: Scene) => scene.virtualService([scene.route(part, more)])
const closed = (more: Json) => (scene: Scene) =>
  scene
    .service('closed', versions.v1, [{ name: 'http', port: 80, targetPort: 9999 }])
    .virtualService([scene.route('closed', more)])

const policies: readonly Case[] = [
  mesh('errors of an application are not retried by default', alone('bad', {}), {
    answers: { bad: 0.5, '500 bad': 0.5 },
  }),
  mesh('retries on 5xx: callers see fewer errors, the pods every try', alone('bad', on('5xx')), {
    answers: { bad: 0.875, '500 bad': 0.125 },
    flags: { '500 URX': 0.125 },
    received: { bad: 1.75 },
  }),
  mesh('retries on a code', alone('bad', on('500')), {
    answers: { bad: 0.875, '500 bad': 0.125 },
    flags: { '500 URX': 0.125 },
    received: { bad: 1.75 },
  }),
  mesh('retries on gateway errors, of which 500 is none', alone('bad', on('gateway-error')), {
    answers: { bad: 0.5, '500 bad': 0.5 },
  }),
  mesh('no retries', alone('bad', { retries: { attempts: 0 } }), { answers: { bad: 0.5, '500 bad': 0.5 } }),
  mesh('a port where nobody listens, tried again by default', closed({}), {
    answers: { 503: 1 },
    flags: { '503 URX,UF': 1 },
    received: {},
  }),
  mesh('a port where nobody listens, without retries', closed({ retries: { attempts: 0 } }), {
    answers: { 503: 1 },
    flags: { '503 UF': 1 },
    received: {},
  }),
  mesh('a timeout that is too short', alone('slow', { timeout: '0.1s' }), {
    answers: { 504: 1 },
    flags: { '504 UT': 1 },
    received: { slow: 1 },
  }),
  mesh('a timeout that is long enough', alone('slow', { timeout: '5s' }), { answers: { slow: 1 } }),
  mesh('a timeout of each try', alone('slow', on('5xx', { attempts: 1, perTryTimeout: '100ms' })), {
    answers: { 504: 1 },
    flags: { '504 URX,UT': 1 },
    received: { slow: 2 },
  }),
  mesh(
    'a timeout of each try that is not tried again',
    alone('slow', on('connect-failure', { perTryTimeout: '100ms' })),
    {
      answers: { 504: 1 },
      flags: { '504 UT': 1 },
      received: { slow: 1 },
    },
  ),
  mesh('an injected error', alone('v1', { fault: { abort: { httpStatus: 418, percentage: { value: 30 } } } }), {
    answers: { v1: 0.7, 418: 0.3 },
    flags: { '418 FI': 0.3 },
  }),
  mesh('an injected delay', alone('v1', { fault: { delay: { fixedDelay: '0.1s', percentage: { value: 50 } } } }), {
    answers: { v1: 1 },
    flags: { '200 DI': 0.5 },
  }),
  mesh(
    'a delay does not count against the timeout',
    alone('v1', { timeout: '0.2s', fault: { delay: { fixedDelay: '0.3s', percentage: { value: 100 } } } }),
    { answers: { v1: 1 }, flags: { '200 DI': 1 } },
  ),
  mesh(
    'an injected delay and error',
    alone('v1', {
      fault: {
        delay: { fixedDelay: '0.1s', percentage: { value: 100 } },
        abort: { httpStatus: 500, percentage: { value: 100 } },
      },
    }),
    { answers: { 500: 1 }, flags: { '500 DI,FI': 1 } },
  ),
  mesh(
    'copies of all requests',
    scene => scene.virtualService([scene.route('v1', { mirror: { host: scene.name('v2') } })]),
    {
      answers: { v1: 1 },
      received: { v1: 1, v2: 1 },
    },
  ),
  mesh(
    'copies of some requests',
    scene =>
      scene.virtualService([
        scene.route('v1', { mirror: { host: scene.name('v2') }, mirrorPercentage: { value: 25 } }),
      ]),
    { answers: { v1: 1 }, received: { v1: 1, v2: 0.25 } },
  ),
  mesh(
    'copies to several',
    scene =>
      scene.virtualService([
        scene.route('v1', {
          mirrors: [
            { destination: { host: scene.name('v2') }, percentage: { value: 50 } },
            { destination: { host: scene.name('slow') } },
          ],
        }),
      ]),
    { answers: { v1: 1 }, received: { v1: 1, v2: 0.5, slow: 1 } },
  ),
  mesh(
    'copies to nobody',
    scene => scene.virtualService([scene.route('v1', { mirror: { host: scene.name('nobody') } })]),
    {
      answers: { v1: 1 },
    },
  ),
  mesh('a redirect', scene => scene.virtualService([{ redirect: { uri: '/elsewhere' } }]), { answers: { 301: 1 } }),
  mesh('a direct response', scene => scene.virtualService([{ directResponse: { status: 429 } }]), {
    answers: { 429: 1 },
  }),
  mesh(
    'what does not change who answers',
    alone('v2', {
      rewrite: { uri: '/other' },
      headers: { request: { set: { 'x-added': 'yes' } } },
      corsPolicy: { allowOrigins: [{ exact: 'https://example.com' }] },
    }),
    { answers: { v2: 1 } },
  ),
]

export const cases: readonly Case[] = [...balanced, ...missing, ...matches, ...hosts, ...policies]

/** The case's id, by its place in the table. */
export const idOf = (index: number): string => `c${String(index).padStart(2, '0')}`
