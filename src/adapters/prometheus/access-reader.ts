/** Whether the Secrets of a MetricTemplate can be used, read as a query of it reads them. */
import type { Access } from '../../api/credentials.ts'
import type { ReadyProblem } from '../../core/model/ready-problem.ts'
import type { AccessReader } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'
import { callCredentials, type ReadSecret } from '../http/access.ts'
import { Deadline } from '../http/deadline.ts'

const DEADLINE: Milliseconds = 10_000

export class SecretAccessReader implements AccessReader {
  readonly #readSecret: ReadSecret

  constructor(readSecret: ReadSecret) {
    this.#readSecret = readSecret
  }

  async problemOf(access: Access, namespace: string, signal: AbortSignal): Promise<ReadyProblem | null> {
    const deadline = new Deadline(DEADLINE, signal)
    const credentials = await callCredentials(access, namespace, this.#readSecret, deadline.signal)
    deadline.end()
    if (!('error' in credentials)) return null
    const { why, error: message } = credentials
    return { reason: why === 'outage' ? 'SecretNotReadable' : 'SecretNotUsable', message }
  }
}
