/** Fields of `spec.service` that belong to the Gateway API, in Flagger's words. */
import { z } from 'zod'
import { objectName } from './schema.ts'

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
