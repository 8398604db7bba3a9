/** Every Canary of the playground gets callers, wherever it is and whatever leads to it. */
import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { callCanaries } from '../../mesh/callers.ts'
import { cluster, deployment, service, virtualService } from '../cluster.ts'

suite('playground: callers of Canaries', () => {
  let it: ReturnType<typeof cluster>
  setup(() => {
    it = cluster()
    callCanaries(it.api.server, it.mesh, 60)
    it.user.create(deployment('web', 'demo/web:1.0.0', 1))
    it.user.create(service('web', { app: 'web' }))
  })

  const canary = (spec: Record<string, unknown> = {}): void => {
    it.user.create({
      apiVersion: 'sluice.dev/v1beta1',
      kind: 'Canary',
      metadata: { name: 'storefront', namespace: 'shop' },
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        service: { port: 80 },
        analysis: {},
        ...spec,
      },
    })
  }
  const phase = (name: string): void => {
    it.user.mergeStatus(kinds.Canary, 'shop', 'storefront', { status: { phase: name } })
  }
  /** Requests a second, by way. */
  async function calls(): Promise<Record<string, number>> {
    await it.clock.advance(5000)
    const [{ flows } = { flows: [] }] = it.mesh.stretches(it.clock.now() - 1)
    const rates: Record<string, number> = {}
    for (const { load, perSecond, code } of flows) {
      const way = `${load.gateway ?? 'mesh'} ${load.host} ${code}`
      rates[way] = (rates[way] ?? 0) + perSecond
    }
    return rates
  }

  test('come when the Canary serves, and stay when it is deleted, until its Service goes', async () => {
    canary()
    phase('Initializing')
    expect(await calls()).to.deep.equal({})
    phase('Initialized')
    expect(await calls()).to.deep.equal({ 'mesh web 200': 60 })
    it.user.delete(kinds.Canary, 'shop', 'storefront')
    expect(await calls()).to.deep.equal({ 'mesh web 200': 60 })
    it.user.delete(kinds.Service, 'shop', 'web')
    expect(await calls()).to.deep.equal({})
  })

  test('call the Service that the Canary names', async () => {
    it.user.create(service('front', { app: 'web' }))
    canary({ service: { port: 80, name: 'front' } })
    phase('Succeeded')
    expect(await calls()).to.deep.equal({ 'mesh front 200': 60 })
  })

  test('come in at each gateway that its VirtualServices name and that there is, and at the mesh', async () => {
    it.user.namespace('istio-system')
    it.user.create({
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name: 'public', namespace: 'istio-system' },
      spec: { servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }] },
    })
    it.user.create(
      virtualService('edge', {
        hosts: ['web', 'shop.example.com'],
        gateways: ['mesh', 'istio-system/public', 'istio-system/absent'],
        http: [{ route: [{ destination: { host: 'web' } }] }],
      }),
    )
    canary({ service: { port: 80, virtualServices: [{ name: 'edge' }] } })
    phase('Progressing')
    expect(await calls()).to.deep.equal({ 'mesh web 200': 30, 'istio-system/public shop.example.com 200': 30 })
  })
})
