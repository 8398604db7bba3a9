/** Autoscalers on both sides of a release: the HPA controller of kube-controller-manager, and what KEDA is told. */
import { expect } from 'chai'
import { type Kind, kinds } from '../../../src/api/object.ts'
import { at, numberOf, recordsOf, textOf } from '../../../src/core/json.ts'
import { Shop } from '../../fixtures/shop.ts'
import { type Scenario, together } from '../../fixtures/together.ts'
import { prometheusUrl } from '../../lab/prometheus.ts'
import { installed, withKeda, withMetricsServer } from '../../lab/scaling.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } }

/** Time for the HPA controller, which acts every 15 s. */
const LOOK = 40

const horizontal = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web' },
  spec: { scaleTargetRef, minReplicas: 2, maxReplicas: 6, metrics: [cpu] },
}

const scaled = {
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name: 'web', annotations: { 'autoscaling.keda.sh/paused-scale-out': 'true' } },
  spec: {
    scaleTargetRef: { name: 'web' },
    minReplicaCount: 2,
    maxReplicaCount: 4,
    triggers: [
      {
        type: 'prometheus',
        metadata: { serverAddress: 'http://prometheus:9090', query: 'sum(x{app="web"})', threshold: '5' },
      },
    ],
  },
}

/** It stays at 50 % for as long as nothing fails: the next step waits for an approval, which does not come. */
const holdsAt50 = { steps: [{ weight: 50, approve: true }, { weight: 60 }], interval: '120s', threshold: 1 }

