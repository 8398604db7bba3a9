/** Deleting a Canary hands the workload back, in whatever phase it is, without losing a request. */
import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { expectNoFailure } from '../../fixtures/expect.ts'
import { Shop } from '../../fixtures/shop.ts'
import { type Scenario, together } from '../../fixtures/together.ts'
import type { Timeline } from '../../fixtures/timeline.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

interface Moment {
  readonly phase: string
  readonly cascade?: 'foreground'
  /** What was adopted is restored, too. */
  readonly revertOnDeletion?: true
  /** So that the phase lasts until the deletion; left out: a quick release at weight 50. */
  readonly analysis?: object
  /** What the phase may have become by then, where nothing holds it. */
  readonly orLater?: string
  /** Brings the Canary, which has just been applied, into that phase. */
  readonly reach: (shop: Shop, timeline: Timeline) => Promise<unknown>
}

const release = async (shop: Shop, timeline: Timeline): Promise<number> => {
  await timeline.untilPhase('Initialized', 60)
  return shop.setImage('v2')
}

const moments: readonly Moment[] = [
  {
    phase: 'Initializing',
    orLater: 'Initialized',
    reach: async (_shop, timeline) => timeline.untilPhase('Initializing', 30),
  },
  { phase: 'Initialized', reach: async (_shop, timeline) => timeline.untilPhase('Initialized', 60) },
  {
    phase: 'Initialized',
    cascade: 'foreground',
    reach: async (_shop, timeline) => timeline.untilPhase('Initialized', 60),
  },
  {
    phase: 'Initialized',
    revertOnDeletion: true,
    reach: async (_shop, timeline) => timeline.untilPhase('Initialized', 60),
  },
  {
    phase: 'Progressing',
    analysis: { stepWeights: [50], interval: '60s' },
    reach: async (shop, timeline) => timeline.untilWeight(50, 60, await release(shop, timeline)),
  },
  {
    phase: 'Progressing',
    cascade: 'foreground',
    analysis: { stepWeights: [50], interval: '60s' },
    reach: async (shop, timeline) => timeline.untilWeight(50, 60, await release(shop, timeline)),
  },
  {
    phase: 'Waiting',
    reach: async (shop, timeline) => {
      await timeline.untilPhase('Initialized', 60)
      await shop.kubectl('annotate', 'canaries.sluice.dev/web', 'sluice.dev/pause=1 not today')
      return timeline.untilPhase('Waiting', 30, await shop.setImage('v2'))
    },
  },
  {
    phase: 'WaitingPromotion',
    analysis: { steps: [{ weight: 50, approve: true }] },
    reach: async (shop, timeline) => timeline.untilPhase('WaitingPromotion', 60, await release(shop, timeline)),
  },
  {
    phase: 'Finalising',
    analysis: { stepWeights: [50], drain: '8s' },
    orLater: 'Succeeded',
    reach: async (shop, timeline) => timeline.untilPhase('Finalising', 60, await release(shop, timeline)),
  },
  {
    phase: 'Promoting',
    analysis: { stepWeights: [50], drain: '8s' },
    orLater: 'Finalising',
    reach: async (shop, timeline) => timeline.untilPhase('Promoting', 60, await release(shop, timeline)),
  },
  {
    phase: 'Succeeded',
    reach: async (shop, timeline) => timeline.untilPhase('Succeeded', 60, await release(shop, timeline)),
  },
  {
    phase: 'Failed',
    analysis: { stepWeights: [50], interval: '60s' },
    reach: async (shop, timeline) => {
      await timeline.untilPhase('Initialized', 60)
      const since = await shop.setImage('v2')
      await timeline.untilWeight(50, 60, since)
      await shop.kubectl('annotate', 'canaries.sluice.dev/web', `sluice.dev/abort=${since} enough seen`)
      await timeline.untilPhase('Failed', 30, since)
    },
  },
]

const wordsOf = ({ phase, cascade, revertOnDeletion }: Moment): string => {
  const how = revertOnDeletion === true ? 'with revertOnDeletion' : cascade
  return `${how === undefined ? '' : `${how} `}in ${phase} hands the workload back and loses no request`
}

suite('Deleting a Canary', () => {
  const handBack = async (moment: Moment, shop: Shop): Promise<void> => {
    const { phase, orLater = phase, cascade, revertOnDeletion, analysis = { stepWeights: [50] }, reach } = moment
    await shop.deployWeb({ version: 'v1' })
    await shop.reachable('client')
    const client = shop.load('client', { rate: 60 })
    const timeline = shop.timeline()
    await shop.apply(shop.canary({ revertOnDeletion, analysis }))
    await reach(shop, timeline)

    const flags = cascade === undefined ? [] : [`--cascade=${cascade}`]
    await shop.kubectl('delete', 'canaries.sluice.dev/web', timeoutOf(60), ...flags)
    await shop.untilGone(kinds.Canary, 'web', 1)
    await waitFor('the pods of the primary have ended', 30, async () => (await shop.webPods('primary')).length === 0)
    const since = Date.now()
    await client.answered(50, since)

    const phases = timeline.phases()
    const seen = phases[phases.indexOf('Terminating') - 1] ?? timeline.last?.phase
    expect(seen, 'phase at the deletion').to.be.oneOf([phase, orLater])
    for (const kind of [kinds.Deployment, kinds.Service, kinds.DestinationRule]) {
      expect(await shop.get(kind, 'web-primary'), kind.kind).to.equal(undefined)
      expect(await shop.get(kind, 'web-canary'), kind.kind).to.equal(undefined)
    }
    if (revertOnDeletion === true) {
      expect(await shop.get(kinds.VirtualService, 'web')).to.equal(undefined)
      expect((await shop.get(kinds.Service, 'web'))?.['spec']).to.deep.include({ selector: { app: 'web' } })
    }
    const target = await shop.get(kinds.Deployment, 'web')
    expect(target?.['spec']).to.deep.include({ replicas: 1 })
    expect(target?.['spec']).not.to.have.property('paused')
    const versions = Object.keys(client.versions(since)).join()
    if (phase === 'Promoting') expect(versions, 'whichever is promoted by then').to.be.oneOf(['v1', 'v2'])
    else expect(versions).to.equal(['Finalising', 'Succeeded'].includes(phase) ? 'v2' : 'v1')
    expectNoFailure(client)
  }

  const namespaceEnds = async (shop: Shop): Promise<void> => {
    await shop.deployWeb({ version: 'v1' })
    const timeline = shop.timeline()
    await shop.apply(shop.canary())
    await timeline.untilPhase('Initialized', 60)
    await shop.lab.kubectl.run('delete', 'namespace', shop.namespace, timeoutOf(120))
    expect(await shop.get(kinds.Canary, 'web')).to.equal(undefined)
  }

  together([
    ...moments.map(
      (moment): Scenario => ({
        name: wordsOf(moment),
        run: async world => Shop.within(world, 'deletion', async shop => handBack(moment, shop)),
      }),
    ),
    {
      name: 'with its whole namespace holds nothing up',
      run: async world => Shop.within(world, 'deletion', namespaceEnds),
    },
  ])
})
