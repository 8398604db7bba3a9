/** `spec.service`: the Services that callers use, and the routes that carry the split. */
import { z } from 'zod'
import { gatewayApi, GatewayRef, MirrorBackend, UserRoutes } from './gateway-api-fields.ts'
import { CorsPolicy, istio, Match, Retries, TrafficPolicy } from './istio-fields.ts'
import {
  durationText,
  objectName,
  refused,
  ruled,
  SERVICE_NAME_PATTERN,
  SERVICE_NAME_SENTENCE,
  texts,
} from './schema.ts'

const appMesh = (clause: string): string => `${clause} to App Mesh, which Sluice does not support: remove it`

const Metadata = z.object({
  labels: texts().exactOptional().describe('Labels to add.'),
  annotations: texts().exactOptional().describe('Annotations to add.'),
})

const HeaderOperations = z.object({
  add: texts().exactOptional().describe('Appends these values.'),
  set: texts().exactOptional().describe('Overwrites with these values.'),
  remove: z.array(z.string()).max(100).exactOptional().describe('Removes these headers.'),
})

const Rewrite = z.object({
  uri: z.string().max(2048).exactOptional().describe('The path, or the matched part of it, becomes this.'),
  authority: z.string().max(253).exactOptional().describe('The Host header becomes this.'),
  type: z
    .enum(['ReplaceFullPath', 'ReplacePrefixMatch'])
    .exactOptional()
    .describe(
      'Of an HTTPRoute: whether `uri` becomes the whole path, or the part of it that a match on `uri.prefix` takes. Left out: `ReplaceFullPath`.',
    ),
})

const KEEPS_THE_SPLIT =
  'because its routes would keep the split: delete the Canary, which hands the routes back, and create it again'

const UserVirtualService = ruled(
  z.object({
    name: objectName().describe('Name of the VirtualService, in the same namespace.'),
    routes: z
      .array(z.object({ name: z.string().min(1).max(253).describe('`name` of an http route.') }))
      .min(1)
      .max(50)
      .exactOptional()
      .describe('The routes whose weights are shifted. Left out: those that lead to the Service or to its primary.'),
  }),
  {
    message: `an entry cannot be changed, ${KEEPS_THE_SPLIT}`,
    cel: 'has(self.routes) == has(oldSelf.routes) && (!has(self.routes) || self.routes == oldSelf.routes)',
    holds: 'unseen',
  },
)

const UserDestinationRule = ruled(
  z.object({
    name: objectName().describe('Name of the DestinationRule, in the same namespace. It is only read.'),
    primarySubset: z.string().min(1).max(63).describe("The subset of the primary's pods; they get its labels."),
    canarySubset: z
      .string()
      .min(1)
      .max(63)
      .describe("The subset of the canary's pods; the target's template must carry its labels."),
  }),
  {
    message: 'destinationRule cannot be changed: delete the Canary and create it again',
    cel: 'self == oldSelf',
    holds: 'unseen',
  },
  {
    message: 'primarySubset and canarySubset must be two subsets, or there is nothing to split between',
    cel: 'self.primarySubset != self.canarySubset',
    holds: rule => rule.primarySubset !== rule.canarySubset,
  },
)

/** What belongs to a VirtualService that Sluice makes, and so cannot be said of one that is the user's. */
const OF_OUR_VIRTUAL_SERVICE = [
  'hosts',
  'gateways',
  'delegation',
  'match',
  'rewrite',
  'timeout',
  'retries',
  'headers',
  'corsPolicy',
] as const

/** The same of an HTTPRoute. `timeout` stays: it is the shortest time to drain. */
const OF_OUR_HTTP_ROUTE = [
  'hosts',
  'gatewayRefs',
  'match',
  'rewrite',
  'backendTimeout',
  'headers',
  'corsPolicy',
  'mirror',
] as const

/** Whether the VirtualService is bound to the sidecars. */
const IN_MESH = `(!has(self.gateways) || 'mesh' in self.gateways)`
const isInMesh = ({ gateways = [] }: { readonly gateways?: readonly string[] | undefined }): boolean =>
  gateways.length === 0 || gateways.includes('mesh')

/** A wildcard over the Services of all namespaces, in any cluster domain. */
const EVERY_SERVICE = '^[*]([.]svc([.].*)?|[.](cluster[.])?local)[.]?$'

/** As Istio compares hosts of one VirtualService (pkg/config/host/name.go `Matches`). */
const coversHost = (pattern: string, host: string): boolean =>
  pattern === host || (pattern.startsWith('*') && host.endsWith(pattern.slice(1)))

