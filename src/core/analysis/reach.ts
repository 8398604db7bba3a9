/**
 * How far back a query reaches: the longest way from its ranges (`[5m]`), subqueries (`[30m:1m]`) and offsets, added up where
 * one encloses the other. Prometheus is not asked for it, because its API tells only whether a query parses. The window of a
 * recording rule is read from its name, which ends with it by convention (`job:errors:rate5m`,
 * https://prometheus.io/docs/practices/rules/#naming).
 *
 * Not seen: that of a recording rule whose name does not have it, and the 5 minutes for which Prometheus takes an old sample of
 * a plain selector.
 */
import type { Milliseconds } from '../time.ts'

/** https://prometheus.io/docs/prometheus/latest/querying/basics/#float-literals-and-time-durations; a bare number is seconds. */
const units: ReadonlyMap<string, Milliseconds> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
  ['y', 31_536_000_000],
])

/** One line a token: strings and comments, matchers, ranges, brackets, words, durations; any other character is an operator. */
const tokens = new RegExp(
  [
    /"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|`[^`]*`?|#[^\n]*/,
    /\{(?:"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|`[^`]*`?|[^}"'`])*\}?/,
    /\[[^\]]*\]?/,
    /[()]/,
    /[A-Za-z_:][\w:.]*/,
    /[\d.][\w.]*/,
    /[^\s]/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gs',
)

/** What is in parentheses behind them is no operand: names, or nothing (`@ start()`). */
const groupings: ReadonlySet<string> = new Set([
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'start',
  'end',
])

/** An expression within parentheses. */
interface Level {
  /** The longest reach of its operands so far, and that of the present one, which a range or an offset adds to. */
  longest: Milliseconds
  operand: Milliseconds
  /** It holds names and not operands. */
  readonly names: boolean
}

/**
 * @param query PromQL, filled in; what is wrong with it is for Prometheus to say.
 * @returns 0 for a query without a range; infinite for one at a fixed time (`@ 1609746000`).
 */
export function reachOf(query: string): Milliseconds {
  const levels: Level[] = []
  let level: Level = { longest: 0, operand: 0, names: false }
  /** The word or the sign before the present token: `offset`, `@` and `by` say what follows. */
  let before = ''
  const words = [...query.matchAll(tokens)].map(([token]) => token)
  for (const [index, token] of words.entries()) {
    const said = before
    before = token.toLowerCase()
    if (token === '(') {
      levels.push(level)
      level = { longest: 0, operand: 0, names: groupings.has(said) }
    } else if (token === ')') {
      const inner = level
      level = levels.pop() ?? { longest: 0, operand: 0, names: false }
      if (!inner.names) level.operand = Math.max(inner.longest, inner.operand)
    } else if (token.startsWith('[')) {
      level.operand += lengthOf(/^\[([^\]:]*)/.exec(token)?.[1] ?? '')
    } else if (said === 'offset') {
      const isSigned = token === '-' || token === '+'
      const length = lengthOf(isSigned ? (words[index + 1] ?? '') : token)
      level.operand = Math.max(0, level.operand + (token === '-' ? -length : length))
    } else if (said === '@') {
      if (/^[\d.+-]/.test(token)) level.operand = Number.POSITIVE_INFINITY
    } else if (/^[A-Za-z_:]/.test(token) && token.includes(':') && !level.names) {
      level.operand += windowOfRule(token)
    } else if (/^[+\-*/%^<>=!,]$/.test(token) || ['and', 'or', 'unless', 'atan2'].includes(before)) {
      level.longest = Math.max(level.longest, level.operand)
      level.operand = 0
    }
  }
  for (const outer of [...levels, level]) level.longest = Math.max(level.longest, outer.longest, outer.operand)
  return level.longest
}

/** The window in the name of a recording rule, which ends with it: `job:errors:rate5m`, `web:errors:ratio_rate1h30m`. */
function windowOfRule(name: string): Milliseconds {
  return lengthOf(/(?:\d+(?:ms|[smhdwy]))+$/.exec(name.slice(-32))?.[0] ?? '')
}

/** The durations in a text, added up: `1h30m`, `1.5h`, `300`; a number alone is seconds, also as `1e3` and `0x3c`. */
function lengthOf(text: string): Milliseconds {
  const seconds = Number(text.trim() === '' ? Number.NaN : text.replaceAll('_', ''))
  if (Number.isFinite(seconds)) return seconds * 1000
  let length = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ms|[smhdwy]|)/g)) {
    length += Number(amount) * (units.get(unit ?? '') ?? 0)
  }
  return length
}
