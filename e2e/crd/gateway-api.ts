/** Rows for the providers of the Gateway API: what they take, and what belongs to others. */
import { bad, type Case, changed, good, type Json, malformed } from './given.ts'

const of = (service: Json, more: Json = {}): Json => ({ provider: 'gatewayapi:v1', ...more, service })

export const gatewayApi: readonly Case[] = [
  good('every part of service that an HTTPRoute takes', {
    provider: 'gatewayapi:v1',
    service: {
      port: 9898,
      timeout: '15s',
      backendTimeout: '5s',
      hosts: ['shop.example.com', '*.example.org'],
      gatewayRefs: [
        { name: 'public', namespace: 'infra', sectionName: 'https' },
        { group: 'gateway.networking.k8s.io', kind: 'ListenerSet', name: 'own', port: 443 },
        { group: '', kind: 'Service', name: 'web', port: 9898 },
      ],
      match: [{ uri: { prefix: '/' }, headers: { 'x-user': { exact: 'a' } } }],
      rewrite: { uri: '/', authority: 'shop.internal', type: 'ReplacePrefixMatch' },
      headers: { request: { add: { a: 'b' }, set: { c: 'd' }, remove: ['e'] }, response: { remove: ['f'] } },
      corsPolicy: { allowOrigin: ['https://shop.example.com'], maxAge: '24h' },
      mirror: [{ backendRef: { name: 'copies', namespace: 'audit', port: 80 } }],
    },
    analysis: { stepWeight: 10, mirror: true, mirrorWeight: 20 },
  }),
  good('the older version of the Gateway API', { provider: 'gatewayapi:v1beta1' }),
  good('routes of the user', {
    provider: 'gatewayapi:v1',
    service: {
      timeout: '5s',
      routes: [
        { name: 'web', rules: [{ name: 'main' }] },
        { kind: 'GRPCRoute', name: 'web' },
        { kind: 'TCPRoute', name: 'db' },
      ],
    },
    analysis: { iterations: 2 },
  }),
  bad(
    'a host beside routes of the user',
    of({ routes: [{ name: 'web' }], hosts: ['shop.example.com'] }),
    'with routes the routes are yours',
    'spec.service',
  ),
  bad(
    'a route of the user, twice',
    of({ routes: [{ name: 'web' }, { kind: 'GRPCRoute', name: 'web' }, { kind: 'HTTPRoute', name: 'web' }] }),
    'a route is listed twice',
  ),
  good('routes of the user by their labels', {
    provider: 'gatewayapi:v1',
    service: {
      routes: [
        { selector: { matchLabels: { 'example.com/split': 'web', team: 'shop' } } },
        { selector: { matchLabels: { team: 'shop' } }, rules: [{ name: 'main' }] },
        { kind: 'TCPRoute', selector: { matchLabels: { team: 'shop' } } },
        { name: 'web' },
      ],
    },
    analysis: { iterations: 2 },
  }),
  bad(
    'a route of the user by name and by labels',
    of({ routes: [{ name: 'web', selector: { matchLabels: { team: 'shop' } } }] }),
    'write either name, or selector with at least one label',
    'spec.service.routes[0]',
  ),
  bad(
    'a route of the user by nothing',
    of({ routes: [{ kind: 'GRPCRoute', selector: { matchLabels: {} } }] }),
    'write either name, or selector with at least one label',
    'spec.service.routes[0]',
  ),
  bad(
    'the same labels, twice',
    of({
      routes: [
        { selector: { matchLabels: { a: '1', b: '2' } } },
        { kind: 'HTTPRoute', selector: { matchLabels: { b: '2', a: '1' } } },
      ],
    }),
    'a route is listed twice',
  ),
  changed(
    'labels of routes of the user',
    of({ routes: [{ selector: { matchLabels: { team: 'shop' } } }] }),
    of({ routes: [{ selector: { matchLabels: { team: 'other' } } }] }),
    'an entry cannot be changed or removed',
  ),
  bad(
    'a match of the analysis in routes of the user',
    of({ routes: [{ name: 'web' }] }, { analysis: { iterations: 2, match: [{ method: { exact: 'GET' } }] } }),
    'with service.routes the routes are yours',
  ),
  bad(
    'routes of the user with Istio',
    { provider: 'istio', service: { routes: [{ name: 'web' }] } },
    'provider istio makes no HTTPRoute',
  ),
  malformed(
    'a route of another kind',
    of({ routes: [{ kind: 'UDPRoute', name: 'dns' }] }),
    'must be',
    'Unsupported value',
    'spec.service.routes[0].kind',
  ),
  changed(
    'a route of the user that is removed',
    of({ routes: [{ name: 'web' }, { name: 'api' }] }),
    of({ routes: [{ name: 'web' }] }),
    'an entry cannot be changed or removed',
  ),
  changed(
    'a route of the user that is added',
    of({ routes: [{ name: 'web' }] }),
    of({ routes: [{ name: 'api' }, { name: 'web' }] }),
    null,
  ),
  changed(
    'routes of the user in the place of ours',
    of({}),
    of({ routes: [{ name: 'web' }] }),
    'the way of splitting cannot be changed',
  ),
  good('the Gateway API without any parent', of({ gatewayRefs: [] })),
  malformed(
    'a parent of another kind',
    of({ gatewayRefs: [{ kind: 'Ingress', name: 'web' }] }),
    'must be',
    'Unsupported value',
    'spec.service.gatewayRefs[0].kind',
  ),
  malformed(
    'a rewrite of another type',
    of({ rewrite: { uri: '/', type: 'Prefix' } }),
    'must be',
    'Unsupported value',
    'spec.service.rewrite.type',
  ),
  bad(
    'gatewayRefs with Istio',
    { provider: 'istio', service: { gatewayRefs: [{ name: 'public' }] } },
    'provider istio makes no HTTPRoute',
  ),
  bad(
    'a backendTimeout with Istio',
    { provider: 'istio', service: { backendTimeout: '1s' } },
    'provider istio makes no HTTPRoute',
  ),
  bad(
    'a mirror of the user with Istio',
    { provider: 'istio', service: { mirror: [{ backendRef: { name: 'copies' } }] } },
    'provider istio makes no HTTPRoute',
  ),
  bad(
    'rewrite.type with Istio',
    { provider: 'istio', service: { rewrite: { uri: '/', type: 'ReplaceFullPath' } } },
    'remove type from service.rewrite',
  ),
  bad(
    'gatewayRefs without a mesh',
    {
      provider: 'kubernetes',
      analysis: { metrics: [{ name: 'errors', query: 'x', thresholdRange: { max: 1 } }] },
      service: { gatewayRefs: [{ name: 'public' }] },
    },
    'provider kubernetes has no routes',
  ),
  bad(
    'gateways of Istio with HTTPRoutes',
    of({ gateways: ['istio-system/public'] }),
    'provider gatewayapi:v1 splits by no objects of Istio',
  ),
  bad('delegation with HTTPRoutes', of({ delegation: true }), 'provider gatewayapi:v1 splits by no objects of Istio'),
  bad(
    'a trafficPolicy with HTTPRoutes',
    of({ trafficPolicy: { tls: {} } }),
    'provider gatewayapi:v1 splits by no objects of Istio',
  ),
  bad(
    'VirtualServices with HTTPRoutes',
    of({ virtualServices: [{ name: 'web' }] }),
    'provider gatewayapi:v1 splits by no objects of Istio',
  ),
  bad('retries with HTTPRoutes', of({ retries: { attempts: 3 } }), 'provider gatewayapi:v1 has no retries'),
]
