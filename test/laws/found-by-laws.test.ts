/** What random histories once found wrong, as the shortest history that shows it; each stays right. */
import { expect } from 'chai'
import type { Act, Setup } from './arbitraries.ts'
import { beginning } from './beginnings.ts'
import { Life } from './histories.ts'
import { plain } from './setups.ts'
import { canaryShare, carriers } from './tiny-mesh.ts'
import { CANARY } from './tiny-world.ts'

/** A canary that rests and is released, until it is in that phase at that weight. */
function released(setup: Partial<Setup>, phase: string, weight: number): Life {
  const drawn = { ...plain, ...setup }
  const life = new Life(drawn, beginning({ setup: drawn, from: 'rest' }))
  life.meet({ act: 'push', image: 'web:2' })
  for (let i = 0; i < 300 && !(life.wire.phase === phase && life.wire.canaryWeight === weight); i += 1) life.goOn(1)
  expect([life.wire.phase, life.wire.canaryWeight]).to.deep.equal([phase, weight])
  return life
}

suite('what random histories once found', () => {
  const losses: Record<string, Act> = {
    'whose last pods crash': { act: 'crash', side: 'web' },
    'that is replaced where nothing locks it': { act: 'push', image: 'web:1' },
  }
  for (const [name, loss] of Object.entries(losses)) {
    test(`traffic that returns step by step does not wait for ever for a canary ${name}`, () => {
      const life = released({ stepWeightPromotion: 40, lockTarget: false }, 'Promoting', 10)
      life.meet(loss)
      life.goOn(5)
      expect(canaryShare(life.world)).to.deep.equal({ low: 0, high: 0 })
      expect(carriers(life.world).map(group => `${group.deployment} ${group.image}`)).to.include('web-primary web:2')
      life.goOn(60)
      expect(life.wire.history?.find(run => run.outcome === 'Succeeded')?.highest).to.equal(50)
      expect(life.wire.phase).not.to.equal('Promoting')
    })
  }

  test('a withdrawn release that never carried does not stand in for the primary', () => {
    const drawn: Setup = { ...plain, split: 'subsets' }
    const life = new Life(drawn, beginning({ setup: drawn, from: 'rest' }))
    life.meet({ act: 'push', image: 'web:2' })
    while (!life.world.everyGroup().some(group => group.image === 'web:2' && group.ready > 0)) {
      life.pass()
      life.meet({ act: 'sweep', of: 'web' })
    }
    life.meet({ act: 'push', image: 'web:1' })
    life.pass()
    expect([life.wire.phase, life.wire.reason]).to.deep.equal(['Finalising', 'Withdrawn'])
    life.meet({ act: 'crash', side: 'web-primary' })
    life.goOn(5)
    expect(carriers(life.world)).to.deep.equal([])
  })

  test('a deleted canary without a record of what is promoted says what its target has to be set to, and ends when it is', () => {
    const life = new Life(plain, beginning({ setup: plain, from: 'rest' }))
    for (const act of [
      { act: 'push', image: 'web:2' },
      { act: 'lose', what: 'records' },
      { act: 'delete' },
      { act: 'go on', seconds: 90, ills: [] },
    ] satisfies Act[])
      life.meet(act)
    expect(life.wire.message).to.contain('Set Deployment web to the image and settings that web-primary runs')
    expect(carriers(life.world).map(group => group.image)).to.deep.equal(['web:1'])
    life.meet({ act: 'push', image: 'web:1' })
    life.goOn(90)
    expect(life.world.get(CANARY)).to.equal(undefined)
    expect(carriers(life.world).map(group => `${group.deployment} ${group.image}`)).to.deep.equal(['web web:1'])
  })

  test('a promotion that is undone without a record of what was promoted takes it from the target, and says so', () => {
    const life = released({ stepWeightPromotion: 40 }, 'Promoting', 10)
    life.meet({ act: 'lose', what: 'records' })
    life.meet({ act: 'command', name: 'abort', full: false })
    life.goOn(15)
    expect(life.wire.message).to.match(
      /^Revision \w+ is not recorded any more, .* Set Deployment web to the image and settings/,
    )
    life.meet({ act: 'push', image: 'web:1' })
    life.goOn(60)
    expect([life.wire.phase, life.wire.history?.[0]?.reason]).to.deep.equal(['Succeeded', 'PromotionFailed'])
    expect(carriers(life.world).map(group => `${group.deployment} ${group.image}`)).to.deep.equal(['web-primary web:1'])
  })

  test('a canary that is deleted in mid-promotion without any record hands over to what its primary runs already', () => {
    const life = released({ stepWeightPromotion: 40 }, 'Promoting', 10)
    life.meet({ act: 'lose', what: 'records' })
    life.meet({ act: 'delete' })
    life.goOn(90)
    expect(life.world.get(CANARY)).to.equal(undefined)
    expect(carriers(life.world).map(group => `${group.deployment} ${group.image}`)).to.deep.equal(['web web:2'])
  })
})
