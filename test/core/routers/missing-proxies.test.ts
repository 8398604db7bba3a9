/** Pods that were to have a proxy, and have none. */
import { expect } from 'chai'
import type { PodSample } from '../../../src/core/model/observation.ts'
import { problemOf } from '../../../src/core/problems/index.ts'
import { atGateway, bare, given, type Given } from './mutual-tls.given.ts'

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
