/** A split at a waypoint: when it is carried, and what binds the Services of the two sides to it. */
import { expect } from 'chai'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { holdWhileUnconfirmed, waitUntilCarried } from '../../../src/core/machine/rules/carry.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { carries, NONE, weighted } from '../../../src/core/model/traffic.ts'
import { renderServices } from '../../../src/core/render/services.ts'
import { problemOf, warningsOf } from '../../../src/core/problems/index.ts'
import { gatewayApi } from '../../../src/core/routers/gateway-api/index.ts'
import { routingOf } from '../../../src/core/routers/index.ts'
import {
  after,
  noSurroundings,
  object,
  canary,
  deployment,
  live,
  liveOne,
  observation,
  posture,
  template,
  workload,
} from '../given-objects.ts'
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

  test('that loses its waypoint in mid-run is carried no longer: nothing rises, and the run says which Service lost it', () => {
    const state = advancing(10, { carriedAt: 1000 })
    const lost = { ...read(accepted(inAmbient([service()]))), state }
    expect(carries(lost.traffic, weighted(10))).to.equal(false)
    // Callers past a waypoint may still meet the candidate, so it is judged.
    expect(waitUntilCarried(lost, 5000)).to.equal(undefined)
    expect(holdWhileUnconfirmed(lost, 5000)?.message).to.match(
      /^Requested weight 10; Service shop\/web is bound to no waypoint/,
    )
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
    const of = (status: object, own = {}): Observation =>
      observation({
        ...inAmbient([service(labels, bound())]),
        live: live(
          [kinds.Service, service(labels, bound())],
          [kinds.Service, service(labels, bound(), 'web-primary')],
          [kinds.Service, service(own, status, 'web-canary')],
        ),
      })
    expect(warningsOf(of(bound()))).to.deep.equal([])
    expect(warningsOf(of({}, labels)), 'just made, and not answered by istiod').to.deep.equal([])
    expect(warningsOf(of({}, { 'istio.io/use-waypoint': 'none' }))).to.have.lengthOf(1)
    expect(warningsOf(of({})).map(({ message }) => message)).to.deep.equal([
      'Service shop/web-canary is bound to no waypoint, unlike the Service of the callers. The split holds; requests that call it by name meet no policy of the waypoint. Write the label istio.io/use-waypoint of the Service of the callers in spec.service.primary.labels and spec.service.canary.labels',
    ])
  })
})

suite('ways past a waypoint', () => {
  const both = {
    gatewayRefs: [
      { name: 'public', namespace: 'infra' },
      { kind: 'Service', name: 'web', port: 80 },
    ],
  }
  const ingress = { ...labels, 'istio.io/ingress-use-waypoint': 'true' }
  const all = (own: Readonly<Record<string, string>>): KubeObject[] =>
    ['web', 'web-primary', 'web-canary'].map(name => service(own, bound(), name))
  const said = (given: Partial<Observation>): string[] => warningsOf(observation(given)).map(({ message }) => message)
  const route = object(
    kinds.HTTPRoute,
    'in',
    { spec: { parentRefs: [{ name: 'public' }], rules: [{ backendRefs: [{ name: 'web', port: 80 }] }] } },
    { namespace: 'shop' },
  )

  test('the gateway of the Canary is one, unless the sides have the label for ingress', () => {
    const problem = (given: Partial<Observation>): string | undefined => {
      const o = observation(given)
      const ours = Object.entries(o.live).map(([key, one]): [string, KubeObject] => [
        key,
        { ...one, metadata: { ...one.metadata, labels: { ...one.metadata.labels, 'sluice.dev/canary': 'web' } } },
      ])
      return problemOf({ ...o, live: Object.fromEntries(ours) }, 'start')?.message
    }
    const uncounted =
      'Gateway infra/public splits requests past the waypoint, and spec.analysis.metrics[0] counts those that the waypoint reports: the release would rise on requests that it does not judge. Write the label istio.io/ingress-use-waypoint: "true" on Service web, which both sides get, or measure with queries alone.'
    expect(problem(inAmbient(all(labels), { said: both })), 'not labelled').to.equal(uncounted)
    expect(problem(inAmbient(all(labels).slice(0, 1), { said: both })), 'before there are sides').to.equal(uncounted)
    const unanswered = [...all(ingress).slice(0, 2), service(ingress, {}, 'web-canary')]
    const unbound = [
      ...all(ingress).slice(0, 2),
      service({ ...ingress, 'istio.io/use-waypoint': 'none' }, {}, 'web-canary'),
    ]
    expect(problem(inAmbient(unbound, { said: both })), 'a side past the waypoint').to.equal(uncounted)
    for (const counted of [all(ingress), all(ingress).slice(0, 1), unanswered])
      expect(problem(inAmbient(counted, { said: both }))).to.equal(undefined)
    const own = { analysis: { metrics: [{ name: 'own', query: 'x', thresholdRange: { min: 1 } }] } }
    expect(problem(inAmbient(all(labels), { said: both, spec: own })), 'queries of the user').to.equal(undefined)
  })

  test('a gateway of others is one, unless the Service that its route names has it', () => {
    const surroundings = { ...noSurroundings, routes: [route] }
    expect(said({ ...inAmbient(all(labels)), surroundings })).to.deep.equal([
      'HTTPRoute shop/in leads requests at Gateway shop/public to Service web directly and bypasses the traffic split. These requests never reach the canary, and traffic checks ignore them. To have them split write the label istio.io/ingress-use-waypoint: "true" on Service web',
    ])
    expect(said({ ...inAmbient(all(ingress)), surroundings })).to.deep.equal([])
  })
})

