/** DestinationRules around a release, from the field: what covered the apex covers both sides, and what is not ours is not. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { World } from '../scenarios/world.ts'

type Spec = Readonly<Record<string, unknown>>

suite('field: DestinationRules', () => {
  let world: World
  let namespaces: Set<string>
  setup(() => {
    world = new World()
    namespaces = new Set(['shop'])
    world.start()
  })
  teardown(() => world.close())

  const rule = (namespace: string, name: string, spec: Spec): KubeObject => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name, namespace },
    spec,
  })
  const put = (namespace: string, name: string, spec: Spec): void => {
    if (!namespaces.has(namespace)) world.user.namespace(namespace)
    namespaces.add(namespace)
    world.user.create(rule(namespace, name, spec))
  }
  /** Rules that Sluice wrote, by the host they are for. */
  const written = (): Record<string, unknown> =>
    Object.fromEntries(
      ['web-primary', 'web-canary'].flatMap(name => {
        const found = world.object(kinds.DestinationRule, name)
        return found === null ? [] : [[name, found.spec]]
      }),
    )
  const both = (spec: Spec): Spec => ({
    'web-primary': { host: 'web-primary', ...spec },
    'web-canary': { host: 'web-canary', ...spec },
  })
  const released = async (): Promise<void> => {
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 50')
  }
  const usersRoutes = async (spec: Spec = {}): Promise<void> => {
    world.user.create({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'front', namespace: 'shop' },
      spec: { hosts: ['web'], http: [{ route: [{ destination: { host: 'web' } }] }] },
    })
    await world.initialized({ service: { port: 80, targetPort: 8080, virtualServices: [{ name: 'front' }], ...spec } })
  }

  test('F7: a wildcard rule of the namespace goes on covering both sides: no rule of an exact host switches it off', async () => {
    put('shop', 'all', {
      host: '*.shop.svc.cluster.local',
      trafficPolicy: { connectionPool: { http: { http1MaxPendingRequests: 10 } }, tls: { mode: 'DISABLE' } },
    })
    await world.initialized()
    expect(written()).to.deep.equal({})
    await released()
    expect(written()).to.deep.equal({})
  })

  test('F7, other values: a wildcard of the mesh is carried under what the Canary says, and followed when it changes', async () => {
    put('istio-system', 'mesh-wide', { host: '*.local', trafficPolicy: { tls: { mode: 'DISABLE' } } })
    const loadBalancer = { simple: 'LEAST_REQUEST' }
    await world.initialized({ service: { port: 80, targetPort: 8080, trafficPolicy: { loadBalancer } } })
    expect(written()).to.deep.equal(both({ trafficPolicy: { loadBalancer, tls: { mode: 'DISABLE' } } }))
    world.user.merge(kinds.DestinationRule, 'istio-system', 'mesh-wide', {
      spec: { trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } },
    })
    await world.clock.advance(1000)
    expect(written()).to.deep.equal(both({ trafficPolicy: { loadBalancer, tls: { mode: 'ISTIO_MUTUAL' } } }))
    put('shop', 'near', { host: '*.svc.cluster.local', trafficPolicy: { tls: { mode: 'DISABLE' } } })
    await world.clock.advance(1000)
    expect(written()).to.deep.equal(both({ trafficPolicy: { loadBalancer, tls: { mode: 'DISABLE' } } }))
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { trafficPolicy: null } } })
    await world.clock.advance(1000)
    expect(written()).to.deep.equal({})
  })

  test('S3: a DestinationRule of another namespace is copied to neither side', async () => {
    await usersRoutes()
    put('evil', 'pay', {
      host: 'web.shop.svc.cluster.local',
      exportTo: ['.'],
      trafficPolicy: { tls: { mode: 'DISABLE' }, connectionPool: { tcp: { maxConnections: 1 } } },
    })
    await world.clock.advance(5000)
    expect(written()).to.deep.equal({})
    await released()
    expect(written()).to.deep.equal({})
  })

  test('S3, other values: exported to all or to us, as a wildcard, or kept to the root namespace, it is not copied either', async () => {
    const loadBalancer = { simple: 'RANDOM' }
    await usersRoutes({ trafficPolicy: { loadBalancer } })
    put('evil', 'exact', {
      host: 'web.shop.svc.cluster.local',
      exportTo: ['*'],
      trafficPolicy: { tls: { mode: 'SIMPLE' } },
    })
    put('evil', 'wild', { host: '*', exportTo: ['shop'], trafficPolicy: { tls: { mode: 'SIMPLE' } } })
    put('istio-system', 'private', { host: '*', exportTo: ['.'], trafficPolicy: { tls: { mode: 'SIMPLE' } } })
    await world.clock.advance(5000)
    expect(written()).to.deep.equal(both({ trafficPolicy: { loadBalancer } }))
  })

  test('S5 (DestinationRule): one of another namespace for our host stops neither a start nor a run', async () => {
    put('evil', 'freeze', {
      host: 'web.shop.svc.cluster.local',
      exportTo: ['.'],
      trafficPolicy: { tls: { mode: 'DISABLE' } },
    })
    await world.initialized()
    await released()
    await world.until('Succeeded')
  })

  test('S5 (DestinationRule), other values: with subsets, exported to all, and written in mid-run', async () => {
    await world.initialized()
    await released()
    put('evil', 'freeze', {
      host: 'web.shop.svc.cluster.local',
      subsets: [{ name: 'v1', labels: { version: 'v1' }, trafficPolicy: { tls: { mode: 'SIMPLE' } } }],
    })
    put('shop', 'elsewhere', { host: 'web', exportTo: ['people'], trafficPolicy: { tls: { mode: 'SIMPLE' } } })
    await world.until('Succeeded')
    expect(world.status.reason).to.equal('Succeeded')
    expect(world.events().join('\n')).to.include(
      'DestinationRule evil/freeze is for the host web.shop.svc.cluster.local and applies to callers in its own namespace only',
    )
  })
})
