/**
 * What the controller may not see, or what nobody serves: a right to read, or a CRD, that is missing. Each is said with what to do; callers notice nothing; and it goes on once it is mended.
 */
import { expect } from 'chai'
import { type Kind, kindKey, kinds } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { resourceOf } from '../../playground/schema/custom.ts'
import type { Verb } from '../../playground/server/request.ts'
import { looseDefinition } from '../../playground/test/installed.ts'
import { sampled } from '../sampled.ts'
import {
  expectConditions,
  expectEvent,
  expectRest,
  expectStalled,
  heard,
  minute,
  requestsOf,
  type Says,
} from './witness.ts'
import { type Process, World } from './world.ts'

const reading: readonly Verb[] = ['get', 'list', 'watch']

const notSeen: readonly Kind[] = [
  kinds.MetricTemplate,
  kinds.Deployment,
  kinds.ReplicaSet,
  kinds.ControllerRevision,
  kinds.Service,
  kinds.VirtualService,
  kinds.DestinationRule,
  kinds.PeerAuthentication,
  kinds.HorizontalPodAutoscaler,
  kinds.EndpointSlice,
]

/** What is said where a kind may not be listed. */
function forbidden(kind: Kind, role = 'rbac'): Says {
  const key = kindKey(kind)
  const refused = `${key} is forbidden: User "sluice" cannot list resource "${kind.plural}" in API group "${kind.group}" in the namespace "": no rule`
  return {
    reason: 'WatchUnavailable',
    sentence: `Cannot watch ${key} in all namespaces: ${refused}. Allow the controller to "list" and "watch" them (RBAC). Apply manifests/${role}.yaml`,
  }
}

