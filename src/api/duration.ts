/**
 * Lengths of time as people write them: Go's notation ("1h30m", "90s", "500ms"), because that is what Kubernetes, Istio
 * and Flagger speak. Anchored: "1x" and "10mm" are refused, where Flagger took the front and dropped the rest.
 */

/**
 * The grammar, for JavaScript and for CEL alike (RE2 has no lookahead). Together with DURATION_LENGTH it keeps every
 * length below the 292 years that CEL's and Go's int64 of nanoseconds can hold, so that evaluating one never errs.
 */
export const DURATION_PATTERN = '^([0-9]{1,9}([.][0-9]{1,9})?(ns|us|µs|ms|s)|[0-9]{1,6}([.][0-9]{1,9})?[mh])+$'
/** The longest text of a duration, in characters. */
export const DURATION_LENGTH = 20
/** What is said of a text that is not a duration. */
export const DURATION_SENTENCE = 'write a duration with its unit, such as 500ms, 30s, 1m30s or 2h'

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
}

const whole = new RegExp(DURATION_PATTERN, 'u')
const term = /([0-9.]+)(ns|us|µs|ms|s|m|h)/gu

/**
 * Reads a duration.
 *
 * @returns milliseconds (with a fraction when the text has smaller units), or the sentence that says what is wrong.
 */
export function parseDuration(text: string): { milliseconds: number } | { problem: string } {
  if (text.length > DURATION_LENGTH || !whole.test(text)) return { problem: DURATION_SENTENCE }
  let milliseconds = 0
  for (const [, amount, unit] of text.matchAll(term)) milliseconds += Number(amount) * (units[unit ?? ''] ?? Number.NaN)
  return { milliseconds }
}

/**
 * Writes a duration, largest unit first: 5400000 → "1h30m". Law: parsing it gives back the same whole milliseconds.
 *
 * @param milliseconds not negative; a fraction is rounded to the nearest millisecond.
 */
export function formatDuration(milliseconds: number): string {
  let rest = Math.round(milliseconds)
  let text = ''
  for (const unit of ['h', 'm', 's', 'ms']) {
    const size = units[unit] ?? 1
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text === '' ? '0s' : text
}
