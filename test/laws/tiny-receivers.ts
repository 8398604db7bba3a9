/** Receivers of webhooks: all answer as the weather says, at once, or not within their timeout. */
import type { HookType } from '../../src/api/webhook.ts'
import type { Finding } from '../../src/core/model/check.ts'
import type { HookCall } from '../../src/core/model/hook.ts'
import { findingOf } from '../receivers.ts'
import type { Gates, TinyWorld } from './tiny-world.ts'

/** What a webhook of a type answers. */
export function answersYes(type: HookType, gates: Gates): boolean {
  return type === 'rollback' ? gates === 'back' : gates === 'open' || gates === 'back'
}

export class TinyReceivers {
  /** By id of the call. */
  #answers = new Map<string, { readonly finding: Finding; readonly at: number }>()

  /** The answers that have arrived. */
  findings(now: number): Record<string, Finding> {
    const arrived = [...this.#answers].filter(([, { at }]) => at <= now)
    return Object.fromEntries(arrived.map(([id, { finding }]) => [id, finding]))
  }

  /** Those of these calls that are new; what is not among them is given up. */
  fresh(calls: readonly HookCall[]): readonly HookCall[] {
    const wanted = new Set(calls.map(({ id }) => id))
    this.#answers = new Map([...this.#answers].filter(([id]) => wanted.has(id)))
    return calls.filter(({ id }) => !this.#answers.has(id))
  }

  /** @returns when its answer arrives. */
  answer({ id, hook }: HookCall, { now, weather: { gates } }: TinyWorld): number {
    const at = gates === 'hanging' ? now + hook.timeout : now
    const status = answersYes(hook.type, gates) ? 200 : 403
    const finding = findingOf(gates === 'hanging' ? 'timeout' : gates === 'unreachable' ? gates : status, at)
    this.#answers.set(id, { finding, at })
    return at
  }

  /** When the next answer arrives; null: all have. */
  nextAt(now: number): number | null {
    const coming = [...this.#answers.values()].map(({ at }) => at).filter(at => at > now)
    return coming.length === 0 ? null : Math.min(...coming)
  }

  forget(): void {
    this.#answers.clear()
  }
}
