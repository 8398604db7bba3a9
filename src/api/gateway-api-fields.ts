/** Fields of `spec.service` that belong to the Gateway API, in Flagger's words. */
import { z } from 'zod'
import { objectName, ruled, texts } from './schema.ts'

export const gatewayApi = (page: string): string => `https://gateway-api.sigs.k8s.io/reference/spec/#${page}`

const port = () => z.int().min(1).max(65_535)

/** Flagger's, with the default of the API for what is left out. */
export const GatewayRef = z.object({
  group: z
    .string()
    .max(253)
    .exactOptional()
    .describe('Left out: of a Service the core group, of the others `gateway.networking.k8s.io`.'),
  kind: z.enum(['Gateway', 'ListenerSet', 'Service']).exactOptional().describe('Left out: `Gateway`.'),
  namespace: z.string().min(1).max(63).exactOptional().describe("Left out: the Canary's."),
  name: objectName().describe(
    'Name of the parent. A Service must be the one that callers use: the split is then in the mesh.',
  ),
  sectionName: z.string().min(1).max(253).exactOptional().describe('A listener of the parent. Left out: all.'),
  port: port().exactOptional().describe('A port of the parent. Left out: all.'),
})

export const MirrorBackend = z.object({
  backendRef: z
    .object({
      group: z.string().max(253).exactOptional().describe('Left out: the core group.'),
      kind: z.string().max(63).exactOptional().describe('Left out: `Service`.'),
      namespace: z
        .string()
        .min(1)
        .max(63)
        .exactOptional()
        .describe("Left out: the Canary's; another one has to grant it."),
      name: objectName().describe('Name of the backend.'),
      port: port().exactOptional().describe('A port of the Service.'),
    })
    .describe(`What gets the copies. ${gatewayApi('backendobjectreference')}`),
})

const KEEPS_THE_SPLIT =
  'because its routes would keep the split: delete the Canary, which hands the routes back, and create it again'

/** Routes of the user's in which weights are shifted: one by its name, or several by their labels. */
const UserRoute = ruled(
  z.object({
    kind: z
      .enum(['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'])
      .exactOptional()
      .describe(
        'Left out: `HTTPRoute`. The others are read and written in v1, or in an alpha version where v1 is not served.',
      ),
    name: objectName().exactOptional().describe('Name of the route, in the same namespace.'),
    selector: z
      .object({
        matchLabels: texts({ entries: 8, length: 63 }).describe('Labels that a route must have, all of them.'),
      })
      .exactOptional()
      .describe('In place of `name`: the routes of that kind in the same namespace with these labels, at most 20.'),
    rules: z
      .array(z.object({ name: z.string().min(1).max(253).describe('`name` of a rule.') }))
      .min(1)
      .max(16)
      .exactOptional()
      .describe('The rules whose weights are shifted. Left out: those that lead to the Service or to its primary.'),
  }),
  {
    message: 'write either name, or selector with at least one label',
    cel: 'has(self.name) != has(self.selector)',
    holds: route => (route.name === undefined) !== (route.selector === undefined),
  },
)

/** CEL: an empty field says what a missing one does. */
const kindOf = (entry: string): string => `(has(${entry}.kind) && ${entry}.kind != '' ? ${entry}.kind : 'HTTPRoute')`
const isOfAll = (entry: string): string => `(!has(${entry}.rules) || size(${entry}.rules) == 0)`

const nameOf = (entry: string): string => `(has(${entry}.name) && ${entry}.name != '' ? ${entry}.name : '')`
const labelsOf = (entry: string): string =>
  `(has(${entry}.selector) && has(${entry}.selector.matchLabels) ? ${entry}.selector.matchLabels : {})`
/** CEL: the same routes. */
const sameRoutes = (one: string, other: string): string =>
  `${nameOf(one)} == ${nameOf(other)} && ${labelsOf(one)} == ${labelsOf(other)} && ${kindOf(one)} == ${kindOf(other)}`

/** Of an entry as it was read. */
const keyOf = ({ kind = 'HTTPRoute', name, selector }: z.output<typeof UserRoute>): string =>
  JSON.stringify([kind, name, Object.entries(selector?.matchLabels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))])

export const UserRoutes = ruled(
  z.array(UserRoute).min(1).max(20),
  {
    message: 'a route is listed twice: list it once, with the rules of both entries',
    cel: `self.all(one, self.exists_one(other, ${sameRoutes('other', 'one')}))`,
    holds: routes => new Set(routes.map(keyOf)).size === routes.length,
  },
  {
    message: `an entry cannot be changed or removed, ${KEEPS_THE_SPLIT}`,
    cel: `oldSelf.all(old, self.exists(one, ${sameRoutes('one', 'old')} && ${isOfAll('one')} == ${isOfAll('old')} && (${isOfAll('old')} || one.rules == old.rules)))`,
    holds: 'unseen',
  },
)
