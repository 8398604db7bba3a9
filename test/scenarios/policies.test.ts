/** Policies of the user's around a primary with labels of its own: what the cluster has at every moment, in virtual time. */
import { expect } from 'chai'
import { type Kind, kinds, type KubeObject } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { at } from '../../src/core/json.ts'
import { resourceOf } from '../../playground/schema/custom.ts'
import { looseDefinition } from '../../playground/test/installed.ts'
import { expectRest, expectStalled, minute, requestsOf } from './witness.ts'
import { type Process, World } from './world.ts'

const web = { selector: { matchLabels: { app: 'web' } } }
const callersOf = (...names: string[]): object => ({
  ...web,
  rules: [{ from: [{ source: { principals: names.map(name => `cluster.local/ns/shop/sa/${name}`) } }] }],
})

suite('policies of a release, in virtual time', () => {
  let world: World
  let controller: Process
  setup(() => {
    world = new World()
    world.api.server.resources.install(resourceOf(looseDefinition(kinds.NetworkPolicy)))
    controller = world.start()
  })
  teardown(() => world.close())

  const made = (kind: Kind, name: string, spec: object, namespace = 'shop'): KubeObject =>
    world.user.create({
      apiVersion: `${kind.group}/${kind.version}`,
      kind: kind.kind,
      metadata: { name, namespace },
      spec: { ...spec },
    })
  const copy = (kind: Kind, name: string): unknown => world.user.get(kind, 'shop', `${name}-web-primary`)?.spec
  const watched = (): string[] =>
    controller.controller.reflectors().map(({ kind, namespace }) => `${kind.plural}${namespace}`)

  const switched = { primary: { labels: 'switch' } }

  test('the primary has them before its first pod, in every kind; they follow edits and deletions in a run, and end after it', async () => {
    made(kinds.AuthorizationPolicy, 'callers', callersOf('frontend'))
    made(kinds.PeerAuthentication, 'tls', { ...web, mtls: { mode: 'STRICT' } })
    made(kinds.NetworkPolicy, 'net', { podSelector: { matchLabels: { app: 'web' } } })
    const missing: string[] = []
    controller.api.faults.add({
      after: attempt => {
        if (attempt.verb !== 'create' || attempt.kind !== kinds.Deployment) return
        for (const [kind, name] of [
          [kinds.AuthorizationPolicy, 'callers'],
          [kinds.PeerAuthentication, 'tls'],
          [kinds.NetworkPolicy, 'net'],
        ] as const)
          if (copy(kind, name) === undefined) missing.push(name)
      },
    })
    await world.initialize(switched)
    expect(missing).to.deep.equal([])
    expect(copy(kinds.AuthorizationPolicy, 'callers')).to.deep.equal({
      ...callersOf('frontend'),
      selector: { matchLabels: { app: 'web-primary' } },
    })
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    world.user.merge(kinds.AuthorizationPolicy, 'shop', 'callers', { spec: callersOf('frontend', 'mobile') })
    world.user.delete(kinds.PeerAuthentication, 'shop', 'tls')
    await world.clock.advance(100)
    expect(JSON.stringify(copy(kinds.AuthorizationPolicy, 'callers'))).to.contain('mobile')
    expect(copy(kinds.PeerAuthentication, 'tls')).to.equal(undefined)
    await world.until('Succeeded')
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, 600_000)
    expect(
      [kinds.AuthorizationPolicy, kinds.NetworkPolicy].map(kind => world.user.list(kind, 'shop').length),
    ).to.deep.equal([1, 1])
  })

  test('where a finalizer keeps the primary of a deleted Canary, its copies stay until it is gone, and then go', async () => {
    made(kinds.AuthorizationPolicy, 'callers', callersOf('frontend'))
    await world.initialize(switched)
    world.user.merge(kinds.Deployment, 'shop', 'web-primary', { metadata: { finalizers: ['example.com/backup'] } })
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.runUntil(
      () => world.object(kinds.Deployment, 'web-primary')?.metadata.deletionTimestamp !== undefined,
      600_000,
    )
    await world.clock.advance(minute)
    expect(at(world.object(kinds.Canary, 'web')?.['status'], 'message')).to.equal(
      'Waiting until Deployment web-primary is deleted, which its finalizers keep (example.com/backup): the copies of policies for its pods are removed after it',
    )
    expect(copy(kinds.AuthorizationPolicy, 'callers')).to.not.equal(undefined)
    world.user.merge(kinds.Deployment, 'shop', 'web-primary', { metadata: { finalizers: null } })
    await world.clock.advance(minute)
    expect([world.object(kinds.Canary, 'web'), copy(kinds.AuthorizationPolicy, 'callers')]).to.deep.equal([
      null,
      undefined,
    ])
  })

  test('a copy that a hand edits is written again, with nothing added', async () => {
    made(kinds.AuthorizationPolicy, 'callers', callersOf('frontend'))
    await world.initialize(switched)
    const before = copy(kinds.AuthorizationPolicy, 'callers')
    world.user.merge(kinds.AuthorizationPolicy, 'shop', 'callers-web-primary', { spec: { action: 'DENY' } })
    await world.clock.advance(1000)
    expect(copy(kinds.AuthorizationPolicy, 'callers')).to.deep.equal(before)
    expect(world.events()).to.include(
      'EditReverted: kubectl changed AuthorizationPolicy callers-web-primary; the change is reverted',
    )
  })

  test('at rest an event says what followed a change of the user’s, and no other is told', async () => {
    made(kinds.AuthorizationPolicy, 'callers', callersOf('frontend'))
    await world.initialize(switched)
    world.user.merge(kinds.AuthorizationPolicy, 'shop', 'callers', { spec: callersOf('frontend', 'mobile') })
    await world.clock.advance(1000)
    world.user.delete(kinds.AuthorizationPolicy, 'shop', 'callers')
    await world.clock.advance(1000)
    expect(world.events().filter(event => event.startsWith('ObjectsUpdated'))).to.have.members(
      ['Updated', 'Removed'].map(
        done =>
          `ObjectsUpdated: ${done} AuthorizationPolicy callers-web-primary after a change of what selects the pods of Deployment web`,
      ),
    )
  })

  test('GitOps finds nothing of its own on a copy', async () => {
    const tracked = made(kinds.AuthorizationPolicy, 'callers', callersOf('frontend'))
    world.user.merge(kinds.AuthorizationPolicy, 'shop', tracked.metadata.name, {
      metadata: {
        labels: { 'app.kubernetes.io/instance': 'shop', team: 'shop' },
        annotations: { 'argocd.argoproj.io/tracking-id': 'shop:x' },
      },
    })
    await world.initialize(switched)
    const { labels, annotations, ownerReferences } =
      world.object(kinds.AuthorizationPolicy, 'callers-web-primary')?.metadata ?? {}
    expect([labels, Object.keys(annotations ?? {}), ownerReferences]).to.deep.equal([
      { team: 'shop', 'sluice.dev/canary': 'web' },
      ['sluice.dev/copy-of', 'sluice.dev/rendered'],
      undefined,
    ])
  })

  test('with labels kept nothing is watched, copied or asked for', async () => {
    made(kinds.AuthorizationPolicy, 'callers', callersOf('frontend'))
    await world.initialize({ primary: { labels: 'keep' } })
    expect(watched()).to.not.include('authorizationpolicies')
    expect(world.user.list(kinds.AuthorizationPolicy, 'shop')).to.have.lengthOf(1)
    const pods = at(world.object(kinds.Deployment, 'web-primary')?.spec, 'template', 'metadata', 'labels')
    expect(pods).to.include({ app: 'web' })
  })

  test('kinds are watched while a Canary needs them; at rest that costs no request', async () => {
    await world.initialize(switched)
    expect(watched()).to.include.members(['authorizationpolicies', 'networkpolicies'])
    await expectRest(world, requestsOf(controller), 0, 5)
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, 600_000)
    await world.clock.advance(1000)
    expect(watched()).to.not.include('authorizationpolicies')
  })

  test('a copy that an earlier process made at a waypoint goes with the Canary, also where no waypoint covers the Service any more', async () => {
    await world.initialize()
    controller.kill()
    const metadata = {
      name: 'limits-web-primary',
      namespace: 'shop',
      labels: { 'sluice.dev/canary': 'web' },
      annotations: { 'sluice.dev/copy-of': 'shop/limits' },
    }
    const targetRefs = [{ group: '', kind: 'Service', name: 'web-canary' }]
    world.user.create({
      apiVersion: 'networking.istio.io/v1alpha3',
      kind: 'EnvoyFilter',
      metadata,
      spec: { targetRefs },
    })
    world.user.merge(kinds.Namespace, '', 'shop', { metadata: { labels: { 'istio.io/dataplane-mode': 'ambient' } } })
    world.start()
    await world.clock.advance(minute)
    expect(world.object(kinds.EnvoyFilter, metadata.name)).to.not.equal(null)
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, 600_000)
    expect(world.object(kinds.EnvoyFilter, metadata.name)).to.equal(null)
  })

  test('copies at a waypoint that is gone when the next process starts, and ambient with it, go at once; nothing is watched for them then', async () => {
    await world.initialize()
    const bound = { type: 'istio.io/WaypointBound', status: 'True', reason: 'WaypointAccepted', message: '' }
    world.user.mergeStatus(kinds.Service, 'shop', 'web', { status: { conditions: [bound] } })
    await world.clock.advance(minute)
    made(kinds.EnvoyFilter, 'limits', { targetRefs: [{ group: '', kind: 'Service', name: 'web' }] })
    await world.clock.advance(minute)
    expect(copy(kinds.EnvoyFilter, 'limits')).to.not.equal(undefined)
    controller.kill()
    world.user.mergeStatus(kinds.Service, 'shop', 'web', { status: { conditions: [] } })
    controller = world.start()
    await world.clock.advance(minute)
    expect([
      copy(kinds.EnvoyFilter, 'limits'),
      watched().filter(name => name.startsWith('envoyfilters')),
    ]).to.deep.equal([undefined, []])
  })

  for (const code of [403, 500] as const) {
    test(`a Canary in ambient that is deleted does not wait for copies of a kind whose list is answered with ${code}`, async () => {
      await world.initialize()
      controller.kill()
      world.user.merge(kinds.Namespace, '', 'shop', { metadata: { labels: { 'istio.io/dataplane-mode': 'ambient' } } })
      world.start().api.faults.add({
        before: ({ verb, kind }) => {
          if (verb === 'list' && kind === kinds.EnvoyFilter)
            throw new ApiError({ code, reason: '', message: 'conversion webhook failed' })
        },
      })
      await world.clock.advance(minute)
      world.user.delete(kinds.Canary, 'shop', 'web')
      await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, 600_000)
    })
  }

  const forbid = (kind: Kind): void => {
    world.api.server.authorize = request =>
      request.manager === 'sluice' && request.kind.kind === kind.kind ? 'no rule' : null
  }

  test('a kind that is not installed has no objects, whatever RBAC says of it', async () => {
    world.api.server.resources.remove(kinds.Telemetry)
    forbid(kinds.Telemetry)
    await world.initialize(switched)
  })

  test('a kind that may not be read stops the start: which right, and which role', async () => {
    forbid(kinds.AuthorizationPolicy)
    world.deploy()
    await world.clock.advance(5000)
    world.canary(switched)
    await world.clock.advance(minute)
    expectStalled(world, {
      reason: 'WatchUnavailable',
      sentence:
        /authorizationpolicies\.security\.istio\.io is forbidden: .*Allow the controller to "list" and "watch" them \(RBAC\)\. Apply manifests\/policy-rbac\.yaml, which binds ClusterRole sluice-istio-policies, or recreate the Canary with spec\.primary\.labels: keep/,
    })
    expect(world.object(kinds.Deployment, 'web-primary')).to.equal(null)
    world.api.server.authorize = () => null
    await world.until('Initialized')
  })

  test('a kind that is served in another version stops the start', async () => {
    const { resources } = world.api.server
    resources.remove(kinds.Telemetry)
    resources.install(resourceOf(looseDefinition({ ...kinds.Telemetry, version: 'v1alpha1' })))
    world.deploy()
    await world.clock.advance(5000)
    world.canary(switched)
    await world.clock.advance(minute)
    expectStalled(world, {
      reason: 'WatchUnavailable',
      sentence:
        'telemetries.telemetry.istio.io is served as v1alpha1, and policies of telemetry.istio.io/v1 are kept equal for the primary: install Istio 1.22 or newer, or recreate the Canary with spec.primary.labels: keep',
    })
  })

  test('a policy of another namespace that would refuse the primary stops the start, until one beside it lets it through', async () => {
    const shop = { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } }
    const lets = (app: string): object => ({
      podSelector: { matchLabels: { app: 'db' } },
      ingress: [{ from: [{ namespaceSelector: shop, podSelector: { matchLabels: { app } } }] }],
    })
    world.user.namespace('data')
    made(kinds.NetworkPolicy, 'callers', lets('web'), 'data')
    world.deploy()
    await world.clock.advance(5000)
    world.canary(switched)
    await world.clock.advance(minute)
    expectStalled(world, { reason: 'PolicyNotKept', sentence: /^NetworkPolicy data\/callers lets the pods/ })
    made(kinds.NetworkPolicy, 'primary', lets('web-primary'), 'data')
    await world.until('Initialized')
  })

  test('what cannot be kept equal stops the start, and goes on once it is mended', async () => {
    const expression = { key: 'app', operator: 'NotIn', values: ['web-primary'] }
    made(kinds.NetworkPolicy, 'net', { podSelector: { matchExpressions: [expression] } })
    world.deploy()
    await world.clock.advance(5000)
    world.canary(switched)
    await world.clock.advance(minute)
    expectStalled(world, { reason: 'PolicyNotKept', sentence: /^NetworkPolicy shop\/net selects the pods/ })
    expect(world.object(kinds.Deployment, 'web-primary')).to.equal(null)
    world.user.delete(kinds.NetworkPolicy, 'shop', 'net')
    await world.until('Initialized')
  })
})
