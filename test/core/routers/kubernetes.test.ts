import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { ALL, NONE } from '../../../src/core/model/traffic.ts'
import { kubernetes } from '../../../src/core/routers/kubernetes/index.ts'
import { renderServices } from '../../../src/core/render/services.ts'
import { after, canary, live, liveOne, object, observation, posture, replicaSet, workload } from '../given-objects.ts'

const metrics = [{ name: 'errors', query: 'sum(x)', thresholdRange: { max: 1 } }]
const given = (more: Record<string, unknown> = {}): KubeObject & Observation['canary'] =>
  canary({ provider: 'kubernetes', analysis: { metrics }, ...more })

const web = object(kinds.Service, 'web', { spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }] } })

/** A primary and a target with pods, and the Service of the user. */
function world(): Observation {
  const o = observation({ canary: given(), live: live([kinds.Service, web]) })
  const target = o.target?.object
  if (target === undefined) throw new Error('no target')
  const labels = { app: 'web', 'sluice.dev/role': 'primary' }
  const primary = object(
    kinds.Deployment,
    'web-primary',
    { spec: { selector: { matchLabels: labels }, template: { metadata: { labels } } } },
    { labels: { 'sluice.dev/canary': 'web' } },
  )
  const there = { ...o.live, ...live([kinds.Deployment, primary]) }
  return { ...o, live: there, primary: workload(primary, [replicaSet(primary, 2)]) }
}

const pointed = (o: Observation, traffic: typeof ALL): Observation => {
  const judged = o.target?.revision ?? null
  const wanted = posture({ traffic, judged })
  const next = after(o, [...kubernetes.render(o, wanted), ...renderServices(o, wanted)])
  return { ...next, primary: o.primary, target: o.target }
}

const podOf = (o: Observation, side: 'primary' | 'target'): string => {
  const of = o[side]
  const [pods] = Object.values(of?.pods ?? {})
  return `${of?.object.metadata.name}-${pods?.hash}-x`
}

suite('the provider kubernetes', () => {
  test('says nothing of a Service that is not pointed by Sluice yet', () => {
    expect(kubernetes.read(world())).to.equal(null)
  })

  for (const [name, traffic] of [
    ['all', ALL],
    ['none', NONE],
  ] as const) {
    test(`what was rendered is read back: ${name}, after the other, and once there nothing is written`, () => {
      const other = pointed(world(), traffic === ALL ? NONE : ALL)
      const o = pointed(other, traffic)
      expect(kubernetes.read(o)).to.deep.equal({ low: traffic.canary, high: traffic.canary })
      const again = kubernetes.render(o, posture({ traffic, judged: o.target?.revision ?? null }))
      expect(again.filter(({ verb }) => verb !== 'disown')).to.deep.equal([])
    })
  }

  test('the selector is that of one side alone, and the label by which EndpointSlices are followed is there', () => {
    const none = liveOne(pointed(world(), NONE), kinds.Service, 'web')
    expect(at(none.spec, 'selector')).to.deep.equal({ app: 'web', 'sluice.dev/role': 'primary' })
    expect(none.metadata.labels).to.include({ 'sluice.dev/endpoints': 'web' })
    const o = pointed(pointed(world(), NONE), ALL)
    const [pods] = Object.values(o.target?.pods ?? {})
    expect(at(liveOne(o, kinds.Service, 'web').spec, 'selector')).to.deep.equal({
      app: 'web',
      'pod-template-hash': pods?.hash,
    })
  })

  test('endpoints of the other side are not carried yet', () => {
    const o = pointed(world(), ALL)
    const apex = [podOf(o, 'target'), podOf(o, 'primary')]
    const mixed = { ...o, endpoints: { primary: [], canary: [], apex } }
    expect(kubernetes.read(mixed)).to.deep.equal({ low: 0, high: 100 })
    const alone = { ...o, endpoints: { primary: [], canary: [], apex: [podOf(o, 'target')] } }
    expect(kubernetes.read(alone)).to.deep.equal({ low: 100, high: 100 })
  })

  test('a target that takes over has its Service back, without our label', () => {
    const o = pointed(pointed(world(), ALL), NONE)
    const wanted = posture({ callers: 'target', traffic: null })
    const back = liveOne(after(o, kubernetes.render(o, wanted)), kinds.Service, 'web')
    expect(at(back.spec, 'selector')).to.deep.equal({ app: 'web' })
    expect(back.metadata.labels ?? {}).to.not.have.property('sluice.dev/endpoints')
  })

  const refused: Readonly<Record<string, [Record<string, unknown>, RegExp]>> = {
    'weights where the flag chose the provider': [
      { analysis: { metrics, stepWeights: [50] } },
      /sends all requests to one side: write iterations instead of/,
    ],
    'no metric of its own': [{ analysis: {} }, /has no telemetry of its own/],
    'requests that cannot be counted': [
      { analysis: { metrics: [{ ...metrics[0], minRequests: 5 }] } },
      /metrics\[0\].minRequests cannot be counted/,
    ],
    'routes that are nowhere': [
      { analysis: { metrics }, service: { port: 80, timeout: '5s', hosts: ['a.example.com'] } },
      /has no routes: remove/,
    ],
  }
  for (const [name, [spec, sentence]] of Object.entries(refused)) {
    test(`refuses ${name}`, () => {
      const read = canary(spec)
      const o = { ...world(), canary: { ...read, spec: { ...read.spec, provider: 'kubernetes' as const } } }
      const [policy] = kubernetes.policies.spec
      expect(policy?.find(o)?.message).to.match(sentence)
    })
  }
})
