/** Rows for the provider of ingress-nginx: what it takes, and what belongs to others. */
import { bad, type Case, changed, good, type Json } from './given.ts'

const ingressRef = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'web' }
const of = (more: Json = {}): Json => ({ provider: 'nginx', ingressRef, ...more })

export const nginx: readonly Case[] = [
  good('an Ingress whose requests are split', of({ analysis: { stepWeights: [0.5, 10, 50] } })),
  good(
    'requests at an Ingress that match',
    of({ analysis: { iterations: 2, match: [{ headers: { 'x-user': { exact: 'a' } } }] } }),
  ),
  good('blue/green at an Ingress', of({ analysis: { iterations: 2 }, service: { timeout: '30s' } })),
  good('an Ingress where the flag chooses the provider', { ingressRef }),
  bad(
    'provider nginx without an Ingress',
    { provider: 'nginx' },
    'provider nginx takes a share of the requests of an Ingress',
  ),
  bad('an Ingress with Istio', { provider: 'istio', ingressRef }, 'provider istio has no Ingress'),
  bad(
    'an Ingress with the Gateway API',
    { provider: 'gatewayapi:v1', ingressRef },
    'provider gatewayapi:v1 has no Ingress',
  ),
  bad(
    'an Ingress of an API that is gone',
    of({ ingressRef: { ...ingressRef, apiVersion: 'extensions/v1beta1' } }),
    'write networking.k8s.io/v1',
    'spec.ingressRef.apiVersion',
  ),
  bad(
    'another kind than Ingress',
    of({ ingressRef: { ...ingressRef, kind: 'HTTPProxy' } }),
    'write Ingress',
    'spec.ingressRef.kind',
  ),
  bad(
    'hosts beside an Ingress',
    of({ service: { hosts: ['a.example.com'] } }),
    'provider nginx leaves it to your Ingress',
  ),
  bad(
    'copies of requests at an Ingress',
    of({ analysis: { stepWeight: 10, mirror: true } }),
    'provider nginx neither copies',
  ),
  bad(
    'callers that stay at an Ingress',
    of({ analysis: { stepWeight: 10, sessionAffinity: { cookieName: 'web' } } }),
    'provider nginx neither copies',
  ),
  bad(
    'a share of the requests that match at an Ingress',
    of({ analysis: { stepWeights: [10], match: [{ headers: { 'x-user': { exact: 'a' } } }] } }),
    'provider nginx sends all requests that match',
  ),
  bad(
    'steps on the way down for requests that match at an Ingress',
    of({
      analysis: { iterations: 2, match: [{ headers: { 'x-user': { exact: 'a' } } }], stepWeightPromotion: 20 },
    }),
    'provider nginx sends all requests that match',
  ),
  changed(
    'another Ingress later',
    of(),
    of({ ingressRef: { ...ingressRef, name: 'shop' } }),
    'ingressRef cannot be changed',
  ),
]
