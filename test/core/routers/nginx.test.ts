import { expect } from 'chai'
import fc from 'fast-check'
import { parse } from 'yaml'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { at, recordOf } from '../../../src/core/json.ts'
import { audienceOf } from '../../../src/core/model/plan.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { Posture } from '../../../src/core/model/posture.ts'
import { ALL, carriedBy, NONE, type Traffic, weighted } from '../../../src/core/model/traffic.ts'
import { warningsOf } from '../../../src/core/problems/index.ts'
import { renderServices } from '../../../src/core/render/services.ts'
import { nginx } from '../../../src/core/routers/nginx/index.ts'
import { after, live, liveOne, noSurroundings, object, observation, only, posture } from '../given-objects.ts'
import { scene } from '../analysis/given.ts'
import { at as atHost, byNginx, ingress, path } from '../problems/nginx.rows.ts'

const RUNS = Number(process.env['LAW_RUNS'] ?? 2000) / 10
const PREFIX = 'nginx.ingress.kubernetes.io'
const HOST = 'shop.example.com'
const insiders = [{ headers: { 'x-canary': { exact: 'insider' } } }, { headers: { cookie: { exact: 'canary' } } }]
const testers = { analysis: { iterations: 2, match: insiders } }

/** A target with pods, the Service of the user and the Ingress that leads to it. */
function given(users: KubeObject = ingress('web'), spec: Record<string, unknown> = {}): Observation {
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }]
  const service = object(kinds.Service, 'web', { spec: { selector: { app: 'web' }, ports } })
  return observation({ canary: byNginx(spec), live: live([kinds.Ingress, users], [kinds.Service, service]) })
}

/** The world once this posture was written. */
function written(o: Observation, more: Partial<Posture>): Observation {
  const wanted = posture({ judged: o.target?.revision ?? null, ...more })
  return after(o, [...nginx.render(o, wanted), ...renderServices(o, wanted)])
}

const own = (o: Observation): KubeObject => liveOne(o, kinds.Ingress, 'web-canary')

/** As a user reads it: without what marks it as ours. */
function yamlOf(o: Observation): unknown {
  const { metadata, spec } = own(o)
  const { 'sluice.dev/rendered': _rendered, ...annotations } = metadata.annotations ?? {}
  return { annotations, spec }
}

const whole = ingress(
  'web',
  {
    ingressClassName: 'nginx',
    tls: [{ hosts: [HOST], secretName: 'shop-tls' }],
    rules: [
      ...(atHost(HOST, path('web'), path('api', { path: '/api' })) as { rules: object[] }).rules,
      ...(atHost('api.example.com', path('api')) as { rules: object[] }).rules,
      ...(
        atHost('www.example.com', path('web', { backend: { service: { name: 'web', port: { name: 'http' } } } })) as {
          rules: object[]
        }
      ).rules,
    ],
  },
  {
    'rewrite-target': '/$1',
    'load-balance': 'ewma',
    'upstream-hash-by': '$request_uri',
    'cert-manager.io/cluster-issuer': 'letsencrypt',
  },
)

const golden: Readonly<Record<string, [o: Observation, traffic: Traffic, yaml: string]>> = {
  'whole percent, and all that the user says of the paths to the Service': [
    given(whole),
    weighted(10),
    `
annotations:
  nginx.ingress.kubernetes.io/canary: "true"
  nginx.ingress.kubernetes.io/canary-weight: "10"
  nginx.ingress.kubernetes.io/load-balance: ewma
  nginx.ingress.kubernetes.io/upstream-hash-by: $request_uri
spec:
  ingressClassName: nginx
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web-canary, port: {number: 80}}}}]}
  - host: www.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web-canary, port: {number: 80}}}}]}
`,
  ],
  'tenths of a percent': [
    given(ingress('web', undefined, { 'kubernetes.io/ingress.class': 'nginx' })),
    weighted(0.5),
    `
annotations:
  kubernetes.io/ingress.class: nginx
  nginx.ingress.kubernetes.io/canary: "true"
  nginx.ingress.kubernetes.io/canary-weight: "5"
  nginx.ingress.kubernetes.io/canary-weight-total: "1000"
spec:
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web-canary, port: {number: 80}}}}]}
`,
  ],
  'requests that match, and no share of the others': [
    given(undefined, testers),
    weighted(100, audienceOf(byNginx(testers).spec.analysis)),
    `
annotations:
  nginx.ingress.kubernetes.io/canary: "true"
  nginx.ingress.kubernetes.io/canary-weight: "0"
  nginx.ingress.kubernetes.io/canary-by-header: x-canary
  nginx.ingress.kubernetes.io/canary-by-header-value: insider
  nginx.ingress.kubernetes.io/canary-by-cookie: canary
spec:
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web-canary, port: {number: 80}}}}]}
`,
  ],
}