suite('kinds that cannot be seen, in virtual time', () => {
  let world: World
  setup(() => {
    world = new World()
  })
  teardown(() => world.close())

  /** Takes rights from the controller; returns what gives them back. */
  function forbid(verbs: readonly Verb[], kind: Kind, subresource = ''): () => void {
    world.api.server.authorize = request =>
      request.manager === 'sluice' &&
      verbs.includes(request.verb) &&
      request.subresource === subresource &&
      kindKey(request.kind) === kindKey(kind)
        ? 'no rule'
        : null
    return () => {
      world.api.server.authorize = () => null
    }
  }

  async function started(): Promise<{ controller: Process; requests: { count: number } }> {
    const controller = world.start()
    const requests = requestsOf(controller)
    world.deploy()
    await world.clock.advance(5000)
    return { controller, requests }
  }

  for (const kind of sampled(notSeen, 4)) {
    test(`${kindKey(kind)} may not be read, from the start: WatchUnavailable`, async () => {
      const allow = forbid(reading, kind)
      const { requests } = await started()
      const begun = world.clock.now()
      world.canary()
      await world.clock.advance(minute)
      expectStalled(world, forbidden(kind))
      // The kind itself is asked for again, twice a minute.
      await expectRest(world, requests, 3)
      expectStalled(world, forbidden(kind))
      expect(heard(world, begun)).to.deep.equal(['web 100'])
      allow()
      await world.until('Initialized')
    })
  }

  for (const kind of sampled(notSeen, 4, 2)) {
    test(`${kindKey(kind)} may not be read any more, in mid-run: WatchUnavailable, and the weight stays`, async () => {
      const controller = world.start()
      const requests = requestsOf(controller)
      await world.initialized()
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 25')
      await world.clock.advance(2000)
      const begun = world.clock.now()
      const allow = forbid(reading, kind)
      controller.api.faults.breakWatches()
      await world.clock.advance(2 * minute)
      expect(world.status.message).to.match(
        new RegExp(`^Cannot watch ${kindKey(kind)} .*\\. Apply manifests/rbac.yaml$`),
      )
      expectConditions(world, { reason: 'WatchUnavailable', sentence: world.status.message ?? '' }, 'Stalled')
      expectEvent(world, { reason: 'WatchUnavailable', sentence: world.status.message ?? '' })
      await expectRest(world, requests, 3)
      expect(world.stand).to.equal('Progressing 25')
      expect(heard(world, begun)).to.deep.equal(['web 25, web-primary 75'])
      allow()
      await world.until('Succeeded')
    })
  }

  for (const kind of [kinds.VirtualService, kinds.DestinationRule, kinds.PeerAuthentication]) {
    test(`${kindKey(kind)} is not installed: WatchUnavailable`, async () => {
      const install = world.api.server.resources.remove(kind)
      const { requests } = await started()
      const begun = world.clock.now()
      world.canary()
      await world.clock.advance(minute)
      const says: Says = {
        reason: 'WatchUnavailable',
        sentence: `${kindKey(kind)} is not installed; apply the CRDs of Istio`,
      }
      expectStalled(world, says)
      await expectRest(world, requests, 3)
      expectStalled(world, says)
      expect(heard(world, begun)).to.deep.equal(['web 100'])
      install()
      await world.until('Initialized')
    })
  }

  for (const kind of [kinds.VerticalPodAutoscaler, kinds.ScaledObject]) {
    test(`${kindKey(kind)} is not installed, or may not be read: nobody misses it`, async () => {
      world.api.server.resources.remove(kind)
      forbid(reading, kind === kinds.ScaledObject ? kinds.VerticalPodAutoscaler : kinds.ScaledObject)
      const { requests } = await started()
      world.canary()
      await world.until('Initialized')
      await world.clock.advance(minute)
      await expectRest(world, requests, 3)
      world.setImage('demo/web:1.1.0')
      await world.until('Succeeded')
    })
  }

  for (const kind of [kinds.HTTPRoute, kinds.GRPCRoute]) {
    test(`${kindKey(kind)} may not be read, which a Canary by Istio has beside its routes: it goes on`, async () => {
      const { resources } = world.api.server
      const like = resources.of(kinds.VirtualService)
      if (like === null) throw new Error('VirtualServices are not served')
      resources.install({ ...like, kind })
      forbid(reading, kind)
      await started()
      world.canary()
      await world.until('Initialized')
      world.setImage('demo/web:1.1.0')
      await world.until('Succeeded')
      expect(world.status.reason).to.not.equal('WatchUnavailable')
    })
  }

  for (const [what, before, sentence] of [
    [
      'are not installed',
      () => world.api.server.resources.remove(kinds.HTTPRoute),
      'httproutes.gateway.networking.k8s.io is not installed; apply the CRDs of the Gateway API (https://gateway-api.sigs.k8s.io/guides/)',
    ],
    [
      'may not be read',
      () => {
        world.api.server.resources.install(resourceOf(looseDefinition(kinds.HTTPRoute)))
        forbid(reading, kinds.HTTPRoute)
      },
      forbidden(kinds.HTTPRoute, 'gateway-api-rbac').sentence,
    ],
  ] as const) {
    test(`HTTPRoutes ${what}, and a Canary is split by them: WatchUnavailable, before anything is made`, async () => {
      before()
      await started()
      world.canary({ provider: 'gatewayapi:v1' })
      await world.clock.advance(minute)
      expectStalled(world, { reason: 'WatchUnavailable', sentence })
      expect(world.object(kinds.Deployment, 'web-primary')).to.equal(null)
    })
  }

  test('HTTPRoutes are looked for in the version of the provider, also where that is edited', async () => {
    const { controller } = await started()
    const asked: string[] = []
    controller.api.faults.add({
      before: ({ verb, kind }) => void (verb === 'list' && kind.plural === 'httproutes' && asked.push(kind.version)),
    })
    world.canary({ provider: 'gatewayapi:v1' })
    await world.clock.advance(minute)
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { provider: 'gatewayapi:v1beta1' } })
    await world.clock.advance(minute)
    expect(new Set(asked)).to.deep.equal(new Set(['v1', 'v1beta1']))
    expect(asked.at(-1)).to.equal('v1beta1')
  })

  test('HTTPRoutes are served as v1beta1 alone: a Canary of v1 is told, and holds none of v1beta1', async () => {
    world.api.server.resources.install(resourceOf(looseDefinition({ ...kinds.HTTPRoute, version: 'v1beta1' })))
    await started()
    world.canary({ provider: 'gatewayapi:v1beta1' })
    const metadata = { name: 'api', namespace: 'shop' }
    const spec = world.user.get(kinds.Canary, 'shop', 'web')?.spec as object
    world.user.create({
      apiVersion: 'sluice.dev/v1beta1',
      kind: 'Canary',
      metadata,
      spec: {
        ...spec,
        provider: 'gatewayapi:v1',
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' },
      },
    })
    await world.clock.advance(minute)
    expect(world.user.get(kinds.Canary, 'shop', 'api')?.['status']).to.include({
      reason: 'WatchUnavailable',
      message:
        'httproutes.gateway.networking.k8s.io is served as v1beta1; Sluice needs v1, that is Gateway API 1.0 or newer; or write provider: gatewayapi:v1beta1',
    })
    expect(world.status.reason).to.not.equal('WatchUnavailable')
    expect(world.status.phase).to.be.a('string')
  })

  /** What a conversion webhook that is broken makes of a list; routes of the user's have the split. */
  const withBroken = async (kind: Kind): Promise<void> => {
    world.api.server.resources.install(
      ...[kinds.HTTPRoute, kinds.TCPRoute].map(one => resourceOf(looseDefinition(one))),
    )
    world.deploy()
    for (const { kind: of, group, version } of [kinds.HTTPRoute, kinds.TCPRoute]) {
      world.user.create({
        apiVersion: `${group}/${version}`,
        kind: of,
        metadata: { name: 'web', namespace: 'shop' },
        spec: { rules: [{ backendRefs: [{ name: 'web', port: 80 }] }] },
      })
    }
    world.start().api.faults.add({
      before: request => {
        if (request.verb === 'list' && request.kind === kind)
          throw new ApiError({ code: 500, reason: 'InternalError', message: 'conversion webhook failed' })
      },
    })
    const metrics = [{ name: 'errors', query: 'vector(0)', thresholdRange: { max: 1 }, interval: '10s' }]
    const routes = [{ name: 'web' }, { kind: 'TCPRoute', name: 'web' }]
    const analysis = { interval: '10s', stepWeights: [25, 50], metrics }
    world.canary({ provider: 'gatewayapi:v1', service: { port: 80, targetPort: 8080, routes }, analysis })
    await world.clock.advance(2 * minute)
  }

  test('DestinationRules are answered with 500, beside routes of the Gateway API: the release goes on', async () => {
    await withBroken(kinds.DestinationRule)
    await world.until('Initialized')
  })

  test('TCPRoutes are answered with 500, and a Canary names one: WatchUnavailable', async () => {
    await withBroken(kinds.TCPRoute)
    expect([world.status.reason, world.status.message]).to.deep.equal([
      'WatchUnavailable',
      'tcproutes.gateway.networking.k8s.io is not known yet: Cannot watch tcproutes.gateway.networking.k8s.io in all namespaces: conversion webhook failed',
    ])
  })

  test('scaledobjects.keda.sh is not installed, and a Canary names one: it starts once KEDA is there', async () => {
    const install = world.api.server.resources.remove(kinds.ScaledObject)
    const { requests } = await started()
    world.canary({ autoscalerRef: { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'web' } })
    await world.clock.advance(minute)
    const says: Says = {
      reason: 'WatchUnavailable',
      sentence:
        'scaledobjects.keda.sh is not installed, and spec.autoscalerRef names a ScaledObject. Install KEDA, which is found within ten minutes, or remove spec.autoscalerRef',
    }
    expectStalled(world, says)
    await expectRest(world, requests, 3)
    install()
    world.user.create({
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { scaleTargetRef: { name: 'web' }, triggers: [{ type: 'cpu', metadata: { value: '60' } }] },
    })
    await world.clock.advance(10 * minute)
    await world.until('Initialized')
    const paused = world.user.get(kinds.ScaledObject, 'shop', 'web')?.metadata.annotations
    expect(paused?.['autoscaling.keda.sh/paused-replicas']).to.equal('0')
    expect(world.user.get(kinds.ScaledObject, 'shop', 'web-primary')).to.not.equal(undefined)
  })

  test('Canaries may not be read: nothing is done, and they are seen once they may', async () => {
    const allow = forbid(reading, kinds.Canary)
    const { requests } = await started()
    world.canary()
    await world.clock.advance(minute)
    await expectRest(world, requests, 3)
    // What the CRD fills in, so that a fresh object never looks finished.
    expect(world.status).to.deep.equal({ observedGeneration: -1 })
    allow()
    await world.until('Initialized')
  })
})
