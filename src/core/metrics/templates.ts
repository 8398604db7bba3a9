/**
 * Queries in Flagger's template syntax: `{{ target }}`, `{{ variables.tier }}`. Only names are known, no functions or pipelines
 * of Go's text/template; whatever else stands between the braces is a problem with a sentence, not an empty string.
 */

/** What a name between the braces stands for. */
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

export type Rendered = { readonly query: string } | { readonly problem: string }

const known = ['name', 'namespace', 'target', 'service', 'ingress', 'route', 'interval'] as const
const isKnown = (name: string): name is (typeof known)[number] => (known as readonly string[]).includes(name)

/** What could end the string or the selector that a value stands in, and so change the meaning of the query around it. */
const BREAKS_OUT = /["'`\\{}\p{Cc}]/u

/**
 * Fills a template in, and collapses white space as Flagger does.
 *
 * @returns the query, or a sentence about the first thing that is wrong with it (without saying whose template it is).
 */
export function renderTemplate(
  template: string,
  names: TemplateNames,
  variables: Readonly<Record<string, string>>,
): Rendered {
  const offered = [...known, ...Object.keys(variables).map(name => `variables.${name}`)].join(', ')
  let problem: string | null = null
  // What stands between the braces holds no brace, and is trimmed afterwards: whatever a tenant writes is read in one go.
  const filled = template.replace(/\{\{([^{}]*)\}\}/g, (braces: string, between: string) => {
    if (problem !== null) return ''
    const inner = between.replace(/^-/, '').replace(/-$/, '').trim()
    if (isKnown(inner)) return names[inner]
    const variable = /^variables\.([\w-]+)$/.exec(inner)?.[1]
    const value = variable !== undefined && Object.hasOwn(variables, variable) ? variables[variable] : undefined
    if (value === undefined) {
      problem = `${braces.trim()} is not known; use one of: ${offered}.`
      return ''
    }
    const bad = BREAKS_OUT.exec(value)?.[0]
    if (bad !== undefined) {
      problem = `templateVariables.${variable} holds ${JSON.stringify(bad)}; a variable may not hold quotes, braces, backslashes or line breaks, write them in the query.`
    }
    return value
  })
  if (problem !== null) return { problem }
  if (filled.includes('{{')) return { problem: 'The query has {{ without }}; close it or remove it.' }
  const query = collapse(filled)
  return query === '' ? { problem: 'The query is empty; write PromQL that gives one value.' } : { query }
}

/**
 * A comment ends at the end of its line, so comments go before lines are joined; strings stay as they are. One that is never
 * closed goes on to the end: then no character is looked at twice, and Prometheus says what is wrong.
 */
function collapse(query: string): string {
  const asOne = (_all: string, text: string | undefined): string => text ?? ' '
  return query
    .replace(/("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|`[^`]*`?)|#[^\n]*|\s+/gs, asOne)
    .replace(/("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|`[^`]*`?)|\s{2,}/gs, asOne)
    .trim()
}
