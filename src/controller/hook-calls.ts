/** Calls of webhooks under way, in lines by what is waited for. */
import type { HookType } from '../api/webhook.ts'
import type { Finding } from '../core/model/check.ts'
import type { HookCall } from '../core/model/hook.ts'
import type { Turn, WebhookCaller } from '../core/ports.ts'
import { CallLine } from './call-line.ts'

/** What has turns of its own: a rollback waits for nothing else, and what a run waits for not for what is only told. */
type LineName = 'rollback' | 'run' | 'post-rollout' | 'event'

const lineOf = (type: HookType): LineName =>
  type === 'rollback' || type === 'post-rollout' || type === 'event' ? type : 'run'

export class HookCalls {
  readonly #lines: Readonly<Record<LineName, CallLine<HookCall, Finding>>>

  constructor(caller: WebhookCaller) {
    const line = (): CallLine<HookCall, Finding> =>
      new CallLine(
        (call, signal) => caller.call(call, signal),
        why => ({ kind: 'unavailable', error: why }),
      )
    this.#lines = { rollback: line(), run: line(), 'post-rollout': line(), event: line() }
  }

  /** Calls when its turn comes, of which `turn` is told if it does not come at once; null: the call was given up. */
  call(call: HookCall, signal: AbortSignal, turn?: Turn): Promise<Finding | null> {
    return this.#lines[lineOf(call.hook.type)].call(call, signal, turn)
  }

  /** How many calls of its namespace are under way, or come before this one; null where it does not wait for its turn. */
  before({ id, namespace, hook }: HookCall): number | null {
    return this.#lines[lineOf(hook.type)].before(id, namespace)
  }
}
