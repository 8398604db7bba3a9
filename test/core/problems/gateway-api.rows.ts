/** What stands in the way of a release by the Gateway API, and beside it. */
import { type Kind, type KubeObject, kinds } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { canary, live, object, observation } from '../given-objects.ts'
import { around, type Blocking, routes, service, type Spec } from './given.ts'

const of = (said: Spec = {}, spec: Spec = {}): Partial<Observation> => ({
  canary: canary({ provider: 'gatewayapi:v1', ...spec }, said),
})
const atService = [{ group: '', kind: 'Service', name: 'web' }]
const gateway = [{ name: 'public', namespace: 'infra' }]
const to = (name: string): Spec => ({ rules: [{ backendRefs: [{ name, port: 80 }] }] })

export const httpRoute = (name: string, spec: Spec, namespace = 'shop', kind: Kind = kinds.HTTPRoute): KubeObject =>
  object(kind, name, { spec }, { namespace })

const invalid = (given: Partial<Observation>, message: string): Blocking => ({ given, reason: 'Invalid', message })
const conflict = (given: Partial<Observation>, message: string): Blocking => ({ given, reason: 'Conflict', message })
const sticky = { interval: '1m', stepWeight: 10, sessionAffinity: { cookieName: 'web' } }

export const ofGatewayApi: Readonly<Record<string, Blocking>> = {
  'a parent Service that is another one': invalid(
    of({ gatewayRefs: [{ kind: 'Service', name: 'api', port: 80 }] }),
    'spec.service.gatewayRefs[0] is Service shop/api (port 80), and a Canary takes only requests for its own Service: write {kind: Service, name: web, port: 80}, or remove it.',
  ),
  'a parent Service of another namespace': invalid(
    of({ gatewayRefs: [{ kind: 'Service', name: 'web', namespace: 'other' }] }),
    'spec.service.gatewayRefs[0] is Service other/web, and a Canary takes only requests for its own Service: write {kind: Service, name: web, port: 80}, or remove it.',
  ),
  'a port that the Service does not have, which it would accept': invalid(
    of({ gatewayRefs: [...gateway, { kind: 'Service', name: 'web', port: 81 }] }),
    'spec.service.gatewayRefs[1] names Service shop/web (port 81), which the Service does not have; it has 80. The route would be accepted and do nothing: write port: 80.',
  ),
  'all ports of a Service that has several': invalid(
    {
      ...of({ gatewayRefs: [{ kind: 'Service', name: 'web' }] }),
      live: live([
        kinds.Service,
        service('web', {
          selector: { app: 'web' },
          ports: [
            { name: 'http', port: 80, targetPort: 8080 },
            { name: 'http-admin', port: 9090, targetPort: 8080 },
          ],
        }),
      ]),
    },
    'spec.service.gatewayRefs[0] names Service shop/web, so requests to all its ports would be led to port 80, which is spec.service.port: write port: 80.',
  ),
  'a Gateway that the flags do not allow': {
    given: {
      ...of({ gatewayRefs: gateway }),
      settings: { ...observation().settings, allowedGateways: [{ namespace: 'shop', pattern: 'edge/*' }] },
    },
    reason: 'GatewayNotAllowed',
    message:
      'spec.service.gatewayRefs[0] is Gateway infra/public, which the controller does not allow in namespace shop. Write one that matches edge/*, or have it added with --allowed-gateways.',
  },
  'hosts that are left out, where the flags do not allow every host': {
    given: {
      ...of({ gatewayRefs: [...atService, ...gateway] }),
      settings: { ...observation().settings, allowedHosts: [{ namespace: 'shop', pattern: '*.shop.example.com' }] },
    },
    reason: 'HostNotAllowed',
    message:
      'spec.service.hosts is left out, which is every host of Gateway infra/public, and the controller does not allow that in namespace shop. Write hosts that match *.shop.example.com.',
  },
  'hosts that are left out, where the flags allow none': {
    given: {
      ...of({ gatewayRefs: gateway }),
      settings: { ...observation().settings, allowedHosts: [{ namespace: 'other', pattern: '*' }] },
    },
    reason: 'HostNotAllowed',
    message:
      'spec.service.hosts is left out, which is every host of Gateway infra/public, and the controller does not allow that in namespace shop. Remove spec.service.gatewayRefs[0], or have hosts of shop added with --allowed-hosts.',
  },
  'a host that is a Service of another namespace': {
    given: of({ gatewayRefs: gateway, hosts: ['pay.bank.svc.cluster.local'] }),
    reason: 'HostNotAllowed',
    message:
      'spec.service.hosts[0] is pay.bank.svc.cluster.local, which stands for Services of namespace bank. A Canary takes only requests for its own namespace: remove the host.',
  },
  'a host that no HTTPRoute can have': invalid(
    of({ gatewayRefs: gateway, hosts: ['Shop.example.com'] }),
    'spec.service.hosts[0] is Shop.example.com, which no HTTPRoute can have. Write a name such as shop.example.com or *.example.com.',
  ),
  'a match that no HTTPRoute can say': invalid(
    of({ match: [{ sourceLabels: { app: 'front' } }] }),
    'spec.service.match[0].sourceLabels cannot be said in an HTTPRoute: write uri, method, headers or queryParams, or remove it.',
  ),
  'a prefix of a header': invalid(
    of({}, { analysis: { iterations: 1, match: [{ headers: { 'x-user': { prefix: 'a' } } }] } }),
    'spec.analysis.match[0].headers.x-user cannot be said in an HTTPRoute: write exact or regex in it, or remove it.',
  ),
  'a method that is none': invalid(
    of({ match: [{ method: { exact: 'PURGE' } }] }),
    'spec.service.match[0].method cannot be said in an HTTPRoute: write exact in it, with one of GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH, or remove it.',
  ),
  'a path by another word': invalid(
    of({ match: [{ uri: { suffix: '/a' } }] }),
    'spec.service.match[0].uri cannot be said in an HTTPRoute: write exact, prefix or regex in it, or remove it.',
  ),
  'two conditions on one header': conflict(
    of(
      { match: [{ headers: { 'x-user': { regex: 'a.*' } } }] },
      { analysis: { iterations: 1, match: [{ headers: { 'X-User': { regex: '.*b' } } }] } },
    ),
    'spec.analysis.match[0] and spec.service.match[0] each have a condition on headers.X-User, and an HTTPRoute takes one: write the condition that means both in spec.analysis.match[0], and leave headers.X-User out of spec.service.match[0], or the other way round',
  ),
  'a match that no request of the Service meets': conflict(
    of(
      { match: [{ uri: { prefix: '/api' } }] },
      { analysis: { iterations: 1, match: [{ uri: { prefix: '/apix' } }] } },
    ),
    'No request meets spec.analysis.match[0]: none of spec.service.match goes with it. Change the match, or remove it',
  ),
  'a cookie beside a condition on cookies': conflict(
    of({ match: [{ headers: { cookie: { exact: 'a=1' } } }] }, { analysis: sticky }),
    'spec.service.match[0] has a condition on the header cookie, and so has spec.analysis.sessionAffinity: an HTTPRoute takes one. Leave the condition out, or remove sessionAffinity',
  ),
  'a % in a cookie': invalid(
    of({}, { analysis: { ...sticky, sessionAffinity: { cookieName: 'web', path: '/a%20b' } } }),
    'spec.analysis.sessionAffinity.path has a %, which implementations of the Gateway API read in different ways: write one without.',
  ),
  'a prefix that is replaced in several matches': invalid(
    of({
      match: [{ uri: { prefix: '/a' } }, { uri: { prefix: '/b' } }],
      rewrite: { uri: '/', type: 'ReplacePrefixMatch' },
    }),
    'spec.service.rewrite.type is ReplacePrefixMatch, which an HTTPRoute takes with one match, on uri.prefix, alone: write one such entry in spec.service.match, at most one in spec.analysis.match and without another uri; or type: ReplaceFullPath.',
  ),
  'an origin by a pattern': invalid(
    of({ corsPolicy: { allowOrigins: [{ regex: '.*' }] } }),
    'spec.service.corsPolicy.allowOrigins[0] is no exact origin, and an HTTPRoute takes no other: write exact: https://shop.example.com, or allowOrigin: [https://*.example.com].',
  ),
  'callers in the mesh that match leaves out, where a Gateway is a parent too': conflict(
    of({ match: [{ uri: { prefix: '/api' } }], gatewayRefs: [...gateway, { kind: 'Service', name: 'web', port: 80 }] }),
    'spec.service.match leaves out some requests to Service web, whose callers in the mesh would get 404: remove match, or the Service from spec.service.gatewayRefs.',
  ),
  'more matches than a rule has room for': invalid(
    of(
      { match: Array.from({ length: 9 }, (_, i) => ({ uri: { prefix: `/${i}` } })) },
      {
        analysis: {
          iterations: 1,
          match: Array.from({ length: 8 }, (_, i) => ({ headers: { a: { exact: `${i}` } } })),
        },
      },
    ),
    'spec.service.match has 9 entries, spec.analysis.match 8, which makes 82 matches in the HTTPRoute; the limit is 64 in a rule and 127 in all. Shorten match.',
  ),
  'a port that is not HTTP in the mesh': conflict(
    of({ portName: 'tcp-web' }),
    'Port 80 of Service shop/web is not read as HTTP, by its name or appProtocol, so its requests in the mesh cannot be split. Write spec.service.appProtocol: http in the Canary if HTTP is spoken there.',
  ),
  'an HTTPRoute of that name which serves': conflict(
    { ...of(), live: live([kinds.HTTPRoute, httpRoute('web', { parentRefs: gateway, ...to('web') })]) },
    'HTTPRoute shop/web exists and was not made by this Canary, which needs that name. It leads to Service web. Recreate the Canary with service.routes: [{name: web}].',
  ),
  'an HTTPRoute of that name which leads elsewhere': conflict(
    { ...of(), live: live([kinds.HTTPRoute, httpRoute('web', { parentRefs: gateway, ...to('api') })]) },
    'HTTPRoute shop/web exists and was not made by this Canary, which needs that name. Create it under another name, then delete this one; or recreate the Canary with another service.name.',
  ),
  'a second HTTPRoute on the Service': conflict(
    { ...of(), ...around({ routes: [httpRoute('beta', { parentRefs: atService, ...to('beta') })] }) },
    'HTTPRoute shop/beta has Service web as its parent, as the HTTPRoute of this Canary: their rules are merged, so some requests would bypass the split. Remove that parent from it, or recreate the Canary with service.routes: [{name: beta}].',
  ),
  'a consumer route in another namespace': conflict(
    {
      ...of(),
      ...around({
        routes: [httpRoute('own', { parentRefs: [{ ...atService[0], namespace: 'shop' }], ...to('web') }, 'other')],
      }),
    },
    'HTTPRoute other/own has Service shop/web as its parent, so callers in namespace other meet it instead of the split. Remove that parent from it.',
  ),
  'a VirtualService beside the HTTPRoute': conflict(
    { ...of(), ...around({ otherApiRoutes: [routes('old', { hosts: ['web'] })] }) },
    'VirtualService shop/old is for requests in the mesh to Service web, which this Canary splits by routes of another API: some callers would meet the one, and some the other. Remove the host web from it, or recreate the Canary with provider: istio.',
  ),
  'a VirtualService of another namespace beside the HTTPRoute': conflict(
    { ...of(), ...around({ otherApiRoutes: [routes('old', { hosts: ['web.shop.svc.cluster.local'] }, 'other')] }) },
    'VirtualService other/old is for requests in the mesh to Service web, which this Canary splits by routes of another API: some callers would meet the one, and some the other. Remove the host web from it, or recreate the Canary with provider: istio.',
  ),
  'a GRPCRoute on the Service, which hides an HTTPRoute there': conflict(
    {
      ...of(),
      ...around({ routes: [httpRoute('beta', { parentRefs: atService, ...to('beta') }, 'shop', kinds.GRPCRoute)] }),
    },
    'GRPCRoute shop/beta has Service web as its parent, as the HTTPRoute of this Canary: of two kinds one hides the other, so some requests would bypass the split. Remove that parent from it, or recreate the Canary with service.routes: [{kind: GRPCRoute, name: beta}].',
  ),
  'an HTTPRoute beside the VirtualService': conflict(
    { canary: canary(), ...around({ otherApiRoutes: [httpRoute('new', { parentRefs: atService, ...to('web') })] }) },
    'HTTPRoute shop/new is for requests in the mesh to Service web, which this Canary splits by routes of another API: some callers would meet the one, and some the other. Remove the Service from its parentRefs, or recreate the Canary with provider: gatewayapi:v1.',
  ),
  'an HTTPRoute of another namespace beside the VirtualService': conflict(
    {
      canary: canary(),
      ...around({ otherApiRoutes: [httpRoute('new', { parentRefs: atService, ...to('web') }, 'other')] }),
    },
    'HTTPRoute other/new is for requests in the mesh to Service web, which this Canary splits by routes of another API: some callers would meet the one, and some the other. Remove the Service from its parentRefs.',
  ),
}

