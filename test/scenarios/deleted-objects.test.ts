/**
 * Objects that a release needs, and others delete: they, their finalizer, the namespace. What is Sluice's is created again, and
 * what is gone is let go.
 */
import { expect } from 'chai'
import { type Kind, kinds } from '../../src/api/object.ts'
import { sampled } from '../sampled.ts'
import { byUserRoutes, deleted, userRoutes } from './bad-input.given.ts'
import { expectEvent, expectRest, heard, minute, requestsOf } from './witness.ts'
import { type Process, World } from './world.ts'

const policy = { trafficPolicy: { connectionPool: { tcp: { maxConnections: 100 } } } }
const spec = { service: { port: 80, targetPort: 8080, ...policy } }

suite('objects that are deleted', () => {
  let world: World
  let controller: Process
  let requests: { count: number }
  setup(() => {
    world = new World()
    controller = world.start()
    requests = requestsOf(controller)
  })
  teardown(() => world.close())

  async function release(until: string): Promise<void> {
    await world.initialized(spec)
    world.setImage('demo/web:1.1.0')
    await world.until(until)
    await world.clock.advance(2000)
  }

  const failedSince = (begun: number): number => world.mesh.count(flow => flow.code >= 500 || flow.flag !== '', begun)

  const objects: readonly { kind: Kind; name: string }[] = [
    { kind: kinds.VirtualService, name: 'web' },
    { kind: kinds.DestinationRule, name: 'web-primary' },
    { kind: kinds.DestinationRule, name: 'web-canary' },
    { kind: kinds.Service, name: 'web' },
    { kind: kinds.Service, name: 'web-primary' },
    { kind: kinds.Service, name: 'web-canary' },
    { kind: kinds.Deployment, name: 'web-primary' },
  ]
  // Any object at any moment is lost in the histories of test/laws (`lose`); here are those that callers feel, on a cluster.
  const moments = ['Initialized', 'Progressing 25'] as const

  for (const [index, { kind, name }] of sampled([...objects.entries()], 2)) {
    const carries = kind !== kinds.DestinationRule && name !== 'web-canary'
    const reached = carries ? [...moments, 'Finalising'] : moments
    for (const moment of sampled(reached, reached.length, index)) {
      test(`${kind.kind} ${name} is deleted at ${moment}: made anew, and the release ends well`, async () => {
        if (moment === 'Initialized') await world.initialized(spec)
        else await release(moment)
        const before = world.object(kind, name)?.metadata.uid
        const begun = world.clock.now()
        world.user.delete(kind, 'shop', name)
        await world.clock.advance(1000)
        const after = world.object(kind, name)?.metadata.uid
        expect(after).to.be.a('string').and.not.equal(before)
        await world.clock.advance(5000)
        if (kind === kinds.Deployment && moment !== 'Initialized') {
          expect(world.events().join('\n')).to.match(
            /PrimaryNotReady: Deployment web-primary has no ready pod; the canary/,
          )
        }
        // What is gone is gone until it is made anew, within 50 ms. At rest nobody can stand in for the primary: its pods take
        // a second to start.
        const bound = kind === kinds.Deployment && moment === 'Initialized' ? 105 : kind === kinds.Service ? 5 : 0
        if (moment === 'Initialized') world.setImage('demo/web:1.1.0')
        await world.until('Succeeded')
        await world.clock.advance(minute)
        expect(failedSince(begun), 'failed requests').to.be.at.most(bound)
        expect(heard(world, world.clock.now() - 1000)).to.deep.equal(['web-primary 100'])
        await expectRest(world, requests, 0)
      })
    }
  }

  const stripFinalizer = (): void => {
    world.api.as('argocd').merge(kinds.Canary, 'shop', 'web', { metadata: { finalizers: null } })
  }

  for (const moment of moments) {
    test(`the finalizer is stripped at ${moment}: it is put back, and the release ends well`, async () => {
      if (moment === 'Initialized') await world.initialized(spec)
      else await release(moment)
      const begun = world.clock.now()
      stripFinalizer()
      await world.clock.advance(1000)
      expect(world.object(kinds.Canary, 'web')?.metadata.finalizers).to.deep.equal(['sluice.dev/hand-back'])
      if (moment === 'Initialized') world.setImage('demo/web:1.1.0')
      await world.until('Succeeded')
      expect(failedSince(begun)).to.equal(0)
    })

    test(`the finalizer is stripped from a Canary that is deleted at ${moment}: callers are served on`, async () => {
      if (moment === 'Initialized') await world.initialized(spec)
      else await release(moment)
      const begun = world.clock.now()
      const before = heard(world, begun - 1000)
      // At one instant, as `kubectl delete` and a patch of somebody who is in a hurry.
      world.user.delete(kinds.Canary, 'shop', 'web')
      stripFinalizer()
      expect(world.object(kinds.Canary, 'web')).to.equal(null)
      await world.clock.advance(minute)
      await expectRest(world, requests)
      expect(heard(world, begun + 1000), 'whom callers heard').to.deep.equal(before)
    })

    test(`the namespace is deleted at ${moment}: all goes at once, and nothing is made any more`, async () => {
      if (moment === 'Initialized') await world.initialized(spec)
      else await release(moment)
      world.user.delete(kinds.Namespace, '', 'shop')
      await world.clock.advance(minute)
      expect(world.user.get(kinds.Namespace, '', 'shop')).to.equal(null)
      expect(world.user.list(kinds.Canary)).to.deep.equal([])
      expect(world.user.list(kinds.Deployment)).to.deep.equal([])
      await expectRest(world, requests, 0)
    })
  }

  test('a Canary in a namespace that is being deleted is let go in every state that it waits in', async () => {
    world.deploy('demo/web:1.0.0-never-ready')
    world.canary()
    await world.clock.advance(minute)
    expect(world.status.reason).to.equal('TargetNotReady')
    world.user.delete(kinds.Namespace, '', 'shop')
    await world.clock.advance(minute)
    expect(world.user.get(kinds.Namespace, '', 'shop')).to.equal(null)
    await expectRest(world, requests, 0)
  })

  for (const [moment, reach] of Object.entries({
    'a release that was taken back drains': async () => {
      world.annotate('abort', '1 no good')
      await world.until('Failed')
    },
    'a superseded release drains': async () => {
      world.setImage('demo/web:1.2.0')
      await world.until('Progressing 0')
    },
    'a promoted release drains': () => world.until('Finalising'),
  })) {
    test(`a VirtualService that is deleted while ${moment} is missed in a sentence, and waited for`, async () => {
      world.deploy()
      userRoutes(world)
      await world.clock.advance(5000)
      world.canary({ ...byUserRoutes, analysis: { interval: '10s', threshold: 2, drain: '60s' } })
      await world.until('Initialized')
      await world.clock.advance(minute)
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 25')
      await reach()
      await world.clock.advance(2000)
      deleted(kinds.VirtualService, 'storefront')(world)
      await world.clock.advance(2 * minute)
      const sentence =
        'spec.service.virtualServices[0] names VirtualService shop/storefront, which does not exist. Create it, or recreate the Canary without the entry.'
      expect([world.status.reason, world.status.message]).to.deep.equal(['ReferenceMissing', sentence])
      expectEvent(world, { reason: 'ReferenceMissing', sentence })
      userRoutes(world)
      await world.clock.advance(2000)
      expect(world.status.message, 'once it is back').not.to.equal(sentence)
      await world.clock.advance(3 * minute)
      expect(['Succeeded', 'Failed']).to.include(world.status.phase)
      expect(world.object(kinds.Deployment, 'web')?.['spec']).to.have.property('replicas', 0)
    })
  }
})
