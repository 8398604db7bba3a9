/** The reference page: every field with its type, default and meaning, and every refused one with what to write. */
import { DURATION_SENTENCE } from './duration.ts'
import { apiVersionOf } from './object.ts'
import type { Resource } from './crd.ts'
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts'

/** Objects that get a table of their own; all others are rows of the table around them. */
const SECTIONS: readonly string[] = [
  'spec',
  'spec.service',
  'spec.analysis',
  'spec.analysis.metrics[]',
  'spec.analysis.steps[]',
  'status',
  'status.run',
  'status.checks[]',
  'status.history[]',
  'status.conditions[]',
]
/** Objects that are described elsewhere. */
const SAME_AS: Readonly<Record<string, string>> = { 'spec.analysis.steps[].metrics[]': 'spec.analysis.metrics[]' }

interface Row {
  readonly path: string
  readonly schema: JsonSchema
  readonly required: boolean
}

interface Section {
  readonly path: string
  readonly rows: Row[]
  /** Rules on the object or on a field of it, as "path: sentence". */
  readonly rules: string[]
}

/** The text of docs/reference.md. */
export function referenceOf(resources: readonly Resource[]): string {
  const parts = [
    '<!-- Generated from src/api by `npm run generate`; edit the schemas there. -->',
    '# Reference',
    'Lengths of time are written as in Go: `500ms`, `30s`, `1m30s`, `2h`. A field that is marked *required* must be there; one with a default may be left out.',
    'Fields of Flagger that cannot be used are listed under *Refused*: the API server refuses them with the sentence given there.',
    'A field with an empty value (`[]`, `{}`, `""`, `0`, `false`, `null`), as Helm and Go print it, is as if it were left out, also if it is listed under *Refused*. These are read as written: `analysis: {}`, `analysis.threshold` (0 is 1), `analysis.lockTarget`, `thresholdRange` and its limits, `threshold` of a query, `retries.attempts`, and what is passed on to Istio.',
  ]
  for (const resource of resources) {
    parts.push(`## ${resource.kind.kind}`, `\`${apiVersionOf(resource.kind)}\`, namespaced. ${resource.description}`)
    if (resource.shortNames.length > 0)
      parts.push(`Short name: ${resource.shortNames.map(name => `\`kubectl get ${name}\``).join(', ')}.`)
    const sections: Section[] = []
    collect('spec', jsonSchemaOf(resource.spec), sections)
    if (resource.status !== null) collect('status', jsonSchemaOf(resource.status), sections)
    for (const section of sections) parts.push(...written(resource.kind.kind, section))
    if (resource.rules.length > 0) parts.push('### The whole object', bullets(resource.rules.map(rule => rule.message)))
  }
  return `${parts.join('\n\n')}\n`
}

const heading = (kind: string, path: string): string => `${kind} ${path}`
const anchor = (kind: string, path: string): string =>
  heading(kind, path)
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-')

/** Adds the section of an object, and after it those of the objects in it. */
function collect(path: string, schema: JsonSchema, sections: Section[]): void {
  const section: Section = { path, rows: [], rules: messages(path, schema) }
  sections.push(section)
  rowsOf(path, schema, section, sections)
}

function rowsOf(path: string, schema: JsonSchema, section: Section, sections: Section[]): void {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const at = `${path}.${name}`
    // Parts of what is passed on as written have no meaning of ours: the page that is linked has it.
    if (isPassedOn(schema) && property.description === undefined) continue
    section.rows.push({ path: at, schema: property, required: schema.required?.includes(name) ?? false })
    if (property.refused !== undefined) continue
    const apart = property.type !== 'array' && SECTIONS.includes(at)
    if (!apart) section.rules.push(...messages(at, property))
    const entry = property.type === 'array' ? `${at}[]` : at
    const inner = property.type === 'array' ? (property.items ?? {}) : property
    if (SAME_AS[entry] !== undefined) continue
    if (SECTIONS.includes(entry)) collect(entry, inner, sections)
    else {
      if (entry !== at) section.rules.push(...messages(entry, inner))
      rowsOf(entry, inner, section, sections)
    }
  }
}

const messages = (path: string, schema: JsonSchema): string[] =>
  (schema['x-kubernetes-validations'] ?? [])
    .filter(rule => rule.message !== DURATION_SENTENCE) // the type says it
    .map(rule => `\`${path}\`: ${rule.message}.`)

function written(kind: string, { path, rows, rules }: Section): string[] {
  const usable = rows.filter(row => row.schema.refused === undefined)
  const refusals = rows.filter(row => row.schema.refused !== undefined)
  const local = (row: Row): string => row.path.slice(path.length + 1)
  const parts = [`### ${heading(kind, path)}`]
  if (usable.length > 0)
    parts.push(
      table(
        ['Field', 'Type', 'Default', 'Meaning'],
        usable.map(row => [`\`${local(row)}\``, typeOf(kind, row), defaultOf(row), row.schema.description ?? '']),
      ),
    )
  if (rules.length > 0) parts.push('Rules:', bullets(rules))
  if (refusals.length > 0)
    parts.push(
      'Refused:',
      table(
        ['Field', 'Why, and what to write'],
        refusals.map(row => [`\`${local(row)}\``, `${row.schema.refused ?? ''}.`]),
      ),
    )
  return parts
}

function typeOf(kind: string, { path, schema }: Row): string {
  const entry = schema.type === 'array' ? `${path}[]` : path
  const section = SAME_AS[entry] ?? (SECTIONS.includes(entry) ? entry : null)
  const name = section === null ? nameOf(schema) : schema.type === 'array' ? 'list of objects' : 'object'
  return section === null ? name : `[${name}](#${anchor(kind, section)})`
}

function nameOf(schema: JsonSchema): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'number or name'
  if (schema.enum !== undefined) return schema.enum.map(value => `\`${String(value)}\``).join(', ')
  if (schema.type === 'array') return `list of ${nameOf(schema.items ?? {}).replace(/^[a-z ]+/, name => `${name}s`)}`
  if (schema.type === 'object')
    return typeof schema.additionalProperties === 'object' &&
      schema.additionalProperties.type !== undefined &&
      schema.properties === undefined
      ? `map of ${nameOf(schema.additionalProperties)}s`
      : 'object'
  if (schema.type === 'integer') return span('whole number', schema)
  if (schema.type === 'number') return span('number', schema)
  if (schema.type === 'boolean') return 'boolean'
  if (schema.format === 'date-time') return 'time'
  return isDuration(schema) ? 'duration' : 'text'
}

const isPassedOn = (schema: JsonSchema): boolean =>
  typeof schema.additionalProperties === 'object' && schema.properties !== undefined

const isDuration = (schema: JsonSchema): boolean =>
  (schema['x-kubernetes-validations'] ?? []).some(rule => rule.message === DURATION_SENTENCE)

function span(name: string, { minimum, maximum }: JsonSchema): string {
  const low = minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? null : minimum
  const high = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? null : maximum
  if (low !== null && high !== null) return `${name}, ${low}–${high}`
  return low === null ? name : `${name}, from ${low}`
}

const defaultOf = ({ schema, required }: Row): string =>
  required
    ? '*required*'
    : schema.default === undefined
      ? '–'
      : `\`${JSON.stringify(schema.default).replaceAll('"', '')}\``

const bullets = (lines: readonly string[]): string => [...new Set(lines)].map(line => `- ${line}`).join('\n')

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`)
    .join('\n')