suite('the Ingress of the canary', () => {
  for (const [name, [o, traffic, yaml]] of Object.entries(golden)) {
    test(name, () => {
      expect(yamlOf(written(written(o, { traffic: NONE }), { traffic }))).to.deep.equal(parse(yaml))
    })
  }

  test('a pattern of a header, under the prefix of the flag', () => {
    const match = [{ headers: { 'User-Agent': { regex: '.*Firefox.*' } } }]
    const o = given(undefined, { analysis: { iterations: 1, match } })
    const prefixed = { ...o, settings: { ...o.settings, ingressAnnotationsPrefix: 'shop.io' } }
    const run = written(prefixed, { traffic: weighted(100, audienceOf(o.canary.spec.analysis)) })
    expect(yamlOf(run)).to.deep.include({
      annotations: {
        'shop.io/canary': 'true',
        'shop.io/canary-weight': '0',
        'shop.io/canary-by-header': 'User-Agent',
        'shop.io/canary-by-header-pattern': '.*Firefox.*',
      },
    })
  })

  test('follows the user’s Ingress in mid-run, which is never written', () => {
    const o = written(given(), { traffic: weighted(10) })
    const edited = ingress('web', atHost('new.example.com', path('web', { path: '/shop' })))
    const now = { ...o, live: { ...o.live, ...live([kinds.Ingress, edited]) } }
    const wanted = posture({ traffic: weighted(10), judged: o.target?.revision ?? null })
    const writes = nginx.render(now, wanted)
    expect(writes.map(({ ref }) => ref.name)).to.deep.equal(['web-canary'])
    const [rule] = (own(after(now, writes)).spec as { rules: object[] }).rules
    expect(rule).to.deep.equal({
      host: 'new.example.com',
      http: { paths: [path('web-canary', { path: '/shop' })] },
    })
  })

  test('keeps its rules where the user’s Ingress is gone, or the spec is refused, and lowers the weight', () => {
    const o = written(given(), { traffic: weighted(10) })
    const { spec } = own(o)
    const { [Object.keys(live([kinds.Ingress, ingress('web')]))[0] ?? '']: _gone, ...rest } = o.live
    const alone = written({ ...o, live: rest }, { traffic: NONE })
    expect([own(alone).spec, nginx.read(alone)]).to.deep.equal([spec, carriedBy([0, 0])])
    const edited = ingress('web', atHost('new.example.com', path('web')))
    const refused = { ...o, live: { ...o.live, ...live([kinds.Ingress, edited]) } }
    expect(own(written(refused, { traffic: NONE, service: 'as it was' })).spec).to.deep.equal(spec)
  })

  test('is there at weight 0 between runs, takes nothing while the target takes over, and goes with the Canary', () => {
    const rests = written(given(), { traffic: NONE })
    expect(nginx.read(rests)).to.deep.equal(carriedBy([0, 0]))
    const run = written(rests, { traffic: weighted(40) })
    const back = written(run, { callers: 'target', traffic: null })
    expect(own(back).metadata.annotations?.[`${PREFIX}/canary-weight`]).to.equal('0')
    expect(nginx.render(back, posture({ remove: 'everything' }))).to.deep.equal([
      { verb: 'delete', ref: nginx.refs(back, () => [])[1], uid: 'uid-web-canary' },
    ])
  })

  test('of another client is neither read nor written', () => {
    const other = ingress('web-canary', atHost(HOST, path('web-canary')), { canary: 'true', 'canary-weight': '30' })
    const o = given()
    const there = { ...o, live: { ...o.live, ...live([kinds.Ingress, other]) } }
    expect(nginx.read(written(there, { traffic: NONE }))).to.equal(null)
    expect(nginx.render(there, posture({ traffic: weighted(10) }))).to.deep.equal([])
  })

  /** Of all requests the Service leads to the primary's pods meanwhile. */
  const byHand: Readonly<Record<string, [annotations: Record<string, string>, asked: number, low?: number]>> = {
    'a lower weight': [{ 'canary-weight': '5' }, 5],
    'a total of its own': [{ 'canary-weight': '50', 'canary-weight-total': '200' }, 25],
    'a total that nginx ignores': [{ 'canary-weight': '50', 'canary-weight-total': '60' }, 50],
    'more than the total': [{ 'canary-weight': '300' }, 100, 0],
    'no number': [{ 'canary-weight': 'half' }, 0],
    'no canary any more': [{ canary: 'false' }, 0],
    'no canary, in a spelling that ingress-nginx does not read': [{ canary: 'yes' }, 0],
  }
  for (const [name, [annotations, asked, low = asked]] of Object.entries(byHand)) {
    test(`${name}, edited by hand, is read as nginx does, and put right`, () => {
      const o = written(given(), { traffic: weighted(30) })
      const { metadata } = own(o)
      const edited = ingress(
        'web-canary',
        recordOf(own(o).spec),
        { ...metadata.annotations, ...keyed(annotations) },
        metadataOf(metadata),
      )
      const now = { ...o, live: { ...o.live, ...live([kinds.Ingress, edited]) } }
      expect(nginx.read(now)).to.deep.equal(carriedBy([low, asked]))
      expect(nginx.requested(now)).to.equal(asked)
      expect(nginx.read(written(now, { traffic: weighted(30) }))).to.deep.equal(carriedBy([30, 30]))
    })
  }

  test('a header of another client matches requests that were not decided on, and is taken away', () => {
    const o = written(given(), { traffic: weighted(30) })
    const { metadata } = own(o)
    const added = { ...metadata.annotations, ...keyed({ 'canary-by-header': 'x-me' }) }
    const edited = ingress('web-canary', recordOf(own(o).spec), added, metadataOf(metadata))
    const now = { ...o, live: { ...o.live, ...live([kinds.Ingress, edited]) } }
    expect(nginx.read(now)).to.deep.equal({ low: 100, high: 100, among: null, mirror: 0, sticky: '' })
    expect(nginx.read(written(now, { traffic: weighted(30) }))).to.deep.equal(carriedBy([30, 30]))
  })

  test('everything is carried once the Service leads to the canary as well, and less once it leads there no more', () => {
    const o = written(given(), { traffic: NONE })
    const wanted = posture({ traffic: ALL, judged: o.target?.revision ?? null })
    const half = after(o, nginx.render(o, wanted))
    expect(nginx.read(half)).to.deep.equal(carriedBy([0, 100]))
    const all = written(half, { traffic: ALL })
    expect(nginx.read(all)).to.deep.equal(carriedBy([100, 100]))
    expect(at(liveOne(all, kinds.Service, 'web').spec, 'selector')).to.have.property('pod-template-hash')
    const back = after(all, nginx.render(all, posture({ traffic: weighted(50) })))
    expect(nginx.read(back)).to.deep.equal(carriedBy([50, 100]))
    expect(nginx.read(written(back, { traffic: weighted(50) }))).to.deep.equal(carriedBy([50, 50]))
  })
})

