/**
 * A computation that may wait, as a generator: what it waits for is yielded, and the answer comes back. The controller runs
 * one with promises; a caller whose answers are all there at once runs it to its end without any. So the laws prove the
 * very pass that ships, at a speed that promises do not have.
 */

/** Yields what it waits for; returns a `T`. Waiting is `yield*`, as it is `await` in an async function. */
export type Step<T> = Generator<Promise<unknown>, T, unknown>

/** Waits for a promise. */
export function* waitFor<T>(promise: Promise<T>): Step<T> {
  return (yield promise) as T
}

/** Runs a step to its end; rejects with what it throws. */
export async function run<T>(step: Step<T>): Promise<T> {
  let next = step.next()
  while (next.done !== true) {
    let answer: unknown
    try {
      answer = await next.value
    } catch (error) {
      next = step.throw(error)
      continue
    }
    next = step.next(answer)
  }
  return next.value
}
