/** Who is let in: what callers send, by the DestinationRule that applies to them, against what the servers demand. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import type { Observation, PodSample } from '../../../src/core/model/observation.ts'
import { problemOf, warningsOf } from '../../../src/core/problems/index.ts'
import { clientPolicies, settingsOf } from '../../../src/core/routers/istio/mesh/client-tls.ts'
import { ELSEWHERE } from '../../../src/core/routers/istio/mesh/policies.ts'
import { read } from '../../docs/pages.ts'
import { canary, deployment, noSurroundings, object, observation, template, workload } from '../given-objects.ts'

type Spec = Readonly<Record<string, unknown>>

const servers = ['DISABLE', 'PERMISSIVE', 'STRICT'] as const
/** What callers send → what becomes of it at servers in each of these modes, as real proxies have it. */
const cells: Readonly<Record<string, readonly ['200' | '503', '200' | '503', '200' | '503']>> = {
  'none, or no rule': ['200', '200', '200'],
  DISABLE: ['200', '200', '503'],
  ISTIO_MUTUAL: ['503', '200', '200'],
  SIMPLE: ['503', '503', '503'],
  MUTUAL: ['503', '503', '503'],
}

const made = (kind: (typeof kinds)[keyof typeof kinds], name: string, spec: Spec, namespace = 'shop'): KubeObject =>
  object(kind, name, { spec }, { namespace, creationTimestamp: '2026-01-01T00:00:00Z' })
const rule = (name: string, host: string, trafficPolicy: Spec, more: Spec = {}, namespace = 'shop'): KubeObject =>
  made(kinds.DestinationRule, name, { host, trafficPolicy, ...more }, namespace)
const peers = (name: string, spec: Spec, namespace = 'shop'): KubeObject =>
  made(kinds.PeerAuthentication, name, spec, namespace)
const tls = (mode: string, more: Spec = {}): Spec => ({ tls: { mode, ...more } })
const wild = '*.shop.svc.cluster.local'
const strict = peers('default', { mtls: { mode: 'STRICT' } })

interface Given {
  readonly provider?: string
  readonly service?: Spec
  readonly rules?: readonly KubeObject[]
  readonly policies?: readonly KubeObject[]
  readonly pods?: Spec
  readonly labels?: Spec
  readonly pod?: Partial<PodSample>
}

/** A pod as injection makes it. */
const injectedPod: PodSample = {
  name: 'web-abc-1',
  labels: { app: 'web', 'pod-template-hash': 'abc', 'security.istio.io/tlsMode': 'istio' },
  annotations: { 'sidecar.istio.io/status': '{}' },
  containers: ['web', 'istio-proxy'],
  namespaceLabels: { 'istio-injection': 'enabled' },
}
const bare = { annotations: {}, containers: ['web'], labels: { 'pod-template-hash': 'abc' } }

/** In the mesh no VirtualService splits what is in ambient. */
const atGateway = { gateways: ['infra/public'], hosts: ['shop.example.com'] }

function given({
  provider = 'istio',
  service = {},
  rules = [],
  policies = [],
  pods = {},
  labels = { app: 'web' },
  pod,
}: Given): Observation {
  return {
    ...observation({ canary: canary({ provider }, service) }),
    target: workload(deployment('web', { template: template('web:2', labels, pods) })),
    samples: { namespaceLabels: null, primary: null, canary: pod === undefined ? null : { ...injectedPod, ...pod } },
    surroundings: { ...noSurroundings, trafficPolicies: rules, policies },
  }
}

/** Who says what the servers demand. */
const levels: Readonly<Record<string, (mode: string) => KubeObject>> = {
  'the mesh': mode => peers('default', { mtls: { mode } }, 'istio-system'),
  'the namespace': mode => peers('default', { mtls: { mode } }),
  'the workload': mode => peers('web', { selector: { matchLabels: { app: 'web' } }, mtls: { mode } }),
  'the port': mode => peers('web', { selector: { matchLabels: { app: 'web' } }, portLevelMtls: { 8080: { mode } } }),
}