const keyed = (annotations: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`${PREFIX}/${name}`, value]))
const metadataOf = ({ uid, labels, resourceVersion }: KubeObject['metadata']) => ({
  ...(uid === undefined ? {} : { uid }),
  ...(labels === undefined ? {} : { labels }),
  ...(resourceVersion === undefined ? {} : { resourceVersion }),
})

suite('the law of routers: what was rendered for ingress-nginx is read back', function () {
  this.timeout(0)

  const among = audienceOf(byNginx(testers).spec.analysis)
  const share = fc.oneof(
    fc.integer({ min: 0, max: 100 }),
    fc.integer({ min: 0, max: 1000 }).map(tenths => tenths / 10),
  )
  const split: fc.Arbitrary<Traffic> = fc.oneof(
    share.map(of => weighted(of)),
    fc.constant(weighted(100, among)),
  )
  const extra = fc.dictionary(fc.stringMatching(/^x[a-z]{1,4}$/), fc.constantFrom('a', 'b'), { maxKeys: 2 })
  const paths = fc
    .array(fc.tuple(fc.constantFrom('/', '/a', '/b'), fc.constantFrom('web', 'api')), { maxLength: 3 })
    .map(list => [['/', 'web'], ...list].map(([to = '', service = '']) => path(service, { path: to })))
  const world = fc.tuple(fc.array(paths, { minLength: 1, maxLength: 3 }), extra).map(([rules, annotations]) => {
    const hosts = rules.map((list, i) => ({ host: `${i}.example.com`, http: { paths: list } }))
    return given(ingress('web', { rules: hosts }, annotations), testers)
  })

  test('own Ingress by nginx: any split, after any other', () => {
    fc.assert(
      fc.property(world, fc.array(split, { minLength: 1, maxLength: 4 }), (start, splits) => {
        let o = start
        for (const traffic of splits) {
          o = written(o, { traffic })
          const { canary: of } = traffic
          expect(nginx.read(o)).to.deep.equal({ ...carriedBy([of, of]), among: traffic.among })
          expect(nginx.render(o, posture({ traffic, judged: o.target?.revision ?? null }))).to.deep.equal([])
        }
        // The user's Ingress is only read; and ours has, of it, what leads to the Service and nothing else.
        expect(liveOne(o, kinds.Ingress, 'web')).to.deep.equal(liveOne(start, kinds.Ingress, 'web'))
        expect(JSON.stringify(own(o).spec)).to.not.match(/"api"|"web"/)
        // What a split leaves behind is nothing.
        const [rested, fresh] = [written(o, { traffic: NONE }), written(start, { traffic: NONE })]
        expect(yamlOf(rested)).to.deep.equal(yamlOf(fresh))
      }),
      { numRuns: RUNS },
    )
  })
})

