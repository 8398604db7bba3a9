/** Hosts and gateways of a Canary: those of others are refused, and those that the flags do not allow. */
import { expect } from 'chai'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import type { Allowance, Observation, Settings } from '../../../src/core/model/observation.ts'
import { postureOf } from '../../../src/core/machine/postures.ts'
import { problemOf, serviceRefusal } from '../../../src/core/problems/index.ts'
import { istio } from '../../../src/core/routers/istio/index.ts'
import { carriedBy, weighted } from '../../../src/core/model/traffic.ts'
import { after, canary, live, liveOne, object, observation, posture } from '../given-objects.ts'

type Spec = Readonly<Record<string, unknown>>

const given = (service: Spec, settings: Partial<Settings> = {}, more: Partial<Observation> = {}): Observation =>
  observation({ canary: canary({}, service), settings: { ...observation().settings, ...settings }, ...more })
const allow = (pattern: string, namespace: string | null = null): Allowance => ({ namespace, pattern })

const table: Readonly<Record<string, { o: Observation; reason: string; message: string }>> = {
  'a Service of another namespace': {
    o: given({ hosts: ['shop.example.com', 'Pay.Bank.svc.cluster.local'], gateways: ['mesh', 'istio-system/public'] }),
    reason: 'HostNotAllowed',
    message:
      'spec.service.hosts[1] is Pay.Bank.svc.cluster.local, which stands for Services of namespace bank. A Canary takes only requests for its own namespace: remove the host.',
  },
  'a Service of another namespace at a gateway': {
    o: given({ hosts: ['pay.bank.svc'], gateways: ['istio-system/public'] }),
    reason: 'HostNotAllowed',
    message:
      'spec.service.hosts[0] is pay.bank.svc, which stands for Services of namespace bank. A Canary takes only requests for its own namespace: remove the host.',
  },
  'a Service of a namespace that is called svc': {
    o: given({ hosts: ['pay.svc.svc.cluster.local'] }),
    reason: 'HostNotAllowed',
    message:
      'spec.service.hosts[0] is pay.svc.svc.cluster.local, which stands for Services of namespace svc. A Canary takes only requests for its own namespace: remove the host.',
  },
  'a wildcard over the Services of every namespace': {
    o: given({ hosts: ['*.svc.cluster.local'] }),
    reason: 'HostNotAllowed',
    message:
      'spec.service.hosts[0] is *.svc.cluster.local, which stands for Services of other namespaces. A Canary takes only requests for its own namespace: remove the host.',
  },
  'a wildcard over the Services of another namespace': {
    o: given({ hosts: ['*.bank.svc.cluster.local'] }),
    reason: 'HostNotAllowed',
    message:
      'spec.service.hosts[0] is *.bank.svc.cluster.local, which stands for Services of namespace bank. A Canary takes only requests for its own namespace: remove the host.',
  },
  'a wildcard over all Services': {
    o: given({ hosts: ['*.local'] }),
    reason: 'HostNotAllowed',
    message:
      'spec.service.hosts[0] is *.local, which stands for Services of other namespaces. A Canary takes only requests for its own namespace: remove the host.',
  },
  'two labels in the mesh': {
    o: given({ hosts: ['pay.bank'] }),
    reason: 'HostNotAllowed',
    message:
      'spec.service.hosts[0] is pay.bank, which stands for Services of namespace bank (in the mesh a host of two labels is read as Service and namespace; a public one has to be among --allowed-hosts, or bound to gateways without mesh). A Canary takes only requests for its own namespace: remove the host.',
  },
  'a public host that is not on the list': {
    o: given(
      { hosts: ['web', 'bank.example.com'] },
      { allowedHosts: [allow('*.a.example.com', 'shop'), allow('b.example.com')] },
    ),
    reason: 'HostNotAllowed',
    message:
      'spec.service.hosts[1] is bank.example.com, which the controller does not allow in namespace shop. Write one that matches *.a.example.com and b.example.com, or have it added with --allowed-hosts.',
  },
  'a public host where only others have some': {
    o: given({ hosts: ['bank.example.com'] }, { allowedHosts: [allow('*', 'team-a')] }),
    reason: 'HostNotAllowed',
    message:
      'spec.service.hosts[0] is bank.example.com, which the controller does not allow in namespace shop. Remove it, or have it added with --allowed-hosts.',
  },
  'a gateway that is not on the list, in an older notation': {
    o: given(
      { gateways: ['mesh', 'private.istio-system'] },
      { allowedGateways: [allow('istio-system/public'), allow('./*')] },
    ),
    reason: 'GatewayNotAllowed',
    message:
      'spec.service.gateways[1] is private.istio-system, which the controller does not allow in namespace shop. Write one that matches istio-system/public and ./*, or have it added with --allowed-gateways.',
  },
}

const patterns = ['public.istio-system.svc.cluster.local', 'public.istio-system', './public', 'public', '*/public']

