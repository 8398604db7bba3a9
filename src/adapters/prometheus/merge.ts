/**
 * Many questions in one: each expression gets a label that says which question it answers, and `or` joins them. An instant
 * vector may hold all the answers, so one request to Prometheus does for a hundred canaries.
 */

/** The label that tells the answers apart. label_replace sets it over whatever the expression itself says. */
const LABEL = 'sluice_check'

/** One series of an answer: its labels, and its sample as Prometheus writes numbers. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly value: string
}

/** The merged text. Each expression has lines of its own, so that a comment at its end ends there. */
export function merge(queries: readonly string[]): string {
  return queries.map((query, index) => `label_replace((\n${query}\n), "${LABEL}", "${index}", "", "")`).join('\nor\n')
}

/** The series of a merged answer, by the position of their question. */
export function split(series: readonly Series[], count: number): Series[][] {
  const parts: Series[][] = Array.from({ length: count }, () => [])
  for (const one of series) parts[Number(one.labels[LABEL])]?.push(one)
  return parts
}

const closes: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/**
 * Whether a query stays within the parentheses that `merge` puts around it. Queries of several tenants share a request: one
 * that closed a parenthesis which it did not open could answer for a neighbour. Such a query is asked alone.
 */
export function isEnclosed(query: string): boolean {
  const open: string[] = []
  // Strings and comments first, so that what they hold does not count; a quote that is left over was never closed.
  for (const [token] of query.matchAll(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`|#[^\n]*|[()[\]{}"'`]/g)) {
    if (token.length > 1 || token === '#') continue
    const closing = closes[token]
    if (closing !== undefined) open.push(closing)
    else if (open.pop() !== token) return false
  }
  return open.length === 0
}
