/** What zod finds, said as the API server would: "spec.service.port: must be a whole number, not \"http\"". */
import type { z } from 'zod'

/** A value as sentences show it: its JSON, cut. */
export const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

const kindsOfValue: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object of texts',
}

/** Words for zod's own findings; rules bring their own. Handed to `safeParse`. */
export const wording: z.core.$ZodErrorMap = issue => {
  if (issue.code === 'invalid_type' || issue.code === 'invalid_union') {
    if (issue.input === undefined) return 'is required'
    const wanted =
      issue.code === 'invalid_union' ? 'a whole number or a name' : (kindsOfValue[issue.expected] ?? issue.expected)
    return `must be ${wanted}, not ${shown(issue.input)}`
  }
  if (issue.code === 'invalid_value') {
    if (issue.input === undefined) return 'is required'
    return `must be one of ${issue.values.map(String).join(', ')}, not ${shown(issue.input)}`
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`
    if (issue.origin === 'string') return `must have ${bound} characters`
    if (issue.origin === 'array') return `must have ${bound} entries`
    return `must be ${bound}, not ${shown(issue.input)}`
  }
  return undefined
}

/** `["spec", "analysis", "metrics", 1, "interval"]` → `spec.analysis.metrics[1].interval`. */
function written(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`),
    '',
  )
}

/** One sentence for each finding, each opening with the path of the field. */
export function sentencesOf(error: z.ZodError): string[] {
  return error.issues.map(issue => `${written(issue.path)}: ${issue.message}`)
}