suite('Autoscalers', () => {
  const replicasOf = async (shop: Shop, name: string): Promise<number> =>
    numberOf(at((await shop.get(kinds.Deployment, name))?.spec, 'replicas'), 0)

  const untilReplicas = async (shop: Shop, name: string, wanted: number, seconds = LOOK): Promise<void> => {
    await waitFor(`${name} has ${wanted} pods`, seconds, async () => (await replicasOf(shop, name)) === wanted)
    await shop.kubectl('rollout', 'status', `deployment/${name}`, timeoutOf(60))
  }

  const status = async (shop: Shop): Promise<unknown> => (await shop.get(kinds.Canary, 'web'))?.['status']

  /** Reasons of the conditions of both HPAs. */
  const conditions = async (shop: Shop): Promise<string[]> => {
    const found = await shop.lab.api.list(kinds.HorizontalPodAutoscaler, shop.namespace)
    return found.flatMap(({ metadata, status: seen }) =>
      recordsOf(at(seen, 'conditions')).map(({ reason }) => `${metadata.name} ${textOf(reason)}`),
    )
  }

  const patch = async (shop: Shop, kind: Kind, spec: object): Promise<string> =>
    shop.kubectl('patch', `${kind.plural}.${kind.group}`, 'web', '--type=merge', '-p', JSON.stringify({ spec }))

  const hpaOnBothSides = async (shop: Shop): Promise<void> => {
    const hpa = kinds.HorizontalPodAutoscaler
    await shop.deployWeb({ replicas: 2 })
    await shop.apply(horizontal)
    await shop.reachable('client')
    const client = shop.load('client', { rate: 30 })
    const timeline = shop.timeline()
    const { apiVersion, kind } = horizontal
    await shop.apply(shop.canary({ autoscalerRef: { apiVersion, kind, name: 'web' }, analysis: holdsAt50 }))
    await timeline.untilPhase('Initialized', 90)
    expect(at(await status(shop), 'labels')).to.equal('switch')
    const copy = await waitFor('the primary has an HPA', 10, async () => shop.get(hpa, 'web-primary'))
    expect(at(copy.spec, 'scaleTargetRef', 'name')).to.equal('web-primary')

    // What the user changes is on the copy, and the HPA controller follows it.
    await patch(shop, hpa, { minReplicas: 3 })
    await untilReplicas(shop, 'web-primary', 3)
    expect(await replicasOf(shop, 'web'), 'the target rests').to.equal(0)

    const pushed = await shop.setImage('v2')
    await timeline.untilWeight(50, 120, pushed)
    expect(await replicasOf(shop, 'web'), 'as large as the primary').to.equal(3)
    await waitFor('the floor', 10, async () => at(await status(shop), 'replicas', 'primaryFloor') === 3)

    // Lowered in mid-run, the primary keeps its size; raised, both sides grow and nothing holds.
    await patch(shop, hpa, { minReplicas: 1 })
    await waitFor('the copy follows, as far as the floor', 10, async () => {
      const spec = (await shop.get(hpa, 'web-primary'))?.spec
      return at(spec, 'minReplicas') === 3
    })
    await patch(shop, hpa, { minReplicas: 4 })
    await Promise.all([untilReplicas(shop, 'web', 4), untilReplicas(shop, 'web-primary', 4)])
    expect((await conditions(shop)).filter(reason => reason.endsWith('AmbiguousSelector'))).to.deep.equal([])
    expect(timeline.last?.phase).to.equal('Progressing')
    expect(timeline.last?.weight).to.equal(50)
    expect(client.failures(), 'nothing was lost while both sides were scaled').to.deep.equal([])

    // A rollback lands on a primary of at least its size at the start.
    await shop.behave('v2', { errorRate: 1 })
    await timeline.untilPhase('Failed', 60, pushed)
    expect(await replicasOf(shop, 'web-primary')).to.equal(4)
    await untilReplicas(shop, 'web', 0, 60)
    expect(at((await shop.get(hpa, 'web-primary'))?.spec, 'minReplicas')).to.equal(4)

    await shop.kubectl('delete', 'canaries.sluice.dev/web', '--wait=false')
    await shop.untilGone(kinds.Canary, 'web', 120)
    expect(await shop.get(hpa, 'web-primary')).to.equal(undefined)
    expect((await shop.get(hpa, 'web'))?.spec).to.deep.equal({ ...horizontal.spec, minReplicas: 4 })
    expect(await replicasOf(shop, 'web')).to.equal(4)
  }

  const kedaOnBothSides = async (shop: Shop): Promise<void> => {
    const own = async (): Promise<Record<string, string>> =>
      Object.fromEntries(
        Object.entries((await shop.get(kinds.ScaledObject, 'web'))?.metadata.annotations ?? {}).flatMap(
          ([key, value]) => (key.startsWith('autoscaling.keda.sh/') ? [[key.slice(20), value]] : []),
        ),
      )
    const untilPause = async (wanted: Record<string, string>): Promise<unknown> =>
      waitFor(`the pause is ${JSON.stringify(wanted)}`, 30, async () => {
        return JSON.stringify(await own()) === JSON.stringify(wanted)
      })
    await shop.deployWeb({ replicas: 2 })
    await shop.apply(scaled)
    await shop.reachable('client')
    const timeline = shop.timeline()
    shop.load('client', { rate: 30 })
    const { apiVersion, kind } = scaled
    const steps = [{ weight: 50, approve: true }]
    await shop.apply(shop.canary({ autoscalerRef: { apiVersion, kind, name: 'web' }, analysis: { steps } }))
    await timeline.untilPhase('Initialized', 90)
    await untilPause({ 'paused-replicas': '0' })
    const copy = await waitFor('the primary has a ScaledObject', 10, async () =>
      shop.get(kinds.ScaledObject, 'web-primary'),
    )
    expect(at(recordsOf(at(copy.spec, 'triggers'))[0], 'metadata', 'query')).to.equal('sum(x{app="web-primary"})')
    expect(Object.keys(copy.metadata.annotations ?? {})).to.deep.equal(['sluice.dev/rendered'])

    const pushed = await shop.setImage('v2')
    await timeline.untilPhase('WaitingPromotion', 90, pushed)
    await untilPause({ 'paused-scale-in': 'true' })
    await shop.kubectl('annotate', 'canaries.sluice.dev/web', 'sluice.dev/approve=1 it may add pods')
    await timeline.untilPhase('Succeeded', 90, pushed)
    await untilPause({ 'paused-replicas': '0' })

    await shop.kubectl('delete', 'canaries.sluice.dev/web', '--wait=false')
    await shop.untilGone(kinds.Canary, 'web', 120)
    expect(await shop.get(kinds.ScaledObject, 'web-primary')).to.equal(undefined)
    expect(await own(), "the user's pause is back").to.deep.equal({ 'paused-scale-out': 'true' })
    expect(await replicasOf(shop, 'web')).to.equal(2)
  }

  /** By the real metrics-server: `averageValue` says how much CPU a pod may use, so 1m is always too little, and 10 never. */
  const cpuOnBothSides = async (shop: Shop): Promise<void> => {
    const hpa = kinds.HorizontalPodAutoscaler
    await withMetricsServer(shop.lab)
    const needs = async (averageValue: string): Promise<unknown> => {
      const metric = { type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue } } }
      return patch(shop, hpa, { metrics: [metric] })
    }
    await shop.deployWeb({ replicas: 2 })
    await shop.apply({ ...horizontal, spec: { ...horizontal.spec, maxReplicas: 4 } })
    await needs('10')
    await shop.reachable('client')
    const client = shop.load('client', { rate: 30 })
    const timeline = shop.timeline()
    const { apiVersion, kind } = horizontal
    await shop.apply(shop.canary({ autoscalerRef: { apiVersion, kind, name: 'web' }, analysis: holdsAt50 }))
    await timeline.untilPhase('Initialized', 90)

    await needs('1m')
    await untilReplicas(shop, 'web-primary', 4, 60)
    const pushed = await shop.setImage('v2')
    await timeline.untilWeight(50, 120, pushed)
    await waitFor('the floor', 10, async () => at(await status(shop), 'replicas', 'primaryFloor') === 4)

    // Both sides need less: the target shrinks, and the primary, which may get half of its traffic back, does not.
    await needs('10')
    await untilReplicas(shop, 'web', 2, 60)
    expect(await replicasOf(shop, 'web-primary')).to.equal(4)
    await needs('1m')
    await untilReplicas(shop, 'web', 4, 60)
    expect((await conditions(shop)).filter(reason => reason.endsWith('AmbiguousSelector'))).to.deep.equal([])
    expect(timeline.last?.phase).to.equal('Progressing')
    expect(timeline.last?.weight, 'nothing held, nothing went back').to.equal(50)
    expect(client.failures(), 'nothing was lost while both sides were scaled').to.deep.equal([])

    await needs('10')
    await shop.behave('v2', { errorRate: 1 })
    await timeline.untilPhase('Failed', 60, pushed)
    expect(await replicasOf(shop, 'web-primary'), 'the rollback lands on the floor').to.equal(4)
    const back = Date.now()
    await untilReplicas(shop, 'web-primary', 2, 180)
    expect(Date.now() - back, 'the floor stays until the traffic was seen').to.be.greaterThan(100_000)
  }

  /** By the real KEDA: the number of the query divided by the threshold is how many pods are needed. */
  const kedaScalesBothSides = async (shop: Shop): Promise<void> => {
    await withKeda(shop.lab)
    const needs = (pods: number): object => ({
      triggers: [
        {
          type: 'prometheus',
          metadata: { serverAddress: prometheusUrl, query: `vector(${pods * 10})`, threshold: '10' },
        },
      ],
    })
    await shop.deployWeb({ replicas: 2 })
    await shop.apply({
      ...scaled,
      metadata: { name: 'web' },
      spec: { ...scaled.spec, minReplicaCount: 0, pollingInterval: 2, cooldownPeriod: 2, ...needs(2) },
    })
    await shop.reachable('client')
    const client = shop.load('client', { rate: 30 })
    const timeline = shop.timeline()
    const { apiVersion, kind } = scaled
    await shop.apply(shop.canary({ autoscalerRef: { apiVersion, kind, name: 'web' }, analysis: holdsAt50 }))
    await timeline.untilPhase('Initialized', 90)
    await untilReplicas(shop, 'web', 0, 60)
    await patch(shop, kinds.ScaledObject, needs(3))
    await untilReplicas(shop, 'web-primary', 3, 60)
    expect(await replicasOf(shop, 'web'), 'KEDA leaves what rests').to.equal(0)

    const pushed = await shop.setImage('v2')
    await timeline.untilWeight(50, 120, pushed)
    expect(await replicasOf(shop, 'web'), 'as large as the primary').to.equal(3)
    await patch(shop, kinds.ScaledObject, needs(4))
    await Promise.all([untilReplicas(shop, 'web', 4, 60), untilReplicas(shop, 'web-primary', 4, 60)])
    expect((await conditions(shop)).filter(reason => reason.endsWith('AmbiguousSelector'))).to.deep.equal([])
    // What needs no pod any more keeps those that it has in a run, and the primary its size at the start.
    await patch(shop, kinds.ScaledObject, needs(0))
    await untilReplicas(shop, 'web-primary', 3, 60)
    expect(await replicasOf(shop, 'web')).to.equal(4)
    expect(timeline.last?.phase).to.equal('Progressing')
    expect(timeline.last?.weight, 'nothing held, nothing went back').to.equal(50)
    expect(client.failures(), 'nothing was lost while both sides were scaled').to.deep.equal([])

    await shop.behave('v2', { errorRate: 1 })
    await timeline.untilPhase('Failed', 60, pushed)
    expect(await replicasOf(shop, 'web-primary'), 'the rollback lands on the floor').to.equal(3)
    await untilReplicas(shop, 'web', 0, 60)

    await patch(shop, kinds.ScaledObject, needs(2))
    await shop.kubectl('delete', 'canaries.sluice.dev/web', '--wait=false')
    await shop.untilGone(kinds.Canary, 'web', 120)
    expect(await shop.get(kinds.ScaledObject, 'web-primary')).to.equal(undefined)
    await untilReplicas(shop, 'web', 2, 60)
    expect((await shop.get(kinds.ScaledObject, 'web'))?.metadata.annotations ?? {}).to.not.have.property(
      'sluice.dev/original',
    )
  }

  const scenarios: readonly (readonly [string, string, (shop: Shop) => Promise<void>])[] = [
    [
      'an HPA scales either side of a release, a rollback lands on the floor, and it is as it was at the end',
      'hpa',
      hpaOnBothSides,
    ],
    [
      'a ScaledObject is paused between releases, may add pods in a run, and is as it was at the end',
      'keda',
      kedaOnBothSides,
    ],
  ]
  /** Those for which the lab has to be built with another group. */
  const more: typeof scenarios = [
    ...(installed.metrics
      ? [
          [
            'an HPA scales either side by the CPU that metrics-server tells, and a rollback lands on the floor',
            'cpu',
            cpuOnBothSides,
          ] as const,
        ]
      : []),
    ...(installed.keda
      ? [
          [
            'KEDA scales either side of a release, wakes nothing that rests, and a rollback lands on the floor',
            'kedas',
            kedaScalesBothSides,
          ] as const,
        ]
      : []),
  ]
  together(
    [...scenarios, ...more].map(
      ([name, topic, run]): Scenario => ({ name, run: async lab => Shop.within(lab, topic, run) }),
    ),
  )
})
