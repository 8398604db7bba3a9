import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { World } from './world.ts'

suite('a release, in virtual time', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  test('a good one climbs 10, 25, 50, 100 and is promoted, and no client request fails', async () => {
    await world.initialised()
    const begun = world.clock.now()
    world.setImage('demo/web:1.1.0')
    for (const weight of [10, 25, 50, 100]) await world.until(`Progressing ${weight}`)
    await world.until('Succeeded')
    await world.clock.advance(60_000)
    expect(world.status.message).to.match(/^Promoted /)
    expect(world.object(kinds.Deployment, 'web')?.spec).to.have.property('replicas', 0)
    expect(JSON.stringify(world.object(kinds.Deployment, 'web-primary')?.spec)).to.contain('demo/web:1.1.0')
    expect(world.mesh.count(flow => flow.code >= 500, begun, world.clock.now())).to.equal(0)
  })

  test('a bad one goes back to 0, with a sentence that says which metric, which value, which limit', async () => {
    await world.initialised()
    world.setImage('demo/web:2.0.0-errors')
    await world.until('Failed')
    await world.clock.advance(60_000)
    expect(world.status.message).to.match(
      /^Rolled back \w+ at weight \d+: request-success-rate [\d.]+ % is below 99 % \(\d+ requests in \d+s\)/,
    )
    expect(world.object(kinds.Deployment, 'web')?.spec).to.have.property('replicas', 0)
    expect(JSON.stringify(world.object(kinds.Deployment, 'web-primary')?.spec)).to.contain('demo/web:1.0.0')
  })
})
