/** Who is let in: what callers send, by the DestinationRule that applies to them, against what the servers demand. */
import { expect } from 'chai'
import type { KubeObject } from '../../../src/api/object.ts'
import { problemOf } from '../../../src/core/problems/index.ts'
import { read } from '../../docs/pages.ts'
import { deployment, template, workload } from '../given-objects.ts'
import { atGateway, bare, given, type Given, peers, rule, strict, tls, wild } from './mutual-tls.given.ts'

const servers = ['DISABLE', 'PERMISSIVE', 'STRICT'] as const
/** What callers send → what becomes of it at servers in each of these modes, as real proxies have it. */
const cells: Readonly<Record<string, readonly ['200' | '503', '200' | '503', '200' | '503']>> = {
  'none, or no rule': ['200', '200', '200'],
  DISABLE: ['200', '200', '503'],
  ISTIO_MUTUAL: ['503', '200', '200'],
  SIMPLE: ['503', '503', '503'],
  MUTUAL: ['503', '503', '503'],
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