suite('mutual TLS: what a server demands, and what callers send', () => {
  test('docs/mutual-tls.md has this table', () => {
    const rows = read('docs/mutual-tls.md').text.match(/^\|.*\| (?:200|503) \|$/gm) ?? []
    const shown = rows.map(row =>
      row
        .split('|')
        .slice(1, -1)
        .map(cell => cell.trim()),
    )
    expect(shown).to.deep.equal(Object.entries(cells).map(([client, answers]) => [client, ...answers]))
  })

  for (const [level, policy] of Object.entries(levels)) {
    for (const [client, answers] of Object.entries(cells)) {
      servers.forEach((server, i) =>
        test(`${server} of ${level}, ${client} of callers: ${answers[i]}`, () => {
          const rules = client === 'none, or no rule' ? [] : [rule('all', wild, tls(client))]
          const found = problemOf(given({ rules, policies: [policy(server)] }), 'candidate')
          expect(found?.reason).to.equal(answers[i] === '200' ? undefined : 'MutualTlsConflict')
        }),
      )
    }
  }
})

/** What is there → the sentence that stops a release; null: none. */
const sentences: Readonly<Record<string, { given: Given; says: string | null }>> = {
  'plaintext to a server that demands mutual TLS': {
    given: { rules: [rule('all', wild, tls('DISABLE'))], policies: [strict] },
    says: 'DestinationRule shop/all makes callers send plaintext (tls.mode DISABLE) to Service web-canary, and port 8080 of Deployment shop/web is in mode STRICT, by PeerAuthentication shop/default: their requests would fail. Write mode: ISTIO_MUTUAL in tls of the DestinationRule, or remove it.',
  },
  'plaintext, as the Canary says': {
    given: { service: { trafficPolicy: tls('DISABLE') }, policies: [strict] },
    says: 'service.trafficPolicy of the Canary makes callers send plaintext (tls.mode DISABLE) to Service web-canary, and port 8080 of Deployment shop/web is in mode STRICT, by PeerAuthentication shop/default: their requests would fail. Write mode: ISTIO_MUTUAL in service.trafficPolicy.tls, or remove it.',
  },
  'plaintext of a rule that is carried beside what the Canary says': {
    given: {
      service: { trafficPolicy: { connectionPool: { http: { http1MaxPendingRequests: 1 } } } },
      rules: [rule('all', wild, tls('DISABLE'))],
      policies: [strict],
    },
    says: 'DestinationRule shop/all makes callers send plaintext (tls.mode DISABLE) to Service web-canary, and port 8080 of Deployment shop/web is in mode STRICT, by PeerAuthentication shop/default: their requests would fail. Write mode: ISTIO_MUTUAL in tls of the DestinationRule, or remove it.',
  },
  'plaintext at one port of the Service': {
    given: {
      rules: [rule('all', wild, { portLevelSettings: [{ port: { number: 80 }, ...tls('DISABLE') }] })],
      policies: [strict],
    },
    says: 'DestinationRule shop/all makes callers send plaintext (tls.mode DISABLE) to Service web-canary, and port 8080 of Deployment shop/web is in mode STRICT, by PeerAuthentication shop/default: their requests would fail. Write mode: ISTIO_MUTUAL in tls of the DestinationRule, or remove it.',
  },
  'plaintext at a port that the Service does not have': {
    given: {
      rules: [rule('all', wild, { portLevelSettings: [{ port: { number: 8080 }, ...tls('DISABLE') }] })],
      policies: [strict],
    },
    says: null,
  },
  'settings of a port without tls leave it automatic': {
    given: {
      rules: [rule('all', wild, { ...tls('DISABLE'), portLevelSettings: [{ port: { number: 80 } }] })],
      policies: [strict],
    },
    says: null,
  },
  'mutual TLS to a server without it': {
    given: {
      rules: [rule('all', '*.local', tls('ISTIO_MUTUAL'), {}, 'istio-system')],
      policies: [peers('off', { mtls: { mode: 'DISABLE' } })],
    },
    says: 'DestinationRule istio-system/all makes callers send mutual TLS (tls.mode ISTIO_MUTUAL) to Service web-canary, and port 8080 of Deployment shop/web is in mode DISABLE, by PeerAuthentication shop/off: their requests would fail. Remove tls of the DestinationRule, or write mode: PERMISSIVE for port 8080 in the PeerAuthentication.',
  },
  'TLS that is not of the mesh': {
    given: { rules: [rule('all', wild, tls('SIMPLE'))] },
    says: "DestinationRule shop/all makes callers send TLS without the mesh's certificates (tls.mode SIMPLE) to Service web-canary, and port 8080 of Deployment shop/web is in mode PERMISSIVE, the default of the mesh: their requests would fail. Write mode: ISTIO_MUTUAL in tls of the DestinationRule, or remove it.",
  },
  'a tls without a mode is DISABLE': {
    given: { rules: [rule('all', wild, { tls: {} })], policies: [strict] },
    says: 'DestinationRule shop/all makes callers send plaintext (tls.mode DISABLE) to Service web-canary, and port 8080 of Deployment shop/web is in mode STRICT, by PeerAuthentication shop/default: their requests would fail. Write mode: ISTIO_MUTUAL in tls of the DestinationRule, or remove it.',
  },
  'an identity that the pods do not have': {
    given: {
      rules: [rule('all', wild, tls('ISTIO_MUTUAL', { subjectAltNames: ['spiffe://cluster.local/ns/shop/sa/api'] }))],
      pods: { serviceAccountName: 'web' },
    },
    says: 'DestinationRule shop/all makes callers accept no server of Service web-canary but spiffe://cluster.local/ns/shop/sa/api (tls.subjectAltNames), and the pods of Deployment shop/web are /ns/shop/sa/web: their requests would fail. Add spiffe://cluster.local/ns/shop/sa/web, with the trust domain of your mesh, to subjectAltNames, or set serviceAccountName of Deployment web.',
  },
  'the identity of the pods, in any trust domain': {
    given: {
      rules: [rule('all', wild, tls('ISTIO_MUTUAL', { subjectAltNames: ['x', 'spiffe://corp/ns/shop/sa/default'] }))],
    },
    says: null,
  },
  'mutual TLS to pods that refuse a proxy': {
    given: {
      rules: [rule('all', wild, tls('ISTIO_MUTUAL'))],
      labels: { app: 'web', 'sidecar.istio.io/inject': 'false' },
    },
    says: 'DestinationRule shop/all makes callers send mutual TLS (tls.mode ISTIO_MUTUAL) to Service web-canary, and the pods of Deployment shop/web have no proxy: their requests would fail. Remove tls of the DestinationRule, or have a proxy injected into the pods.',
  },
  'plaintext to pods that refuse a proxy, whatever a PeerAuthentication says': {
    given: {
      rules: [rule('all', wild, tls('DISABLE'))],
      policies: [strict],
      labels: { app: 'web', 'sidecar.istio.io/inject': 'false' },
    },
    says: null,
  },
  'plaintext to pods in which nothing was injected, where nothing is to be': {
    given: { rules: [rule('all', wild, tls('DISABLE'))], policies: [strict], pod: { ...bare, namespaceLabels: {} } },
    says: null,
  },
  'plaintext to pods whose traffic goes by the proxy of the node': {
    given: {
      rules: [rule('all', wild, tls('DISABLE'))],
      policies: [strict],
      pod: { ...bare, annotations: { 'ambient.istio.io/redirection': 'enabled' } },
      service: atGateway,
    },
    says: null,
  },
  'a proxy whose label is lost, and callers without a rule': {
    given: { policies: [strict], pod: { labels: { app: 'web' } } },
    says: 'Pod shop/web-abc-1 has a proxy without the label security.istio.io/tlsMode: istio, so callers send it plaintext, and port 8080 of Deployment shop/web is in mode STRICT: their requests would fail. Let injection set the label again, or write tls: {mode: ISTIO_MUTUAL} in service.trafficPolicy of the Canary.',
  },
  'a proxy whose label is lost, and callers who are told to send mutual TLS': {
    given: { rules: [rule('all', wild, tls('ISTIO_MUTUAL'))], policies: [strict], pod: { labels: { app: 'web' } } },
    says: null,
  },
  'a proxy whose label is lost, at a server that takes plaintext': { given: { pod: { labels: {} } }, says: null },
  'an exact rule without tls switches off the plaintext of the wildcard': {
    given: {
      rules: [rule('all', wild, tls('DISABLE')), rule('one', 'web-canary', {}), rule('two', 'web-primary', {})],
      policies: [strict],
    },
    says: null,
  },
  'plaintext to what an HTTPRoute leads to': {
    given: { provider: 'gatewayapi:v1', rules: [rule('all', wild, tls('DISABLE'))], policies: [strict] },
    says: 'DestinationRule shop/all makes callers send plaintext (tls.mode DISABLE) to Service web-canary, and port 8080 of Deployment shop/web is in mode STRICT, by PeerAuthentication shop/default: their requests would fail. Write mode: ISTIO_MUTUAL in tls of the DestinationRule, or remove it.',
  },
  'plaintext of the rule for the Service, which is carried': {
    given: { provider: 'gatewayapi:v1beta1', rules: [rule('web', 'web', tls('DISABLE'))], policies: [strict] },
    says: 'DestinationRule shop/web makes callers send plaintext (tls.mode DISABLE) to Service web-canary, and port 8080 of Deployment shop/web is in mode STRICT, by PeerAuthentication shop/default: their requests would fail. Write mode: ISTIO_MUTUAL in tls of the DestinationRule, or remove it.',
  },
  'a proxy whose label is lost behind an HTTPRoute': {
    given: { provider: 'gatewayapi:v1', policies: [strict], pod: { labels: { app: 'web' } } },
    says: 'Pod shop/web-abc-1 has a proxy without the label security.istio.io/tlsMode: istio, so callers send it plaintext, and port 8080 of Deployment shop/web is in mode STRICT: their requests would fail. Let injection set the label again, or write tls: {mode: ISTIO_MUTUAL} in a DestinationRule for Service web.',
  },
  'plaintext to pods that are to be in ambient, before there is one': {
    given: {
      provider: 'gatewayapi:v1',
      service: { gatewayRefs: [{ name: 'public' }] },
      rules: [rule('all', wild, tls('DISABLE'))],
      policies: [strict],
      labels: { app: 'web', 'istio.io/dataplane-mode': 'ambient' },
    },
    says: null,
  },
  'plaintext that a rule of ours keeps for some callers only': {
    given: {
      rules: [rule('some', 'web-canary', tls('DISABLE'), { workloadSelector: { matchLabels: { app: 'front' } } })],
      policies: [strict],
    },
    says: 'DestinationRule shop/some makes callers send plaintext (tls.mode DISABLE) to Service web-canary, and port 8080 of Deployment shop/web is in mode STRICT, by PeerAuthentication shop/default: their requests would fail. Write mode: ISTIO_MUTUAL in tls of the DestinationRule, or remove it.',
  },
}

