/**
 * Parts of PromQL that queries are made of.
 *
 * `rate()` and `increase()` are not used. They extrapolate, and a series has no rate before its second sample; but a
 * series of errors is *born* with its first error, so the errors that matter most would be the ones not seen. Counters
 * are subtracted instead, series by series:
 *
 *     last_over_time(x[W]) - last_over_time(x[5m] offset W) >= 0 or last_over_time(x[W])
 *
 * - A series born within the window has no left side, so it counts from 0. So does one that was reset (a restarted proxy).
 * - `last_over_time` and not `x` on the left: a pod that died within the window still counts, and a series without a sample in
 *   the window (Prometheus was down, or scrapes more rarely than W) is no data, not an old value that looks like silence.
 * - And on the right: a failed scrape just before the window, or a Prometheus that was away for less than 5 min, does not make
 *   an old series look born.
 * - Every series of one pod is scraped at the same instants, so good and bad requests cover the same stretch of time,
 *   however the window falls between two scrapes.
 */
import type { Milliseconds } from '../time.ts'

/** A length of time in PromQL (and Go): `30s`, `1500ms`. */
export function promDuration(length: Milliseconds): string {
  return length % 1000 === 0 ? `${length / 1000}s` : `${Math.round(length)}ms`
}

/** A label value as a PromQL string. */
export function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`
}

/** How far back the value before a window is looked for: Prometheus' own lookback. */
const BEFORE = '5m'

/** What each series of the selector grew by, births and resets counted from 0; the window ended `ago`. */
export function increments(selector: string, window: Milliseconds, ago: Milliseconds = 0): string {
  const offset = ago === 0 ? '' : ` offset ${promDuration(ago)}`
  const last = `last_over_time(${selector}[${promDuration(window)}]${offset})`
  return `(${last} - last_over_time(${selector}[${BEFORE}] offset ${promDuration(window + ago)}) >= 0 or ${last})`
}

/** What each series grew by between its first and its last sample in the window: never what was counted before it began. */
export function within(selector: string, window: Milliseconds): string {
  const range = `${selector}[${promDuration(window)}]`
  return `(last_over_time(${range}) - min_over_time(${range}))`
}

/** The same without births, over a window that ended a while ago: never more than what was surely counted within it. */
export function growth(selector: string, window: Milliseconds, ago: Milliseconds): string {
  const last = `last_over_time(${selector}[${promDuration(window)}] offset ${promDuration(ago)})`
  return `(${last} - last_over_time(${selector}[${BEFORE}] offset ${promDuration(window + ago)}) >= 0)`
}
