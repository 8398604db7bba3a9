/** The server that the demo's webhooks lead to: it answers yes, its gate is closed until it is opened, and it keeps what it was asked. */
import type { RequestListener } from 'node:http'
import type { HookType } from '../src/api/webhook.ts'
import { at } from '../src/core/json.ts'
import { textOf } from '../playground/json.ts'

/** One call of a webhook. */
export interface HookCall {
  readonly name: string
  readonly type: HookType
  /** Phase and weight of the Canary, as the payload says. */
  readonly phase: string
  readonly weight: number
  readonly answer: { readonly status: number; readonly text: string }
}

/** Webhooks of a Canary: their types, by name. */
export type Hooks = Readonly<Record<string, HookType>>

/**
 * What a webhook is answered.
 *
 * @param isOpen whether those that confirm a promotion are let through; all others are, and no rollback is asked for.
 */
export function answerTo(type: HookType, isOpen: boolean): HookCall['answer'] {
  if (type === 'rollback') return { status: 403, text: 'no rollback' }
  return type === 'confirm-promotion' && !isOpen ? { status: 403, text: 'closed' } : { status: 200, text: 'yes' }
}

export class Receiver {
  readonly calls: HookCall[] = []
  isOpen = false
  readonly #hooks: Hooks

  constructor(hooks: Hooks) {
    this.#hooks = hooks
  }

  /** Takes the calls; the path of each is the name of the webhook. A name that is none of the demo's gets a 404. */
  readonly listener: RequestListener = (request, response) => {
    const name = (request.url ?? '').slice(1)
    const type = Object.hasOwn(this.#hooks, name) ? this.#hooks[name] : undefined
    if (type === undefined) {
      response.writeHead(404).end(`There is no webhook ${name} in the demo.`)
      return
    }
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.once('end', () => {
      const payload: unknown = JSON.parse(body)
      const answer = answerTo(type, this.isOpen)
      const call = { name, type, phase: textOf(at(payload, 'phase')), weight: Number(at(payload, 'weight')), answer }
      this.calls.push(call)
      response.writeHead(answer.status, { 'content-type': 'text/plain' }).end(answer.text)
    })
  }
}
