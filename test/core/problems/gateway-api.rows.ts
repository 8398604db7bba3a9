/** What stands in the way of a release by the Gateway API. */
import { kinds } from '../../../src/api/object.ts'
import { canary, live, observation } from '../given-objects.ts'
import { around, type Blocking, conflict, invalid, routes, service } from './given.ts'
import { atService, gateway, httpRoute, of, to } from './gateway-api.given.ts'

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
}
