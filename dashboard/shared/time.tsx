/** Times that go on by themselves: only these elements are drawn again every second. */
import type { JSX } from 'preact'
import { clockTime, lengthInWords } from '../../src/core/view/text.ts'
import { now } from '../state/clock.ts'
import { aheadInWords, timeZone } from './words.ts'

/** How long since a time: `3m20s`. */
export const Since = ({ time }: { readonly time: string }): JSX.Element => (
  <time dateTime={time} title={new Date(time).toLocaleString()}>
    {lengthInWords(now.value - Date.parse(time))}
  </time>
)

/** `02:57:31`. */
export const Clock = ({ time }: { readonly time: string }): JSX.Element => (
  <time dateTime={time}>{clockTime(time, timeZone)}</time>
)

/** `02:57:31 (in 12s)`. */
export const NotBefore = ({ time }: { readonly time: string }): JSX.Element => (
  <>
    <Clock time={time} /> ({aheadInWords(time, now.value)})
  </>
)
