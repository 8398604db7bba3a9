/** Routes and DestinationRules of others beside an HTTPRoute of ours: what stands in the way of a release, and what does not. */
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { canary, live, object, observation } from '../given-objects.ts'
import { around, type Blocking, conflict, routes } from './given.ts'
import { atService, gateway, httpRoute, of, to } from './gateway-api.given.ts'

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
