/** The Service that callers use, deleted by hand at any moment: it comes back as what it was, and an Event says what did not. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { at, type Json } from '../../src/core/json.ts'
import { sampled } from '../sampled.ts'
import { eventsOf } from '../scenarios/witness.ts'
import { World } from '../scenarios/world.ts'
import { containers, deployed, F1_PORTS, TWO } from './ports.given.ts'

const ports = F1_PORTS.map((port, i) => ({ ...port, protocol: 'TCP', nodePort: 30_080 + i }))
const balanced = {
  type: 'LoadBalancer',
  ports,
  externalTrafficPolicy: 'Local',
  healthCheckNodePort: 32_000,
  allocateLoadBalancerNodePorts: true,
  loadBalancerClass: 'example.com/internal',
  loadBalancerSourceRanges: ['10.0.0.0/8'],
  sessionAffinity: 'ClientIP',
  internalTrafficPolicy: 'Local',
}
const metadata = {
  labels: { team: 'a' },
  annotations: { 'service.beta.kubernetes.io/aws-load-balancer-internal': 'true', 'networking.istio.io/exportTo': '.' },
}

interface Row {
  readonly spec: Json
  readonly says: string
}

const again = 'EditReverted: Service web was deleted; it is created again as it was'
const rows: Readonly<Record<string, Row>> = {
  LoadBalancer: { spec: balanced, says: `${again}; its load balancer may get another address` },
  NodePort: { spec: { type: 'NodePort', ports }, says: again },
}

const moments = ['while the Canary is initialized', 'at rest', 'in a run', 'while no controller runs'] as const

suite('field: a Service of the user’s that is deleted', () => {
  let world: World
  setup(() => {
    world = new World()
  })
  teardown(() => world.close())

  const lasting = (): unknown => {
    const service = world.object(kinds.Service, 'web')
    const { 'sluice.dev/original': _, ...annotations } = service?.metadata.annotations ?? {}
    const { selector: __, ...spec } = (service?.spec ?? {}) as Json
    return { spec, labels: service?.metadata.labels, annotations }
  }

  async function reach(moment: (typeof moments)[number]): Promise<void> {
    if (moment === 'while the Canary is initialized') {
      await world.clock.runUntil(() => world.object(kinds.Service, 'web-primary') !== null, 60_000)
      return
    }
    await world.until('Initialized')
    await world.clock.advance(10_000)
    if (moment === 'in a run') {
      world.user.merge(kinds.Deployment, 'shop', 'web', containers('demo/web:1.1.0', TWO))
      await world.until('Progressing 25')
    }
    if (moment === 'while no controller runs') for (const process of world.processes) await process.stop()
  }

  const table = Object.entries(rows).flatMap(([type, row]) => moments.map(moment => ({ type, moment, ...row })))
  for (const { type, moment, spec, says } of sampled(table, 3)) {
    test(`${type}, ${moment}`, async () => {
      await deployed(world, TWO, spec, { service: { port: 80 } }, metadata)
      world.start()
      await reach(moment)
      await world.clock.advance(2000)
      const before = lasting()
      world.user.delete(kinds.Service, 'shop', 'web')
      if (moment === 'while no controller runs') world.start()
      await world.clock.runUntil(() => world.object(kinds.Service, 'web') !== null, 60_000)
      await world.clock.advance(10_000)
      expect(lasting()).to.deep.equal(before)
      expect(at(world.object(kinds.Service, 'web')?.spec, 'selector')).to.include({ 'sluice.dev/role': 'primary' })
      expect(eventsOf(world, 'EditReverted')).to.deep.equal([says])
    })
  }

  test('with another cluster IP and other node ports where another Service has its own by now', async () => {
    await deployed(world, TWO, { type: 'NodePort', ports }, { service: { port: 80 } }, metadata)
    const first = world.start()
    await reach('at rest')
    await first.stop()
    world.user.delete(kinds.Service, 'shop', 'web')
    const why =
      'Service "web" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated'
    world.start({}, {}, api => ({
      get: (ref, call) => api.get(ref, call),
      list: (kind, query, call) => api.list(kind, query, call),
      watch: (kind, query, seen, call) => api.watch(kind, query, seen, call),
      served: (kind, call) => api.served(kind, call),
      write: (write, call) => {
        const isTaken = write.verb === 'apply' && JSON.stringify(at(write.object.spec, 'ports')).includes('30080')
        if (isTaken) throw new ApiError({ code: 422, reason: 'Invalid', message: why })
        return api.write(write, call)
      },
    }))
    await world.clock.advance(20_000)
    const back = world.object(kinds.Service, 'web')
    expect(back?.spec).to.deep.include({ type: 'NodePort' })
    expect(back?.metadata.annotations).to.include(metadata.annotations)
    expect(eventsOf(world, 'EditReverted')).to.deep.equal([
      again,
      `${again}, but with another cluster IP and other node ports, because a write failed: Service shop/web was refused: ${why}`,
    ])
  })
})
