/** Receivers of webhooks in memory: each answers at once what its name is set to, or not at all. */
import type { Finding } from '../src/core/model/check.ts'
import { type Webhook, WebhookSchema } from '../src/api/webhook.ts'
import type { HookCall, HookPayload } from '../src/core/model/hook.ts'
import type { WebhookCaller } from '../src/core/ports.ts'

export const hookPayload: HookPayload = {
  name: 'web',
  namespace: 'shop',
  phase: 'Progressing',
  checksum: 'c',
  metadata: { cmd: 'hey' },
  runId: 'r1',
  revision: 'h1:a',
  images: { primary: 'web:1', canary: 'web:2' },
  weight: 10,
  step: 1,
  iteration: 0,
}

/** The webhook `gate`, as it is when only its URL is written. */
export const gate = (more: Partial<Webhook> = {}): Webhook => ({
  ...WebhookSchema.parse({ name: 'gate', url: 'http://gate.test/' }),
  ...more,
})

/** A call of the webhook `gate`. */
export const callOf = (more: Partial<Webhook> = {}, namespace = 'shop', id = 'id-1'): HookCall => {
  return { id, namespace, hook: gate(more), payload: hookPayload }
}

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
