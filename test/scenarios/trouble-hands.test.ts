/**
 * What others do to the objects that a release stands on: they delete them in mid-run, fight over them, delete the namespace,
 * strip the finalizer. What is Sluice's is put right, a fight is said and left alone, and what is gone is let go.
 */
import { expect } from 'chai'
import { type Kind, kinds } from '../../src/api/object.ts'
import { expectRest, expectStalled, heard, minute, requestsOf } from './witness.ts'
import { type Process, World } from './world.ts'

const policy = { trafficPolicy: { connectionPool: { tcp: { maxConnections: 100 } } } }
const spec = { service: { port: 80, targetPort: 8080, ...policy } }

suite('hands on what a release stands on, in virtual time', () => {
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
    await world.initialised(spec)
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
  const moments = ['Initialized', 'Progressing 25', 'Progressing 100', 'Finalising'] as const

  for (const { kind, name } of objects) {
    for (const moment of moments) {
      test(`${kind.kind} ${name} is deleted at ${moment}: made anew, and the release ends well`, async () => {
        if (moment === 'Initialized') await world.initialised(spec)
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

  /** Does something each second; returns what ends it. */
  function eachSecond(act: () => void): () => void {
    let going = true
    const again = (): void => {
      if (!going) return
      act()
      world.clock.at(world.clock.now() + 1000, again)
    }
    again()
    return () => {
      going = false
    }
  }

  const merge = (kind: Kind, name: string, patch: Record<string, unknown>) => (): void => {
    world.api.as('argocd').merge(kind, 'shop', name, patch)
  }
  const toThe = (host: string, weight: number) => ({ destination: { host }, weight })
  const fights: readonly { name: string; kind: Kind; object: string; act: () => void }[] = [
    {
      name: 'routes of our VirtualService',
      kind: kinds.VirtualService,
      object: 'web',
      act: merge(kinds.VirtualService, 'web', {
        spec: { http: [{ route: [toThe('web-primary', 0), toThe('web-canary', 100)] }] },
      }),
    },
    {
      name: 'hosts of our VirtualService',
      kind: kinds.VirtualService,
      object: 'web',
      act: merge(kinds.VirtualService, 'web', { spec: { hosts: ['elsewhere'] } }),
    },
    {
      name: 'the selector of the canary’s Service',
      kind: kinds.Service,
      object: 'web-canary',
      act: merge(kinds.Service, 'web-canary', { spec: { selector: { 'pod-template-hash': 'other' } } }),
    },
    {
      name: 'the policy of our DestinationRule',
      kind: kinds.DestinationRule,
      object: 'web-primary',
      act: merge(kinds.DestinationRule, 'web-primary', { spec: { trafficPolicy: { connectionPool: null } } }),
    },
    {
      name: 'the lock of the target',
      kind: kinds.Deployment,
      object: 'web',
      act: merge(kinds.Deployment, 'web', { spec: { paused: false } }),
    },
    {
      name: 'the finalizer of the Canary',
      kind: kinds.Canary,
      object: 'web',
      act: merge(kinds.Canary, 'web', { metadata: { finalizers: null } }),
    },
    {
      name: 'that there is a Service of the canary',
      kind: kinds.Service,
      object: 'web-canary',
      act: () => {
        if (world.object(kinds.Service, 'web-canary') !== null) world.user.delete(kinds.Service, 'shop', 'web-canary')
      },
    },
  ]

  for (const { name, kind, object, act } of fights) {
    test(`somebody fights over ${name}, each second: Contested`, async () => {
      await world.initialised({ ...spec, analysis: { interval: '1h', threshold: 100 } })
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 10')
      await world.clock.advance(2000)
      const stop = eachSecond(act)
      await world.clock.advance(minute)
      const sentence = `${kind.kind} shop/${object} is changed back by another writer again and again; Sluice leaves it alone for 30 seconds at a time. Find who writes it with \`kubectl get --show-managed-fields -o yaml\`, and take it out there.`
      expectStalled(world, { reason: 'Contested', sentence })
      await expectRest(world, requests, 30)
      stop()
      await world.clock.advance(2 * minute)
      expect(world.status.reason).to.not.equal('Contested')
      expect(world.stand).to.equal('Progressing 10')
      expect(heard(world, world.clock.now() - minute)).to.deep.equal(['web 10, web-primary 90'])
    })
  }

  for (const moment of moments) {
    test(`the finalizer is stripped at ${moment}: it is put back, and the release ends well`, async () => {
      if (moment === 'Initialized') await world.initialised(spec)
      else await release(moment)
      const begun = world.clock.now()
      merge(kinds.Canary, 'web', { metadata: { finalizers: null } })()
      await world.clock.advance(1000)
      expect(world.object(kinds.Canary, 'web')?.metadata.finalizers).to.deep.equal(['sluice.dev/hand-back'])
      if (moment === 'Initialized') world.setImage('demo/web:1.1.0')
      await world.until('Succeeded')
      expect(failedSince(begun)).to.equal(0)
    })

    test(`the finalizer is stripped from a Canary that is deleted at ${moment}: callers are served on`, async () => {
      if (moment === 'Initialized') await world.initialised(spec)
      else await release(moment)
      const begun = world.clock.now()
      const before = heard(world, begun - 1000)
      // At one instant, as `kubectl delete` and a patch of somebody who is in a hurry.
      world.user.delete(kinds.Canary, 'shop', 'web')
      merge(kinds.Canary, 'web', { metadata: { finalizers: null } })()
      expect(world.object(kinds.Canary, 'web')).to.equal(null)
      await world.clock.advance(minute)
      await expectRest(world, requests)
      expect(heard(world, begun + 1000), 'whom callers heard').to.deep.equal(before)
    })

    test(`the namespace is deleted at ${moment}: all goes at once, and nothing is made any more`, async () => {
      if (moment === 'Initialized') await world.initialised(spec)
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
})
