/**
 * The Canary: what a user writes, and what the program reads. On the wire it is Flagger's spec with additions, durations
 * as text; read here every default is filled in and every duration is milliseconds.
 */
import { z } from 'zod'
import type { Alert } from './alert.ts'
import { AnalysisSchema } from './analysis.ts'
import { AutoscalerRef } from './autoscaler.ts'
import { parseDuration } from './duration.ts'
import { IngressRef } from './ingress-ref.ts'
import { MetricSchema, type Metric } from './metric.ts'
import type { KubeObject } from './object.ts'
import { rulesOf, rulesOfUsersRoutes } from './provider-rules.ts'
import { FLAGGER_PROVIDERS, isProvider, type Provider, PROVIDER_SENTENCE, providers } from './providers.ts'
import { emptyCounts, metricsServer, refused, ruled, SERVICE_NAME_PATTERN, SERVICE_NAME_SENTENCE } from './schema.ts'
import { ServiceSchema } from './service.ts'
import { TargetRef } from './target-ref.ts'
import type { Webhook } from './webhook.ts'

const SUPPORTED = Object.keys(providers)
  .map(name => `'${name}'`)
  .join(', ')

/** The rules of each provider, for the Canaries that name it; those of a flag are found when the Canary is observed. */
const providerRules = Object.keys(providers)
  .filter(isProvider)
  .flatMap(name =>
    rulesOf(name).map(({ message, cel, holds }) => ({
      message,
      cel: `!(has(self.provider) && self.provider == '${name}') || (${cel})`,
      holds: (spec: Parameters<typeof holds>[0] & { readonly provider?: string | undefined }): boolean =>
        spec.provider !== name || holds(spec),
    })),
  )

const apexOf = (self: string): string => `(has(${self}.service.name) ? ${self}.service.name : ${self}.targetRef.name)`
const labelsOf = (self: string): string => `has(${self}.primary) && has(${self}.primary.labels)`

const Written = ruled(
  z.object({
    provider: ruled(z.enum(FLAGGER_PROVIDERS), {
      message: PROVIDER_SENTENCE,
      cel: `self in [${SUPPORTED}]`,
      holds: isProvider,
    })
      .exactOptional()
      .describe("What splits the traffic. Left out: the controller's `--mesh-provider`."),
    metricsServer: metricsServer()
      .exactOptional()
      .describe(
        "URL of the Prometheus to query; the controller must allow it. Left out: the controller's `--metrics-server`.",
      ),
    targetRef: TargetRef.describe('The workload whose releases these are. Cannot be changed.'),
    progressDeadlineSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(600)
      .describe('How many seconds to wait for pods to become ready before the release is rolled back.'),
    skipAnalysis: z
      .boolean()
      .default(false)
      .describe('Whether a new revision is promoted once its pods are ready, unjudged.'),
    revertOnDeletion: z
      .boolean()
      .default(false)
      .describe('Whether deleting the Canary also restores what was adopted. The target serves again in any case.'),
    paused: z.boolean().default(false).describe('Holds the release where it is; a rollback still works.'),
    primary: z
      .object({
        labels: z
          .enum(['keep', 'switch'])
          .exactOptional()
          .describe(
            "How the primary's pods are told apart: `keep` all of the target's labels and add `sluice.dev/role: primary`, or `switch` the value of the first selector label to `<target>-primary`, as Flagger does. Left out: chosen at the first check and kept in status. Cannot be changed.",
          ),
      })
      .exactOptional()
      .describe('The workload that runs the promoted revision.'),
    service: ServiceSchema.describe('The Services that callers use, and the routes that carry the split.'),
    analysis: emptyCounts(AnalysisSchema)
      .exactOptional()
      .describe('The ladder that a canary climbs, and what it is judged by.'),
    suspend: z
      .boolean()
      .exactOptional()
      .describe("Flagger's word for `paused`. In Flagger it also stops rollbacks; here a rollback still works."),
    autoscalerRef: AutoscalerRef.exactOptional().describe(
      'The autoscaler of the target. The primary gets one like it, `<name>-primary`, which is kept equal to it.',
    ),
    ingressRef: IngressRef.exactOptional().describe(
      'With provider `nginx`: your Ingress, some paths of which lead to the Service of the Canary. Sluice keeps `<name>-canary` beside it, which has the share. Cannot be changed.',
    ),
    routeRef: refused('reference', 'routeRef belongs to providers other than istio: remove it'),
    upstreamRef: refused('reference', 'upstreamRef belongs to providers other than istio: remove it'),
    canaryAnalysis: refused('analysis', "canaryAnalysis is Flagger's old word: write spec.analysis"),
  }),
  {
    message: 'write analysis (analysis: {} has sensible defaults), or skipAnalysis: true to promote unjudged',
    cel: 'has(self.analysis) || has(self.skipAnalysis)',
    holds: spec => spec.analysis !== undefined || spec.skipAnalysis,
  },
  {
    message: `without service.name the target's name is used: ${SERVICE_NAME_SENTENCE}`,
    cel: `has(self.service.name) || self.targetRef.name.matches('${SERVICE_NAME_PATTERN}')`,
    holds: spec => spec.service.name !== undefined || new RegExp(SERVICE_NAME_PATTERN).test(spec.targetRef.name),
  },
  {
    message:
      'subsets need the labels of the target: with service.destinationRule write primary.labels: keep, or leave it out',
    cel: `!(has(self.service.destinationRule) && ${labelsOf('self')} && self.primary.labels == 'switch')`,
    holds: spec => spec.service.destinationRule === undefined || spec.primary?.labels !== 'switch',
  },
  ...rulesOfUsersRoutes,
  ...providerRules,
  {
    message: 'service.name cannot be changed: delete the Canary and create it again',
    cel: `${apexOf('self')} == ${apexOf('oldSelf')}`,
    holds: 'unseen',
  },
  {
    message: 'primary.labels cannot be changed: delete the Canary and create it again',
    cel: `!(${labelsOf('oldSelf')}) || ${labelsOf('self')} && self.primary.labels == oldSelf.primary.labels`,
    holds: 'unseen',
  },
)

