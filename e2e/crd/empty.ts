/**
 * Rows for fields that say nothing, one for each field of our kinds and each of its empty values. They follow from the schemas,
 * so that a new field is among them. The unit tests ask `parseCanary` and the API server in memory, the end-to-end tests a
 * real one.
 */
import { resources } from '../../src/api/crd.ts'
import { type JsonSchema, jsonSchemaOf } from '../../src/api/json-schema.ts'
import { type Kind, kinds, type KubeObject } from '../../src/api/object.ts'
import { alertProvider, canary, inline, type Json, metricTemplate } from './given.ts'

export interface EmptyRow {
  /** `spec.analysis.webhooks: []` */
  readonly name: string
  readonly kind: Kind
  readonly object: KubeObject
  /** The same object without the field. */
  readonly without: KubeObject
}

/** Entries that lists need before a field of one can be written. */
const entries: Readonly<Record<string, Json>> = {
  'spec.analysis.metrics[]': { analysis: { metrics: [inline] } },
  'spec.analysis.steps[]': { analysis: { steps: [{ weight: 10 }] } },
  'spec.analysis.steps[].metrics[]': { analysis: { steps: [{ weight: 10, metrics: [inline] }] } },
  'spec.analysis.alerts[]': { analysis: { alerts: [{ name: 'on-call', providerRef: { name: 'slack' } }] } },
  'spec.analysis.webhooks[]': { analysis: { webhooks: [{ name: 'gate', url: 'http://gate.test/' }] } },
  'spec.service.gatewayRefs[]': { provider: 'gatewayapi:v1', service: { gatewayRefs: [{ name: 'public' }] } },
  'spec.service.routes[]': { provider: 'gatewayapi:v1', service: { routes: [{ name: 'web' }] } },
  'spec.service.mirror[]': { provider: 'gatewayapi:v1', service: { mirror: [{ backendRef: { name: 'copies' } }] } },
  'spec.service.virtualServices[]': { service: { virtualServices: [{ name: 'web' }] } },
}

interface Field {
  readonly path: readonly string[]
  readonly schema: JsonSchema
}

/** The fields that may be left out; in an object that may be, all of them. */
function* optionalFields(schema: JsonSchema, path: readonly string[], isOptional: boolean): Generator<Field> {
  if (schema.passedOn === true) return
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const at = [...path, name]
    const mayBeEmpty = isOptional || !(schema.required ?? []).includes(name)
    if (mayBeEmpty) yield { path: at, schema: field }
    yield* optionalFields(field, at, mayBeEmpty && field.emptyCounts !== true)
    if (field.items !== undefined) yield* optionalFields(field.items, [...path, `${name}[]`], false)
  }
}

const written = (path: readonly string[]): string => path.join('.')

/** The fields whose empty value says something. */
export const fieldsThatCountEmpty: readonly string[] = resources.flatMap(({ kind, spec }) =>
  [...optionalFields(jsonSchemaOf(spec), ['spec'], false)]
    .filter(({ schema }) => schema.emptyCounts === true)
    .map(({ path }) => `${kind.kind}.${written(path)}`),
)

function emptyValues({ type, emptyCounts, ...schema }: JsonSchema): readonly unknown[] {
  if (emptyCounts === true) return [null]
  if (schema['x-kubernetes-int-or-string'] === true) return [null, 0, '']
  const byType: Readonly<Record<string, unknown>> = { string: '', boolean: false, array: [], object: {} }
  return [null, type !== undefined && type in byType ? byType[type] : 0]
}

/** A copy of the object with the value at the path, or with none; `[]` is the first entry of a list. */
function withValue(object: KubeObject, path: readonly string[], value: unknown): KubeObject {
  const copy = structuredClone(object)
  let holder = copy as Json
  for (const name of path.slice(0, -1)) {
    const key = name.replace('[]', '')
    holder[key] ??= {}
    holder = (name.endsWith('[]') ? (holder[key] as unknown[])[0] : holder[key]) as Json
  }
  if (value === undefined) delete holder[path.at(-1) ?? '']
  else holder[path.at(-1) ?? ''] = value
  return copy
}

/** The plainest object that has the lists which the path goes through. */
function plainest(kind: Kind, path: readonly string[]): KubeObject {
  if (kind === kinds.MetricTemplate) return metricTemplate()
  // An address that is there keeps the others from being the only way.
  if (kind === kinds.AlertProvider) return alertProvider(path[1] === 'address' ? { secretRef: { name: 'chat' } } : {})
  const lists = path.map((_, i) => written(path.slice(0, i + 1))).filter(at => at.endsWith('[]'))
  return canary(entries[lists.at(-1) ?? ''] ?? {})
}

export const emptyRows: readonly EmptyRow[] = resources.flatMap(({ kind, spec }) =>
  [...optionalFields(jsonSchemaOf(spec), ['spec'], false)].flatMap(({ path, schema }) => {
    const base = plainest(kind, path)
    const without = withValue(base, path, undefined)
    return emptyValues(schema).map(value => ({
      name: `${kind.kind}: ${written(path)}: ${JSON.stringify(value)}`,
      kind,
      object: withValue(base, path, value),
      without,
    }))
  }),
)
