/** What Sluice makes of an object that was translated: which fields are refused, and which mean something else. */
import { CONNECTOR_SENTENCE, parseAlertProvider } from '../../api/alert-provider.ts'
import type { Canary } from '../../api/canary.ts'
import { parseCanary } from '../../api/parse-canary.ts'
import { withoutEmpty } from '../../api/empty.ts'
import { limitProblem } from '../../api/metric.ts'
import { resources } from '../../api/crd.ts'
import { type JsonSchema, jsonSchemaOf } from '../../api/json-schema.ts'
import type { KubeObject } from '../../api/object.ts'
import { parseMetricTemplate } from '../../api/templates.ts'
import { readTemplate } from '../../core/analysis/templates.ts'
import { at } from '../../core/json.ts'
import { differences } from './fields.ts'
import type { Note } from './notes.ts'

const schemas = new Map(resources.map(({ kind, spec }) => [kind.kind, jsonSchemaOf(spec)]))

type Said = Omit<Note, 'object'>

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What is said of an object of Sluice's API, in the order of importance. */
export function judged(object: KubeObject): Said[] {
  const resource = resources.find(({ kind }) => kind.kind === object.kind)
  if (resource === undefined) {
    const sentence = `Sluice has no ${object.kind} yet: leave this object out`
    return [{ kind: 'refused', sentence }]
  }
  const unknown = unknownFields(object['spec'], schemas.get(object.kind) ?? {}, 'spec').map(path => ({
    kind: 'refused' as const,
    sentence: `${path}: no field of this name is known, in Flagger neither: remove it`,
  }))
  const own = judges[object.kind]?.(object) ?? []
  return [...unknown, ...own].toSorted((a, b) => Number(b.kind === 'refused') - Number(a.kind === 'refused'))
}

const judges: Readonly<Record<string, (object: KubeObject) => Said[]>> = {
  Canary: ofCanary,
  MetricTemplate: ofTemplate,
  AlertProvider: ofAlertProvider,
}

function ofAlertProvider(object: KubeObject): Said[] {
  const parsed = parseAlertProvider(object)
  if ('problems' in parsed) return parsed.problems.map(sentence => ({ kind: 'refused', sentence }))
  const { type, address } = parsed.provider.spec
  // What a Secret holds no file tells.
  if (type !== 'msteams' || address !== undefined) return []
  return [
    {
      kind: 'differs',
      sentence: `spec.secretRef: the address in the Secret must be of a workflow; ${CONNECTOR_SENTENCE}`,
    },
  ]
}

function ofCanary(object: KubeObject): Said[] {
  const parsed = parseCanary(object)
  const all = 'problems' in parsed ? parsed.problems : limitProblems(parsed.canary)
  // A manifest may get its namespace from elsewhere.
  const { namespace } = object.metadata
  const isOpen = (problem: string): boolean =>
    namespace === undefined && /(template|provider)Ref\.namespace:/.test(problem)
  const problems = all.filter(problem => !isOpen(problem))
  const refused = problems.map((sentence): Said => ({ kind: 'refused', sentence }))
  const differing = [...differencesOf(object['spec'], problems), ...all.filter(isOpen).map(ofOpenNamespace)]
  return [...refused, ...differing]
}

/** What admission refuses, and the program reads, because it may be stored. */
const limitProblems = ({ spec }: Canary): string[] =>
  spec.analysis.metrics.flatMap((metric, index) => {
    const said = limitProblem(metric)
    return said === undefined ? [] : [`spec.analysis.metrics[${index}]: ${said}`]
  })

const ofOpenNamespace = (problem: string): Said => ({
  kind: 'differs',
  sentence: `${problem.split(':', 1)[0]}: the ${problem.includes('templateRef') ? 'MetricTemplate' : 'AlertProvider'} must be in the namespace to which the Canary is applied`,
})

/** The differences that matter for what a spec says, without those of fields that are refused anyway. */
function differencesOf(written: unknown, problems: readonly string[]): Said[] {
  const spec = withoutEmpty(written, schemas.get('Canary') ?? {})
  return differences.flatMap(({ path, means, when = () => true }): Said[] => {
    const isRefused = problems.some(problem => problem.startsWith(`spec.${path}`))
    const value = path.includes('[]') ? undefined : at(spec, ...path.split('.'))
    return value === undefined || isRefused || !when(value, spec)
      ? []
      : [{ kind: 'differs', sentence: `spec.${path}: ${means}` }]
  })
}

function ofTemplate(object: KubeObject): Said[] {
  const parsed = parseMetricTemplate(object)
  if ('problems' in parsed) return parsed.problems.map(sentence => ({ kind: 'refused', sentence }))
  const { query, provider } = parsed.template.spec
  const said: Said[] = []
  const template = readTemplate(query, variablesOf(query))
  if ('problem' in template) said.push({ kind: 'refused', sentence: `spec.query: ${template.problem}` })
  if (provider.address !== undefined) {
    const sentence = `spec.provider.address: must be on the controller's list: start it with --metrics-server or --allowed-metrics-server=${provider.address}`
    said.push({ kind: 'differs', sentence })
  }
  return said
}

/** A value for each variable that a query names: the Canaries bring them. */
const variablesOf = (query: string): Record<string, string> =>
  Object.fromEntries([...query.matchAll(/\{\{-?\s*variables\.([\w-]+)/g)].map(([, name = '']) => [name, 'x']))

/** Paths of fields that the API server would drop. */
function unknownFields(value: unknown, schema: JsonSchema, path: string): string[] {
  if (Array.isArray(value)) {
    const { items } = schema
    return items === undefined ? [] : value.flatMap((item, index) => unknownFields(item, items, `${path}[${index}]`))
  }
  const { properties, additionalProperties } = schema
  const isOpen = additionalProperties !== undefined && additionalProperties !== false
  if (!isRecord(value) || properties === undefined || schema.refused !== undefined) return []
  return Object.entries(value).flatMap(([name, field]) => {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (known !== undefined) return unknownFields(field, known, `${path}.${name}`)
    return isOpen || schema.passedOn === true ? [] : [`${path}.${name}`]
  })
}