suite('mutual TLS: the sentence that stops a release', () => {
  for (const [name, { given: there, says }] of Object.entries(sentences)) {
    test(name, () => {
      const found = problemOf(given(there), 'run')
      expect(found?.message ?? null).to.equal(says)
      if (says !== null) expect(found?.reason).to.equal('MutualTlsConflict')
    })
  }

  test('each side is judged by its own pods', () => {
    const o = given({
      rules: [rule('all', wild, tls('ISTIO_MUTUAL', { subjectAltNames: ['spiffe://cluster.local/ns/shop/sa/new'] }))],
      pods: { serviceAccountName: 'new' },
    })
    expect(problemOf(o, 'candidate')).to.equal(null)
    const primary = workload(deployment('web-primary', { template: template('web:1') }))
    expect(problemOf({ ...o, primary }, 'candidate')?.message).to.include(
      'no server of Service web-primary but spiffe://cluster.local/ns/shop/sa/new',
    )
  })
})

suite('a proxy that is missing', () => {
  const says = (whose: string, label: string): string =>
    `Pod shop/web-abc-1 of Deployment web has no proxy, although ${whose} has the label ${label}: it was created while no injector answered to that label. See that istiod of that revision runs, then kubectl -n shop delete pod -l pod-template-hash=abc, a few at a time; or, if it is to have none, write sidecar.istio.io/inject: "false" in the labels of its template.`
  const ofNamespace = (label: string): string => says('namespace shop', label)
  const hash = { 'pod-template-hash': 'abc' }
  /** What a pod without a proxy, its template and its namespace say → the sentence; null: it is to have none. */
  const rows: Readonly<Record<string, { pod: Partial<PodSample>; given?: Given; says: string | null }>> = {
    'injection is enabled in the namespace': { pod: bare, says: ofNamespace('istio-injection: enabled') },
    'injection is enabled in the namespace, and an HTTPRoute splits': {
      pod: bare,
      given: { provider: 'gatewayapi:v1' },
      says: ofNamespace('istio-injection: enabled'),
    },
    'a revision is named by the namespace': {
      pod: { ...bare, namespaceLabels: { 'istio.io/rev': 'nope' } },
      says: ofNamespace('istio.io/rev: nope'),
    },
    'a revision beside injection that is disabled': {
      pod: { ...bare, namespaceLabels: { 'istio-injection': 'disabled', 'istio.io/rev': 'a' } },
      says: null,
    },
    'a pod asks for it': {
      pod: { ...bare, labels: { ...hash, 'sidecar.istio.io/inject': 'true' }, namespaceLabels: {} },
      says: says('it', 'sidecar.istio.io/inject: "true"'),
    },
    'a pod names a revision': {
      pod: { ...bare, labels: { ...hash, 'istio.io/rev': 'a' }, namespaceLabels: {} },
      says: says('it', 'istio.io/rev: a'),
    },
    'a pod asks for it where it is disabled': {
      pod: {
        ...bare,
        labels: { ...hash, 'sidecar.istio.io/inject': 'true' },
        namespaceLabels: { 'istio-injection': 'disabled' },
      },
      says: null,
    },
    'nobody asks for it': { pod: { ...bare, namespaceLabels: {} }, says: null },
    'its template refuses it': { pod: bare, given: { labels: { 'sidecar.istio.io/inject': 'false' } }, says: null },
    'it has the network of its host': { pod: bare, given: { pods: { hostNetwork: true } }, says: null },
    'it is in ambient': {
      pod: { ...bare, annotations: { 'ambient.istio.io/redirection': 'enabled' } },
      given: { service: atGateway },
      says: null,
    },
    'it has one': { pod: {}, says: null },
    'it has one that is a native sidecar': { pod: { ...bare, containers: ['web', 'istio-proxy'] }, says: null },
  }
  for (const [name, row] of Object.entries(rows)) {
    test(name, () => {
      const found = problemOf(given({ ...row.given, pod: row.pod }), 'candidate')
      expect(found).to.deep.equal(row.says === null ? null : { reason: 'ProxyMissing', message: row.says })
    })
  }
})

