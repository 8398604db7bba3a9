/**
 * Queries in Flagger's template syntax: `{{ target }}`, `{{ variables.tier }}`. Only names are known, no functions or pipelines
 * of Go's text/template; anything else between the braces is a problem with a message, not an empty string.
 *
 * A template is read once, with its variables filled in; what differs between checks (`{{ interval }}`) is joined in each time.
 * Both cost as much as the text is long, and the text has a limit: a tenant writes the template, its variables and their number.
 */
import type { Metric } from '../../api/metric.ts'
import { entryOf } from '../json.ts'

/** What a name between the braces stands for. None of the values holds white space, a quote, a brace or a `#`. */
export interface TemplateNames {
  readonly name: string
  readonly namespace: string
  readonly target: string
  readonly service: string
  readonly ingress: string
  readonly route: string
  /** As PromQL writes a duration. */
  readonly interval: string
}

type Name = keyof TemplateNames

/** Text and names in turn: the first, third, … are PromQL, those between them are names. */
type Parts = readonly string[]

/** A template that was read, or a sentence about the first thing that is wrong with it (without saying whose template it is). */
export type Template = { readonly parts: Parts } | { readonly problem: string }
export type Rendered = { readonly query: string } | { readonly problem: string }

/** Characters of a query, filled in: four times the longest template. */
const LONGEST_QUERY = 64 * 1024
const TOO_LONG = `The query is longer than ${LONGEST_QUERY / 1024} KiB when its variables are filled in; name them less often, or shorten them.`

const known: readonly Name[] = ['name', 'namespace', 'target', 'service', 'ingress', 'route', 'interval']
const isKnown = (name: string): name is Name => (known as readonly string[]).includes(name)
const knownNames = new RegExp(`\\{\\{(${known.join('|')})\\}\\}`)

/** What could end the string or the selector that a value is in, and so change the meaning of the query around it. */
const BREAKS_OUT = /["'`\\{}\p{Cc}]/u

const read = new WeakMap<Metric, { readonly text: string; readonly template: Template }>()

/**
 * The template of a metric, read once for as long as the Canary and the template stay as they are.
 *
 * @param text the metric's own query, or that of the MetricTemplate that it names.
 */
export function templateOf(metric: Metric, text: string): Template {
  const before = read.get(metric)
  if (before?.text === text) return before.template
  const template = readTemplate(text, metric.templateVariables ?? {})
  read.set(metric, { text, template })
  return template
}

/** Reads a template, and collapses white space as Flagger does. */
export function readTemplate(text: string, variables: Readonly<Record<string, string>>): Template {
  let problem: string | null = null
  let length = text.length
  // The text between the braces has no brace, and is trimmed afterwards: any text of a tenant is read in one pass.
  const filled = text.replace(/\{\{([^{}]*)\}\}/g, (braces: string, between: string) => {
    if (problem !== null) return ''
    const inner = between.replace(/^-/, '').replace(/-$/, '').trim()
    if (isKnown(inner)) return `{{${inner}}}`
    const variable = /^variables\.([\w-]+)$/.exec(inner)?.[1]
    const value = variable === undefined ? undefined : entryOf(variables, variable)
    if (value === undefined) {
      const offered = [...known, ...Object.keys(variables).map(name => `variables.${name}`)].join(', ')
      problem = `${braces.trim()} is not known; use one of: ${offered}.`
      return ''
    }
    const bad = BREAKS_OUT.exec(value)?.[0]
    length += value.length
    if (bad !== undefined) {
      problem = `templateVariables.${variable} holds ${JSON.stringify(bad)}; a variable may not hold quotes, braces, backslashes or line breaks, write them in the query.`
    } else if (length > LONGEST_QUERY) problem = TOO_LONG
    return value
  })
  if (problem !== null) return { problem }
  // No name changes what is a string or a comment, so white space goes before names are filled in.
  const parts = collapse(filled).split(knownNames)
  if (parts.some((part, index) => index % 2 === 0 && part.includes('{{'))) {
    return { problem: 'The query has {{ without }}; close it or remove it.' }
  }
  return parts.join('') === '' ? { problem: 'The query is empty; write PromQL that gives one value.' } : { parts }
}

/** What is wrong with the text of a template whatever its variables are, or null: those that it names count as given. */
export function problemOfText(text: string): string | null {
  const variables = [...text.matchAll(/\bvariables\.([\w-]+)/g)].map(([, name]) => [name, 'x'])
  const template = readTemplate(text, Object.fromEntries(variables))
  return 'problem' in template ? template.problem : null
}

/** The query of one check. */
export function fillIn(template: Template, names: TemplateNames): Rendered {
  if ('problem' in template) return template
  const texts = template.parts.map((part, index) => (index % 2 === 1 && isKnown(part) ? names[part] : part))
  const length = texts.reduce((sum, text) => sum + text.length, 0)
  return length > LONGEST_QUERY ? { problem: TOO_LONG } : { query: texts.join('') }
}

/**
 * A comment ends at the end of its line, so comments go before lines are joined; strings stay as they are. One that is never
 * closed goes on to the end: then no character is read twice, and Prometheus says what is wrong.
 */
function collapse(query: string): string {
  const asOne = (_all: string, text: string | undefined): string => text ?? ' '
  return query
    .replace(/("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|`[^`]*`?)|#[^\n]*|\s+/gs, asOne)
    .replace(/("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|`[^`]*`?)|\s{2,}/gs, asOne)
    .trim()
}
