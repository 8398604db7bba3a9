/** Notations of hosts and gateways, who sees what, and which match takes a request. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { precedes } from '../../../src/core/routers/around.ts'
import {
  delegatesIn,
  destinationsIn,
  gatewayOf,
  gatewaysIn,
  isVisibleAt,
} from '../../../src/core/routers/istio/bindings.ts'
import { canonicalHost, coversHost, foreignServices, isHost } from '../../../src/core/routers/istio/hosts.ts'
import { coversMatch, isCatchAll, isShadowed } from '../../../src/core/routers/istio/matches.ts'
import { object } from '../given-objects.ts'

const virtualService = (spec: object, metadata: Partial<KubeObject['metadata']> = {}): KubeObject =>
  object(kinds.VirtualService, 'edge', { spec }, metadata)

suite('notations of a host', () => {
  const web = { namespace: 'shop', name: 'web' }
  const notations = [
    'web',
    'WEB',
    'web.shop',
    'web.shop.svc',
    'web.shop.svc.cluster.local',
    'web.shop.svc.cluster.local.',
    'Web.Shop.Svc.Cluster.Local',
    'web.shop.svc.corp.internal',
  ]
  for (const notation of notations) {
    test(`${notation} is Service web of namespace shop`, () => {
      expect(isHost(notation, 'shop', web)).to.equal(true)
      expect(canonicalHost(notation, 'shop')).to.equal('web.shop.svc.cluster.local')
    })
  }

  for (const other of [
    'web.other',
    'web-primary',
    'web.example.com',
    '*',
    '*.shop.svc.cluster.local',
    'web.shop.example.com',
    '',
  ]) {
    test(`${other === '' ? 'nothing' : other} is not`, () => {
      expect(isHost(other, 'shop', web)).to.equal(false)
    })
  }

  test('a short name is of the namespace of the object that has it', () => {
    expect(isHost('web', 'istio-system', web)).to.equal(false)
    expect(canonicalHost('web', 'istio-system')).to.equal('web.istio-system.svc.cluster.local')
  })

  test('a host of the outside stays as it is, in lower case', () => {
    expect(canonicalHost('Shop.Example.com.', 'shop')).to.equal('shop.example.com')
    expect(canonicalHost('*.example.com', 'shop')).to.equal('*.example.com')
  })

  const pairs: readonly [string, string, boolean][] = [
    ['*.example.com', 'a.example.com', true],
    ['*.com', '*.example.com', true],
    ['a.example.com', 'A.example.com.', true],
    ['*', 'web', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'web', false],
    ['a.example.com', 'b.example.com', false],
  ]
  for (const [one, other, expected] of pairs) {
    test(`${one} ${expected ? 'covers' : 'does not cover'} ${other}`, () => {
      expect(coversHost(one, other)).to.equal(expected)
    })
  }
})

suite('Services of other namespaces, as a host of namespace evil', () => {
  const one = (namespace: string | null, certain = true, exact = true) => ({ namespace, certain, exact })
  const rows: Readonly<Record<string, ReturnType<typeof one> | null>> = {
    'pay.shop.svc.cluster.local': one('shop'),
    'pay.shop.svc': one('shop'),
    'PAY.Shop.SVC.cluster.local.': one('shop'),
    'pay.shop.svc.corp.internal': one('shop'),
    'pay-0.pay.shop.svc.cluster.local': one('shop'),
    'pay.shop': one('shop', false),
    '*.shop.svc.cluster.local': one('shop', true, false),
    '*-api.shop.svc.cluster.local': one('shop', true, false),
    '*.shop.svc': one('shop', true, false),
    '*.shop': one('shop', false, false),
    '*.svc.cluster.local': one(null, true, false),
    '*.svc': one(null, true, false),
    '*.cluster.local': one(null, true, false),
    '*.LOCAL': one(null, true, false),
    '*': one(null, true, false),
    web: null,
    'web.evil': null,
    'web.evil.svc.cluster.local': null,
    '*.evil.svc.cluster.local': null,
    'shop.example.com': null,
    '*.example.com': null,
    'example.com': null,
    '10.0.0.1': null,
  }
  for (const [host, expected] of Object.entries(rows)) {
    test(`${host}: ${expected === null ? 'none' : (expected.namespace ?? 'all')}`, () => {
      expect(foreignServices(host, 'evil')).to.deep.equal(expected)
    })
  }
})

suite('notations of a gateway', () => {
  const rows: Readonly<Record<string, string>> = {
    mesh: 'mesh',
    public: 'shop/public',
    './public': 'shop/public',
    'istio-system/public': 'istio-system/public',
    'public.istio-system': 'istio-system/public',
    'public.istio-system.svc.cluster.local': 'istio-system/public',
  }
  for (const [written, expected] of Object.entries(rows)) {
    test(`${written} in namespace shop is ${expected}`, () => {
      expect(gatewayOf(written, 'shop')).to.equal(expected)
    })
  }

  test('a VirtualService without gateways is for the mesh', () => {
    expect(gatewaysIn(virtualService({}))).to.deep.equal(['mesh'])
  })
})

suite('who sees a VirtualService of namespace other', () => {
  const rows: readonly [exportTo: readonly string[] | undefined, gateway: string, expected: boolean][] = [
    [undefined, 'mesh', true],
    [['*'], 'istio-system/public', true],
    [['.'], 'mesh', true],
    [['.'], 'other/public', true],
    [['.'], 'istio-system/public', false],
    [['other'], 'istio-system/public', false],
    [['istio-system'], 'istio-system/public', true],
    [['~'], 'mesh', false],
  ]
  for (const [exportTo, gateway, expected] of rows) {
    test(`exportTo ${exportTo?.join(', ') ?? 'not said'}: ${expected ? '' : 'not '}at ${gateway}`, () => {
      expect(isVisibleAt(virtualService({ exportTo }, { namespace: 'other' }), gateway)).to.equal(expected)
    })
  }

  test('the older goes first, of the same age the first by name', () => {
    const of = (creationTimestamp: string, name = 'edge'): KubeObject => virtualService({}, { creationTimestamp, name })
    expect(precedes(of('2026-01-01T00:00:00Z', 'z'), of('2026-01-02T00:00:00Z', 'a'))).to.equal(true)
    expect(precedes(of('2026-01-01T00:00:00Z', 'b'), of('2026-01-01T00:00:00Z', 'a'))).to.equal(false)
  })
})

suite('where a VirtualService leads', () => {
  const to = (host: string, weight?: number) => ({ destination: { host }, ...(weight === undefined ? {} : { weight }) })

  test('by http, tls and tcp; a mirror and a weight of 0 lead nowhere', () => {
    const spec = {
      http: [
        { route: [to('a', 100), to('b', 0), to('c')], mirror: { host: 'd' }, mirrors: [to('e')] },
        { route: [to('f', 0)] },
      ],
      tls: [{ route: [to('g')] }],
      tcp: [{ route: [{ destination: { host: 'h', port: { number: 9000 } } }] }],
    }
    expect(
      destinationsIn(virtualService(spec)).map(({ protocol, host, port }) => [protocol, host, port]),
    ).to.deep.equal([
      ['http', 'a', null],
      ['http', 'f', null],
      ['tls', 'g', null],
      ['tcp', 'h', 9000],
    ])
  })

  test('to delegates, by default of its own namespace', () => {
    const http = [{ delegate: { name: 'one' } }, { delegate: { name: 'two', namespace: 'team' } }, { route: [to('a')] }]
    expect(delegatesIn(virtualService({ http }))).to.deep.equal(['shop/one', 'team/two'])
  })
})

suite('which of two matches takes a request', () => {
  const orders = { uri: { prefix: '/orders' } }
  const rows: readonly [wide: object, narrow: object, expected: boolean][] = [
    [{}, orders, true],
    [orders, {}, false],
    [{ uri: { prefix: '/' } }, orders, true],
    [{ uri: { regex: '.*' } }, orders, true],
    [orders, { uri: { prefix: '/orders/new' } }, true],
    [orders, { uri: { exact: '/orders/7' } }, true],
    [{ uri: { exact: '/orders' } }, orders, false],
    [{ uri: { prefix: '/users' } }, orders, false],
    [{ uri: { prefix: '/ORDERS' }, ignoreUriCase: true }, orders, true],
    [orders, { ...orders, ignoreUriCase: true }, false],
    [{ headers: { 'x-beta': { exact: '1' } } }, orders, false],
    [{ headers: { 'x-beta': { exact: '1' } } }, { ...orders, headers: { 'x-beta': { exact: '1' } } }, true],
    [{ ...orders, method: { exact: 'GET' } }, orders, false],
    [{ ...orders, headers: {} }, orders, true],
    [{ headers: { constructor: { exact: '1' } } }, orders, false],
    [{ headers: { 'x-beta': {} } }, { headers: { 'x-beta': { exact: '1' } } }, true],
    [{ headers: { 'x-beta': {} } }, orders, false],
    [{ headers: { 'x-beta': { regex: '.*' } } }, { headers: { 'x-beta': { prefix: 'v' } } }, true],
    [{ headers: { 'x-beta': { prefix: 'v' } } }, { headers: { 'x-beta': { exact: 'v2' } } }, true],
    [{ headers: { 'x-beta': { prefix: 'v2' } } }, { headers: { 'x-beta': { prefix: 'v' } } }, false],
    [{ headers: { 'x-beta': { exact: 'v2' } } }, { headers: { 'x-beta': {} } }, false],
    [{ withoutHeaders: { 'x-beta': {} } }, { withoutHeaders: { 'x-beta': { exact: '1' } } }, false],
    [{ authority: { prefix: 'api.' } }, { authority: { exact: 'api.example.com' } }, true],
    [{ queryParams: { v: { exact: '1' } } }, { queryParams: { v: { exact: '1' }, w: { exact: '2' } } }, true],
  ]
  for (const [wide, narrow, expected] of rows) {
    test(`${JSON.stringify(wide)} ${expected ? 'covers' : 'does not cover'} ${JSON.stringify(narrow)}`, () => {
      expect(coversMatch({ ...wide }, { ...narrow })).to.equal(expected)
    })
  }

  test('what takes everything goes to the end', () => {
    expect([{}, { uri: { prefix: '/' } }, { name: 'rest', gateways: ['a/b'] }].map(isCatchAll)).to.deep.equal([
      true,
      true,
      true,
    ])
    expect(isCatchAll({ uri: { prefix: '/' }, headers: { a: { exact: 'b' } } })).to.equal(false)
    expect(isShadowed(orders, {})).to.equal(false)
    expect(isShadowed({}, { uri: { prefix: '/' } })).to.equal(true)
    expect(isShadowed({}, orders)).to.equal(false)
    expect(isShadowed(orders, orders)).to.equal(true)
  })
})