/** A route of the user's that the Canary names. */
const listing = (
  spec: Spec | null,
  entry: Spec = { name: 'routes' },
  kind: Kind = kinds.HTTPRoute,
): Partial<Observation> => ({
  ...of({ routes: [entry] }),
  ...(spec === null ? {} : { live: live([kind, httpRoute('routes', { parentRefs: gateway, ...spec }, 'shop', kind)]) }),
})
const missing = (given: Partial<Observation>, message: string): Blocking => ({
  given,
  reason: 'ReferenceMissing',
  message,
})

/** Routes of the user's that the Canary chooses by their labels. */
const selecting = (matchLabels: Spec, kind = 'HTTPRoute'): Partial<Observation> =>
  of({ routes: [{ kind, selector: { matchLabels } }] })
const labelled = (name: string, spec: Spec, labels: Record<string, string>, annotations = {}): KubeObject =>
  object(kinds.HTTPRoute, name, { spec: { parentRefs: gateway, ...spec } }, { labels, annotations })
const there = (...all: readonly KubeObject[]): Partial<Observation> => ({
  live: live(...all.map((one): [Kind, KubeObject] => [kinds.HTTPRoute, one])),
})

export const ofUsersRoutes: Readonly<Record<string, Blocking>> = {
  'an HTTPRoute that does not exist': missing(
    listing(null),
    'spec.service.routes[0] names HTTPRoute shop/routes, which does not exist. Create it, or recreate the Canary without the entry.',
  ),
  'a TCPRoute that does not exist, or is served in another version': missing(
    listing(null, { kind: 'TCPRoute', name: 'routes' }),
    'spec.service.routes[0] names TCPRoute shop/routes, which does not exist, or is not served in v1 or v1alpha2. Create it, or recreate the Canary without the entry.',
  ),
  'a rule that does not exist': missing(
    listing(
      { rules: [{ name: 'api', backendRefs: [{ name: 'web', port: 80 }] }] },
      { name: 'routes', rules: [{ name: 'all' }] },
    ),
    'spec.service.routes[0] names the rule all of HTTPRoute shop/routes, which has no rule of that name; there are: api. Write one of them, or name the rule.',
  ),
  'no rule to the Service': missing(
    listing(to('other')),
    'spec.service.routes[0] names HTTPRoute shop/routes, but none of its rules leads to Service web. Add a backendRef with that name, or recreate the Canary without the entry.',
  ),
  'a rule with a third backend': missing(
    listing({
      rules: [
        {
          backendRefs: [
            { name: 'web', port: 80 },
            { name: 'legacy', port: 80 },
          ],
        },
      ],
    }),
    'spec.service.routes[0] names HTTPRoute shop/routes, whose rule number 1 leads to web and legacy; there must be one backend for web and none for others. Put the others into a rule of their own.',
  ),
  'a rule without a backend': missing(
    listing({ rules: [{ name: 'away', filters: [] }] }, { name: 'routes', rules: [{ name: 'away' }] }),
    'spec.service.routes[0] names HTTPRoute shop/routes, whose rule away has no backend to split. Choose other rules.',
  ),
  'a rule to a port that the Service does not have': missing(
    listing(
      { rules: [{ backendRefs: [{ name: 'web', port: 81 }] }] },
      { kind: 'GRPCRoute', name: 'routes' },
      kinds.GRPCRoute,
    ),
    'spec.service.routes[0] names GRPCRoute shop/routes, whose rule number 1 leads to port 81, which Service web-canary does not have; it has 80. Write one of them, or add the port to Service web.',
  ),
  'labels that no route has': missing(
    { ...selecting({ team: 'web', tier: 'front' }), ...there(labelled('a', to('web'), { team: 'web' })) },
    'spec.service.routes[0] selects HTTPRoutes of namespace shop by team=web, tier=front, and there is none. Write the labels on the routes to split, or recreate the Canary without the entry.',
  ),
  'labels of a kind that no route has, or that is not served': missing(
    selecting({ team: 'web' }, 'TLSRoute'),
    'spec.service.routes[0] selects TLSRoutes of namespace shop by team=web, and there is none, or they are not served in v1, v1alpha3 or v1alpha2. Write the labels on the routes to split, or recreate the Canary without the entry.',
  ),
  'labels that too many routes have': missing(
    {
      ...selecting({ team: 'web' }),
      ...there(...Array.from({ length: 21 }, (_, n) => labelled(`r${n}`, to('web'), { team: 'web' }))),
    },
    'spec.service.routes[0] selects HTTPRoutes of namespace shop by team=web, and there are more than 20. Recreate the Canary with another label that fewer routes have, or with several entries.',
  ),
  'labels of a route that leads elsewhere': missing(
    {
      ...selecting({ team: 'web' }),
      ...there(labelled('a', to('web'), { team: 'web' }), labelled('b', to('api'), { team: 'web' })),
    },
    'spec.service.routes[0] selects HTTPRoute shop/b, but none of its rules leads to Service web. Add a backendRef with that name, or remove one of the labels from the route.',
  ),
  'labels of a route in which another Canary shifts weights': missing(
    {
      ...selecting({ team: 'web' }),
      ...there(labelled('b', to('api'), { team: 'web' }, { 'sluice.dev/original': '{"#0":1}' })),
    },
    'spec.service.routes[0] selects HTTPRoute shop/b, in which another Canary shifts weights, but none of its rules leads to Service web. Add a backendRef with that name, or remove one of the labels from the route.',
  ),
  'a VirtualService beside a route of the user on the Service': conflict(
    {
      ...listing({ ...to('web'), parentRefs: atService }),
      ...around({ otherApiRoutes: [routes('old', { hosts: ['web'] })] }),
    },
    'VirtualService shop/old is for requests in the mesh to Service web, which this Canary splits by routes of another API: some callers would meet the one, and some the other. Remove the host web from it, or recreate the Canary with provider: istio.',
  ),
}

