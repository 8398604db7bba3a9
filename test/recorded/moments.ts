/**
 * Moments of a release, in which each version leaves its objects in clusters: they are played once, at the version's release, and kept
 * as files. A later version has to continue from each of them.
 */
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { at } from '../../src/core/json.ts'
import { World } from '../scenarios/world.ts'

export interface Moment {
  readonly name: string
  /** What a later controller does with it: it leaves it alone, or ends the run with the same id. */
  readonly later: 'rests' | 'runs'
  readonly play: (world: World) => Promise<void>
}

const template = {
  apiVersion: 'sluice.dev/v1beta1',
  kind: 'MetricTemplate',
  metadata: { name: 'errors', namespace: 'shop' },
  spec: {
    provider: { type: 'prometheus' },
    query:
      'sum(rate(istio_requests_total{response_code=~"5..", destination_workload="{{ target }}"}[{{ interval }}])) or vector(0)',
  },
}
const provider = {
  apiVersion: 'sluice.dev/v1beta1',
  kind: 'AlertProvider',
  metadata: { name: 'on-call', namespace: 'shop' },
  spec: { type: 'slack', channel: 'releases', address: 'https://chat.example.com/hooks/releases' },
}
const alerts = [{ name: 'on call', severity: 'info', providerRef: { name: 'on-call' } }]
const quick = { analysis: { interval: '10s', threshold: 2, alerts } }
const withApproval = {
  analysis: { ...quick.analysis, steps: [{ weight: 20 }, { weight: 60, approve: true }, { weight: 100 }] },
}

async function begin(world: World, spec: Record<string, unknown> = quick): Promise<void> {
  world.user.create(template)
  world.user.create(provider)
  await world.initialize(spec)
}

const release = async (world: World, image: string, stand: string, spec?: Record<string, unknown>): Promise<void> => {
  await begin(world, spec)
  world.setImage(image)
  await world.until(stand)
}

/** A release of this image until it stands so, and so many milliseconds more. */
const released =
  (image: string, stand: string, more: number): Moment['play'] =>
  async world => {
    await release(world, image, stand)
    await world.clock.advance(more)
  }

/** Whether all pods of the new template are ready, and no other is left. */
function isRolledOut(primary: KubeObject | null): boolean {
  const counts = ['replicas', 'updatedReplicas', 'readyReplicas'].map(count => at(primary?.['status'], count))
  const isSeen = at(primary?.['status'], 'observedGeneration') === primary?.metadata.generation
  return (
    isSeen &&
    JSON.stringify(primary?.['spec']).includes('demo/web:1.1.0') &&
    counts.every(count => count === at(primary?.['spec'], 'replicas'))
  )
}

export const moments: readonly Moment[] = [
  { name: 'initialized', later: 'rests', play: async world => begin(world) },
  {
    name: 'progressing',
    later: 'runs',
    play: released('demo/web:1.1.0', 'Progressing 25', 5000),
  },
  {
    name: 'waiting-for-approval',
    later: 'runs',
    play: async world => {
      await release(world, 'demo/web:1.1.0', 'Progressing 60', withApproval)
      await world.clock.runUntil(() => world.status.reason === 'WaitingForApproval', 120_000)
    },
  },
  {
    name: 'paused',
    later: 'runs',
    play: async world => {
      await release(world, 'demo/web:1.1.0', 'Progressing 25')
      world.annotate('pause', '1 kim: dashboards look odd')
      await world.clock.runUntil(() => at(world.status.handledCommands, 'pause') !== undefined, 60_000)
      await world.clock.advance(5000)
    },
  },
  {
    name: 'promoting',
    later: 'runs',
    play: async world => {
      await release(world, 'demo/web:1.1.0', 'Promoting')
      // Pods that start at the moment of a recording would never get ready: the cluster in memory has forgotten them.
      await world.clock.runUntil(() => isRolledOut(world.object(kinds.Deployment, 'web-primary')), 60_000)
    },
  },
  { name: 'finalising', later: 'runs', play: async world => release(world, 'demo/web:1.1.0', 'Finalising') },
  {
    name: 'succeeded',
    later: 'rests',
    play: released('demo/web:1.1.0', 'Succeeded', 60_000),
  },
  {
    name: 'failed',
    later: 'rests',
    play: released('demo/web:2.0.0-errors', 'Failed', 60_000),
  },
  {
    name: 'stalled',
    later: 'rests',
    play: async world => {
      await begin(world)
      world.user.merge(kinds.Canary, 'shop', 'web', {
        spec: { analysis: { metrics: [{ name: 'gone', templateRef: { name: 'gone' }, thresholdRange: { max: 1 } }] } },
      })
      await world.clock.advance(60_000)
    },
  },
]
