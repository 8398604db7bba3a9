/** A command observes a Canary without informers; what it sees must be what the controller sees. */
import { expect } from 'chai'
import { kinds, type Kind, type KubeObject } from '../../src/api/object.ts'
import { ConfigContents } from '../../src/controller/config-contents.ts'
import {
  addIndexes,
  configKinds,
  followed,
  followedWherePresent,
  forms,
  keeping,
  routeKinds,
  selectors,
} from '../../src/controller/kinds.ts'
import { Observer } from '../../src/controller/observe.ts'
import { observeLive } from '../../src/controller/observe-live.ts'
import { ApiError } from '../../src/core/errors.ts'
import { recordOf } from '../../src/core/json.ts'
import { policyKinds } from '../../src/core/policies/index.ts'
import type { Observation } from '../../src/core/model/observation.ts'
import { readStatus } from '../../src/core/status/read-status.ts'
import { Informers } from '../../src/runtime/informers.ts'
import {
  bySubsets,
  byTemplate,
  byUserRoutes,
  deployedAsV2,
  templateOf,
  userRoutes,
} from '../scenarios/bad-input.given.ts'
import { settings, sha256 } from '../core/given-objects.ts'
import { PodSamples } from '../../src/controller/pod-samples.ts'
import { NO_POD_TROUBLES } from '../../src/controller/pod-troubles.ts'
import { resourceOf } from '../../playground/schema/custom.ts'
import { looseDefinition } from '../../playground/test/installed.ts'
import { World } from '../scenarios/world.ts'

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const call = { lane: 'normal', signal: new AbortController().signal } as const

/** As the controller observes: from informers that know everything. */
async function observedByInformers(world: World): Promise<Observation> {
  const { clock } = world
  const now = clock.now()
  const api = world.api.replica()
  const random = (): number => 0.5
  const informers = new Informers({ api, clock, random, log, transform: keeping, forms, selectors })
  addIndexes(informers)
  const contents = new ConfigContents({ api, clock, random, sha256, wake: () => {} })
  const samples = new PodSamples({ api, clock, wake: () => {} })
  const observer = new Observer(informers, contents, samples, NO_POD_TROUBLES, settings, sha256)
  const routed = routeKinds.map(({ kind }) => kind)
  const policies = policyKinds.map(({ kind }) => kind)
  for (const kind of [...followed, ...routed, ...followedWherePresent, ...policies]) informers.use(kind)
  for (const kind of configKinds) informers.use(kind, 'shop')
  await clock.advance(1000)
  const object = informers.get({ kind: kinds.Canary, namespace: 'shop', name: 'web' })
  const parsed =
    object === undefined
      ? { problems: ['gone'] }
      : observer.read(object, readStatus(recordOf(object['status']), now).memory.provider)
  if ('problems' in parsed) throw new Error(parsed.problems.join())
  const known = {
    ...readStatus(recordOf(object?.['status']), now),
    findings: {},
    writeError: null,
    unseen: null,
    hidden: null,
    namespaceTerminating: false,
    sight: 'live',
    before: null,
  } as const
  // The first look asks for the contents of what is mounted.
  observer.observe(parsed.canary, known, new Set())
  await clock.advance(1000)
  const { observation, blind } = observer.observe(parsed.canary, known, new Set())
  expect(blind).to.equal(false)
  contents.close()
  await informers.close()
  return observation
}

async function observedLive(world: World, api = world.api.replica(), namespaces: string[] = []): Promise<Observation> {
  const options = { api, sha256, settings, namespaces }
  const found = await observeLive({ namespace: 'shop', name: 'web' }, world.clock.now(), options, call)
  if (found === null || 'problems' in found) throw new Error(JSON.stringify(found))
  return found
}

/** Kinds and names of all that was observed around the Canary, so that a case says what it is about. */
const around = ({ surroundings, policies, live }: Observation): string[] =>
  [...Object.values(surroundings), policies, Object.values(live)]
    .flatMap(value => (Array.isArray(value) ? (value as KubeObject[]) : []))
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)

