/**
 * The condition `Ready` of AlertProviders: what is wrong with one is said there before an alert is lost by it. One is
 * evaluated when it changes and when an alert could not be sent; one that is not ready, again and again, because nothing tells of a Secret.
 */
import type { AlertProvider } from '../api/alert-provider.ts'
import { kinds, type KubeObject, refKey, refOf } from '../api/object.ts'
import { at, recordsOf, sameJson, textOf } from '../core/json.ts'
import type { AlertProblem } from '../core/model/alert.ts'
import type { AlertSender, Clock, KubeApi, Log } from '../core/ports.ts'
import { beginning, withoutNumbers } from '../core/text.ts'
import type { Milliseconds } from '../core/time.ts'
import { isNotFound } from '../core/errors.ts'
import { Backoff, withDeadline } from '../runtime/timing.ts'
import { readAlertProvider } from './alert-providers.ts'
import { CallLine } from './call-line.ts'

const FIRST_AGAIN: Milliseconds = 15_000
const LONGEST_AGAIN: Milliseconds = 600_000
const WRITE: Milliseconds = 15_000
/** Bytes of a message. */
const LONGEST = 1024

export interface AlertConditionPorts {
  readonly api: Pick<KubeApi, 'write'>
  readonly sender: Pick<AlertSender, 'problemOf'>
  /** The present object; undefined: it is gone. */
  readonly get: (namespace: string, name: string) => KubeObject | undefined
  readonly clock: Clock
  /** Time that does not jump. */
  readonly steady: Clock
  readonly random: () => number
  readonly log: Log
}

/** One AlertProvider. */
interface Evaluated {
  /** It is being evaluated; `again`: it has changed since. */
  evaluating: boolean
  again: boolean
  readonly backoff: Backoff
  cancel: () => void
}

interface Call {
  readonly id: string
  readonly namespace: string
  readonly provider: AlertProvider
}

const unseen = (why: string): AlertProblem => ({ reason: 'SecretNotReadable', message: why })

export class AlertConditions {
  readonly #ports: AlertConditionPorts
  readonly #line: CallLine<Call, AlertProblem | null>
  readonly #byKey = new Map<string, Evaluated>()
  /** What servers have said last, until they take something, by key: it is known only once something is sent. */
  readonly #refusals = new Map<string, AlertProblem>()
  readonly #stop = new AbortController()

  constructor(ports: AlertConditionPorts) {
    this.#ports = ports
    this.#line = new CallLine(({ provider }, signal) => ports.sender.problemOf(provider, signal), unseen)
  }

  /** An AlertProvider has another spec, or is gone: what its server said of the earlier one says nothing any more. */
  changed(namespace: string, name: string): void {
    this.#refusals.delete(`${namespace}/${name}`)
    this.evaluate(namespace, name)
  }

  /** Something could not be sent. @param problem where that is the fault of the AlertProvider. */
  refused(namespace: string, name: string, problem: AlertProblem | null): void {
    if (problem !== null) this.#refusals.set(`${namespace}/${name}`, problem)
    this.evaluate(namespace, name)
  }

  /** A server took what was sent. */
  accepted(namespace: string, name: string): void {
    if (this.#refusals.delete(`${namespace}/${name}`)) this.evaluate(namespace, name)
  }

  /** Evaluates an AlertProvider that is there, or is gone. */
  evaluate(namespace: string, name: string): void {
    if (this.#stop.signal.aborted) return
    const key = `${namespace}/${name}`
    const known = this.#byKey.get(key)
    if (known?.evaluating === true) {
      known.again = true
      return
    }
    known?.cancel()
    const { random } = this.#ports
    const backoff = known?.backoff ?? new Backoff(FIRST_AGAIN, LONGEST_AGAIN, random)
    const evaluated: Evaluated = { evaluating: true, again: false, backoff, cancel: () => {} }
    this.#byKey.set(key, evaluated)
    void this.#evaluate(namespace, name).then(isReady => {
      evaluated.evaluating = false
      if (this.#stop.signal.aborted) return
      if (isReady === null) this.#byKey.delete(key)
      else if (evaluated.again) this.evaluate(namespace, name)
      else if (isReady) evaluated.backoff.reset()
      else {
        const { steady } = this.#ports
        evaluated.cancel = steady.at(steady.now() + evaluated.backoff.next(), () => this.evaluate(namespace, name))
      }
    })
  }

  /** Whether it is ready; null: it is gone. */
  async #evaluate(namespace: string, name: string): Promise<boolean | null> {
    const object = this.#ports.get(namespace, name)
    if (object === undefined) return null
    const read = readAlertProvider(object)
    const id = refKey(refOf(kinds.AlertProvider, object))
    const problem =
      'problems' in read
        ? ({ reason: 'Invalid', message: read.problems.join('; ') } as const)
        : ((await this.#line.call({ id, namespace, provider: read.provider }, this.#stop.signal)) ??
          this.#refusals.get(`${namespace}/${name}`) ??
          null)
    if (this.#stop.signal.aborted) return null
    const now = new Date(this.#ports.clock.now()).toISOString()
    const isWritten = await this.#write(object, statusOf(object, problem, now))
    return isWritten && problem === null
  }

  async #write(object: KubeObject, status: Record<string, unknown>): Promise<boolean> {
    if (sameJson(object['status'], status)) return true
    const ref = refOf(kinds.AlertProvider, object)
    const { resourceVersion } = object.metadata
    const metadata = resourceVersion === undefined ? {} : { resourceVersion }
    const { api, steady, log } = this.#ports
    try {
      await withDeadline(steady, WRITE, this.#stop.signal, `The write of ${refKey(ref)}`, (signal, turn) =>
        api.write({ verb: 'status', ref, patch: { metadata, status } }, { lane: 'background', signal, turn }),
      )
      return true
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error)
      if (!this.#stop.signal.aborted && !isNotFound(error)) {
        log.warn('the condition of an AlertProvider could not be written', { alertProvider: refKey(ref), error: said })
      }
      return false
    }
  }

  close(): void {
    this.#stop.abort()
    for (const { cancel } of this.#byKey.values()) cancel()
    this.#byKey.clear()
  }
}

/** The status with this condition; the time of a transition stays while it is true, or is not. */
function statusOf(object: KubeObject, problem: AlertProblem | null, now: string): Record<string, unknown> {
  const status = problem === null ? 'True' : 'False'
  const before = recordsOf(at(object['status'], 'conditions')).find(({ type }) => type === 'Ready')
  const since = before?.['status'] === status ? textOf(before['lastTransitionTime']) : ''
  const observedGeneration = object.metadata.generation ?? 0
  const reason = problem?.reason ?? 'Ready'
  const message = beginning(problem?.message ?? 'An alert could be sent as it is', LONGEST)
  const said = textOf(before?.['message'])
  // An outage names a port, or a request, which is another each time: it would be written again and again.
  const isSaid = reason === 'SecretNotReadable' && reason === before?.['reason'] && sameButNumbers(said, message)
  const condition = {
    type: 'Ready',
    status,
    reason,
    message: isSaid ? said : message,
    lastTransitionTime: since === '' ? now : since,
    observedGeneration,
  }
  return { observedGeneration, conditions: [condition] }
}

const sameButNumbers = (one: string, other: string): boolean => withoutNumbers(one) === withoutNumbers(other)
