/** A Canary as a row of the list: of its view what a list shows, so that thousands of them fit into memory and onto the wire. */
import type { View } from '../../core/view/view.ts'
import type { CanaryRow } from './protocol.ts'

/** The row of a view. */
export function rowOf({ namespace, name, uid, ...view }: View): CanaryRow {
  const { phase, reason, message, tone, isCurrent, paused, provider, strategy, traffic, step, failures } = view
  const { sides, waiting, run, createdAt } = view
  return {
    namespace,
    name,
    uid,
    view: {
      phase,
      reason,
      message,
      tone,
      isCurrent,
      paused,
      provider,
      strategy,
      traffic,
      step,
      failures,
      sides,
      waiting,
      run,
      createdAt,
    },
  }
}
