/** Promotions whose strategy may take all old pods of the primary before a new one is ready. */
import { expect } from 'chai'
import { expectNoFailure } from '../../fixtures/expect.ts'
import { Shop } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

interface Way {
  readonly name: string
  readonly strategy: object
  readonly replicas: number
  readonly spec: Record<string, unknown>
  /** Weights from the push to the copy. */
  readonly weights: readonly number[]
}

const judged = { analysis: { stepWeights: [30, 50], interval: '3s' } }
const ways: readonly Way[] = [
  { name: 'Recreate', strategy: { type: 'Recreate' }, replicas: 2, spec: judged, weights: [30, 50, 100] },
  {
    name: 'Recreate, unjudged',
    strategy: { type: 'Recreate' },
    replicas: 1,
    spec: { skipAnalysis: true },
    weights: [100],
  },
  {
    name: 'no surge and one pod',
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    replicas: 1,
    spec: judged,
    weights: [30, 50, 100],
  },
  {
    name: 'all pods may be unavailable, and traffic returns in steps',
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '50%', maxUnavailable: '100%' } },
    replicas: 3,
    spec: { analysis: { stepWeights: [40], interval: '3s', stepWeightPromotion: 50 } },
    weights: [40, 100],
  },
]

suite('A promotion that may take all old pods first loses no request', () => {
  const promoted = async (way: Way, shop: Shop): Promise<void> => {
    const web = shop.deployment({ version: 'v1', replicas: way.replicas })
    const spec = { ...(web['spec'] as object), strategy: way.strategy }
    await shop.apply({ ...web, spec }, shop.service())
    await shop.kubectl('rollout', 'status', 'deployment/web', timeoutOf(60))
    await shop.reachable('client')
    const timeline = shop.timeline()
    await shop.apply(shop.canary(way.spec))
    await timeline.untilPhase('Initialized', 90)
    const client = shop.load('client', { rate: 100 })
    const since = await shop.setImage('v2')
    const { at } = await timeline.untilPhase('Succeeded', 150, since)
    await waitFor('the pods of the target have ended', 30, async () => (await shop.webPods('target')).length === 0)
    await waitFor('a hundred answers came after it', 10, () => client.between(at).length >= 100)
    // Back to the primary as far as its ready pods can carry.
    const weights = timeline.weights(since)
    expect([...weights.slice(0, way.weights.length), weights.at(-1)]).to.deep.equal([...way.weights, 0])
    expect(client.versions(at)).to.have.all.keys('v2')
    expectNoFailure(client)
  }

  together(
    ways.map(way => ({
      name: way.name,
      run: async world => Shop.within(world, 'recreate', async shop => promoted(way, shop)),
    })),
  )
})
