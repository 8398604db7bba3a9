/** What `npm run demo -- --keep` says to try must be there. */
import { expect } from 'chai'
import { invitation } from '../../demo/invitation.ts'
import { kinds } from '../../src/api/object.ts'
import { Images } from '../../playground/workloads/images.ts'
import { World } from '../scenarios/world.ts'

const said = invitation({
  kubeconfig: '/k',
  prometheusUrl: 'http://p',
  controller: { log: '/l' },
  program: '/s',
  link: null,
})

suite('what to try in the cluster that stays up', () => {
  test('images are those of the playground, and the behaviours are all of them', () => {
    const released = [...said.matchAll(/web=(\S+)/g)].map(([, image = '']) => image)
    const [, suffixes = ''] = /demo\/web:<version>(-.*)\n/.exec(said) ?? []
    const listed = [...suffixes.matchAll(/-[a-z-]+/g)].map(([suffix]) => `demo/web:1.0.0${suffix}`)
    expect(released.length).to.be.at.least(3)
    expect(listed.length).to.be.at.least(6)
    for (const image of [...released, ...listed]) expect(new Images().behaviour(image), image).to.not.equal(null)
  })

  test('commands are known, and the patch is accepted', async () => {
    const world = new World()
    world.start()
    await world.initialized()
    const patches = [...said.matchAll(/--patch '(.*)'/g)].map(
      ([, patch = '']) => JSON.parse(patch) as Record<string, unknown>,
    )
    for (const patch of patches) world.user.merge(kinds.Canary, 'shop', 'web', patch)
    const commands = [...said.matchAll(/^ {2}sluice ([a-z]+)/gm)].map(([, command = '']) => command)
    const steering = ['approve', 'abort', 'retry', 'pause', 'resume', 'rollback']
    expect(commands).to.include.members([...steering, 'status', 'watch', 'explain'])
    const [, annotated = ''] = /sluice\.dev\/([a-z]+)=/.exec(said) ?? []
    expect(steering).to.include(annotated)
    world.annotate(annotated, '1 try')
    await world.clock.advance(5000)
    expect(Object.keys(world.status.handledCommands ?? {})).to.deep.equal([annotated])
    await world.close()
  })
})
