/**
 * From schemas to CustomResourceDefinitions. zod's JSON schema is not yet structural
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema);
 * what has to change is rewritten here, once for all kinds.
 */
import type { z } from 'zod'
import { AlertProviderSpecSchema, AlertProviderStatusSchema } from './alert-provider.ts'
import { CANARY_RULES, CanarySpecSchema } from './canary.ts'
import { acceptingEmpty } from './empty.ts'
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts'
import { type Kind, kinds } from './object.ts'
import { CanaryStatusSchema } from './status.ts'
import { MetricTemplateSpecSchema, MetricTemplateStatusSchema } from './templates.ts'

/** One kind: its schemas, and how `kubectl get` shows it. */
export interface Resource {
  readonly kind: Kind
  readonly shortNames: readonly string[]
  readonly description: string
  readonly spec: z.ZodType
  readonly status: z.ZodType
  readonly rules: readonly { readonly rule: string; readonly message: string }[]
  readonly columns: readonly Column[]
}

interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'date'
  readonly jsonPath: string
  readonly description: string
  /** 0 is always shown, 1 with `-o wide`. */
  /** 1: only with `-o wide`. Left out for 0, which the API server drops: a second `kubectl apply` then changes nothing. */
  readonly priority?: 1
}

const column = (
  name: string,
  type: Column['type'],
  jsonPath: string,
  description: string,
  priority: 0 | 1 = 0,
): Column => ({
  name,
  type,
  jsonPath,
  description,
  ...(priority === 1 ? { priority } : {}),
})

export const resources: readonly Resource[] = [
  {
    kind: kinds.Canary,
    shortNames: ['sluice'],
    description: 'Releases a Deployment step by step, and rolls back what is bad.',
    spec: CanarySpecSchema,
    status: CanaryStatusSchema,
    rules: CANARY_RULES,
    columns: [
      column('Status', 'string', '.status.phase', 'The phase of the release.'),
      column('Weight', 'number', '.status.canaryWeight', 'Percent of requests that the canary gets.'),
      column('Step', 'string', '.status.step', 'Which step of how many.'),
      column('Message', 'string', '.status.message', 'What happened last, or is waited for.'),
      column('Failed', 'integer', '.status.failedChecks', 'Failed checks of this run.', 1),
      column('Interval', 'string', '.spec.analysis.interval', 'How long a step lasts at least.', 1),
      column('Last-Transition', 'date', '.status.lastTransitionTime', 'When the phase or weight changed last.', 1),
      column('Age', 'date', '.metadata.creationTimestamp', 'When the Canary was created.'),
    ],
  },
  {
    kind: kinds.MetricTemplate,
    shortNames: [],
    description: 'A query that many Canaries share.',
    spec: MetricTemplateSpecSchema,
    status: MetricTemplateStatusSchema,
    rules: [],
    columns: [
      column('Provider', 'string', '.spec.provider.type', 'Who answers the query.'),
      column(
        'Ready',
        'string',
        '.status.conditions[?(@.type=="Ready")].status',
        'Whether the query could be asked as it is.',
      ),
      column('Message', 'string', '.status.conditions[?(@.type=="Ready")].message', 'What is wrong with it.'),
      column('Age', 'date', '.metadata.creationTimestamp', 'When the template was created.'),
    ],
  },
  {
    kind: kinds.AlertProvider,
    shortNames: [],
    description: 'Where alerts of Canaries are sent.',
    spec: AlertProviderSpecSchema,
    status: AlertProviderStatusSchema,
    rules: [],
    columns: [
      column('Type', 'string', '.spec.type', 'The service whose messages are sent.'),
      column(
        'Ready',
        'string',
        '.status.conditions[?(@.type=="Ready")].status',
        'Whether an alert could be sent as it is.',
      ),
      column('Message', 'string', '.status.conditions[?(@.type=="Ready")].message', 'What is wrong with it.'),
      column('Age', 'date', '.metadata.creationTimestamp', 'When the provider was created.'),
    ],
  },
]

const INT32 = 2 ** 31 - 1

/**
 * The structural form of a JSON schema of ours.
 *
 * @param inList within a list, where no default is written: the server would add it to every entry, and a GitOps tool,
 *   which compares lists as a whole, would see drift for ever. Our own reading fills it in all the same.
 */
export function structural(schema: JsonSchema, inList = false): JsonSchema {
  const { $schema: _schema, propertyNames: _names, refused, default: standard, ...rest } = schema
  const {
    emptyCounts: _counts,
    passedOn: _passedOn,
    properties,
    additionalProperties,
    items,
    anyOf: _union,
    ...kept
  } = rest
  const result: JsonSchema = { ...kept }
  if (refused !== undefined) result.description = `Refused: ${refused}.`
  if (standard !== undefined && !inList) result.default = standard
  if (schema['x-kubernetes-int-or-string'] === true) {
    result.anyOf = [{ type: 'integer' }, { type: 'string' }]
    return result
  }
  if (result.type === 'integer') {
    if (result.minimum === Number.MIN_SAFE_INTEGER) delete result.minimum
    if (result.maximum === Number.MAX_SAFE_INTEGER) delete result.maximum
    result.format = (result.maximum ?? Number.POSITIVE_INFINITY) <= INT32 ? 'int32' : 'int64'
  }
  if (items !== undefined) result.items = structural(items, true)
  if (properties !== undefined && Object.keys(properties).length > 0)
    result.properties = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, structural(property, inList)]),
    )
  if (typeof additionalProperties === 'object') {
    const open = Object.keys(additionalProperties).length === 0
    if (open) result['x-kubernetes-preserve-unknown-fields'] = true
    else result.additionalProperties = structural(additionalProperties, true)
  }
  return result
}

/** The CustomResourceDefinition of a kind, as an object to be written as YAML. */
export function crdOf(resource: Resource): Record<string, unknown> {
  const { kind, columns, shortNames, status } = resource
  const properties: Record<string, JsonSchema> = {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object' },
    spec: structural(acceptingEmpty(jsonSchemaOf(resource.spec))),
    status: {
      ...structural(jsonSchemaOf(status)),
      description: 'What the controller reports.',
      // kstatus: an object that no controller has seen yet must not look finished.
      default: { observedGeneration: -1 },
    },
  }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${kind.group}` },
    spec: {
      group: kind.group,
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.kind.toLowerCase(),
        ...(shortNames.length > 0 ? { shortNames } : {}),
      },
      versions: [
        {
          name: kind.version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: resource.description,
              required: ['spec'],
              properties,
              ...(resource.rules.length > 0 ? { 'x-kubernetes-validations': resource.rules } : {}),
            },
          },
        },
      ],
    },
  }
}
