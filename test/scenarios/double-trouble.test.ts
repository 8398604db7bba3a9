/** What must hold when several things go wrong at once. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { Pod } from '../../playground/kinds.ts'
import { World } from './world.ts'

suite('two troubles at once, in virtual time', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const minute = 60_000
  const isErring = (from: number): number => world.mesh.count(flow => flow.code >= 500, from, world.clock.now())
  const refuseRoutes = (): (() => void) =>
    world.processes[0]?.api.faults.refuse(
      attempt => attempt.kind === kinds.VirtualService && attempt.write !== null,
      new ApiError({ code: 500, reason: 'InternalError', message: 'failed calling webhook validation.istio.io' }),
    ) ?? (() => {})

  test('a second push while the first still clears lets no unjudged pod answer', async () => {
    await world.initialised()
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
    await world.initialised()
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

  test('a problem in mid-run holds the rise, and a bad canary still goes back', async () => {
    await world.initialised()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    world.user.create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 9 },
    })
    await world.clock.advance(5 * minute)
    expect(world.stand).to.equal('Progressing 25')
    world.images.set('demo/web:1.1.0', { errorRate: 1 })
    await world.until('Failed')
  })

  test('nothing rises while pods of the canary are missing', async () => {
    await world.initialised()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 10')
    const [pod] = world.workloads.pods('shop', 'web')
    if (pod === undefined) throw new Error('the canary has no pod')
    world.images.set('demo/web:1.1.0', { readyAfter: null })
    world.user.delete(Pod, 'shop', pod.metadata.name)
    await world.clock.advance(5 * minute)
    expect(world.stand).to.equal('Progressing 10')
    expect(world.status.message).to.match(/1 of 2 pods available/)
  })
})
