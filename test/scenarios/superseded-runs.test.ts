/** A push while another revision is under test, or is on its way out. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { at } from '../../src/core/json.ts'
import { minute } from './witness.ts'
import { World } from './world.ts'

suite('superseded runs', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const isErring = (from: number): number => world.mesh.count(flow => flow.code >= 500, from, world.clock.now())
  const refuseRoutes = (): (() => void) =>
    world.processes[0]?.api.faults.refuse(
      attempt => attempt.kind === kinds.VirtualService && attempt.write !== null,
      new ApiError({ code: 500, reason: 'InternalError', message: 'failed calling webhook validation.istio.io' }),
    ) ?? (() => {})

  test('a second push while the first still clears lets no unjudged pod answer', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 50')
    await world.clock.advance(2000)
    const judged = new Set(Object.keys(world.mesh.answersByRevision()))
    const mend = refuseRoutes()
    world.setImage('demo/web:1.2.0')
    await world.clock.advance(2000)
    world.setImage('demo/web:1.3.0')
    await world.clock.advance(minute)
    expect(Object.keys(world.mesh.answersByRevision()).filter(hash => !judged.has(hash))).to.deep.equal([])
    expect(world.status.reason).to.equal('WriteRefused')
    mend()
    await world.until('Succeeded', 20 * minute)
  })

  test('an abort while the mesh cannot be written stops no pod that still answers', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 50')
    const begun = world.clock.now()
    const mend = refuseRoutes()
    world.setImage('demo/web:1.2.0')
    await world.clock.advance(2000)
    world.annotate('abort', '1 stop')
    await world.clock.advance(minute)
    expect(isErring(begun)).to.equal(0)
    mend()
    await world.clock.advance(2 * minute)
    expect(isErring(begun)).to.equal(0)
    expect(world.status.phase).to.equal('Failed')
  })

  test('pods with an earlier configuration go before a candidate of their template starts, whatever came in between', async () => {
    const settings = (limit: string) => ({ data: { LIMIT: limit } })
    const metadata = { name: 'web', namespace: 'shop' }
    world.user.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, ...settings('1') })
    const release = (image: string): void => {
      const ports = [{ name: 'http', containerPort: 8080 }]
      const container = { name: 'web', image, ports, envFrom: [{ configMapRef: { name: 'web' } }] }
      world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { template: { spec: { containers: [container] } } } })
    }
    world.deploy()
    release('demo/web:1.0.0')
    await world.clock.advance(5000)
    world.canary()
    await world.until('Initialized')
    await world.clock.advance(20_000)
    release('demo/web:1.1.0')
    await world.until('Progressing 25')
    release('demo/web:1.2.0')
    await world.clock.advance(2000)
    world.user.merge(kinds.ConfigMap, 'shop', 'web', settings('2'))
    await world.clock.advance(1000)
    release('demo/web:1.1.0')
    const running = (): unknown => at(world.object(kinds.Deployment, 'web')?.['status'], 'replicas') ?? 0
    await world.clock.runUntil(() => running() === 0, minute)
    expect(world.stand).to.equal('Progressing 0')
    await world.until('Succeeded')
  })
})
