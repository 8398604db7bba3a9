/** A Canary in ambient, in virtual time: what is known of its pods only once they are read. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { at, recordsOf } from '../../src/core/json.ts'
import { resourceOf } from '../../playground/schema/custom.ts'
import { looseDefinition } from '../../playground/test/installed.ts'
import { minute } from './witness.ts'
import { World } from './world.ts'

suite('a Canary in ambient, in virtual time', () => {
  let world: World
  setup(() => {
    world = new World()
    world.api.server.resources.install(resourceOf(looseDefinition(kinds.HTTPRoute)))
  })
  teardown(() => world.close())

  /** What istiod says: the Services are bound, and the Service as a parent has taken up the route. */
  function answer(): void {
    const bound = { type: 'istio.io/WaypointBound', status: 'True', reason: 'WaypointAccepted', message: '' }
    for (const name of ['web', 'web-primary', 'web-canary']) {
      if (world.object(kinds.Service, name) === null) continue
      world.user.mergeStatus(kinds.Service, 'shop', name, { status: { conditions: [bound] } })
    }
    const route = world.object(kinds.HTTPRoute, 'web')
    if (route === null) return
    const observedGeneration = route.metadata.generation
    const conditions = ['Accepted', 'ResolvedRefs'].map(type => ({
      type,
      status: 'True',
      reason: type,
      observedGeneration,
    }))
    const parents = recordsOf(at(route.spec, 'parentRefs')).map(parentRef => {
      return { parentRef, controllerName: 'istio.io/unmanaged-gateway', conditions }
    })
    world.user.mergeStatus(kinds.HTTPRoute, 'shop', 'web', { status: { parents } })
  }

  test('a process that starts and reads pods slowly removes no warning that they are the cause of, and writes nothing', async () => {
    const labels = { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'waypoint' }
    world.user.merge(kinds.Namespace, '', 'shop', { metadata: { labels } })
    world.deploy()
    world.start()
    world.canary({ provider: 'gatewayapi:v1', service: { port: 80, targetPort: 8080 } })
    for (let passes = 0; passes < 60 && world.status.phase !== 'Initialized'; passes += 1) {
      await world.clock.advance(3000)
      answer()
    }
    world.processes.at(-1)?.kill()
    world.user.mergeStatus(kinds.Canary, 'shop', 'web', { status: { requestsPastWaypoint: 175 } })
    world.start()
    await world.clock.advance(20 * minute)
    const before = world.object(kinds.Canary, 'web')
    expect(world.status.warnings?.map(({ reason }) => reason)).to.deep.equal(['Bypassed'])

    world.processes.at(-1)?.kill()
    world.start().api.faults.add({
      before: async ({ verb, kind }) => {
        if (verb !== 'get' || (kind !== kinds.Pod && kind !== kinds.Namespace)) return
        await new Promise<void>(resolve => {
          world.clock.at(world.clock.now() + 50, () => resolve())
        })
      },
    })
    await world.clock.advance(minute)
    expect(world.object(kinds.Canary, 'web')).to.deep.equal(before)
    expect(world.events().filter(event => event.includes('Bypassed'))).to.have.length(1)
  })
})
