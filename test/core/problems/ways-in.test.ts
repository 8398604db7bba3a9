/** Gateways and delegating VirtualServices, by which requests come to the split: what is said where none can. */
import { expect } from 'chai'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import type { Observation, Surroundings } from '../../../src/core/model/observation.ts'
import { type Moment, problemOf, warningsOf } from '../../../src/core/problems/index.ts'
import { istio } from '../../../src/core/routers/istio/index.ts'
import { canary, noSurroundings, object, observation } from '../given-objects.ts'
import { at, moments } from './moments.given.ts'
import {
  alsoInMesh,
  atEdge,
  by,
  delegate,
  delegated,
  gateway,
  given,
  HOST,
  ofCandidates,
  ofTheStart,
  ofWarnings,
  open,
  root,
  type Row,
  routes,
  server,
  type Spec,
  to,
} from './ways-in.rows.ts'

const tls = { port: { number: 443, name: 'https', protocol: 'HTTPS' }, tls: { mode: 'SIMPLE', credentialName: 'shop' } }
const silent: Readonly<Record<string, Observation>> = {
  'a Gateway that is not seen': given(atEdge),
  'a Gateway of another namespace, open to all': by(atEdge, server(['*/*'])),
  'open to the namespace of the Canary': by(atEdge, server(['shop/*.example.com'])),
  'a wildcard of the Canary, of which the Gateway has one host': by(
    { ...atEdge, hosts: ['*.example.com'] },
    server([HOST]),
  ),
  'several servers and ports, one of which redirects and one of which terminates TLS': by(
    { ...atEdge, hosts: [HOST, 'b.example.com'], match: [{ port: 443 }, { port: 80 }] },
    server([HOST], { tls: { httpsRedirect: true } }),
    server(['b.example.com']),
    server(['*.example.com'], tls),
  ),
  'a port of the Service, in the mesh': by({ ...alsoInMesh, match: [{ port: 80 }] }, server([HOST], tls)),
  'a root that delegates everything': delegated([delegate]),
  'two roots': given(
    { delegation: true },
    { ...open, routes: [root([delegate]), root([delegate], { hosts: [HOST] }, 'people')] },
  ),
  'a root whose match is wider': delegated(
    [{ match: [{ uri: { prefix: '/api' }, headers: { team: { exact: 'a' } } }, { port: 80 }], ...delegate }],
    { match: [{ uri: { exact: '/api/v1' } }] },
  ),
  'nothing that delegates, where not all VirtualServices are seen': given(
    { delegation: true },
    { allRoutesSeen: false },
  ),
  'a wildcard in the mesh, beside routes that are delegated to': given(
    { delegation: true },
    { ...open, routes: [root([delegate]), routes('all', { hosts: ['*.local'], http: [to('gate')] })] },
  ),
  'a delegate of the user’s, and its root': given(
    { virtualServices: [{ name: 'front' }] },
    { ...open, routes: [root([{ delegate: { name: 'front', namespace: 'shop' } }])] },
    routes('front', { http: [to('web')] }),
  ),
}

suite('Ways in', () => {
  const table = (
    rows: Readonly<Record<string, Row>>,
    title: string,
    stopsAt: readonly Moment[],
    quiet: Moment[] = [],
  ) => {
    for (const [name, { o, reason = 'Conflict', message }] of Object.entries(rows)) {
      test(`${name}: ${title}`, () => {
        for (const moment of moments) {
          const isStopped = stopsAt.includes(moment)
          const warned = isStopped || quiet.includes(moment) ? [] : [{ reason, message }]
          expect(problemOf(at(o, moment), moment), moment).to.deep.equal(isStopped ? { reason, message } : null)
          expect(warningsOf(at(o, moment)), moment).to.deep.equal(warned)
        }
      })
    }
  }
  table(ofTheStart, 'stops a release before it begins', ['start', 'candidate'])
  table(ofCandidates, 'stops a candidate before it gets traffic', ['candidate'], ['start'])
  table(ofWarnings, 'stops nothing, and is a warning', [])
  for (const [name, o] of Object.entries(silent)) {
    test(`${name}: nothing is said`, () => {
      for (const moment of moments) {
        expect(problemOf(at(o, moment), moment), moment).to.equal(null)
        expect(warningsOf(at(o, moment)), moment).to.deep.equal([])
      }
    })
  }
})

suite('a route past what is delegated to', () => {
  const past = delegated([delegate, to('web.shop.svc.cluster.local')])
  const own = given({ delegation: true }, { ...open, routes: [root([delegate, to('web')], {}, 'shop')] })
  const message =
    'VirtualService shop/root routes requests at gateway edge/public to Service web directly and bypasses the traffic split. In place of its destinations write delegate: {name: web, namespace: shop} into that route.'

  test('does not stop the start, for what it is to delegate to is made there', () => {
    const found = moments.map(moment => [moment, problemOf(at(own, moment), moment)?.message ?? null])
    expect(Object.fromEntries(found)).to.deep.equal({ start: null, candidate: message, run: message, rest: null })
    expect(warningsOf(at(own, 'rest')).map(one => one.message)).to.deep.equal([message])
  })

  test('of another namespace is a warning', () => {
    for (const moment of moments) expect(problemOf(at(past, moment), moment)).to.equal(null)
    expect(warningsOf(at(past, 'rest')).map(({ reason }) => reason)).to.deep.equal(['Bypassed'])
  })
})

