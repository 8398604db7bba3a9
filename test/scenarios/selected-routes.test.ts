/** Releases in routes of the user's that are chosen by labels, in a cluster that serves them in an older version. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { at, recordsOf } from '../../src/core/json.ts'
import { resourceOf } from '../../playground/schema/custom.ts'
import { looseDefinition } from '../../playground/test/installed.ts'
import { World } from './world.ts'

suite('routes that are chosen by labels, in virtual time', () => {
  let world: World
  const older = { ...kinds.TCPRoute, version: 'v1alpha2' }
  setup(() => {
    world = new World()
    world.api.server.resources.install(resourceOf(looseDefinition(kinds.HTTPRoute)), resourceOf(looseDefinition(older)))
  })
  teardown(() => world.close())

  const create = (name: string, labels: Record<string, string>): void => {
    world.user.create({
      apiVersion: 'gateway.networking.k8s.io/v1alpha2',
      kind: 'TCPRoute',
      metadata: { name, namespace: 'shop', labels },
      spec: { rules: [{ backendRefs: [{ name: 'web', port: 80 }] }] },
    })
  }
  const weightsOf = (name: string): unknown[] =>
    recordsOf(at(world.user.get(older, 'shop', name)?.spec, 'rules')).flatMap(rule =>
      recordsOf(rule['backendRefs']).map(({ name: to, weight }) => `${String(to)} ${String(weight)}`),
    )
  const spec = {
    provider: 'gatewayapi:v1',
    service: {
      port: 80,
      targetPort: 8080,
      routes: [{ kind: 'TCPRoute', selector: { matchLabels: { split: 'web' } } }],
    },
    analysis: {
      interval: '10s',
      stepWeights: [25, 50],
      metrics: [{ name: 'errors', query: 'vector(0)', thresholdRange: { max: 1 }, interval: '10s' }],
    },
  }

  test('it waits until a route has the labels, splits it, and leaves it as it was', async () => {
    create('db', {})
    world.deploy()
    world.start()
    world.canary(spec)
    await world.clock.advance(60_000)
    expect(world.status.message).to.match(/^spec\.service\.routes\[0\] selects TCPRoutes .* and there is none/)
    world.user.merge(older, 'shop', 'db', { metadata: { labels: { split: 'web' } } })
    await world.until('Initialized')
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    expect(weightsOf('db')).to.deep.equal(['web 75', 'web-canary 25'])
    await world.until('Succeeded')
    expect(weightsOf('db')).to.deep.equal(['web undefined'])
  })

  test('a route that gets the labels in mid-run has no share of the canary, so the run holds until resume', async () => {
    create('db', { split: 'web' })
    create('late', {})
    world.deploy()
    world.start()
    world.canary(spec)
    await world.until('Initialized')
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    world.user.merge(older, 'shop', 'late', { metadata: { labels: { split: 'web' } } })
    await world.clock.advance(60_000)
    expect([world.stand, world.status.reason]).to.deep.equal(['Progressing 0', 'WeightOverridden'])
    world.annotate('resume', '1')
    await world.until('Progressing 25')
    expect([weightsOf('db'), weightsOf('late')]).to.deep.equal([
      ['web 75', 'web-canary 25'],
      ['web 75', 'web-canary 25'],
    ])
    // Without the labels it is rolled back with the others.
    world.user.merge(older, 'shop', 'late', { metadata: { labels: { split: null } } })
    await world.until('Succeeded')
    expect([weightsOf('db'), weightsOf('late')]).to.deep.equal([['web undefined'], ['web undefined']])
  })
})
