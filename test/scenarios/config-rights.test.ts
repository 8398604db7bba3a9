/** Rights to ConfigMaps and Secrets: the role bound in some namespaces alone, and a controller that does without. */
import { expect } from 'chai'
import { type Kind, kinds } from '../../src/api/object.ts'
import type { CanaryStatus } from '../../src/api/status.ts'
import { ApiError } from '../../src/core/errors.ts'
import type { KubeApi } from '../../src/core/ports.ts'
import { World } from './world.ts'

const minute = 60_000
const denied = new ApiError({
  code: 403,
  reason: 'Forbidden',
  message: 'secrets is forbidden: User "sluice" cannot list',
})
const isConfig = (kind: Kind): boolean => kind === kinds.ConfigMap || kind === kinds.Secret

/** A client of whom RBAC lets configuration pass in namespace shop alone. */
function boundInShop(api: KubeApi): KubeApi {
  const check = (kind: Kind, namespace: string): void => {
    if (isConfig(kind) && namespace !== 'shop') throw denied
  }
  return {
    get: async (ref, call) => {
      check(ref.kind, ref.namespace)
      return api.get(ref, call)
    },
    list: async (kind, query, call) => {
      check(kind, query.namespace)
      return api.list(kind, query, call)
    },
    watch: async (kind, query, seen, call) => {
      check(kind, query.namespace)
      return api.watch(kind, query, seen, call)
    },
    served: async (kind, call) => api.served(kind, call),
    write: async (write, call) => {
      check(write.ref.kind, write.ref.namespace)
      return api.write(write, call)
    },
  }
}

suite('rights to mounted configuration', () => {
  let world: World
  setup(() => {
    world = new World()
  })
  teardown(() => world.close())

  /** A Deployment with its Service and Canary, which mounts what the namespace has. */
  function app(namespace: string, envFrom: readonly object[]): void {
    const metadata = { name: 'web', namespace }
    const container = { name: 'web', image: 'demo/web:1.0.0', envFrom, ports: [{ name: 'http', containerPort: 8080 }] }
    world.user.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...metadata, name: 'settings' },
      data: { a: '1' },
    })
    world.user.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...metadata, name: 'db' },
      stringData: { p: '1' },
    })
    world.user.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } },
      },
    })
    world.user.create({
      apiVersion: 'sluice.dev/v1beta1',
      kind: 'Canary',
      metadata,
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        service: { port: 80, targetPort: 8080 },
        analysis: { interval: '10s', threshold: 2, stepWeights: [50] },
      },
    })
  }
  const both = [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'db' } }]
  const statusIn = (namespace: string): CanaryStatus => world.user.get(kinds.Canary, namespace, 'web')?.['status'] ?? {}
  const mountedIn = (namespace: string): string =>
    JSON.stringify(world.user.get(kinds.Deployment, namespace, 'web-primary')?.spec ?? null)

  test('a namespace where the role is bound is released, and one where it is not says which right is missing', async () => {
    world.start({}, {}, boundInShop)
    for (const other of ['bound-not', 'mounts-none']) world.user.namespace(other)
    app('shop', both)
    app('bound-not', both)
    app('mounts-none', [])
    await world.clock.advance(minute)
    expect(statusIn('shop').phase).to.equal('Initialized')
    expect(mountedIn('shop'))
      .to.match(/"name":"settings-[0-9a-f]{10}"/)
      .and.match(/"name":"db-[0-9a-f]{10}"/)
    expect(statusIn('mounts-none').phase).to.equal('Initialized')
    expect(statusIn('bound-not')).to.include({ phase: 'Initializing', reason: 'WatchUnavailable' })
    expect(statusIn('bound-not').message).to.match(/manifests\/config-rbac\.yaml/)
    expect(mountedIn('bound-not')).to.equal('null')
    expect(world.processes[0]?.controller.unseen()).to.equal(null)
    world.user.merge(kinds.ConfigMap, 'shop', 'settings', { data: { a: '2' } })
    await world.until('Succeeded', 5 * minute)
  })

  test('without --track-configs no configuration is asked for, and the primary mounts what the target does', async () => {
    const { api } = world.start({ trackConfigs: false })
    const asked: string[] = []
    api.faults.refuse(one => {
      if (isConfig(one.kind)) asked.push(`${one.verb} ${one.kind.kind}`)
      return isConfig(one.kind)
    }, denied)
    app('shop', both)
    await world.until('Initialized')
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded', 5 * minute)
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.advance(5 * minute)
    expect(world.object(kinds.Canary, 'web')).to.equal(null)
    expect(asked).to.deep.equal([])
  })
})
