/**
 * The condition `Ready` of the objects that Canaries name: what is wrong with one is said there before a release, or an alert, needs
 * it. One is evaluated when it changes and when it could not be used; one that is not ready, again and again, because nothing tells
 * of a Secret.
 */
import { type Kind, type KubeObject, refKey, refOf } from '../api/object.ts'
import { at, recordsOf, sameJson, textOf } from '../core/json.ts'
import type { ReadyProblem } from '../core/model/ready-problem.ts'
import type { Clock, KubeApi, Log } from '../core/ports.ts'
import { beginning, withoutNumbers } from '../core/text.ts'
import type { Milliseconds } from '../core/time.ts'
import { isConflict, isNotFound } from '../core/errors.ts'
import { Backoff, withDeadline } from '../runtime/timing.ts'
import { CallLine } from './call-line.ts'
import type { ObjectCache } from './object-cache.ts'

const FIRST_AGAIN: Milliseconds = 15_000
const LONGEST_AGAIN: Milliseconds = 600_000
const WRITE: Milliseconds = 15_000
/** Bytes of a message. */
const LONGEST = 1024

/** What there is to know of one kind. */
export interface Evaluation {
  readonly kind: Kind
  /** Why an object of it cannot be used, as far as it is known without using it; null when it can. */
  readonly problemOf: (object: KubeObject, signal: AbortSignal) => Promise<ReadyProblem | null>
  /** The message of one that is ready. */
  readonly ready: string
}

export interface ReadyConditionPorts {
  readonly api: Pick<KubeApi, 'write'>
  readonly cache: Pick<ObjectCache, 'get' | 'list' | 'accept'>
  readonly clock: Clock
  /** Time that does not jump. */
  readonly steady: Clock
  readonly random: () => number
  readonly log: Log
}

/** One object. */
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
  readonly object: KubeObject
}

const unseen = (why: string): ReadyProblem => ({ reason: 'SecretNotReadable', message: why })

export class ReadyConditions {
  readonly #ports: ReadyConditionPorts
  readonly #evaluation: Evaluation
  readonly #line: CallLine<Call, ReadyProblem | null>
  readonly #byKey = new Map<string, Evaluated>()
  readonly #stop = new AbortController()

  constructor(evaluation: Evaluation, ports: ReadyConditionPorts) {
    this.#ports = ports
    this.#evaluation = evaluation
    this.#line = new CallLine(({ object }, signal) => evaluation.problemOf(object, signal), unseen)
  }

  /** Evaluates every object that is there. */
  begin(): void {
    for (const object of this.#ports.cache.list(this.#evaluation.kind)) this.#evaluateObject(object)
  }

  /** An object has changed; its own status is no news. */
  changed(before: KubeObject | undefined, now: KubeObject | undefined): void {
    const object = now ?? before
    if (object !== undefined && (before === undefined || now === undefined || before.spec !== now.spec)) {
      this.#evaluateObject(object)
    }
  }

  #evaluateObject({ metadata: { namespace = '', name } }: KubeObject): void {
    this.evaluate(namespace, name)
  }

  /** An object is there, has changed, is gone, or could not be used. */
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
    const { kind, ready } = this.#evaluation
    const object = this.#ports.cache.get({ kind, namespace, name })
    if (object === undefined) return null
    const id = refKey(refOf(kind, object))
    const problem = await this.#line.call({ id, namespace, object }, this.#stop.signal)
    if (this.#stop.signal.aborted) return null
    const now = new Date(this.#ports.clock.now()).toISOString()
    const isWritten = await this.#write(object, statusOf(object, problem, ready, now))
    return isWritten && problem === null
  }

  async #write(object: KubeObject, status: Record<string, unknown>): Promise<boolean> {
    if (sameJson(object['status'], status)) return true
    const ref = refOf(this.#evaluation.kind, object)
    const { resourceVersion } = object.metadata
    const metadata = resourceVersion === undefined ? {} : { resourceVersion }
    const { api, cache, steady, log } = this.#ports
    try {
      const written = await withDeadline(
        steady,
        WRITE,
        this.#stop.signal,
        `The write of ${refKey(ref)}`,
        (signal, turn) =>
          api.write({ verb: 'status', ref, patch: { metadata, status } }, { lane: 'background', signal, turn }),
      )
      // The next evaluation may come before the watch event does.
      if (written !== null) cache.accept(ref.kind, written)
      return true
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error)
      // After a conflict it is evaluated as it is by then.
      if (!this.#stop.signal.aborted && !isNotFound(error) && !isConflict(error)) {
        log.warn('the condition of an object could not be written', { object: refKey(ref), error: said })
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
function statusOf(
  object: KubeObject,
  problem: ReadyProblem | null,
  ready: string,
  now: string,
): Record<string, unknown> {
  const status = problem === null ? 'True' : 'False'
  const before = recordsOf(at(object['status'], 'conditions')).find(({ type }) => type === 'Ready')
  const since = before?.['status'] === status ? textOf(before['lastTransitionTime']) : ''
  const observedGeneration = object.metadata.generation ?? 0
  const reason = problem?.reason ?? 'Ready'
  const message = beginning(problem?.message ?? ready, LONGEST)
  const said = textOf(before?.['message'])
  // An outage names a port, or a request, which is another each time: it would be written again and again.
  const mayVary = reason === 'SecretNotReadable' || reason === 'NotAccepted'
  const isSaid = mayVary && reason === before?.['reason'] && sameButNumbers(said, message)
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
