/** Another writer that edits what Sluice owns again and again: it is said once, and left alone for a while. */
import { expect } from 'chai'
import { type Kind, kinds } from '../../src/api/object.ts'
import { sampled } from '../sampled.ts'
import { expectRest, expectStalled, heard, LISTS_OF_PODS, minute, requestsOf } from './witness.ts'
import { type Process, World } from './world.ts'

const policy = { trafficPolicy: { connectionPool: { tcp: { maxConnections: 100 } } } }
const spec = { service: { port: 80, targetPort: 8080, ...policy } }

suite('objects that another writer edits', () => {
  let world: World
  let controller: Process
  let requests: { count: number }
  setup(() => {
    world = new World()
    controller = world.start()
    requests = requestsOf(controller)
  })
  teardown(() => world.close())

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

  for (const { name, kind, object, act } of sampled(fights, 4)) {
    test(`somebody fights over ${name}, each second: Contested`, async () => {
      await world.initialized({ ...spec, analysis: { interval: '1h', threshold: 100 } })
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 10')
      await world.clock.advance(2000)
      const stop = eachSecond(act)
      await world.clock.advance(minute)
      const look = `kubectl -n shop get ${kind.plural}${kind.group === '' ? '' : `.${kind.group}`} ${object} -o yaml --show-managed-fields`
      const sentence = `Another client keeps reverting Sluice's changes to ${kind.kind} shop/${object}; Sluice retries every 30 s. Find the client with \`${look}\` and stop it from managing these fields; if it lists none, an admission webhook does it: kubectl get mutatingwebhookconfigurations`
      expectStalled(world, { reason: 'Contested', sentence })
      await expectRest(world, requests, 30 + LISTS_OF_PODS, 3)
      stop()
      await world.clock.advance(2 * minute)
      expect(world.status.reason).to.not.equal('Contested')
      expect(world.stand).to.equal('Progressing 10')
      expect(heard(world, world.clock.now() - minute)).to.deep.equal(['web 10, web-primary 90'])
    })
  }
})
