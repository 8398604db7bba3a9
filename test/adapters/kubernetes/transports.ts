/** Servers and transports of a suite, and what calls give. */
import { kinds, type Ref } from '../../../src/api/object.ts'
import type { Call } from '../../../src/core/ports.ts'
import { type Answer, type Scripted, serve, transportTo } from '../../runtime/scripted-server.ts'
import { closingOfSuite } from '../../closing.ts'

/** A ConfigMap that the servers of these tests have. */
export const ref: Ref = { kind: kinds.ConfigMap, namespace: 'shop', name: 'a' }

/** A call with this deadline, in milliseconds. */
export const call = (limit = 60_000): Call => ({ lane: 'normal', signal: AbortSignal.timeout(limit) })

export interface Transports {
  /** Starts a server that answers so. */
  readonly server: (answer: Answer, tls?: { key: string; cert: string }) => Promise<Scripted>
  /** A transport to the server of this URL. */
  readonly transport: typeof transportTo
}

/** To be called in a suite, whose teardown closes what was opened. */
export function transportsOfSuite(): Transports {
  const closing = closingOfSuite()
  return {
    server: async (answer, tls) => closing(await serve(answer, tls)),
    transport: (url, options) => closing(transportTo(url, options)),
  }
}

/** Gives each answer once, in order; the last stays. */
export const inTurn = (...answers: Answer[]): Answer => {
  let at = 0
  return (response, asked) => answers[Math.min(at++, answers.length - 1)]?.(response, asked)
}

interface Thrown {
  name?: string
  message?: string
  code?: number
  reason?: string
  retryAfterSeconds?: number | undefined
}

/** What the work throws. */
export const thrown = async (work: Promise<unknown>): Promise<Thrown> => {
  try {
    await work
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('nothing was thrown')
}