const DEFAULT_METRICS: Metric[] = z
  .array(MetricSchema)
  .parse([{ name: 'request-success-rate' }, { name: 'request-duration' }])
const DEFAULT_ANALYSIS = AnalysisSchema.parse({})
const LONGEST_CHECK_INTERVAL = 10_000
const SHORTEST_DRAIN = 10_000
/** A threshold of 0 is 1, as in Flagger. */
const LOWEST_THRESHOLD = 1

const NO_WEBHOOKS: readonly Webhook[] = []
const NO_ALERTS: readonly Alert[] = []

/** Fills in the defaults that depend on other fields. */
function resolved(spec: z.output<typeof Written>) {
  const service = spec.service
  const { metrics, checkInterval, drain, steps, webhooks, alerts, ...analysis } = spec.analysis ?? DEFAULT_ANALYSIS
  const timeout = parseDuration(service.timeout ?? '0s')
  return {
    ...spec,
    paused: spec.paused || spec.suspend === true,
    service: { ...service, name: service.name ?? spec.targetRef.name },
    analysis: {
      ...analysis,
      threshold: Math.max(LOWEST_THRESHOLD, analysis.threshold),
      steps: steps?.map(step => ({ ...step, metrics: step.metrics ?? [] })),
      metrics: metrics === undefined || metrics.length === 0 ? DEFAULT_METRICS : metrics,
      webhooks: webhooks ?? NO_WEBHOOKS,
      alerts: alerts ?? NO_ALERTS,
      checkInterval: checkInterval ?? Math.min(analysis.interval, LONGEST_CHECK_INTERVAL),
      drain: drain ?? Math.max(SHORTEST_DRAIN, 'milliseconds' in timeout ? timeout.milliseconds : 0),
    },
  }
}

/** The schema of `spec`: its input is the wire, its output the program's. */
export const CanarySpecSchema = Written.transform(resolved)

/** What the program reads: defaults filled in, `analysis` present even where it is skipped. */
export type CanarySpec = Omit<z.output<typeof CanarySpecSchema>, 'provider'> & {
  /** What splits the traffic: as it was recorded, else as it is asked for. */
  readonly provider: Provider
  /** What the Canary names, else the flag: another one than `provider` where it was changed while traffic is split. */
  readonly askedProvider: Provider
}
export type Service = CanarySpec['service']
/** Lengths of time in milliseconds, except `progressDeadlineSeconds` and what Istio is handed as text (`timeout`, `retries`). */
export type Analysis = CanarySpec['analysis']
export type Step = NonNullable<Analysis['steps']>[number]
export type { Metric } from './metric.ts'
export type { Webhook } from './webhook.ts'

/** A Canary that was read: the object as the API server has it, with `spec` typed and resolved. */
export interface Canary extends KubeObject {
  readonly spec: CanarySpec
}

/** Names become values of labels. */
export const LONGEST_NAME = 63
export const NAME_SENTENCE = `a Canary's name is written into labels and must have at most ${LONGEST_NAME} characters`

/** The provider that a Canary names; '' for none, as an empty one is. */
const namedProvider = (self: string): string => `(has(${self}.spec.provider) ? ${self}.spec.provider : '')`

/**
 * The rules on the whole object. Only status knows the provider of a Canary that names none, because a flag chose it: from then on
 * that one may be written, and no other. One that was stored with a provider that does not work can be mended.
 */
export const CANARY_RULES = [
  { rule: `size(self.metadata.name) <= ${LONGEST_NAME}`, message: NAME_SENTENCE },
  {
    rule: `${namedProvider('self')} == ${namedProvider('oldSelf')} || !has(oldSelf.status) || !has(oldSelf.status.provider) || ${namedProvider('self')} == oldSelf.status.provider || !(${namedProvider('oldSelf')} in ['', ${SUPPORTED}])`,
    message:
      'spec.provider cannot be changed: write the one in status.provider, or delete the Canary, which hands the traffic back to the target, and create it again',
  },
] as const
