/** A Canary as the API server has it, read: with every default filled in, or refused with a sentence a problem. */
import { z } from 'zod'
import { type Canary, type CanarySpec, CanarySpecSchema, LONGEST_NAME, NAME_SENTENCE } from './canary.ts'
import { withoutEmpty } from './empty.ts'
import { jsonSchemaOf } from './json-schema.ts'
import type { KubeObject } from './object.ts'
import { DEFAULT_ITERATIONS, DEFAULT_PROVIDER, isProvider, type Provider, traitsOf } from './providers.ts'
import { sentencesOf, wording } from './sentences.ts'

const SPEC_JSON_SCHEMA = jsonSchemaOf(CanarySpecSchema)

/**
 * Reads a Canary as the API server has it. What is refused here is what admission refuses, and what only we can see
 * (references to other namespaces): a Canary stored before its CRD was upgraded ends as a sentence, not as a surprise.
 *
 * @param fallback provider of a Canary that names none: the controller's `--mesh-provider`.
 * @param recorded provider with which the Canary was initialized; null before. It goes on, whatever is written.
 * @returns the Canary, or one sentence a problem, each opening with the path of the field.
 */
export function parseCanary(
  object: KubeObject,
  fallback: Provider = DEFAULT_PROVIDER,
  recorded: Provider | null = null,
): { canary: Canary } | { problems: string[] } {
  const written = { ...object, spec: withoutEmpty(object['spec'], SPEC_JSON_SCHEMA) }
  const parsed = z.object({ spec: CanarySpecSchema }).safeParse(written, { error: wording })
  if (!parsed.success) return { problems: sentencesOf(parsed.error) }
  const spec = withProvider(parsed.data.spec, fallback, recorded)
  const namespace = object.metadata.namespace ?? ''
  const problems = [...foreignTemplates(spec, namespace), ...foreignProviders(spec, namespace)]
  if (object.metadata.name.length > LONGEST_NAME) problems.push(`metadata.name: ${NAME_SENTENCE}`)
  return problems.length > 0 ? { problems } : { canary: { ...object, spec } }
}

/** The spec with the provider that splits its traffic, and what that one takes where nothing is written. */
function withProvider(
  { provider: named, ...spec }: z.output<typeof CanarySpecSchema>,
  fallback: Provider,
  recorded: Provider | null,
): CanarySpec {
  const askedProvider = named !== undefined && isProvider(named) ? named : fallback
  const provider = recorded ?? askedProvider
  if (traitsOf({ provider }).shares === 'any') return { ...spec, provider, askedProvider }
  const { iterations = 0 } = spec.analysis
  return {
    ...spec,
    provider,
    askedProvider,
    analysis: { ...spec.analysis, iterations: iterations === 0 ? DEFAULT_ITERATIONS : iterations },
  }
}

/** References to MetricTemplates outside the Canary's namespace. CEL cannot see the namespace of the object it judges. */
function foreignTemplates(spec: CanarySpec, namespace: string): string[] {
  const lists = [
    { path: 'spec.analysis.metrics', metrics: spec.analysis.metrics },
    ...(spec.analysis.steps ?? []).map((step, index) => ({
      path: `spec.analysis.steps[${index}].metrics`,
      metrics: step.metrics,
    })),
  ]
  return lists.flatMap(({ path, metrics }) =>
    metrics.flatMap(({ templateRef }, index) =>
      templateRef?.namespace === undefined || templateRef.namespace === namespace
        ? []
        : [
            `${path}[${index}].templateRef.namespace: a Canary refers to templates of its own namespace only; copy ${templateRef.name} to ${namespace} and remove the field`,
          ],
    ),
  )
}

/** The same of AlertProviders. */
function foreignProviders({ analysis }: CanarySpec, namespace: string): string[] {
  return analysis.alerts.flatMap(({ providerRef }, index) =>
    providerRef.namespace === undefined || providerRef.namespace === namespace
      ? []
      : [
          `spec.analysis.alerts[${index}].providerRef.namespace: a Canary refers to AlertProviders of its own namespace only; copy ${providerRef.name} and its Secret to ${namespace} and remove the field`,
        ],
  )
}
