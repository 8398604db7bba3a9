/** Parts of sentences that the command line and the page share: times, numbers with their units, sides and steps in one line. */
import { formatDuration } from '../../api/duration.ts'
import type { Instant, Milliseconds } from '../time.ts'
import { shortImage, troublesInWords } from '../model/selectors.ts'
import type { GateView, PodsView, StepState, StepView, TrafficView, WaitingView } from './view.ts'

export { shortImage }

/** The last moment that has a date (https://tc39.es/ecma262/#sec-time-values-and-time-range). */
const LAST: Instant = 8.64e15

/** A moment as RFC 3339. A foreign status may lead to one that no date has: it is the last that has one, or the first. */
export const iso = (instant: Instant): string => new Date(Math.max(-LAST, Math.min(LAST, instant))).toISOString()
export const isoOrNull = (instant: Instant | null): string | null => (instant === null ? null : iso(instant))

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A length of time in one or two units, the largest first: `12s`, `3m20s`, `5h10m`, `3d4h`. Below 0 it is `0s`. */
export function lengthInWords(length: Milliseconds): string {
  const rounded = Math.max(0, Math.floor(length / SECOND) * SECOND)
  if (rounded < HOUR) return formatDuration(rounded)
  if (rounded < DAY) return formatDuration(Math.floor(rounded / MINUTE) * MINUTE)
  const hours = Math.floor((rounded % DAY) / HOUR)
  return `${Math.floor(rounded / DAY)}d${hours === 0 ? '' : `${hours}h`}`
}

/** How long ago, as kubectl's column AGE has it. */
export const ageOf = (time: string, now: Instant): string => lengthInWords(now - Date.parse(time))

/** The clock time of a moment: `02:57:31`, in the zone of the reader, or UTC. */
export function clockTime(time: string, timeZone: string = 'UTC'): string {
  return new Date(time).toLocaleTimeString('en-GB', { hour12: false, timeZone })
}

/** How long a wait has lasted, and its limit: `12s of 10m`, `3m20s` where there is none, '' where it is not known. */
export function waitedFor({ since, until }: Pick<WaitingView, 'since' | 'until'>, now: Instant): string {
  if (since === null) return ''
  const waited = lengthInWords(now - Date.parse(since))
  return until === null ? waited : `${waited} of ${lengthInWords(Date.parse(until) - Date.parse(since))}`
}

/** `99.3 %`, `212 ms`, `0.02`. */
export function valueInWords(value: number, unit: string): string {
  const digits = unit === '%' ? 1 : unit === 'ms' ? 0 : 3
  const shown = Number(value.toFixed(digits))
  // A value that is not 0 is not shown as 0, nor one below 100 % as 100 %.
  const text =
    shown === 0 && value !== 0
      ? value.toPrecision(1)
      : unit === '%' && shown === 100 && value < 100
        ? '99.9'
        : String(shown)
  return unit === '' ? text : `${text} ${unit}`
}

/** The limits of a gate: `≥ 99 %`, `≤ 500 ms`, `1 – 5`; '' where it has none. */
export function limitsInWords({ min, max, unit }: Pick<GateView, 'min' | 'max' | 'unit'>): string {
  const suffix = unit === '' ? '' : ` ${unit}`
  if (min !== null && max !== null) return `${min} – ${max}${suffix}`
  if (min !== null) return `≥ ${min}${suffix}`
  return max === null ? '' : `≤ ${max}${suffix}`
}

/** `10 %`, `100 % of the matched requests`, `0 %, mirroring 50 %`. */
export function trafficInWords({ requested, mirror, among }: TrafficView): string {
  const matched = among === 'all requests' ? '' : ' of the matched requests'
  if (mirror > 0) return `0 %, mirroring ${mirror} %${matched}`
  return `${requested} %${requested > 0 ? matched : ''}`
}

/** `25 %`, `0 %, mirroring 100 %`. */
export const weightInWords = ({ weight, mirror }: Pick<StepView, 'weight' | 'mirror'>): string =>
  mirror > 0 ? `${weight} %, mirroring ${mirror} %` : `${weight} %`

/** What is to be said of a step beside its weight: `not before 02:57:31`, `3 of 10 iterations, since 02:56:31`. */
export function stepInWords(step: StepView, timeZone?: string): string {
  const { iterations, state, since, notBefore, approve } = step
  const counted = iterations.of > 1 ? [`${iterations.passed} of ${iterations.of} iterations`] : []
  const times = [
    ...(since === null ? [] : [`since ${clockTime(since, timeZone)}`]),
    ...(notBefore === null ? [] : [`not before ${clockTime(notBefore, timeZone)}`]),
  ]
  const approval = approve && isAhead(state) ? ['then approval'] : []
  return [...counted, ...times, ...approval].join(', ')
}

/** Whether a step is under way, or may come in this run. */
export const isAhead = (state: StepState): boolean => state === 'now' || state === 'next' || state === 'to come'

/** `0 of 2 pods ready (2 × ImagePullBackOff: web:2.0.0)`; `2 pods ready, scaling down to 0`. */
export function podsInWords({ desired, ready, troubles }: PodsView): string {
  const why = troubles.length === 0 ? '' : ` (${troublesInWords(troubles)})`
  if (ready > desired) return `${ready} ${ready === 1 ? 'pod' : 'pods'} ready, scaling down to ${desired}${why}`
  return `${ready} of ${desired} ${desired === 1 ? 'pod' : 'pods'} ready${why}`
}

/** A revision as people know it: `790dc1af77 (web:2.0.0)`. */
export function revisionInWords(revision: string, images: readonly string[]): string {
  const [image] = images
  return image === undefined ? revision : `${revision} (${shortImage(image)})`
}
