/** Waiting, always with a deadline, and with a sentence that says what did not happen. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Thrown when a deadline passes; the message says what was awaited and what was seen last. */
export class Timeout extends Error {
  override readonly name = 'Timeout'
}

/** Thrown by a look that knows that waiting on is useless. */
export class Hopeless extends Error {
  override readonly name = 'Hopeless'
}

const between = 60 // ms between two looks

/**
 * Deadlines are for machines with nothing else to do. Where there is, everything takes longer, and a deadline that passes says nothing about
 * the controller; what has to be fast is measured where a test claims it. PATIENCE sets another factor.
 */
export const PATIENCE = Number(process.env['PATIENCE'] ?? 3)

/** The flag of kubectl for a deadline, by the same measure: so many seconds on an idle machine. */
export const timeoutOf = (seconds: number): string => `--timeout=${Math.ceil(seconds * PATIENCE)}s`

/**
 * Looks until `look` answers something other than undefined, null or false, and returns that. What `look` throws counts
 * as "not yet" and is quoted when the deadline passes.
 *
 * @param seconds how long an idle machine may take for it.
 * @param what completes the sentence "… did not happen within N s": "Deployment web-1/web becomes ready".
 * @param seen tells, when the deadline passes, what the world looked like instead.
 */
export async function waitFor<T>(
  what: string,
  seconds: number,
  look: () => T | Promise<T>,
  seen?: () => unknown,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = Date.now() + seconds * 1000 * PATIENCE
  let last: unknown
  for (;;) {
    try {
      const found = await look()
      if (found !== undefined && found !== null && found !== false) return found as NonNullable<Exclude<T, false>>
      last = undefined
    } catch (error) {
      if (error instanceof Hopeless) throw error
      last = error
    }
    if (Date.now() > deadline) break
    await sleep(between)
  }
  const notes = [
    ...(last instanceof Error ? [last.message] : []),
    ...(seen === undefined ? [] : [`seen instead: ${JSON.stringify(seen())}`]),
  ]
  throw new Timeout([`within ${seconds * PATIENCE} s it did not happen that ${what}`, ...notes].join('; '))
}

export { sleep }
