/** Label matchers, and Prometheus' regular expressions (RE2, anchored at both ends, `.` matches all) on those of JavaScript. */
import type { Labels } from './labels.ts'

export interface Matcher {
  readonly label: string
  readonly operator: '=' | '!=' | '=~' | '!~'
  readonly value: string
  readonly matches: (value: string) => boolean
}

/** Where the two dialects differ: what RE2 refuses, and what JavaScript would silently read as something else. */
const foreign = /\\(?![dDwWsSbBntrfv]|x[0-9a-fA-F]{2}|[^\w])|\(\?(?!:|P?<[A-Za-z_]\w*>)|\[\[:|[*+?}][*+]/

/**
 * A regular expression as Prometheus compiles it. Of RE2, Unicode classes, POSIX classes, flags other than `(?i)` and `(?s)` at
 * the beginning, and `\A`, `\z`, `\Q…\E` are refused rather than misread.
 *
 * @throws SyntaxError with a sentence.
 */
export function anchored(source: string): RegExp {
  const [, flags = ''] = /^\(\?([is]+)\)/.exec(source) ?? []
  const rest = flags === '' ? source : source.slice(flags.length + 3)
  const odd = foreign.exec(rest.replace(/\\\\/g, '__'))
  if (odd !== null)
    throw new SyntaxError(`error parsing regexp: ${JSON.stringify(odd[0])} is invalid or not supported here`)
  try {
    return new RegExp(`^(?:${rest.replaceAll('(?P<', '(?<')})$`, flags.includes('i') ? 'is' : 's')
  } catch (error) {
    throw new SyntaxError(`error parsing regexp: ${(error as Error).message}`)
  }
}

/** @throws SyntaxError with a sentence when the regular expression is bad. */
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
