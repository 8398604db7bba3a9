/** What is said of Gateways and delegating VirtualServices by which no request comes to the split. The names of the rows are those of docs/ways-in.md. */
import { type KubeObject, kinds, type ObjectMeta } from '../../../src/api/object.ts'
import type { Observation, Surroundings } from '../../../src/core/model/observation.ts'
import { canary, live, noSurroundings, object, observation } from '../given-objects.ts'

export type Spec = Readonly<Record<string, unknown>>

const http = { number: 80, name: 'http', protocol: 'HTTP' }
export const server = (hosts: readonly string[], more: Spec = {}): Spec => ({ port: http, hosts, ...more })
export const gateway = (...servers: readonly Spec[]): KubeObject =>
  object(kinds.IstioGateway, 'public', { spec: { servers } }, { namespace: 'edge' })
export const routes = (name: string, spec: Spec, namespace = 'shop', more: Partial<ObjectMeta> = {}): KubeObject =>
  object(kinds.VirtualService, name, { spec }, { namespace, ...more })
export const to = (host: string) => ({ route: [{ destination: { host } }] })

export const HOST = 'shop.example.com'
export const atEdge = { hosts: [HOST], gateways: ['edge/public'] }
export const alsoInMesh = { hosts: [HOST], gateways: ['edge/public', 'mesh'] }

export function given(service: Spec, around: Partial<Surroundings> = {}, ...own: readonly KubeObject[]): Observation {
  return observation({
    canary: canary({}, service),
    surroundings: { ...noSurroundings, ...around, routes: [...own, ...(around.routes ?? [])] },
    live: live(...own.map((one): [typeof kinds.VirtualService, KubeObject] => [kinds.VirtualService, one])),
  })
}
export const by = (service: Spec, ...servers: readonly Spec[]): Observation =>
  given(service, { gateways: { 'edge/public': gateway(...servers) } })
const absent = { gateways: { 'edge/public': null } }

export const root = (http_: readonly Spec[], more: Spec = {}, namespace = 'team'): KubeObject =>
  routes('root', { hosts: [HOST], gateways: ['edge/public'], http: http_, ...more }, namespace, {
    creationTimestamp: '2026-01-01T00:00:00Z',
  })
export const delegate = { delegate: { name: 'web', namespace: 'shop' } }
export const open = { gateways: { 'edge/public': gateway(server(['*'])) } }
export const delegated = (http_: readonly Spec[], service: Spec = {}, more: Spec = {}): Observation =>
  given({ delegation: true, ...service }, { ...open, routes: [root(http_, more)] })

export interface Row {
  readonly o: Observation
  readonly reason?: string
  readonly message: string
}

const NAMED = 'spec.service.gateways[0] names Gateway edge/public'
const WRITE = 'Write a route with delegate: {name: web, namespace: shop} into the VirtualService that has the hosts.'

/** Stops a release before it begins, and is a warning from then on. */
export const ofTheStart: Readonly<Record<string, Row>> = {
  'a Gateway that does not exist': {
    o: given(atEdge, absent),
    reason: 'ReferenceMissing',
    message: `${NAMED} (networking.istio.io), which does not exist, so no request comes to the split there. Create it, or write another one in spec.service.gateways.`,
  },
  'a Gateway for other hosts': {
    o: by(atEdge, server(['*.other.example.com', 'example.com'])),
    message: `${NAMED}, whose servers are for *.other.example.com and example.com and not for shop.example.com, so no request comes to the split there. Add a host to a server, or write one of its hosts in spec.service.hosts.`,
  },
  'a Gateway for VirtualServices of another namespace': {
    o: by(atEdge, server(['team/*.example.com', './shop.example.com'])),
    message: `${NAMED}, whose servers take VirtualServices for shop.example.com of other namespaces alone (team/*.example.com and ./shop.example.com), so no request comes to the split there. Write shop/shop.example.com among the hosts of a server.`,
  },
  'a Gateway that passes TLS on by SNI': {
    o: by(
      atEdge,
      server([HOST], { port: { number: 443, protocol: 'HTTPS' }, tls: { mode: 'PASSTHROUGH' } }),
      server([HOST], { port: { number: 9443, protocol: 'TLS' }, tls: { mode: 'SIMPLE' } }),
    ),
    message: `${NAMED}, which passes connections for shop.example.com on, by SNI or as TCP, and reads no request that could be split. Give it a server for them with protocol HTTP, or HTTPS and tls.mode SIMPLE.`,
  },
  "a VirtualService of the user's at a Gateway that does not exist": {
    o: given(
      { virtualServices: [{ name: 'front' }] },
      absent,
      routes('front', { hosts: [HOST], gateways: ['edge/public'], http: [to('web')] }),
    ),
    reason: 'ReferenceMissing',
    message:
      'VirtualService shop/front is bound to Gateway edge/public (networking.istio.io), which does not exist, so no request comes to the split there. Create it, or write another one in its spec.gateways.',
  },
  'a root at a Gateway for other hosts': {
    o: given(
      { delegation: true },
      { gateways: { 'edge/public': gateway(server(['other.example.com'])) }, routes: [root([delegate])] },
    ),
    message:
      'VirtualService team/root is bound to Gateway edge/public, whose servers are for other.example.com and not for shop.example.com, so no request comes to the split there. Add a host to a server, or write one of its hosts in its spec.hosts.',
  },
  'a match for a port of no server': {
    o: by({ ...atEdge, match: [{ uri: { prefix: '/a' } }, { port: 8443 }] }, server([HOST])),
    message:
      "No request meets spec.service.match[1]: its port is 8443, and requests for this Canary come by port 80. A port there is that of a Gateway's server, or in the mesh of the Service. Write one of them, or leave port out.",
  },
  'another VirtualService of the mesh for the host of the root': {
    o: given(
      { delegation: true },
      {
        routes: [
          root([delegate], { hosts: ['web.shop.svc.cluster.local'], gateways: ['mesh'] }),
          routes('old', { hosts: ['web.shop.svc.cluster.local'], http: [to('other')] }, 'evil', {
            creationTimestamp: '2020-01-01T00:00:00Z',
          }),
        ],
      },
    ),
    message:
      'VirtualService evil/old gets the requests for web.shop.svc.cluster.local in the mesh, where Istio uses one VirtualService for each host, so callers would bypass the split. Remove the host from it.',
  },
}