suite('whose telemetry tells of a canary', () => {
  const gateway = { said: { gatewayRefs: [{ name: 'public', namespace: 'infra' }] } }
  const services = [service(labels, bound())]
  const bare = { ...pod, annotations: {} }
  const refusing = workload(deployment('web', { template: template('web:1', { 'sidecar.istio.io/inject': 'false' }) }))
  const rows: Readonly<Record<string, [given: Partial<Observation>, vantage: string]>> = {
    'the waypoint, in ambient': [inAmbient(services), 'waypoint'],
    'the gateway, in ambient where the split is there': [inAmbient(services, gateway), 'source'],
    'the waypoint, where the split is at both': [
      inAmbient(services, {
        said: { gatewayRefs: [...gateway.said.gatewayRefs, { kind: 'Service', name: 'web', port: 80 }] },
      }),
      'waypoint',
    ],
    'the proxies of the pods, where they have one': [
      inAmbient(services, { sample: { ...bare, containers: ['web', 'istio-proxy'] } }),
      'destination',
    ],
    'the gateway before pods without any': [inAmbient([], { ...gateway, sample: bare }), 'source'],
    'callers of pods that refuse a proxy': [{ ...inAmbient([], { sample: bare }), target: refusing }, 'source'],
    'the proxies that pods in the mesh are expected to have': [inAmbient([], { sample: bare }), 'destination'],
    'the proxies of the pods, before there are any': [
      { ...inAmbient([]), samples: { primary: null, canary: null, namespaceLabels: null } },
      'destination',
    ],
    'the gateway of Istio’s own kind': [
      { ...inAmbient([]), canary: canary({}, { gateways: ['infra/public'], hosts: ['shop.example.com'] }) },
      'source',
    ],
  }
  for (const [name, [given, vantage]] of Object.entries(rows)) {
    test(name, () => {
      const o = observation(given)
      expect(routingOf(o).telemetry?.vantage(o).vantage).to.equal(vantage)
    })
  }
})

suite('policies on pods in ambient', () => {
  const policy = (spec: object, status: object = {}): KubeObject =>
    object(kinds.AuthorizationPolicy, 'callers', {
      spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
      status,
    })
  const from = (...principals: readonly string[]): object => ({ rules: [{ from: [{ source: { principals } }] }] })
  const leftOut = { conditions: [{ type: 'ZtunnelAccepted', status: 'True', reason: 'UnsupportedValue' }] }
  const sides = ['web', 'web-primary', 'web-canary'].map(name => service(labels, bound(), name))
  const said = (...policies: readonly KubeObject[]): string[] =>
    warningsOf(observation({ ...inAmbient(sides), policies })).map(({ message }) => message)
  const frontend = 'cluster.local/ns/shop/sa/frontend'
  const refused =
    'AuthorizationPolicy shop/callers selects pods in ambient and does not allow the waypoint, from which every request comes that it has split: all of these are refused. Allow principal cluster.local/ns/shop/sa/waypoint there, and say who may call in a policy with spec.targetRefs: [{group: "", kind: Service, name: web}]'
  const requestRules = (does: string): string =>
    `AuthorizationPolicy shop/callers selects pods in ambient by rules on requests, which ztunnel leaves out (UnsupportedValue): it ${does}. Write spec.targetRefs: [{group: "", kind: Service, name: web}] in place of spec.selector`
  const rows: Readonly<Record<string, [policies: readonly KubeObject[], says: readonly string[]]>> = {
    'by rules on requests': [
      [policy({ rules: [{ to: [{ operation: { methods: ['GET'] } }] }] }, leftOut)],
      [requestRules('allows less than it says, or nothing at all')],
    ],
    'that deny by rules on requests': [
      [policy({ action: 'DENY', rules: [{ to: [{ operation: { methods: ['GET'] } }] }] }, leftOut)],
      [requestRules('denies more than it says')],
    ],
    'that allow callers, and not the waypoint': [[policy(from(frontend))], [refused]],
    'that allow nobody': [[policy({})], [refused]],
    'that allow another namespace': [
      [policy({ rules: [{ from: [{ source: { namespaces: ['people'] } }] }] })],
      [refused],
    ],
    'that allow the waypoint too': [[policy(from(frontend, 'cluster.local/ns/shop/sa/waypoint'))], []],
    'that allow all identities of the namespace': [[policy(from('cluster.local/ns/shop/*'))], []],
    'that allow the waypoint of another trust domain': [[policy(from('example.com/ns/shop/sa/waypoint'))], []],
    'beside one that allows the waypoint': [[policy(from(frontend)), policy({ rules: [{}] })], []],
    'that deny callers': [[policy({ action: 'DENY', ...from(frontend) })], []],
    'of other pods': [[policy({ ...from(frontend), selector: { matchLabels: { app: 'api' } } })], []],
    'at the waypoint': [
      [policy({ ...from(frontend), selector: undefined, targetRefs: [{ kind: 'Service', name: 'web' }] })],
      [],
    ],
  }
  for (const [name, [policies, says]] of Object.entries(rows)) {
    test(name, () => expect(said(...policies)).to.deep.equal(says))
  }
})
