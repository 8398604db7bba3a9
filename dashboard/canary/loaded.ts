/** What is read beside the stream: when it is shown, and again while it is. */
import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { type Answer, call } from '../connection/call.ts'
import { isRefusedToken, signOut } from '../state/session.ts'

/**
 * The answer of a path; null until there is one. An answer stays while it is asked again, and when that fails.
 *
 * @param every milliseconds from one answer to the next question.
 */
export function useLoaded<T>(path: string, isShown: boolean, every: number): ReadonlySignal<Answer<T> | null> {
  const loaded = useSignal<Answer<T> | null>(null)
  useEffect(() => {
    loaded.value = null
  }, [path])
  useEffect(() => {
    if (!isShown) return undefined
    const stop = new AbortController()
    void keepLoaded<T>(path, every, stop.signal, answer => {
      const isWorse = 'trouble' in answer && loaded.value !== null && 'value' in loaded.value
      if (!isWorse) loaded.value = answer
    })
    return () => stop.abort()
  }, [path, isShown, every])
  return loaded
}

async function keepLoaded<T>(
  path: string,
  every: number,
  stop: AbortSignal,
  take: (answer: Answer<T>) => void,
): Promise<void> {
  while (!stop.aborted) {
    if (!document.hidden) {
      try {
        const answer = await call<T>('GET', path, undefined, stop)
        if ('trouble' in answer && isRefusedToken(answer.trouble)) return signOut(answer.trouble)
        take(answer)
      } catch {
        // The answer is not wanted any more.
        return
      }
    }
    await new Promise(resolve => setTimeout(resolve, every))
  }
}