const hosts = ['shop.example.com']
const atGateway = { parentRefs: gateway, hostnames: hosts }
const api = { ...to('api'), ...atGateway }
const sameMatch =
  'at Gateway infra/public it has a match and a host that the HTTPRoute of this Canary has, too: the older one gets those requests, and none would meet the split. Remove the host or the match from it'

/** HTTPRoutes of others at a Gateway of ours. */
export const ofOlderRoutes: Readonly<Record<string, Blocking>> = {
  'an older HTTPRoute for the same requests at the Gateway': conflict(
    { ...of({ gatewayRefs: gateway, hosts }), ...around({ routes: [httpRoute('old', api)] }) },
    `HTTPRoute shop/old is older, and ${sameMatch}.`,
  ),
  'an older one that leads to the Service': conflict(
    {
      ...of({ gatewayRefs: gateway, hosts }),
      ...around({ routes: [httpRoute('old', { ...to('web'), ...atGateway })] }),
    },
    `HTTPRoute shop/old is older, and ${sameMatch}, or recreate the Canary with service.routes: [{name: old}].`,
  ),
  'an older one of another namespace, at one listener': conflict(
    {
      ...of({ gatewayRefs: gateway, hosts, match: [{ uri: { prefix: '/a' } }] }),
      ...around({
        routes: [
          httpRoute(
            'old',
            {
              ...atGateway,
              parentRefs: [{ ...gateway[0], sectionName: 'https' }],
              rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/a' } }] }],
            },
            'other',
          ),
        ],
      }),
    },
    `HTTPRoute other/old is older, and ${sameMatch}.`,
  ),
}

