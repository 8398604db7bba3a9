/** Numbers, durations and strings as PromQL writes them. */
import type { Milliseconds } from '../../src/core/time.ts'

const units: Readonly<Record<string, Milliseconds>> = {
  y: 365 * 86_400_000,
  w: 7 * 86_400_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
}

/** A duration such as `1h30m`; null when the text is none. */
export function durationOf(text: string): Milliseconds | null {
  if (!/^(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/.test(text) || text === '') return null
  return [...text.matchAll(/(\d+)(ms|[a-z])/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 0),
    0,
  )
}

/** A number: decimal, `0x1F`, `017`, `1_000`, `Inf`, `NaN`; a duration counts seconds. */
export function numberOf(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1
  const digits = text
    .replace(/^[-+]\s*/, '')
    .replaceAll('_', '')
    .toLowerCase()
  const duration = durationOf(digits)
  if (duration !== null) return (sign * duration) / 1000
  if (digits === 'inf') return sign * Number.POSITIVE_INFINITY
  return sign * (/^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits))
}

const escapes: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** What stands between the quotes; nothing is escaped between backquotes. */
export function unquoted(literal: string): string {
  const inner = literal.slice(1, -1)
  if (literal.startsWith('`')) return inner
  return inner.replace(/\\(?:x(..)|u(.{4})|U(.{8})|([0-7]{3})|(.))/g, (_, x, u, long, octal, one: string) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
    const hex: string | undefined = x ?? u ?? long
    return hex === undefined ? (escapes[one] ?? one) : String.fromCodePoint(Number.parseInt(hex, 16))
  })
}
