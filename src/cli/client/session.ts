/** One command against one cluster: connect, ask with a deadline, and say what went wrong in one sentence. */
import type { Call } from '../../core/ports.ts'
import { printable } from '../render/paint.ts'
import { FAILED, type Client, type Tools } from '../tools.ts'
import { sentenceOf } from './errors.ts'
import type { ClientFlags } from './flags.ts'

/** A client, and how its requests are made. */
export interface Session extends Client {
  /** For one request: it ends with the program, and at --request-timeout. */
  call(): Call
}

/**
 * Runs a command, and sets the exit code that it returns; 1 and a sentence on stderr for what cannot be done.
 *
 * @throws StartupError when the kubeconfig is not as it must be.
 */
export async function inSession(
  tools: Tools,
  flags: ClientFlags,
  command: (session: Session) => Promise<number>,
): Promise<void> {
  const client = tools.connect(flags)
  try {
    const call = (): Call => ({ lane: 'normal', signal: signalOf(tools, flags) })
    tools.exit(await command({ ...client, call }))
  } catch (error) {
    if (tools.stop.aborted) return tools.exit(INTERRUPTED)
    await tools.stderr(`${printable(sentenceOf(error, client.server))}\n`)
    tools.exit(FAILED)
  } finally {
    await client.close()
  }
}

/** What shells expect of a program that Ctrl-C has ended: 128 + SIGINT. */
export const INTERRUPTED = 130

function signalOf({ stop }: Tools, { requestTimeout }: ClientFlags): AbortSignal {
  // One of its own: Node warns where more than ten requests listen to one signal.
  if (requestTimeout === 0) return AbortSignal.any([stop])
  const late = new AbortController()
  const timer = setTimeout(
    () => late.abort(new Error(`no answer within ${requestTimeout / 1000}s (--request-timeout)`)),
    requestTimeout,
  )
  timer.unref()
  return AbortSignal.any([stop, late.signal])
}