suite('what ingress-nginx tells', () => {
  const { telemetry } = nginx
  const vantage = (o: Observation) => telemetry?.vantage(o)

  test('is the only vantage point, and names the canary by namespace, Service and number of the port', () => {
    const view = vantage(given(whole))
    expect(view).to.deep.include({ vantage: 'source' })
    const query = telemetry?.questions.requests({ ...scene(), ...view }, 60_000)
    expect(query).to.include('{namespace="shop",service="web",canary=~"shop-web-canary-[0-9]+"}')
    const other = telemetry?.questions['primary-requests']({ ...scene(), ...view }, 60_000)
    expect(other).to.include('{namespace="shop",service="web",canary=~""}')
  })

  const past: Readonly<Record<string, [KubeObject, message: string]>> = {
    'another port of the Service': [
      ingress(
        'admin',
        atHost('admin.example.com', path('web', { backend: { service: { name: 'web', port: { number: 9090 } } } })),
      ),
      'Ingress shop/admin leads admin.example.com / to Service web port 9090 and bypasses the traffic split. Traffic checks do not count on these requests',
    ],
    'a side': [
      ingress('debug', atHost('debug.example.com', path('web-primary'))),
      'Ingress shop/debug leads debug.example.com / to Service web-primary port 80 and bypasses the traffic split. Traffic checks do not count on these requests',
    ],
    'another controller': [
      ingress('alb', { ...atHost('alb.example.com', path('web')), ingressClassName: 'alb' }),
      'Ingress shop/alb leads alb.example.com / to Service web port 80 and bypasses the traffic split. Traffic checks do not count on these requests',
    ],
  }
  for (const [name, [other, message]] of Object.entries(past)) {
    test(`an Ingress by ${name} bypasses the split, which is told and not counted on`, () => {
      const o = { ...given(), surroundings: { ...noSurroundings, routes: [other] } }
      expect(only(warningsOf(o))).to.deep.equal({ reason: 'Bypassed', message })
      expect([telemetry?.splitsAll(o), telemetry?.tellsSplit(o)]).to.deep.equal([false, false])
    })
  }

  test('an Ingress of the namespace to the same port is split as well', () => {
    const other = ingress('www', atHost('www.example.com', path('web')))
    const o = { ...given(), surroundings: { ...noSurroundings, routes: [other] } }
    expect(warningsOf(o)).to.deep.equal([])
    expect([telemetry?.splitsAll(o), telemetry?.tellsSplit(o)]).to.deep.equal([true, true])
  })

  test('the cluster IP in place of pods is a warning', () => {
    const o = given(ingress('web', undefined, { 'service-upstream': 'true' }))
    expect(only(warningsOf(o)).message).to.match(/service-upstream: nginx sends requests to the cluster IP/)
  })
})
