/** Fields of a Canary that are Istio's own: they are passed on as written, and their parts are named so that a typo is refused. */
import { z } from 'zod'
import { durationText, emptyCounts, passedOn, passedOnByName, texts } from './schema.ts'

/** The description of such a field: its page in Istio's reference. */
export const istio = (page: string): string =>
  `Istio's, passed on as written: https://istio.io/latest/docs/reference/config/networking/${page}`

export const TrafficPolicy = passedOn({
  loadBalancer: passedOn({}).exactOptional(),
  connectionPool: passedOn({ tcp: passedOn({}).exactOptional(), http: passedOn({}).exactOptional() }).exactOptional(),
  outlierDetection: passedOn({}).exactOptional(),
  tls: passedOn({}).exactOptional(),
  portLevelSettings: z.array(passedOn({})).max(100).exactOptional(),
  tunnel: passedOn({}).exactOptional(),
  proxyProtocol: passedOn({}).exactOptional(),
}).describe(istio('destination-rule/#TrafficPolicy'))

export const CorsPolicy = passedOn({
  allowOrigins: z.array(passedOn({})).max(100).exactOptional(),
  allowOrigin: z.array(z.string()).max(100).exactOptional(),
  allowMethods: z.array(z.string()).max(100).exactOptional(),
  allowHeaders: z.array(z.string()).max(100).exactOptional(),
  exposeHeaders: z.array(z.string()).max(100).exactOptional(),
  maxAge: z.string().exactOptional(),
  allowCredentials: z.boolean().exactOptional(),
  unmatchedPreflights: z.string().exactOptional(),
}).describe(istio('virtual-service/#CorsPolicy'))

/** A condition on one text, as Istio writes it. */
const StringMatch = passedOn({
  exact: z.string().exactOptional(),
  prefix: z.string().exactOptional(),
  regex: z.string().exactOptional(),
})

/** A condition on requests, as Istio writes it. */
export const Match = passedOn({
  name: z.string().exactOptional(),
  uri: StringMatch.exactOptional(),
  scheme: StringMatch.exactOptional(),
  method: StringMatch.exactOptional(),
  authority: StringMatch.exactOptional(),
  headers: passedOnByName().exactOptional(),
  withoutHeaders: passedOnByName().exactOptional(),
  queryParams: passedOnByName().exactOptional(),
  port: z.int().min(1).max(65_535).exactOptional(),
  sourceLabels: texts().exactOptional(),
  sourceNamespace: z.string().exactOptional(),
  gateways: z.array(z.string()).max(100).exactOptional(),
  ignoreUriCase: z.boolean().exactOptional(),
  statPrefix: z.string().exactOptional(),
})

export const Retries = z
  .looseObject({
    attempts: emptyCounts(z.int().min(0).max(1_000))
      .exactOptional()
      .describe('How often a request is tried again; 0 is never.'),
    perTryTimeout: durationText().exactOptional().describe('How long one try may take.'),
    retryOn: z.string().exactOptional().describe('What is tried again, such as `5xx,reset`.'),
    retryRemoteLocalities: emptyCounts(z.boolean()).exactOptional(),
  })
  .describe(istio('virtual-service/#HTTPRetry'))
