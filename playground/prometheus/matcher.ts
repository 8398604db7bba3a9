/** Label matchers. Regular expressions are RE2's, anchored at both ends, and `.` matches all. */
import { RE2JS } from 're2js'
import type { Labels } from './labels.ts'

export interface Matcher {
  readonly label: string
  readonly operator: '=' | '!=' | '=~' | '!~'
  readonly value: string
  readonly matches: (value: string) => boolean
}

/** A regular expression as Prometheus compiles it. @throws Error with a sentence. */
export const anchored = (source: string): RE2JS => RE2JS.compile(`^(?s:${RE2JS.compile(source).pattern()})$`)

/** @throws Error with a sentence when the regular expression is bad. */
export function matcher(label: string, operator: Matcher['operator'], value: string): Matcher {
  if (operator === '=') return { label, operator, value, matches: other => other === value }
  if (operator === '!=') return { label, operator, value, matches: other => other !== value }
  const pattern = anchored(value)
  const wanted = operator === '=~'
  return { label, operator, value, matches: other => pattern.test(other) === wanted }
}

/** A series without the label has it empty. */
export function matchesAll(labels: Labels, matchers: readonly Matcher[]): boolean {
  return matchers.every(({ label, matches }) => matches(labels[label] ?? ''))
}
