/** Gates of Flagger's own load tester. Its hooks that test and load run with the examples of Flagger (flagger-examples.test.ts). */
import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import { Shop } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import { loadTesterUrl, tellLoadTester, withLoadTester } from '../../lab/load-tester.ts'
import { waitFor } from '../../lab/wait.ts'

const webhooks = [
  { name: 'gate', type: 'confirm-promotion', url: `${loadTesterUrl}/gate/check` },
  { name: 'rollback', type: 'rollback', url: `${loadTesterUrl}/rollback/check` },
]

async function gated(shop: Shop): Promise<void> {
  await withLoadTester(shop.lab)
  await shop.deployWeb({ version: 'v1' })
  await shop.reachable('client')
  const client = shop.load('client', { rate: 50 })
  const timeline = shop.timeline()
  await shop.apply(shop.canary({ analysis: { stepWeights: [20, 60], webhooks } }))
  await timeline.untilPhase('Initialized', 90)

  const since = await shop.setImage('v2')
  const waits = await timeline.untilPhase('WaitingPromotion', 120, since)
  expect(waits.message).to.include('webhook gate (confirm-promotion)')
  await waitFor('the status says what the gate answered', 30, async () => {
    const hooks = at(await shop.get(kinds.Canary, 'web'), 'status', 'webhooks') as { name: string; said?: string }[]
    return hooks.find(({ name }) => name === 'gate')?.said?.startsWith('answered 403') === true
  })
  expect(timeline.weights(since)).to.deep.equal([20, 60])
  await tellLoadTester('/gate/open', shop.namespace)
  await timeline.untilPhase('Succeeded', 90, since)

  await tellLoadTester('/gate/close', shop.namespace)
  const bad = await shop.setImage('v3')
  await timeline.untilWeight(20, 90, bad)
  await tellLoadTester('/rollback/open', shop.namespace)
  const failed = await timeline.untilPhase('Failed', 30, bad)
  expect(failed).to.include({ reason: 'RollbackRequested' })
  expect(failed.message).to.include('requested by webhook rollback, which answered 200')
  expect(client.failures().length).to.equal(0)
}

suite('Webhooks', () => {
  together([
    {
      name: "Flagger's load tester: a closed gate holds the promotion, and a rollback gate rolls back",
      run: async world => Shop.within(world, 'webhooks', gated),
    },
  ])
})
