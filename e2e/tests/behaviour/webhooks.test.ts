/** The webhooks of Flagger's istio-canary.yaml and its gates, against Flagger's own load tester. */
import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import { Shop } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import { LoadTester, loadTesterUrl } from '../../lab/load-tester.ts'
import { addresses } from '../../lab/network.ts'
import { waitFor } from '../../lab/wait.ts'

/** There is no name service in the lab: addresses stand where names do in Flagger's file. */
const webhooksOf = (host: string) => [
  {
    name: 'acceptance-test',
    type: 'pre-rollout',
    url: `${loadTesterUrl}/`,
    timeout: '30s',
    metadata: { type: 'bash', cmd: `curl -sd 'test' -H 'Host: ${host}' http://${addresses.client}/ | grep .` },
  },
  {
    name: 'load-test',
    url: `${loadTesterUrl}/`,
    timeout: '5s',
    metadata: { cmd: `hey -z 5s -q 10 -c 2 -host ${host} http://${addresses.client}/`, logCmdOutput: 'true' },
  },
  { name: 'gate', type: 'confirm-promotion', url: `${loadTesterUrl}/gate/check` },
  { name: 'rollback', type: 'rollback', url: `${loadTesterUrl}/rollback/check` },
]

async function tested(shop: Shop): Promise<void> {
  const tester = new LoadTester(shop.lab)
  await tester.start()
  try {
    await shop.deployWeb({ version: 'v1' })
    await shop.reachable('client')
    const client = shop.load('client', { rate: 50 })
    const timeline = shop.timeline()
    const webhooks = webhooksOf(`web.${shop.namespace}.svc.cluster.local`)
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
    await tester.tell('/gate/open', shop.namespace)
    await timeline.untilPhase('Succeeded', 90, since)

    await tester.tell('/gate/close', shop.namespace)
    const bad = await shop.setImage('v3')
    await timeline.untilWeight(20, 90, bad)
    await tester.tell('/rollback/open', shop.namespace)
    const failed = await timeline.untilPhase('Failed', 30, bad)
    expect(failed).to.include({ reason: 'RollbackRequested' })
    expect(failed.message).to.include('requested by webhook rollback, which answered 200')
    expect(client.failures().length).to.equal(0)
  } finally {
    await tester.stop()
  }
}

suite('Webhooks', () => {
  together([
    {
      name: "of Flagger's own canary run against its own load tester; a closed gate holds the promotion, and a rollback gate rolls back",
      run: async world => Shop.within(world, 'webhooks', tested),
    },
  ])
})
