/** Receivers of webhooks in memory: each answers at once what its name is set to, or not at all. */
import type { Finding } from '../src/core/model/check.ts'
import type { HookCall } from '../src/core/model/hook.ts'
import type { WebhookCaller } from '../src/core/ports.ts'

export type Answer = number | 'timeout' | 'unreachable' | 'hangs'

/** The finding of an answer, as an adapter words it. */
export function findingOf(answer: Exclude<Answer, 'hangs'>, at: number): Finding {
  if (answer === 'unreachable') return { kind: 'unavailable', error: 'cannot be reached: connect ECONNREFUSED' }
  if (answer === 'timeout') return { kind: 'answer', status: null, said: 'gave no answer in 10 s', at }
  return { kind: 'answer', status: answer, said: `answered ${answer}`, at }
}

export class Receivers implements WebhookCaller {
  readonly calls: HookCall[] = []
  readonly #now: () => number
  readonly #answers: Map<string, Answer>

  /** @param answers by name of the webhook; 200 where nothing is said. */
  constructor(now: () => number, answers: Readonly<Record<string, Answer>> = {}) {
    this.#now = now
    this.#answers = new Map(Object.entries(answers))
  }

  answer(name: string, answer: Answer): void {
    this.#answers.set(name, answer)
  }

  async call(call: HookCall, signal: AbortSignal): Promise<Finding> {
    this.calls.push(call)
    const answer = this.#answers.get(call.hook.name) ?? 200
    if (answer !== 'hangs') return findingOf(answer, this.#now())
    return new Promise(resolve => {
      const givenUp = (): void => resolve({ kind: 'unavailable', error: 'was not waited for' })
      signal.addEventListener('abort', givenUp, { once: true })
    })
  }
}
