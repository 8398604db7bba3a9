/** A split at a waypoint: when it is carried, and what binds the Services of the two sides to it. */
import { expect } from 'chai'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { waitUntilCarried } from '../../../src/core/machine/rules/carry.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { carries, NONE, weighted } from '../../../src/core/model/traffic.ts'
import { renderServices } from '../../../src/core/render/services.ts'
import { problemOf, warningsOf } from '../../../src/core/problems/index.ts'
import { gatewayApi } from '../../../src/core/routers/gateway-api/index.ts'
import { after, live, liveOne, observation, posture } from '../given-objects.ts'
import { advancing } from '../machine/given.ts'
import { bound, inAmbient, pod, service } from '../problems/ambient.given.ts'
import { withAnswers } from './own-routers.ts'

const v1 = gatewayApi('v1')
const labels = { 'istio.io/use-waypoint': 'waypoint' }

/** With a route that every parent has accepted, as istiod says it with and without a waypoint. */
function accepted(given: Partial<Observation>, traffic = weighted(10)): Observation {
  const o = observation(given)
  return withAnswers(after(o, v1.render(o, posture({ traffic }))), kinds.HTTPRoute, ['True', 'True'])
}
const read = (o: Observation): Observation => ({ ...o, traffic: v1.read(o) })

suite('a split in ambient', () => {
  test('is carried once the Service of the callers is bound to a waypoint, whatever the route says', () => {
    const [without, not, is] = [[service()], [service(labels, bound('WaypointIsNotReady'))], [service(labels, bound())]]
    const carried = [without, not, is].map(one => carries(v1.read(accepted(inAmbient(one))), weighted(10)))
    expect(carried).to.deep.equal([false, false, true])
  })

  test('at weight 0 needs none: the Service leads to the primary', () => {
    expect(carries(v1.read(accepted(inAmbient([service()]), NONE)), NONE)).to.equal(true)
  })

  test('at a Gateway alone needs none', () => {
    const at = inAmbient([service()], { said: { gatewayRefs: [{ name: 'public', namespace: 'infra' }] } })
    expect(carries(v1.read(accepted(at)), weighted(10))).to.equal(true)
  })

  test('in front of pods with a proxy of their own needs none', () => {
    const sample = { ...pod, containers: ['web', 'istio-proxy'] }
    expect(carries(v1.read(accepted(inAmbient([service()], { sample }))), weighted(10))).to.equal(true)
  })

  test('that loses its waypoint in mid-run is carried no longer, and the run says which Service lost it', () => {
    const state = advancing(10, { carriedAt: 1000 })
    const lost = { ...read(accepted(inAmbient([service()]))), state }
    const move = waitUntilCarried(lost, 5000)
    expect(move?.state).to.include({ carriedAt: null })
    expect(move?.message).to.match(/^Requested weight 10; Service shop\/web is bound to no waypoint/)
    expect(problemOf(lost, 'run')?.reason).to.equal('WaypointMissing')
  })
})

suite('the Services of the sides in ambient', () => {
  const sides = (o: Observation): readonly KubeObject[] =>
    ['web-primary', 'web-canary'].map(name => liveOne(after(o, renderServices(o, posture())), kinds.Service, name))
  const rows: Readonly<Record<string, [given: Partial<Observation>, has: object, hasNot: string]>> = {
    'have the waypoint of the user’s Service': [
      inAmbient([
        service({
          ...labels,
          'istio.io/use-waypoint-namespace': 'infra',
          'istio.io/ingress-use-waypoint': 'true',
          'istio.io/use-waypoint-canary': 'waypoint-2',
          team: 'a',
        }),
      ]),
      { ...labels, 'istio.io/use-waypoint-namespace': 'infra', 'istio.io/ingress-use-waypoint': 'true' },
      'istio.io/use-waypoint-canary',
    ],
    'have the waypoint of the Service that Sluice makes': [
      inAmbient([], { said: { apex: { labels: { ...labels, team: 'a' } } } }),
      labels,
      'team',
    ],
    'have one of their own': [
      inAmbient([service(labels)], {
        said: {
          primary: { labels: { 'istio.io/use-waypoint': 'none' } },
          canary: { labels: { 'istio.io/use-waypoint': 'none' } },
        },
      }),
      { 'istio.io/use-waypoint': 'none' },
      'team',
    ],
  }
  for (const [name, [given, has, hasNot]] of Object.entries(rows)) {
    test(name, () => {
      for (const side of sides(observation(given))) {
        expect(side.metadata.labels).to.include(has)
        expect(side.metadata.labels).to.not.have.property(hasNot)
      }
    })
  }

  test('are named where they are bound to none: what is lost are the policies for direct calls', () => {
    const of = (status: object): Observation =>
      observation({
        ...inAmbient([service(labels, bound())]),
        live: live(
          [kinds.Service, service(labels, bound())],
          [kinds.Service, service(labels, bound(), 'web-primary')],
          [kinds.Service, service({}, status, 'web-canary')],
        ),
      })
    expect(warningsOf(of(bound()))).to.deep.equal([])
    expect(warningsOf(of({})).map(({ message }) => message)).to.deep.equal([
      'Service shop/web-canary is bound to no waypoint, unlike the Service of the callers. The split holds; requests that call it by name meet no policy of the waypoint. Write the label istio.io/use-waypoint of the Service of the callers in spec.service.primary.labels and spec.service.canary.labels',
    ])
  })
})