const fine: Readonly<Record<string, Observation>> = {
  'public hosts and a shared gateway': given({
    hosts: ['bank.example.com', '*.example.org'],
    gateways: ['mesh', 'istio-system/public'],
  }),
  'a host of two labels that ends as public ones do': given({ hosts: ['example.com'] }),
  'a host of two labels at a gateway': given({ hosts: ['shop.example'], gateways: ['istio-system/public'] }),
  'a host of two labels that is on the list': given(
    { hosts: ['shop.example'] },
    { allowedHosts: [allow('shop.example', 'shop')] },
  ),
  'everything at a gateway': given({ hosts: ['*'], gateways: ['istio-system/public'] }),
  'Services of its own, whatever the list says': given(
    { hosts: ['api', 'api.shop', 'api.shop.svc', 'API.shop.svc.cluster.local.'] },
    { allowedHosts: [allow('*.example.com')] },
  ),
  'a host under a wildcard of the list': given(
    { hosts: ['x.a.example.com', '*.b.a.example.com'] },
    { allowedHosts: [allow('*.a.example.com')] },
  ),
  'gateways of the list, in any notation': given(
    { gateways: ['public.istio-system.svc.cluster.local', './own', 'mesh'] },
    { allowedGateways: [allow('istio-system/*'), allow('./own', 'shop')] },
  ),
}

suite('hosts and gateways of a Canary', () => {
  for (const [name, { o, reason, message }] of Object.entries(table)) {
    test(`${name}: ${reason}, at rest as at the start`, () => {
      for (const when of ['start', 'candidate', 'run', 'rest'] as const) {
        expect(problemOf(o, when)).to.deep.equal({ reason, message })
      }
      expect(serviceRefusal(o)).to.deep.equal({ reason, message })
    })
  }
  for (const pattern of patterns) {
    test(`a pattern of a gateway, as ${pattern}, means one gateway in any notation`, () => {
      const namespace = pattern.endsWith('public') && pattern !== '*/public' ? 'shop' : 'istio-system'
      const allowed = { allowedGateways: [allow(pattern)] }
      for (const gateway of [`${namespace}/public`, `public.${namespace}.svc.cluster.local`]) {
        expect(problemOf(given({ gateways: [gateway] }, allowed), 'start'), gateway).to.equal(null)
        expect(problemOf(given({ gateways: [gateway.replace('public', 'private')] }, allowed), 'start')).to.include({
          reason: 'GatewayNotAllowed',
        })
      }
    })
  }
  for (const [name, o] of Object.entries(fine)) {
    test(`${name}: nothing is said`, () => {
      expect(problemOf(o, 'start')).to.equal(null)
    })
  }
})

suite('a VirtualService whose Canary is refused', () => {
  const virtualService = (o: Observation): KubeObject => liveOne(o, kinds.VirtualService, 'web')
  const rendered = (o: Observation, more: Parameters<typeof posture>[0]): Observation =>
    after(o, istio.render(o, posture({ ...more, service: postureOf(o, o.state).service })))
  const served = (): Observation => {
    const service = {
      hosts: ['shop.example.com'],
      gateways: ['mesh', 'istio-system/public'],
      match: [{ uri: { prefix: '/a' } }],
    }
    const o = rendered(given(service), { traffic: weighted(25) })
    return {
      ...o,
      canary: canary({}, { gateways: service.gateways, hosts: ['shop.example.com', 'pay.bank.svc'], timeout: '5s' }),
    }
  }

  test('keeps what it says, and follows the weight', () => {
    const o = served()
    const before = virtualService(o).spec
    const rolledBack = rendered(o, { traffic: weighted(0) })
    expect(istio.read(rolledBack)).to.deep.equal(carriedBy([0, 0]))
    for (const field of ['hosts', 'gateways'])
      expect(at(virtualService(rolledBack).spec, field)).to.deep.equal(at(before, field))
    const [split, rest] = at(virtualService(rolledBack).spec, 'http') as Spec[]
    expect(split?.['match']).to.deep.equal([{ uri: { prefix: '/a' } }])
    expect(split).to.not.have.property('timeout')
    expect(rest).to.deep.equal({ match: [{ gateways: ['mesh'] }], route: [{ destination: { host: 'web' } }] })
  })

  test('is not made', () => {
    const o = given({ hosts: ['pay.bank.svc'] })
    expect(rendered(o, { traffic: weighted(0) }).live).to.deep.equal(o.live)
  })

  for (const [hosts, gateways, verb] of [
    [['web', 'pay.bank.svc.cluster.local'], ['mesh'], 'delete'],
    [['*.bank.svc.cluster.local'], ['mesh', 'istio-system/public'], 'delete'],
    [['Pay.Bank.svc.'], ['istio-system/public'], 'delete'],
    [['*.bank.svc.cluster.local'], ['istio-system/public'], 'merge'],
    [['example.com', 'web'], ['mesh', 'istio-system/public'], 'merge'],
    [['shop.example', 'web'], ['mesh'], 'merge'],
    [['api', 'api.shop.svc.corp.internal'], ['mesh'], 'merge'],
  ] as const) {
    test(`with ${hosts.join(' and ')} at ${gateways.join(' and ')}: ${verb} when its Canary is deleted`, () => {
      const made = object(
        kinds.VirtualService,
        'web',
        { spec: { hosts, gateways, http: [] } },
        { labels: { 'sluice.dev/canary': 'web' } },
      )
      const o = given({ hosts }, {}, { live: live([kinds.VirtualService, made]) })
      const removed = istio.render(o, posture({ remove: 'everything', service: 'as it was' }))
      expect(removed.find(write => write.ref.kind === kinds.VirtualService)?.verb).to.equal(verb)
    })
  }

  test('is handed back with its public hosts', () => {
    const o = served()
    const left = rendered(o, { remove: 'everything', callers: 'untouched', traffic: null, primary: null })
    expect(at(virtualService(left).spec, 'hosts')).to.deep.equal(['shop.example.com', 'web'])
    expect(virtualService(left).metadata.labels).to.not.have.property('sluice.dev/canary')
  })
})
