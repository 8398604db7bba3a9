/** A push that the controller has not heard of: what Git says of it on the Canary, and what Argo CD makes of that. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { healthOf } from '../argocd/scripts.ts'
import { World } from './world.ts'

suite('the commit of Git on a Canary', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const health = (): string => healthOf(world.object(kinds.Canary, 'web')).status
  const seen = (): [unknown, unknown, string] => [world.status.commit, world.status.phase, health()]

  test('is Healthy again only once its push was released, although no watch tells of it', async () => {
    await world.initialized()
    world.annotate('commit', 'a')
    expect(health(), 'not seen yet').to.equal('Progressing')
    await world.clock.advance(1000)
    expect(seen()).to.deep.equal(['a', 'Initialized', 'Healthy'])

    // Only Deployments are not heard of: the Canary's own watch is as it was.
    const network = world.processes[0]?.api.faults
    const hear = network?.delay(({ verb, kind }) => verb === 'watch' && kind === kinds.Deployment, 20_000)
    network?.breakWatches()
    world.setImage('demo/web:1.1.0')
    world.annotate('commit', 'b')
    expect(health()).to.equal('Progressing')
    await world.clock.advance(1000)
    expect(seen()).to.deep.equal(['b', 'Progressing', 'Progressing'])
    hear?.()
    const healthy: string[] = []
    let judged = ''
    await world.clock.runUntil(() => {
      const { resourceVersion = '' } = world.object(kinds.Canary, 'web')?.metadata ?? {}
      if (resourceVersion === judged) return false
      judged = resourceVersion
      if (health() === 'Healthy') healthy.push(`${world.status.commit} ${world.status.phase}`)
      return healthy.length > 0
    }, 600_000)
    expect(healthy).to.deep.equal(['b Succeeded'])
    expect(world.object(kinds.Deployment, 'web-primary')?.spec).to.have.nested.property(
      'template.spec.containers[0].image',
      'demo/web:1.1.0',
    )
  })

  test('that changes nothing of the target costs one read and one write', async () => {
    await world.initialized()
    const calls: string[] = []
    world.processes[0]?.api.faults.add({
      before: ({ verb, ref }) => {
        if (ref !== null) calls.push(`${verb} ${ref.kind.kind} ${ref.name}`)
      },
    })
    world.annotate('commit', 'a')
    await world.clock.advance(30_000)
    expect(seen()).to.deep.equal(['a', 'Initialized', 'Healthy'])
    expect(calls.filter(call => call.startsWith('get '))).to.deep.equal(['get Deployment web'])
    expect(calls.filter(call => !call.startsWith('get '))).to.have.length(1)
  })
})