suite('a Canary that is observed without informers', () => {
  let world: World
  setup(() => {
    world = new World()
  })
  teardown(() => world.close())

  const made = (kind: Kind, name: string, spec: object, namespace = 'shop'): void => {
    if (world.user.get(kinds.Namespace, '', namespace) === null) world.user.namespace(namespace)
    const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
    world.user.create({ apiVersion, kind: kind.kind, metadata: { name, namespace }, spec })
  }

  /** The controller is killed, and what it began comes to rest. */
  async function frozen(): Promise<void> {
    for (const process of world.processes) process.kill()
    await world.clock.advance(30_000)
  }

  const cases: Record<string, { given: () => Promise<void>; sees: readonly string[] }> = {
    'before anything was made of it': {
      given: async () => {
        world.deploy()
        await world.clock.advance(5000)
        world.canary()
      },
      sees: ['Deployment shop/web', 'Service shop/web'],
    },
    'at rest': {
      given: async () => {
        world.start()
        await world.initialized()
      },
      sees: ['Deployment shop/web-primary', 'VirtualService shop/web'],
    },
    'in the middle of a run': {
      given: async () => {
        world.start()
        await world.initialized()
        world.setImage('demo/web:1.1.0')
        await world.until('Progressing 25')
      },
      sees: ['Deployment shop/web-primary', 'VirtualService shop/web'],
    },
    'with configuration that is tracked': {
      given: async () => {
        const metadata = { name: 'web', namespace: 'shop' }
        world.user.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { LIMIT: '1' } })
        world.user.create({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { KEY: 'secret' } })
        world.deploy()
        const from = [{ configMapRef: { name: 'web' } }, { secretRef: { name: 'web' } }]
        const container = { name: 'web', image: 'demo/web:1.0.0', ports: [{ containerPort: 8080 }], envFrom: from }
        world.user.merge(kinds.Deployment, 'shop', 'web', {
          spec: { template: { spec: { containers: [container] } } },
        })
        world.start()
        await world.clock.advance(5000)
        world.canary()
        await world.until('Initialized')
      },
      sees: ['Deployment shop/web-primary'],
    },
    'with routes of its owner, and others that lead to it': {
      given: async () => {
        userRoutes(world)
        const http = [{ route: [{ destination: { host: 'web.shop.svc.cluster.local' } }] }]
        made(kinds.VirtualService, 'elsewhere', { hosts: ['web.example.com'], gateways: ['public'], http }, 'edge')
        made(kinds.DestinationRule, 'all', { host: '*.shop.svc.cluster.local' }, 'istio-system')
        world.deploy()
        await world.clock.advance(5000)
        world.canary(byUserRoutes)
      },
      sees: ['VirtualService shop/storefront', 'VirtualService edge/elsewhere', 'DestinationRule istio-system/all'],
    },
    'with routes of its owner that have labels, in an older version': {
      given: async () => {
        const older = { ...kinds.TCPRoute, version: 'v1alpha2' }
        world.api.server.resources.install(...[kinds.HTTPRoute, older].map(kind => resourceOf(looseDefinition(kind))))
        world.user.create({
          apiVersion: 'gateway.networking.k8s.io/v1alpha2',
          kind: 'TCPRoute',
          metadata: { name: 'db', namespace: 'shop', labels: { split: 'web' } },
          spec: { rules: [{ backendRefs: [{ name: 'web', port: 80 }] }] },
        })
        world.deploy()
        await world.clock.advance(5000)
        const routes = [{ kind: 'TCPRoute', selector: { matchLabels: { split: 'web' } } }]
        world.canary({ provider: 'gatewayapi:v1', service: { port: 80, targetPort: 8080, routes } })
      },
      sees: ['TCPRoute shop/db'],
    },
    'with subsets of its owner': {
      given: async () => {
        deployedAsV2(world)
        await world.clock.advance(5000)
        world.canary(bySubsets)
      },
      sees: ['DestinationRule shop/sides'],
    },
    'with rivals, autoscalers and other Services': {
      given: async () => {
        world.deploy()
        world.canary()
        const targetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
        made(kinds.Canary, 'rival', { targetRef, service: { port: 80 }, analysis: {} })
        const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
        made(kinds.HorizontalPodAutoscaler, 'scaler', { scaleTargetRef, maxReplicas: 4 })
        made(kinds.Service, 'beside', { selector: { app: 'web' }, ports: [{ port: 80 }] })
        const selector = { matchLabels: { app: 'web', other: 'yes' } }
        const template = {
          metadata: { labels: { app: 'web', other: 'yes' } },
          spec: { containers: [{ name: 'web', image: 'demo/web:1.0.0' }] },
        }
        made(kinds.Deployment, 'other', { selector, template })
      },
      sees: [
        'Canary shop/rival',
        'HorizontalPodAutoscaler shop/scaler',
        'Service shop/beside',
        'Deployment shop/other',
      ],
    },
    'with policies of its namespace and of the mesh, and copies of them': {
      given: async () => {
        world.api.server.resources.install(resourceOf(looseDefinition(kinds.NetworkPolicy)))
        world.start()
        const selector = { matchLabels: { app: 'web' } }
        made(kinds.AuthorizationPolicy, 'callers', { selector, rules: [{}] })
        made(kinds.EnvoyFilter, 'limits', { workloadSelector: { labels: { app: 'web' } } }, 'istio-system')
        await world.initialize({ primary: { labels: 'switch' } })
        const podSelector = { matchLabels: { app: 'db' } }
        const peer = { podSelector: selector, namespaceSelector: {} }
        made(kinds.NetworkPolicy, 'db', { podSelector, ingress: [{ from: [peer] }] }, 'data')
        made(kinds.NetworkPolicy, 'beside', { podSelector: {}, egress: [{}] }, 'data')
      },
      sees: [
        'NetworkPolicy data/db',
        'NetworkPolicy data/beside',
        'AuthorizationPolicy shop/callers',
        'AuthorizationPolicy shop/callers-web-primary',
        'EnvoyFilter istio-system/limits',
      ],
    },
    'with a MetricTemplate': {
      given: async () => {
        templateOf()(world)
        world.deploy()
        world.canary(byTemplate)
      },
      sees: ['Deployment shop/web'],
    },
  }
  for (const [what, { given, sees }] of Object.entries(cases)) {
    test(`${what} is what the informers see`, async () => {
      await given()
      await frozen()
      const live = await observedLive(world)
      const byInformers = await observedByInformers(world)
      expect(live).to.deep.equal(byInformers)
      expect(around(byInformers)).to.include.members([...sees])
    })
  }

  test('a list of several pages is read to its end', async () => {
    world.deploy()
    world.canary()
    for (let i = 0; i < 501; i += 1)
      made(kinds.Service, `beside-${i}`, { selector: { app: 'web' }, ports: [{ port: 80 }] })
    await frozen()
    const observed = await observedLive(world)
    expect(observed.surroundings.services).to.have.lengthOf(501)
  })

  test('what the controller may not watch does not exist for it', async () => {
    const http = [{ route: [{ destination: { host: 'web.shop.svc.cluster.local' } }] }]
    made(kinds.VirtualService, 'elsewhere', { hosts: ['web.example.com'], gateways: ['public'], http }, 'edge')
    world.deploy()
    world.canary()
    await frozen()
    expect(around(await observedLive(world))).to.include('VirtualService edge/elsewhere')
    expect(around(await observedLive(world, world.api.replica(), ['shop']))).to.not.include(
      'VirtualService edge/elsewhere',
    )
  })

  test('pods of others behind a Service that was not adopted yet are seen, too', async () => {
    world.deploy()
    const containers = [{ name: 'web', image: 'demo/web:1.0.0' }]
    const metadata = { name: 'debug', namespace: 'shop', labels: { app: 'web' } }
    world.user.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } })
    await world.clock.advance(5000)
    world.canary()
    await frozen()
    expect((await observedLive(world)).surroundings.otherPods).to.deep.equal(['debug'])
  })

  test('what may not be read is said, and what is not installed has no objects', async () => {
    world.deploy()
    world.canary()
    await frozen()
    const api = world.api.replica()
    const message = 'services is forbidden: User "kim" cannot list resource "services"'
    const refused = new ApiError({ code: 403, reason: 'Forbidden', message })
    api.faults.refuse(({ verb, kind }) => verb === 'list' && kind === kinds.Service, refused)
    const absent = new ApiError({ code: 404, reason: 'NotFound', message: '404 page not found' })
    api.faults.refuse(({ kind }) => kind === kinds.ScaledObject, absent)
    const observed = await observedLive(world, api)
    expect(observed.unseen).to.equal(message)
    expect(observed.target?.object.metadata.name).to.equal('web')
  })

  const boundTo = (...gateways: readonly string[]): void => {
    made(kinds.IstioGateway, 'public', { servers: [] }, 'edge')
    world.deploy()
    world.canary({ service: { port: 80, targetPort: 8080, hosts: ['web.example.com'], gateways } })
  }

  test('Gateways are there or not, as for the informers; outside of what may be watched nothing is said', async () => {
    boundTo('edge/public', 'edge/nowhere')
    await frozen()
    const { gateways } = (await observedLive(world)).surroundings
    expect(gateways['edge/public']?.metadata.name).to.equal('public')
    expect(gateways['edge/nowhere']).to.equal(null)
    expect((await observedByInformers(world)).surroundings.gateways).to.deep.equal(gateways)
    const restricted = await observedLive(world, world.api.replica(), ['shop'])
    expect(restricted.surroundings.gateways).to.deep.equal({})
  })

  test('one who may not list Gateways or Ingresses sees all else', async () => {
    boundTo('edge/public')
    await frozen()
    const api = world.api.replica()
    const refused = new ApiError({ code: 403, reason: 'Forbidden', message: 'gateways is forbidden' })
    api.faults.refuse(({ kind }) => kind === kinds.IstioGateway || kind === kinds.Ingress, refused)
    const observed = await observedLive(world, api)
    expect(observed.unseen).to.equal(null)
    expect(observed.surroundings.gateways).to.deep.equal({})
  })

  test('any other trouble ends it, and a Canary that is not there is null', async () => {
    const api = world.api.replica()
    const options = { api, sha256, settings, namespaces: [] }
    expect(await observeLive({ namespace: 'shop', name: 'web' }, 0, options, call)).to.equal(null)
    world.deploy()
    world.canary()
    const overloaded = new ApiError({ code: 500, reason: 'InternalError', message: 'etcd is gone' })
    api.faults.refuse(({ kind }) => kind === kinds.VirtualService, overloaded)
    const said = await observedLive(world, api).catch((error: unknown) => (error as Error).message)
    expect(said).to.equal('etcd is gone')
  })
})
