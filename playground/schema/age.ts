/** Ages as kubectl shows them: two units at most, and the smaller one only while it matters. */
import type { Instant } from '../../src/core/time.ts'

const [SECOND, MINUTE, HOUR, DAY] = [1, 60, 3600, 86_400]
const YEAR = 365 * DAY

/** `42s`, `3m5s`, `47h`, `2y11d`, since an RFC 3339 time; `<unknown>` for no time. */
export function ageOf(time: unknown, now: Instant): string {
  const seconds = Math.trunc((now - Date.parse(String(time))) / 1000)
  if (Number.isNaN(seconds)) return '<unknown>'
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  const of = (unit: number, name: string, smaller: number, smallerName: string): string => {
    const rest = Math.trunc((seconds % unit) / smaller)
    return `${Math.trunc(seconds / unit)}${name}${rest === 0 ? '' : `${rest}${smallerName}`}`
  }
  const whole = (unit: number, name: string): string => `${Math.trunc(seconds / unit)}${name}`
  if (seconds < 2 * MINUTE) return `${seconds}s`
  if (seconds < 10 * MINUTE) return of(MINUTE, 'm', SECOND, 's')
  if (seconds < 3 * HOUR) return whole(MINUTE, 'm')
  if (seconds < 8 * HOUR) return of(HOUR, 'h', MINUTE, 'm')
  if (seconds < 2 * DAY) return whole(HOUR, 'h')
  if (seconds < 8 * DAY) return of(DAY, 'd', HOUR, 'h')
  if (seconds < 2 * YEAR) return whole(DAY, 'd')
  if (seconds < 8 * YEAR) return of(YEAR, 'y', DAY, 'd')
  return whole(YEAR, 'y')
}
