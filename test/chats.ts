/** Servers of AlertProviders in memory: each answers at once what its name is set to, or not at all. */
import type { AlertProvider } from '../src/api/alert-provider.ts'
import type { AlertCall, AlertOutcome } from '../src/core/model/alert.ts'
import type { ReadyProblem } from '../src/core/model/ready-problem.ts'
import type { AlertSender } from '../src/core/ports.ts'

export type ChatAnswer = 'takes' | 'down' | 'hangs' | 'refuses' | 'rejects' | 'never takes' | { readonly after: number }

export interface Sent {
  readonly at: number
  readonly call: AlertCall
  readonly taken: boolean
}

export class Chats implements AlertSender {
  /** Every attempt. */
  readonly sent: Sent[] = []
  readonly #now: () => number
  readonly #answers = new Map<string, ChatAnswer>()
  readonly #problems = new Map<string, () => ReadyProblem>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** @param name of an AlertProvider. */
  answer(name: string, answer: ChatAnswer): void {
    this.#answers.set(name, answer)
  }

  problem(name: string, problem: (() => ReadyProblem) | null): void {
    if (problem === null) this.#problems.delete(name)
    else this.#problems.set(name, problem)
  }

  /** What arrived, the first first. */
  get taken(): AlertCall[] {
    return this.sent.flatMap(({ call, taken }) => (taken ? [call] : []))
  }

  async send(call: AlertCall, signal: AbortSignal): Promise<AlertOutcome> {
    const answer = this.#answers.get(call.provider.metadata.name) ?? 'takes'
    this.sent.push({ at: this.#now(), call, taken: answer === 'takes' })
    if (answer === 'takes') return { kind: 'delivered', thread: `thread of ${call.id}` }
    if (answer === 'refuses') return { kind: 'refused', error: 'answered 400: invalid_payload' }
    if (answer === 'rejects') return { kind: 'rejected', error: 'answered 404: no_service' }
    if (answer === 'never takes') return { kind: 'final', error: 'answered 422: no commit found' }
    if (answer === 'down') return { kind: 'failed', error: 'cannot be reached: connect ECONNREFUSED', after: null }
    if (answer !== 'hangs') return { kind: 'failed', error: 'answered 429', after: answer.after }
    return new Promise(resolve => {
      const givenUp = (): void => resolve({ kind: 'failed', error: 'was not waited for', after: null })
      signal.addEventListener('abort', givenUp, { once: true })
    })
  }

  async problemOf({ metadata }: AlertProvider): Promise<ReadyProblem | null> {
    return this.#problems.get(metadata.name)?.() ?? null
  }
}