suite('what is found of the ways in', () => {
  const all: readonly [typeof kinds.VirtualService, KubeObject][] = [
    [kinds.VirtualService, root([delegate], { gateways: ['mesh', 'edge/public', 'gone'] })],
    [kinds.VirtualService, routes('rival', { hosts: [HOST], gateways: ['edge/public'], http: [to('other')] }, 'evil')],
    [kinds.IstioGateway, gateway(server(['*']))],
  ]
  const indexes = [...istio.kinds, ...istio.neighbours]
  const around = (service: Spec, isSeen: boolean, more: typeof all = [], asked: string[] = []): Surroundings => {
    const o = observation({ canary: canary({}, service) })
    return {
      ...noSurroundings,
      ...istio.surroundings(
        o,
        (kind, index, key) => {
          asked.push(key)
          return [...more, ...all]
            .filter(([one]) => one === kind)
            .map(([, found]) => found)
            .filter(found =>
              indexes
                .find(one => one.kind === kind)
                ?.indexes[index]?.(found)
                .includes(key),
            )
        },
        (_, namespace) => isSeen && namespace !== '',
      ),
    }
  }
  const names = ({ routes: found }: Surroundings): string[] =>
    found.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)

  test('roots of what is not made yet, others for their hosts, and their Gateways', () => {
    const found = around({ delegation: true }, true)
    expect(names(found)).to.have.members(['team/root', 'evil/rival'])
    expect(Object.keys(found.gateways)).to.have.members(['edge/public', 'team/gone'])
    expect(found.gateways['team/gone']).to.equal(null)
    expect(found.gateways['edge/public']?.metadata.name).to.equal('public')
    expect(found.allRoutesSeen).to.equal(false)
  })

  test('however many younger roots others write, of whatever length, and no more of them than that', () => {
    const spec = { hosts: Array.from({ length: 500 }, (_, index) => `h${index}.evil`), http: [delegate] }
    const younger = { namespace: 'evil', creationTimestamp: '2030-01-01T00:00:00Z' }
    const long = { ...spec, hosts: [...spec.hosts, ...Array.from({ length: 2000 }, (_, index) => `l${index}.evil`)] }
    const others = [
      ...Array.from({ length: 300 }, (_, index) => object(kinds.VirtualService, `r${index}`, { spec }, younger)),
      routes('long', long, 'evil'),
    ]
    const asked: string[] = []
    const more = others.map((one): (typeof all)[number] => [kinds.VirtualService, one])
    const found = around({ delegation: true }, true, more, asked)
    const seen = new Set(names(found))
    expect(['team/root', 'evil/rival', 'evil/long'].filter(one => !seen.has(one))).to.deep.equal([])
    expect(found.routes).to.have.length(200)
    expect(new Set(asked).size).to.be.below(1300)
  })

  test('of a namespace that is not seen, Gateways that were found alone', () => {
    expect(Object.keys(around({ delegation: true }, false).gateways)).to.deep.equal(['edge/public'])
  })

  test('the Gateways of a Canary of its own, in any notation', () => {
    const { gateways } = around({ hosts: [HOST], gateways: ['public.edge', './own', 'mesh'] }, true)
    expect(Object.keys(gateways)).to.have.members(['edge/public', 'shop/own'])
  })

  test('a Gateway that istiod keeps for one of the Gateway API is no object, so it is not missing', () => {
    const own = ['edge/public-istio-autogenerated-k8s-gateway-http', 'edge/public~istio-autogenerated-k8s-gateway~http']
    const { gateways } = around({ hosts: [HOST], gateways: own }, true)
    expect(gateways).to.deep.equal({})
  })
})

suite('what delegation says of the requests that meet the split', () => {
  const { telemetry } = istio
  const splitsAll = (http_: readonly Spec[], more: Spec): boolean | undefined =>
    telemetry?.splitsAll(delegated(http_, {}, more))
  const inMesh = { hosts: ['web.shop.svc.cluster.local'], gateways: ['mesh'] }

  test('all of them where everything in the mesh is delegated, and else it is not known', () => {
    expect(splitsAll([delegate], inMesh)).to.equal(true)
    expect(splitsAll([{ match: [{ uri: { prefix: '/api' } }], ...delegate }], inMesh)).to.equal(false)
    expect(splitsAll([delegate], {})).to.equal(false)
    expect(splitsAll([delegate], { hosts: ['other'], gateways: ['mesh'] })).to.equal(false)
  })
})