suite('mutual TLS: the rule that callers of each namespace look at', () => {
  /** Rules → what callers send to the canary, by their namespace. */
  const lookups: Readonly<Record<string, { rules: readonly KubeObject[]; service?: Spec; sends: Spec }>> = {
    'the namespace of the Service is seen by all': {
      rules: [rule('all', wild, tls('ISTIO_MUTUAL'))],
      sends: { shop: 'ISTIO_MUTUAL', [ELSEWHERE]: 'ISTIO_MUTUAL', 'istio-system': 'ISTIO_MUTUAL' },
    },
    'a wildcard of the callers comes before an exact one of the Service': {
      rules: [rule('one', 'web-canary', tls('ISTIO_MUTUAL')), rule('theirs', wild, tls('DISABLE'), {}, 'other')],
      sends: { shop: 'ISTIO_MUTUAL', [ELSEWHERE]: 'ISTIO_MUTUAL', other: 'DISABLE', 'istio-system': 'ISTIO_MUTUAL' },
    },
    'a wildcard of the Service comes before an exact one of the mesh': {
      rules: [
        rule('mesh', 'web-canary.shop.svc.cluster.local', tls('DISABLE'), {}, 'istio-system'),
        rule('all', wild, tls('ISTIO_MUTUAL')),
      ],
      sends: { shop: 'ISTIO_MUTUAL', [ELSEWHERE]: 'ISTIO_MUTUAL', 'istio-system': 'ISTIO_MUTUAL' },
    },
    'what is kept to the namespace of the Service leaves others with the mesh': {
      rules: [
        rule('mesh', '*.local', tls('SIMPLE'), {}, 'istio-system'),
        rule('all', wild, tls('ISTIO_MUTUAL'), { exportTo: ['.'] }),
      ],
      sends: { shop: 'ISTIO_MUTUAL', [ELSEWHERE]: 'SIMPLE', 'istio-system': 'SIMPLE' },
    },
    'callers in the root namespace have nearer rules only where those are kept to it': {
      rules: [
        rule('mesh', '*.local', tls('SIMPLE'), { exportTo: ['.'] }, 'istio-system'),
        rule('all', wild, tls('ISTIO_MUTUAL')),
      ],
      sends: { shop: 'ISTIO_MUTUAL', [ELSEWHERE]: 'ISTIO_MUTUAL', 'istio-system': 'SIMPLE' },
    },
    'what is exported to some': {
      rules: [rule('all', wild, tls('ISTIO_MUTUAL'), { exportTo: ['people'] })],
      sends: { people: 'ISTIO_MUTUAL' },
    },
    'a rule of ours is seen by all who have none': {
      service: { trafficPolicy: tls('ISTIO_MUTUAL') },
      rules: [rule('mesh', '*.local', tls('SIMPLE'), {}, 'istio-system'), rule('theirs', '*', tls('DISABLE'), {}, 'x')],
      sends: { shop: 'ISTIO_MUTUAL', [ELSEWHERE]: 'ISTIO_MUTUAL', x: 'DISABLE', 'istio-system': 'ISTIO_MUTUAL' },
    },
  }
  for (const [name, { rules, service = {}, sends }] of Object.entries(lookups)) {
    test(name, () => {
      const seen = clientPolicies(given({ rules, service }), 'canary')
      expect(
        Object.fromEntries(seen.map(({ callers, trafficPolicy }) => [callers, settingsOf(trafficPolicy, 80).tls])),
      ).to.deep.equal(sends)
    })
  }

  test('in routes of the user the primary may be the Service itself', () => {
    const routes = [{ name: 'routes' }]
    for (const there of [
      { service: { virtualServices: routes } },
      { provider: 'gatewayapi:v1', service: { routes } },
    ]) {
      const seen = clientPolicies(given({ ...there, rules: [rule('web', 'web', tls('DISABLE'))] }), 'primary')
      expect(seen.map(({ service }) => service.name)).to.include.members(['web', 'web-primary'])
    }
  })
})

