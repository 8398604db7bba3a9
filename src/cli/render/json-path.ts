/**
 * Templates of `-o jsonpath=` (https://kubernetes.io/docs/reference/kubectl/jsonpath/), as far as views need them: `{.a.b[0]}`, `[*]`,
 * `['a.b']`, text in quotes, and text around braces. `range` and filters are refused with a sentence.
 */

/** @returns the text. @throws Error with a sentence for a template that is not understood. */
export function jsonPath(template: string, value: unknown): string {
  return template.replaceAll(/\{([^}]*)(\}?)/g, (_, expression: string, end: string) => {
    if (end === '') throw new Error(`jsonpath "{${expression}" is not understood: } is missing`)
    return evaluated(expression.trim(), value)
  })
}

function evaluated(expression: string, value: unknown): string {
  const quoted = /^"(.*)"$|^'(.*)'$/.exec(expression)
  if (quoted !== null) return (quoted[1] ?? quoted[2] ?? '').replaceAll(/\\n/g, '\n').replaceAll(/\\t/g, '\t')
  const path = expression.replace(/^\$/, '')
  const steps = [...path.matchAll(/\.([\w-]+)|\[(\d+|\*)\]|\['([^']*)'\]/g)]
  if (path === '' || steps.map(([all]) => all).join('') !== path)
    throw new Error(
      `jsonpath "{${expression}}" is not understood. Write paths such as {.phase}, {.steps[0].weight} or {.items[*].name}; for more: -o json | jq`,
    )
  const found = steps.reduce<unknown[]>(
    (values, [, field, index, key]) => values.flatMap(one => membersOf(one, field ?? key, index)),
    [value],
  )
  return found.map(one => (typeof one === 'string' ? one : JSON.stringify(one))).join(' ')
}

function membersOf(value: unknown, field: string | undefined, index: string | undefined): unknown[] {
  if (value === null || typeof value !== 'object') return []
  if (index === '*') return Object.values(value)
  const name = field ?? index ?? ''
  return Object.hasOwn(value, name) ? [(value as Record<string, unknown>)[name]] : []
}
