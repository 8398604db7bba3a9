/** Waiting, and deadlines, of calls that a viewer waits for. */
import type { Call } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'

/** Aborts with `signal`, and after so long in any case. */
export const within = (limit: Milliseconds, signal: AbortSignal): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(limit)])

/**
 * A signal of its own for one of many requests that go out together: each adds several listeners to its signal, and Node warns of more
 * than ten on one.
 */
export const ownSignal = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal])

/** One of many requests that go out together. */
export const oneOfMany = (call: Call): Call => ({ ...call, signal: ownSignal(call.signal) })

/** Resolves after `wait`, or as soon as `signal` aborts; never rejects, and keeps no process alive. */
export function elapsed(wait: Milliseconds, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve()
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, wait).unref()
    signal.addEventListener('abort', end, { once: true })
  })
}