/** Stops a candidate before it gets traffic, and is a warning from then on: what is delegated to is made first. */
export const ofCandidates: Readonly<Record<string, Row>> = {
  'nothing delegates to the VirtualService of the Canary': {
    o: given({ delegation: true }),
    reason: 'ReferenceMissing',
    message: `No VirtualService delegates to VirtualService shop/web, so no request meets the split. ${WRITE}`,
  },
  'what delegates to it is a delegate itself': {
    o: given({ delegation: true }, { routes: [routes('middle', { http: [delegate] }, 'team')] }),
    message: `VirtualService team/middle delegates to VirtualService shop/web and has no hosts of its own, and Istio follows one delegation, so no request meets the split. ${WRITE}`,
  },
  'nothing delegates to a listed VirtualService without hosts': {
    o: given({ virtualServices: [{ name: 'front' }] }, {}, routes('front', { http: [to('web')] })),
    reason: 'ReferenceMissing',
    message:
      'No VirtualService delegates to VirtualService shop/front, so no request meets the split. Write a route with delegate: {name: front, namespace: shop} into the VirtualService that has the hosts.',
  },
  'a listed one that is not exported to the namespace that delegates': {
    o: given(
      { virtualServices: [{ name: 'front' }] },
      { ...open, routes: [root([{ delegate: { name: 'front', namespace: 'shop' } }])] },
      routes('front', { http: [to('web')], exportTo: ['.'] }),
    ),
    message:
      'VirtualService team/root delegates to VirtualService shop/front, whose exportTo leaves out its namespace, so Istio leaves that route out and no request meets the split. Add team to exportTo.',
  },
  'a match of the Canary that does not lie within that of the root': {
    o: delegated([{ match: [{ uri: { prefix: '/api' } }], ...delegate }], {
      match: [{ uri: { prefix: '/api/v1' } }, { uri: { prefix: '/health' } }],
    }),
    message:
      'Of spec.service.match[1] Istio makes no route, because VirtualService team/root delegates by a match in which uri says otherwise: requests there find no route. Write uri in one of the two alone, or in the Canary one that lies within that of the VirtualService.',
  },
  'a regular expression in both matches, which Istio does not compare': {
    o: delegated([{ match: [{ headers: { team: { regex: 'a.*' } } }], ...delegate }], {
      match: [{ headers: { team: { regex: 'a.*' } } }],
    }),
    message:
      'Of spec.service.match[0] Istio makes no route, because VirtualService team/root delegates by a match in which headers.team says otherwise: requests there find no route. Write headers.team in one of the two alone, or in the Canary one that lies within that of the VirtualService.',
  },
}

/** Stops nothing. */
export const ofWarnings: Readonly<Record<string, Row>> = {
  'a Gateway that does not exist, beside the mesh': {
    o: given(alsoInMesh, absent),
    reason: 'ReferenceMissing',
    message: `${NAMED} (networking.istio.io), which does not exist, so no request comes to the split there. Create it, or write another one in spec.service.gateways.`,
  },
  'a Gateway that redirects to HTTPS and has no server for it': {
    o: by({ ...atEdge, match: [{ port: 80 }] }, server([HOST], { tls: { httpsRedirect: true } })),
    message: `${NAMED}, which answers requests for shop.example.com with a redirect to HTTPS, unless a load balancer that it trusts says x-forwarded-proto: https. Where none does, give it a server for them with protocol HTTPS, or remove tls.httpsRedirect.`,
  },
  'a host for which no Gateway has a server': {
    o: by({ ...atEdge, hosts: [HOST, 'b.example.com'] }, server([HOST])),
    message:
      'Gateway edge/public routes no requests for b.example.com, which is in spec.service.hosts. Add it to a server with protocol HTTP or HTTPS, or remove it.',
  },
  'a VirtualService that delegates to one that has hosts': {
    o: given(
      {},
      { routes: [root([delegate])] },
      routes('web', { hosts: ['web'], gateways: ['mesh'] }, 'shop', { labels: { 'sluice.dev/canary': 'web' } }),
    ),
    message:
      'VirtualService team/root delegates to VirtualService shop/web, which has hosts of its own, so Istio leaves that route out. Write service.delegation: true into the Canary, without hosts and gateways, or a destination in place of delegate.',
  },
}
