/** How the playground's own controllers work: a change names keys, and each key is looked at once, a little later. */
import type { Milliseconds } from '../../src/core/time.ts'
import type { ApiServer } from '../server/server.ts'
import type { Change } from '../server/store.ts'

/** As long as a controller needs to see a change: long enough that `observedGeneration` is really behind for a moment. */
const LAG: Milliseconds = 20

/** Asks to look at a key again after so long. */
export type LookAgain = (key: string, after: Milliseconds) => void

/** Runs `reconcile` for each key that a change names, once for all changes within the lag. */
export function reconcileOn(
  server: ApiServer,
  keysOf: (change: Change) => readonly string[],
  reconcile: (key: string) => void,
): LookAgain {
  const { clock } = server
  const due = new Map<string, { readonly when: number; readonly cancel: () => void }>()
  const lookAgain: LookAgain = (key, after) => {
    const when = clock.now() + after
    const planned = due.get(key)
    if (planned && planned.when <= when) return
    planned?.cancel()
    const cancel = clock.at(when, () => {
      due.delete(key)
      reconcile(key)
    })
    due.set(key, { when, cancel })
  }
  server.store.subscribe(change => {
    for (const key of keysOf(change)) lookAgain(key, LAG)
  })
  return lookAgain
}
