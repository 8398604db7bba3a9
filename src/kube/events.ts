/**
 * Kubernetes Events about our objects (core/v1, what `kubectl describe` and `kubectl get events` show). The caller names
 * each one after what happened, so that a step which is carried out again after a crash is told once. Sending is in the
 * background, in order and one at a time; what cannot be delivered is counted and logged, never lost in silence.
 */
import type { KubeObject } from '../api/object.ts'
import { apiVersionOf, kinds } from '../api/object.ts'
import { isAlreadyExists, isForbidden, isInvalid, isNotFound } from '../core/errors.ts'
import type { Clock, KubeApi, Log } from '../core/ports.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import { Backoff, pause, withDeadline } from './timing.ts'

/** One thing to tell. */
export interface Note {
  /** Name of the Event: the same for the same happening, unlike all others in the namespace. */
  readonly name: string
  /** What it is about. */
  readonly about: KubeObject
  readonly type: 'Normal' | 'Warning'
  /** CamelCase, one of the table of reasons. */
  readonly reason: string
  readonly message: string
  readonly at: Instant
}

export interface RecorderOptions {
  readonly api: KubeApi
  /** Should be one that does not jump. */
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Log
  /** Who reports: the pod's name. */
  readonly instance: string
  /** Notes that may wait; beyond, the oldest is dropped. Default 1000. */
  readonly capacity?: number
  /** Called for every note that will not be delivered. */
  readonly dropped?: (note: Note, because: string) => void
}

/** Attempts for one note, with waits of 0.8 to 30 s between: several minutes in all. */
const ATTEMPTS = 12
/** An API server that has just started refuses everybody until it knows its roles; a missing right stays missing. */
const FORBIDDEN_ATTEMPTS = 4
const DEADLINE: Milliseconds = 30_000
const LONGEST_MEMORY = 1000
/** The API server's own limit, in characters. */
const LONGEST_MESSAGE = 1024

export class EventRecorder {
  readonly #options: RecorderOptions
  readonly #waiting: Note[] = []
  readonly #stop = new AbortController()
  /** Namespaces that were going away when last written to; said once. */
  readonly #ending = new Set<string>()
  #sending: Promise<void> | null = null
  #closed = false

  constructor(options: RecorderOptions) {
    this.#options = options
  }

  /** Notes that are not delivered yet. */
  get depth(): number {
    return this.#waiting.length
  }

  /** Takes a note; returns at once. */
  record(note: Note): void {
    if (this.#closed) {
      this.#drop(note, 'the recorder is closed')
      return
    }
    this.#waiting.push(note)
    if (this.#waiting.length > (this.#options.capacity ?? 1000)) {
      // The one at the head may be under way; the next is the oldest that is not.
      const [oldest] = this.#waiting.splice(1, 1)
      if (oldest !== undefined) this.#drop(oldest, 'too many events wait')
    }
    this.#sending ??= this.#send()
  }

  /**
   * Takes no more notes, and delivers those that wait.
   *
   * @param within how long that may take; then the rest is dropped, with a line for each.
   */
  async close(within: Milliseconds): Promise<void> {
    this.#closed = true
    const { clock } = this.#options
    const cancel = clock.at(clock.now() + within, () => this.#stop.abort(new Error('the process ends')))
    await this.#sending
    cancel()
    for (const note of this.#waiting.splice(0)) this.#drop(note, 'the process ends')
  }

  async #send(): Promise<void> {
    for (let note = this.#waiting[0]; note !== undefined && !this.#stop.signal.aborted; note = this.#waiting[0]) {
      await this.#deliver(note)
      if (!this.#stop.signal.aborted) this.#waiting.shift()
    }
    this.#sending = null
  }

  async #deliver(note: Note): Promise<void> {
    const { api, clock, random } = this.#options
    const object = eventObject(note, this.#options.instance)
    const ref = { kind: kinds.Event, namespace: object.metadata.namespace ?? '', name: note.name }
    const backoff = new Backoff(800, 30_000, random)
    for (let attempt = 1; !this.#stop.signal.aborted; attempt++) {
      try {
        await withDeadline(clock, DEADLINE, this.#stop.signal, 'The event', signal =>
          api.write({ verb: 'create', ref, object }, { lane: 'background', signal }),
        )
        this.#ending.delete(ref.namespace)
        return
      } catch (error) {
        if (isAlreadyExists(error) || this.#stop.signal.aborted) return
        const because = error instanceof Error ? error.message : String(error)
        if (isHopeless(error, because) || attempt >= (isForbidden(error) ? FORBIDDEN_ATTEMPTS : ATTEMPTS)) {
          if (!isEnding(error, because)) this.#drop(note, because)
          else this.#dropWithNamespace(note, ref.namespace, because)
          return
        }
        await pause(clock, backoff.next(), this.#stop.signal)
      }
    }
  }

  /** Nobody can read it any more, and there will be others: one line does. */
  #dropWithNamespace(note: Note, namespace: string, because: string): void {
    if (this.#ending.has(namespace)) {
      this.#options.dropped?.(note, because)
      return
    }
    // Names of namespaces that are gone are no reason to grow.
    if (this.#ending.size >= LONGEST_MEMORY) this.#ending.clear()
    this.#ending.add(namespace)
    this.#drop(note, because)
  }

  #drop(note: Note, because: string): void {
    const { namespace, name } = note.about.metadata
    this.#options.dropped?.(note, because)
    this.#options.log.warn('an event was dropped', {
      about: `${note.about.kind} ${namespace ?? ''}/${name}`,
      reason: note.reason,
      message: note.message,
      because,
    })
  }
}

/** Refused for what it is, or its namespace is going or gone: it will be refused again. */
function isHopeless(error: unknown, said: string): boolean {
  return isInvalid(error) || isEnding(error, said)
}

/** The namespace is going, or gone. */
function isEnding(error: unknown, said: string): boolean {
  return isNotFound(error) || (isForbidden(error) && said.includes('being terminated'))
}

/** The Event object. Events about what has no namespace live in `default`, as everywhere. */
function eventObject(note: Note, instance: string): KubeObject {
  const { about, type, reason } = note
  const { namespace = '', name, uid, resourceVersion } = about.metadata
  const time = new Date(note.at).toISOString().replace(/\.\d+Z$/, 'Z')
  return {
    apiVersion: apiVersionOf(kinds.Event),
    kind: kinds.Event.kind,
    metadata: { name: note.name, namespace: namespace === '' ? 'default' : namespace },
    involvedObject: { apiVersion: about.apiVersion, kind: about.kind, namespace, name, uid, resourceVersion },
    type,
    reason,
    message: note.message.length > LONGEST_MESSAGE ? `${note.message.slice(0, LONGEST_MESSAGE - 1)}…` : note.message,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    source: { component: 'sluice' },
    reportingComponent: 'sluice',
    reportingInstance: instance,
  }
}