const aged = (route: KubeObject, creationTimestamp: string): KubeObject => ({
  ...route,
  metadata: { ...route.metadata, creationTimestamp },
})
const ownRoute = object(kinds.HTTPRoute, 'web', { spec: atGateway }, { labels: { 'sluice.dev/canary': 'web' } })

const usersRule = object(kinds.DestinationRule, 'users', { spec: { host: 'web', trafficPolicy: {} } })
const ruleForSome = object(kinds.DestinationRule, 'some', {
  spec: { host: 'web', trafficPolicy: {}, workloadSelector: { matchLabels: { app: 'front' } } },
})

/** Of the mesh, where it is Istio. */
export const ofMeshAtGateways: Readonly<Record<string, Blocking>> = {
  'a DestinationRule of the name of one that carries the policy of the Service': conflict(
    {
      ...of(),
      ...around({ trafficPolicies: [usersRule] }),
      live: live([
        kinds.DestinationRule,
        object(kinds.DestinationRule, 'web-primary', { spec: { host: 'api', trafficPolicy: {} } }),
      ]),
    },
    'DestinationRule shop/web-primary exists and was not made by this Canary, which needs that name. Create it under another name, then delete this one.',
  ),
  'a DestinationRule for some callers beside one for all': conflict(
    { ...of(), ...around({ trafficPolicies: [usersRule, ruleForSome] }) },
    'DestinationRule shop/some is for requests to web.shop.svc.cluster.local from pods with app: front and would stop applying, because requests go to web-primary and web-canary, for which Sluice writes DestinationRules without a workloadSelector. Write one like it for each of these two hosts.',
  ),
}

