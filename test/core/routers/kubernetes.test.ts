import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { ALL, carriedBy, NONE } from '../../../src/core/model/traffic.ts'
import { specBeyondProvider } from '../../../src/core/problems/provider.ts'
import { kubernetes } from '../../../src/core/routers/kubernetes/index.ts'
import { renderServices } from '../../../src/core/render/services.ts'
import {
  after,
  canary,
  deployment,
  live,
  liveOne,
  object,
  observation,
  posture,
  record,
  replicaSet,
  template,
  workload,
} from '../given-objects.ts'
import { waitUntilCarried } from '../../../src/core/machine/rules/carry.ts'
import { postureOf } from '../../../src/core/machine/postures.ts'
import { routeToTarget } from '../../../src/core/machine/rules/terminate.ts'
import { advancing, promoting, resting, terminating } from '../machine/given.ts'

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
    { spec: { selector: { matchLabels: labels }, template: { metadata: { labels } } }, status: { readyReplicas: 2 } },
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

const selectorIn = (o: Observation): unknown => at(liveOne(o, kinds.Service, 'web').spec, 'selector')

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
      expect(kubernetes.read(o)).to.deep.equal(carriedBy([traffic.canary, traffic.canary]))
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
    expect(kubernetes.read(mixed)).to.deep.equal(carriedBy([0, 100]))
    const alone = { ...o, endpoints: { primary: [], canary: [], apex: [podOf(o, 'target')] } }
    expect(kubernetes.read(alone)).to.deep.equal(carriedBy([100, 100]))
  })

  const listed = (o: Observation, ...apex: string[]): Observation => ({
    ...o,
    endpoints: { primary: [], canary: [], apex },
  })

  test('a side with ready pods is not carried before one of them is in the EndpointSlices', () => {
    for (const [traffic, side] of [
      [NONE, 'primary'],
      [ALL, 'target'],
    ] as const) {
      const o = pointed(pointed(world(), NONE), traffic)
      expect(kubernetes.read(listed(o))).to.deep.equal(carriedBy([0, 100]))
      const own = carriedBy([traffic.canary, traffic.canary])
      expect(kubernetes.read(listed(o, podOf(o, side)))).to.deep.equal(own)
      const [hash, pods] = Object.entries(o[side]?.pods ?? {})[0] ?? []
      const without = { ...o[side], ready: 0, pods: { [hash ?? '']: { ...pods, ready: 0 } } } as Observation['target']
      expect(kubernetes.read(listed({ ...o, [side]: without }))).to.deep.equal(own)
    }
  })

  const selecting = (o: Observation, selector: Record<string, string>): Observation => {
    const service = liveOne(o, kinds.Service, 'web')
    return { ...o, live: { ...o.live, ...live([kinds.Service, { ...service, spec: { selector } }]) } }
  }
  const others: Readonly<Record<string, Record<string, string>>> = {
    'of both sides': { app: 'web' },
    'of nothing': {},
    'of other pods': { app: 'maintenance' },
    'of a ReplicaSet of others': { app: 'web', 'pod-template-hash': 'abcdef' },
    'of all primaries of the namespace': { 'sluice.dev/role': 'primary' },
    'that leaves the pods of the primary out': { app: 'web', 'sluice.dev/role': 'primary', version: 'v9' },
  }
  for (const [name, selector] of Object.entries(others)) {
    test(`a selector ${name} is never carried, and is put back, not obeyed`, () => {
      const o = selecting(pointed(pointed(world(), NONE), ALL), selector)
      const read = listed({ ...o, state: advancing(100) }, podOf(o, 'target'))
      const now = { ...read, traffic: kubernetes.read(read) }
      expect(now.traffic).to.deep.equal(carriedBy([0, 100]))
      const move = waitUntilCarried(now as Observation<'Progressing'>, 0)
      expect(move).to.deep.include({ reason: 'Routing', message: 'Requested weight 100; the routes still have 0' })
      expect(selectorIn(pointed(now, ALL))).to.deep.equal(selectorIn(pointed(pointed(world(), NONE), ALL)))
    })
  }

  test('a client that points the Service at the primary is obeyed at once, whatever the EndpointSlices still have', () => {
    const o = pointed(pointed(world(), ALL), NONE)
    const read = listed({ ...o, state: advancing(100) }, podOf(o, 'target'))
    const now = { ...read, traffic: kubernetes.read(read) }
    expect(now.traffic).to.deep.equal(carriedBy([0, 100]))
    const move = waitUntilCarried(now as Observation<'Progressing'>, 0)
    expect(move).to.deep.include({
      reason: 'WeightOverridden',
      message: 'The routes were edited by hand from weight 100 to 0; holding at 0 until `resume`',
    })
  })

  test('EndpointSlices that lag behind the selector are not an edit by hand', () => {
    const o = pointed(pointed(world(), NONE), ALL)
    const read = listed({ ...o, state: advancing(100) }, podOf(o, 'target'), podOf(o, 'primary'))
    const now = { ...read, traffic: kubernetes.read(read) }
    expect(waitUntilCarried(now as Observation<'Progressing'>, 0)).to.deep.include({ reason: 'Routing' })
  })

  test('without a Deployment of the primary its selector is known by the role, or by the value that was switched', () => {
    const o = { ...pointed(world(), NONE), primary: null }
    expect(kubernetes.read(o)).to.deep.equal(carriedBy([0, 0]))
    expect(kubernetes.read(selecting(o, { app: 'web-primary' }))).to.deep.equal(carriedBy([0, 0]))
    expect(kubernetes.read(selecting(o, { app: 'web' }))).to.deep.equal(carriedBy([0, 100]))
  })

  const version = (value: string): Record<string, string> => ({ app: 'web', version: value })
  const releasing = (o: Observation): Observation => {
    const of = deployment('web', { template: template('web:2', version('v2')) })
    const service = object(kinds.Service, 'web', { spec: { selector: version('v2'), ports: [{ port: 80 }] } })
    const there = { ...o.live, ...live([kinds.Deployment, of], [kinds.Service, service]) }
    return { ...o, live: there, target: workload(of) }
  }

  test('a label that only the release has is no part of the selector while the primary serves, and is while the canary does', () => {
    const o = releasing(world())
    expect(selectorIn(pointed(o, NONE))).to.deep.equal({ app: 'web', 'sluice.dev/role': 'primary' })
    const [pods] = Object.values(o.target?.pods ?? {})
    expect(selectorIn(pointed(o, ALL))).to.deep.equal({ ...version('v2'), 'pod-template-hash': pods?.hash })
  })

  test('a label that the pods under test do not have is no part of their selector, whatever the target holds since', () => {
    const old = world()
    const of = old.target?.object
    if (of === undefined) throw new Error('no target')
    const o = releasing(old)
    const pods = { ...o.target?.pods, ...old.target?.pods }
    const both = { ...o, target: o.target && { ...o.target, pods } }
    const judged = old.target?.revision ?? ''
    const next = after(both, kubernetes.render(both, posture({ traffic: ALL, judged })))
    const [own] = Object.values(old.target?.pods ?? {})
    expect(selectorIn(next)).to.deep.equal({ app: 'web', 'pod-template-hash': own?.hash })
  })

  test('a rollout of the primary has pods of both templates: a label of one alone is no part of the selector', () => {
    const o = releasing(world())
    const labels = { ...version('v2'), 'sluice.dev/role': 'primary' }
    const rolled = { ...o.primary?.object, spec: { template: { metadata: { labels } } } } as KubeObject
    const primary = o.primary && { ...o.primary, object: rolled }
    const { revision } = record(template())
    const state = promoting('copying', { candidate: o.target?.revision ?? '', promoted: revision })
    const own = { 'sluice.dev/role': 'primary', app: 'web' }
    expect(selectorIn(pointed({ ...o, primary, state }, NONE))).to.deep.equal(own)
    const done = { ...o, primary, state: { ...resting(), promoted: o.target?.revision ?? '' } as Observation['state'] }
    expect(selectorIn(pointed(done, NONE))).to.deep.equal({ ...own, version: 'v2' })
  })

  test('a canary that serves for the primary is selected by what carried; where its pods are not known, nothing is written', () => {
    const o = world()
    const wanted = posture({ traffic: ALL, judged: null })
    expect(kubernetes.render(o, wanted)).to.deep.equal([])
    const ended = {
      id: '1',
      revision: o.target?.revision ?? '',
      startedAt: 0,
      endedAt: 1,
      outcome: 'Failed',
      highest: 100,
      reason: 'RolledBack',
      message: '',
    } as const
    const carried = { ...o, memory: { ...o.memory, history: [ended] } }
    const [pods] = Object.values(o.target?.pods ?? {})
    expect(selectorIn(after(carried, kubernetes.render(carried, wanted)))).to.deep.equal({
      app: 'web',
      'pod-template-hash': pods?.hash,
    })
  })

  test('a target that takes over has its Service back; our label stays until the objects of Sluice are removed', () => {
    const o = pointed(pointed(world(), ALL), NONE)
    const handingBack = after(o, kubernetes.render(o, posture({ callers: 'target', traffic: null })))
    const back = liveOne(handingBack, kinds.Service, 'web')
    expect(at(back.spec, 'selector')).to.deep.equal({ app: 'web' })
    expect(back.metadata.labels).to.include({ 'sluice.dev/endpoints': 'web' })
    const removed = after(handingBack, kubernetes.render(handingBack, posture({ remove: 'everything', traffic: null })))
    const left = liveOne(removed, kinds.Service, 'web')
    expect(at(left.spec, 'selector')).to.deep.equal({ app: 'web' })
    expect(left.metadata.labels ?? {}).to.not.have.property('sluice.dev/endpoints')
    expect(left.metadata.annotations ?? {}).to.not.have.property('sluice.dev/original')
  })

  suite('a Service that is handed back', () => {
    /** Stage `routing`, with everything written; `labels` of the primary's pods. */
    function handedBack(labels: Record<string, string>): Observation<'Terminating'> {
      const o = world()
      const [old] = o.primary === null ? [] : [o.primary.object]
      const spec = { selector: { matchLabels: labels }, template: { metadata: { labels } } }
      const of = { ...old, spec } as KubeObject
      const primary = workload(of, [replicaSet(of, 2)])
      const state = terminating('routing', { promoted: o.target?.revision ?? '' })
      const there = { ...pointed({ ...o, primary, live: { ...o.live, ...live([kinds.Deployment, of]) } }, NONE), state }
      const wanted = postureOf(there, state)
      const written = after(there, [...kubernetes.render(there, wanted), ...renderServices(there, wanted)])
      return { ...written, state, primary, target: o.target }
    }
    const switched = handedBack({ app: 'web-primary' })
    const two = (o: Observation): string[] => [podOf(o, 'target'), `${podOf(o, 'target')}y`]
    const rows: Readonly<Record<string, [o: Observation, apex: string[], message: string, carriedAt: number | null]>> =
      {
        'waits for the pods of the target': [
          switched,
          [podOf(switched, 'target')],
          'Deployment web takes over from web-primary: 1 ready pod is not yet in the endpoints of Service web',
          null,
        ],
        'waits until those of the primary are gone': [
          switched,
          [...two(switched), podOf(switched, 'primary')],
          'Deployment web takes over from web-primary: the endpoints of Service web still have pods of Deployment web-primary',
          null,
        ],
        'drains once it leads to the target alone': [
          switched,
          two(switched),
          'Deployment web takes over from web-primary',
          7,
        ],
      }
    for (const [name, [o, apex, message, carriedAt]] of Object.entries(rows)) {
      test(name, () => {
        const move = routeToTarget(listed(o, ...apex) as Observation<'Terminating'>, 7)
        expect(move.message).to.equal(message)
        expect(move.state).to.include({ stage: 'routing', carriedAt })
      })
    }

    test('does not wait for pods of the primary to leave it where it selects them itself', () => {
      const o = handedBack({ app: 'web', 'sluice.dev/role': 'primary' })
      const move = routeToTarget(listed(o, ...two(o), podOf(o, 'primary')) as Observation<'Terminating'>, 7)
      expect(move.state).to.include({ stage: 'routing', carriedAt: 7 })
    })
  })

  const refused: Readonly<Record<string, [Record<string, unknown>, RegExp]>> = {
    'weights where the flag chose the provider': [
      { analysis: { metrics, stepWeights: [50] } },
      /sends all requests to one side: write iterations instead of/,
    ],
    'no metric of its own': [{ analysis: {} }, /has no telemetry of its own/],
    'requests that cannot be counted': [
      { analysis: { metrics: [{ ...metrics[0], minRequests: 5 }] } },
      /remove minRequests from analysis.metrics/,
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
      expect(specBeyondProvider(o)?.message).to.match(sentence)
    })
  }
})