export const ServiceSchema = ruled(
  z.object({
    name: ruled(z.string().max(63), {
      message: SERVICE_NAME_SENTENCE,
      cel: `self.matches('${SERVICE_NAME_PATTERN}')`,
      holds: name => new RegExp(SERVICE_NAME_PATTERN).test(name),
    })
      .exactOptional()
      .describe('Name of the Service that callers use. Left out: the name of the target. Cannot be changed.'),
    port: z.int().min(1).max(65_535).describe('Port of the Services.'),
    portName: z
      .string()
      .min(1)
      .max(63)
      .exactOptional()
      .describe(
        'Name of that port; Istio reads the protocol from it. Left out: as in the Service that was there, else `http`.',
      ),
    targetPort: z
      .union([z.int().min(1).max(65_535), z.string().min(1).max(63)])
      .meta({ 'x-kubernetes-int-or-string': true })
      .exactOptional()
      .describe('Port of the pods, by number or name. Left out: as in the Service that was there, else `port`.'),
    appProtocol: ruled(z.string().max(253), {
      message: 'TCP routes are not supported yet: remove appProtocol, or name an HTTP protocol',
      cel: `self.lowerAscii() != 'tcp'`,
      holds: protocol => protocol.toLowerCase() !== 'tcp',
    })
      .exactOptional()
      .describe(
        'Application protocol of the port, such as `http` or `grpc`. Left out: as in the Service that was there.',
      ),
    portDiscovery: z
      .boolean()
      .default(false)
      .describe(
        "Whether the target's container ports that no port of the Service leads to become ports of the Services too.",
      ),
    trafficDistribution: z
      .enum(['PreferClose', 'PreferSameZone', 'PreferSameNode'])
      .exactOptional()
      .describe('`spec.trafficDistribution` of the Services. Left out: as in the Service that was there.'),
    headless: z.boolean().default(false).describe('Whether the Services have no cluster IP.'),
    timeout: durationText().exactOptional().describe('How long a request may take. Also the shortest time to drain.'),
    gateways: z
      .array(z.string().min(1).max(512))
      .max(100)
      .exactOptional()
      .describe(
        'Istio gateways that the VirtualService binds to, as `namespace/name`; `--allowed-gateways` may restrict them. Left out: `mesh`.',
      ),
    hosts: z
      .array(z.string().min(1).max(253))
      .max(100)
      .exactOptional()
      .describe(
        'Hosts of the VirtualService, beside the Service. Services of other namespaces are refused; `--allowed-hosts` may restrict the others.',
      ),
    delegation: z
      .boolean()
      .default(false)
      .describe('Whether a VirtualService of yours delegates to the one that Sluice makes.'),
    trafficPolicy: TrafficPolicy.exactOptional(),
    match: z
      .array(Match)
      .max(100)
      .exactOptional()
      .describe(`Requests that the routes are for. ${istio('virtual-service/#HTTPMatchRequest')}`),
    rewrite: Rewrite.exactOptional().describe('How requests are rewritten before they are forwarded.'),
    retries: Retries.exactOptional(),
    headers: z
      .object({
        request: HeaderOperations.exactOptional().describe('Of requests, before they are forwarded.'),
        response: HeaderOperations.exactOptional().describe('Of responses, before they are returned.'),
      })
      .exactOptional()
      .describe('Headers to change in requests and responses.'),
    corsPolicy: CorsPolicy.exactOptional(),
    apex: Metadata.exactOptional().describe('Metadata of the Service that callers use, and of the VirtualService.'),
    primary: Metadata.exactOptional().describe("Metadata of the primary's Service."),
    canary: Metadata.exactOptional().describe("Metadata of the canary's Service."),
    unmanagedMetadata: z
      .object({
        labels: z.array(z.string()).max(100).exactOptional().describe('Labels to leave alone.'),
        annotations: z.array(z.string()).max(100).exactOptional().describe('Annotations to leave alone.'),
      })
      .exactOptional()
      .describe('Metadata of the Services that another controller manages.'),
    virtualServices: ruled(z.array(UserVirtualService).min(1).max(20), {
      message: `an entry cannot be removed, ${KEEPS_THE_SPLIT}`,
      cel: 'oldSelf.all(old, self.exists(one, one.name == old.name))',
      holds: 'unseen',
    })
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
      .exactOptional()
      .describe(
        'VirtualServices of yours in which the weights are shifted; Sluice then makes none. Entries may be added later, and not be changed or removed.',
      ),
    destinationRule: UserDestinationRule.exactOptional().describe(
      'A DestinationRule of yours whose subsets the split is between. Cannot be added, changed or removed later.',
    ),
    gatewayRefs: z
      .array(GatewayRef)
      .max(32)
      .exactOptional()
      .describe(
        `Parents of the HTTPRoute: Gateways, ListenerSets, and the Service itself; \`--allowed-gateways\` may restrict them. Left out: the Service, on \`port\`. ${gatewayApi('parentreference')}`,
      ),
    backendTimeout: durationText().exactOptional().describe('How long one try of a request may take, in an HTTPRoute.'),
    routes: UserRoutes.exactOptional().describe(
      'Routes of yours, of the Gateway API, in which the weights are shifted; Sluice then makes none. Entries may be added later, and not be changed or removed.',
    ),
    mirror: z
      .array(MirrorBackend)
      .max(8)
      .exactOptional()
      .describe(
        'Where an HTTPRoute sends copies of all requests, beside those of the analysis. Their answers are dropped.',
      ),
    meshName: refused('string', appMesh('meshName belongs')),
    backends: refused('strings', appMesh('backends belong')),
  }),
  {
    message: 'a delegated VirtualService has no hosts or gateways of its own: remove them, or delegation',
    cel: '!has(self.delegation) || !(has(self.hosts) || has(self.gateways))',
    holds: service => !service.delegation || (service.hosts === undefined && service.gateways === undefined),
  },
  {
    message: `with virtualServices the routes are yours: write ${OF_OUR_VIRTUAL_SERVICE.join(', ')} there instead`,
    cel: `!has(self.virtualServices) || !(${OF_OUR_VIRTUAL_SERVICE.map(field => `has(self.${field})`).join(' || ')})`,
    holds: service =>
      service.virtualServices === undefined ||
      OF_OUR_VIRTUAL_SERVICE.every(field => service[field] === undefined || service[field] === false),
  },
  {
    message: `with routes the routes are yours: write ${OF_OUR_HTTP_ROUTE.join(', ')} there instead`,
    cel: `!has(self.routes) || !(${OF_OUR_HTTP_ROUTE.map(field => `has(self.${field})`).join(' || ')})`,
    holds: service => service.routes === undefined || OF_OUR_HTTP_ROUTE.every(field => service[field] === undefined),
  },
  {
    message: 'Istio refuses the host * in the mesh: name the hosts, or bind them to gateways without mesh',
    cel: `!(has(self.hosts) && '*' in self.hosts && ${IN_MESH})`,
    holds: service => !(service.hosts ?? []).includes('*') || !isInMesh(service),
  },
  {
    message: 'a host is listed twice, or covered by another one, which Istio refuses: list each once',
    cel: `!has(self.hosts) || self.hosts.all(a, self.hosts.exists_one(b, a == b || a.startsWith('*') && b.endsWith(a.substring(1))))`,
    holds: ({ hosts = [] }) => hosts.every(a => hosts.filter(b => coversHost(a, b)).length === 1),
  },
  {
    message:
      'a wildcard over the Services of all namespaces would take their traffic in the mesh: name the hosts, or bind it to gateways without mesh',
    cel: `!has(self.hosts) || !${IN_MESH} || !self.hosts.exists(host, host.lowerAscii().matches('${EVERY_SERVICE}'))`,
    // One that is stored must stay readable, or its deletion would leave its routes behind; `hostOfOthers` refuses it.
    holds: 'unseen',
  },
  {
    message: 'with destinationRule the policy is yours: write trafficPolicy there instead',
    cel: '!(has(self.destinationRule) && has(self.trafficPolicy))',
    holds: service => service.destinationRule === undefined || service.trafficPolicy === undefined,
  },
  {
    message:
      'with destinationRule there is one Service and none for either side: write apex instead of primary and canary',
    cel: '!has(self.destinationRule) || !(has(self.primary) || has(self.canary))',
    holds: service =>
      service.destinationRule === undefined || (service.primary === undefined && service.canary === undefined),
  },
  {
    message:
      'headless cannot be changed, because a Service keeps its cluster IP: delete the Canary and create it again',
    cel: 'has(self.headless) == has(oldSelf.headless)',
    holds: 'unseen',
  },
  {
    message:
      'the way of splitting cannot be changed: virtualServices, routes and destinationRule can be neither added nor removed; delete the Canary and create it again',
    cel: 'has(self.virtualServices) == has(oldSelf.virtualServices) && has(self.routes) == has(oldSelf.routes) && has(self.destinationRule) == has(oldSelf.destinationRule)',
    holds: 'unseen',
  },
)