/** What looks like it, and is in nobody's way. */
export const harmlessAtGateways: Readonly<Record<string, Partial<Observation>>> = {
  'an HTTPRoute at the Gateway for a narrower match, another host, or another listener': {
    ...of({ gatewayRefs: [{ ...gateway[0], sectionName: 'http' }], hosts }),
    ...around({
      routes: [
        httpRoute('narrow', { ...atGateway, rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/a' } }] }] }),
        httpRoute('host', { ...api, hostnames: ['api.example.com'] }),
        httpRoute('all', { ...api, hostnames: [] }),
        httpRoute('listener', { ...api, parentRefs: [{ ...gateway[0], sectionName: 'https' }] }),
      ],
    }),
  },
  'a younger HTTPRoute for the same requests at the Gateway': {
    ...of({ gatewayRefs: gateway, hosts }),
    ...around({ routes: [aged(httpRoute('young', api), '2026-02-02T00:00:00Z')] }),
    live: live([kinds.HTTPRoute, aged(ownRoute, '2026-01-01T00:00:00Z')]),
  },
  'a DestinationRule for the Service, which is carried': { ...of(), ...around({ trafficPolicies: [usersRule] }) },
  'a route of the user with the name that one of ours would have': {
    ...of({ routes: [{ name: 'web' }] }),
    live: live([kinds.HTTPRoute, httpRoute('web', { parentRefs: gateway, ...to('web') })]),
  },
  'an HTTPRoute on the Service, where the split is at a Gateway alone': {
    ...of({ gatewayRefs: gateway }),
    ...around({ routes: [httpRoute('beta', { parentRefs: atService, ...to('beta') })] }),
  },
  'hosts that are left out in the mesh, where hosts mean nothing': {
    ...of(),
    settings: { ...observation().settings, allowedHosts: [{ namespace: 'shop', pattern: '*.shop.example.com' }] },
  },
  'hosts that are left out, where the flags allow all': {
    ...of({ gatewayRefs: gateway }),
    settings: { ...observation().settings, allowedHosts: [{ namespace: null, pattern: '*' }] },
  },
  'an HTTPRoute on another port of the Service': {
    ...of(),
    ...around({ routes: [httpRoute('admin', { parentRefs: [{ ...atService[0], port: 9090 }], ...to('admin') })] }),
  },
  'a VirtualService for a gateway beside the HTTPRoute': {
    ...of(),
    ...around({ otherApiRoutes: [routes('edge', { hosts: ['web'], gateways: ['public'] })] }),
  },
  'an HTTPRoute beside a VirtualService for a gateway': {
    canary: canary({}, { gateways: ['public'], hosts: ['web.example.com'] }),
    ...around({ otherApiRoutes: [httpRoute('new', { parentRefs: atService, ...to('web') })] }),
  },
  'a port that is not HTTP, where the split is at a Gateway alone': of({ gatewayRefs: gateway, portName: 'tcp-web' }),
  'a route at a Gateway that leads to the Service, which is only told': {
    ...of(),
    ...around({ routes: [httpRoute('edge', { parentRefs: gateway, ...to('web') })] }),
  },
}