suite('DestinationRules of several writers for one host', () => {
  const warned = (there: Given): readonly string[] => warningsOf(given(there)).map(({ message }) => message)
  const theirs = rule('theirs', '*.local', tls('DISABLE'), {}, 'other')
  const pool: Spec = { connectionPool: { http: { http1MaxPendingRequests: 1 } } }

  test('plaintext of another namespace to a server that demands mutual TLS is told, and stops nothing', () => {
    const there = { rules: [theirs], policies: [strict] }
    expect(problemOf(given(there), 'start')).to.equal(null)
    expect(warned(there)).to.deep.equal([
      'DestinationRule other/theirs makes callers in namespace other send plaintext (tls.mode DISABLE) to Service web-canary, and port 8080 of Deployment shop/web is in mode STRICT, by PeerAuthentication shop/default: their requests would fail',
    ])
  })

  test('a namespace whose own rule hides ours is named', () => {
    expect(warned({ rules: [theirs], service: { trafficPolicy: pool } })).to.deep.equal([
      'Callers in namespace other use DestinationRule other/theirs, for *.local, and not DestinationRule web-canary of Sluice, for Istio looks into their own namespace first. What service.trafficPolicy, or a rule for Service web, says does not apply to them: write it there',
    ])
    expect(warned({ rules: [theirs] })).to.deep.equal([])
    expect(warned({ provider: 'gatewayapi:v1', rules: [theirs, rule('web', 'web', pool)] })).to.deep.equal([
      'Callers in namespace other use DestinationRule other/theirs, for *.local, and not DestinationRule web-canary of Sluice, for Istio looks into their own namespace first. What a rule for Service web says does not apply to them: write it there',
    ])
  })

  test('a rule of the mesh for other callers, which ours would come before, stops the release', () => {
    const mesh = rule('people', '*.local', tls('ISTIO_MUTUAL'), { exportTo: ['people'] }, 'istio-system')
    const o = given({ rules: [mesh], service: { trafficPolicy: pool } })
    expect(problemOf(o, 'start')?.message).to.equal(
      'DestinationRule istio-system/people, for *.local, is what callers in namespace people use for Service web-canary, and DestinationRule web-canary of Sluice would come before it. Write its trafficPolicy into service.trafficPolicy of the Canary, or a rule like it in the namespace of those callers.',
    )
    const byHttpRoute = given({ provider: 'gatewayapi:v1', rules: [mesh, rule('web', 'web', pool)] })
    expect(problemOf(byHttpRoute, 'start')?.message).to.equal(
      'DestinationRule istio-system/people, for *.local, is what callers in namespace people use for Service web-canary, and DestinationRule web-canary of Sluice would come before it. Write its trafficPolicy into a DestinationRule for Service web, or a rule like it in the namespace of those callers.',
    )
  })

  test('a rule of the user’s for a side, beside what the Canary says for it, stops the release', () => {
    const o = given({ rules: [rule('mine', 'web-canary', pool)], service: { trafficPolicy: tls('ISTIO_MUTUAL') } })
    expect(problemOf(o, 'start')?.message).to.equal(
      'DestinationRule shop/mine is for Service web-canary, for which Sluice writes service.trafficPolicy of the Canary as DestinationRule web-canary, and Istio uses only one of them. Copy what it says to service.trafficPolicy, then delete it; or remove service.trafficPolicy.',
    )
  })

  test('of two for one host that say different things the ignored one is named', () => {
    const rules = [rule('b', wild, pool), rule('a', wild, tls('ISTIO_MUTUAL'))]
    expect(warned({ rules })).to.deep.equal([
      "DestinationRule shop/a and DestinationRule shop/b are both for *.shop.svc.cluster.local and say different things; Istio uses the trafficPolicy of the older, a, and nothing of the other's. Write all of it into one",
    ])
    expect(warned({ rules: [rule('b', wild, pool), rule('a', wild, pool)] })).to.deep.equal([])
  })

  test('ejection of every pod is named', () => {
    const outlierDetection = { consecutive5xxErrors: 3, maxEjectionPercent: 100 }
    expect(warned({ service: { trafficPolicy: { outlierDetection } } })).to.deep.equal([
      "service.trafficPolicy lets callers' proxies eject every pod of Service web-canary (outlierDetection.maxEjectionPercent: 100). A bad candidate, above all one with a single pod, gets no request then, and its whole share is answered 503 by those proxies: gates see that by the callers' telemetry alone. Write 50, or leave it out for 10",
    ])
  })
})
