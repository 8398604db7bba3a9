/**
 * The two clocks of a real process. `systemClock` tells the time that people and statuses mean; it may jump. What
 * measures lengths of time (leases, rate limits, backoff) takes `monotonicClock`, which cannot.
 */
import type { Clock } from '../core/ports.ts'
import type { Instant } from '../core/time.ts'

/** No timer sleeps longer than this: after a jump of the clock a task is late by a minute at most (and 2^31 ms is a limit). */
const LONGEST_NAP = 60_000

function clockBy(now: () => Instant): Clock {
  return {
    now,
    at(when, task) {
      let timer: NodeJS.Timeout
      const sleep = (): void => {
        const left = when - now()
        timer = setTimeout(left > LONGEST_NAP ? sleep : wake, Math.max(0, Math.min(left, LONGEST_NAP)))
      }
      // A timer may fire a fraction of a millisecond early, or the clock may have been set back while it slept.
      const wake = (): void => {
        if (now() < when) sleep()
        else task()
      }
      sleep()
      return () => clearTimeout(timer)
    },
  }
}

/** Wall-clock time, as the machine has it now. */
export const systemClock: Clock = clockBy(() => Date.now())

/** Starts at wall-clock time and then only moves forward, at the pace of real time. */
export const monotonicClock: Clock = clockBy(() => performance.timeOrigin + performance.now())
