/** The MetricTemplate: a query that many Canaries share. */
import { z } from 'zod'
import { ACCESS_RULES, accessFields, accessOf } from './credentials.ts'
import { withoutEmpty } from './empty.ts'
import { jsonSchemaOf } from './json-schema.ts'
import type { KubeObject } from './object.ts'
import { readyStatus } from './ready-status.ts'
import { metricsServer, refused, ruled } from './schema.ts'
import { sentencesOf, wording } from './sentences.ts'

/** Flagger's types; one of them works. */
const TYPES = [
  'prometheus',
  'influxdb',
  'datadog',
  'externalmetrics',
  'stackdriver',
  'cloudwatch',
  'newrelic',
  'graphite',
  'dynatrace',
  'keptn',
  'splunk',
] as const

const Provider = ruled(
  z.object({
    type: ruled(z.enum(TYPES), {
      message: 'only the type prometheus is supported so far',
      cel: `self == 'prometheus'`,
      holds: type => type === 'prometheus',
    }).describe('`prometheus`.'),
    address: metricsServer()
      .exactOptional()
      .describe(
        "URL of the Prometheus; must be on the list of the controller. Left out: the Canary's metrics server. A server that is called with `headers`, `secretRef`, `caSecretRef` or `insecureSkipVerify` gets nothing of what the controller's flags give for it but the CA.",
      ),
    ...accessFields(),
    insecureSkipVerify: z
      .boolean()
      .exactOptional()
      .describe('Accepts any certificate of the server: who is between could read and change what is sent.'),
    region: refused('string', 'region belongs to CloudWatch, which is not supported yet: remove it'),
  }),
  ...ACCESS_RULES,
  {
    message: 'a server of http has no certificate: remove insecureSkipVerify and caSecretRef, or write https',
    cel: `!has(self.address) || !self.address.startsWith('http:') || (!has(self.insecureSkipVerify) && !has(self.caSecretRef))`,
    holds: ({ address, insecureSkipVerify, caSecretRef }) =>
      address?.startsWith('http:') !== true || (insecureSkipVerify !== true && caSecretRef === undefined),
  },
  {
    message: 'a user and a password in address are not used: write them in a Secret and its name in secretRef',
    cel: `!has(self.address) || !self.address.matches('^https?://[^/]*@')`,
    holds: ({ address }) => address === undefined || !/^https?:\/\/[^/]*@/.test(address),
  },
)

/** The schema of `spec`. */
export const MetricTemplateSpecSchema = z
  .object({
    provider: Provider.describe('Who answers the query.'),
    query: z
      .string()
      .min(1)
      .max(16_384)
      .describe(
        'The query, with `{{ name }}`, `{{ namespace }}`, `{{ target }}`, `{{ service }}`, `{{ ingress }}`, `{{ route }}`, `{{ interval }}` and `{{ variables.x }}` filled in. It answers with one number.',
      ),
  })
  .transform(({ provider: { type, address, ...access }, query }) => ({
    provider: { type, address, access: accessOf(access) },
    query,
  }))

/** `status` of a MetricTemplate: whether its query can be asked, and else why not. */
export const MetricTemplateStatusSchema = readyStatus(
  '`Ready`: whether the query could be asked as it is, and else what is wrong. What the metrics server says of it is told by the Canaries that name it.',
)

const SPEC_JSON_SCHEMA = jsonSchemaOf(MetricTemplateSpecSchema)

export type MetricTemplateSpec = z.output<typeof MetricTemplateSpecSchema>

/** A MetricTemplate that was read. */
export interface MetricTemplate extends KubeObject {
  readonly spec: MetricTemplateSpec
}

/**
 * Reads a MetricTemplate as the API server has it.
 *
 * @returns the template, or one sentence a problem, each opening with the path of the field.
 */
export function parseMetricTemplate(object: KubeObject): { template: MetricTemplate } | { problems: string[] } {
  const written = { ...object, spec: withoutEmpty(object['spec'], SPEC_JSON_SCHEMA) }
  const parsed = z.object({ spec: MetricTemplateSpecSchema }).safeParse(written, { error: wording })
  return parsed.success ? { template: { ...object, spec: parsed.data.spec } } : { problems: sentencesOf(parsed.error) }
}
