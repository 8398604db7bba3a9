/**
 * Kubernetes Events about our objects (core/v1, what `kubectl describe` and `kubectl get events` show). The caller names
 * each one after what happened, so that a step which is carried out again after a crash is told once. Sending is in the
 * background: the Events about one object in their order, those about others a few at a time in each namespace, so that a
 * namespace that refuses its Events delays no other. What cannot be delivered is counted and logged, never lost in silence.
 */
import type { KubeObject } from '../api/object.ts'
import { apiVersionOf, kinds } from '../api/object.ts'
import { isAlreadyExists, isForbidden, isInvalid, isNamespaceGoing } from '../core/errors.ts'
import { present } from '../core/json.ts'
import type { Clock, KubeApi, Log } from '../core/ports.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import { Turns } from '../core/turns.ts'
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
  /** Of the Event. */
  readonly annotations?: Readonly<Record<string, string>>
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
  /** Notes of one namespace that may be in flight; beyond, the oldest is dropped. Default 2,500. */
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
/** A namespace with 1,000 Canaries that are initialized at once has 2,000 notes, of about 0.7 KiB each. */
const CAPACITY = 2500
/**
 * Notes of one namespace that are sent at one time, each about another object. One at a time, the events of 900 Canaries that
 * were initialized at once were 75 s late.
 */
const AT_ONCE = 4
/** The API server's own limit, in characters. */
const LONGEST_MESSAGE = 1024

/** A note in flight, and who waits for its end. */
interface Pending {
  readonly note: Note
  readonly settled: () => void
}

/** What one namespace has in flight. */
interface Line {
  /** By the uid of what they are about. */
  readonly waiting: Turns<Pending>
  /** Uids with a note being sent. */
  readonly busy: Set<string>
}

export class EventRecorder {
  readonly #options: RecorderOptions
  /** Namespace → its notes that are not delivered yet. */
  readonly #lines = new Map<string, Line>()
  readonly #sending = new Set<Promise<void>>()
  readonly #stop = new AbortController()
  /** Namespaces that were going away when last written to; said once. */
  readonly #ending = new Set<string>()
  #closed = false

  constructor(options: RecorderOptions) {
    this.#options = options
  }

  /** Notes that are not delivered yet. */
  get depth(): number {
    let depth = 0
    for (const { waiting, busy } of this.#lines.values()) depth += waiting.size + busy.size
    return depth
  }

  /**
   * Takes a note; returns at once.
   *
   * @param settled called once the API server has the Event, or it was given up for good; not when the process ends first.
   */
  record(note: Note, settled: () => void = () => {}): void {
    const pending = { note: bounded(note), settled }
    if (this.#closed) {
      this.#drop(pending.note, 'the recorder is closed')
      return
    }
    const namespace = note.about.metadata.namespace ?? ''
    const line = this.#lines.get(namespace) ?? { waiting: new Turns<Pending>(), busy: new Set<string>() }
    this.#lines.set(namespace, line)
    line.waiting.add(aboutOf(note), pending)
    this.#start(namespace, line)
    if (line.waiting.size + line.busy.size > (this.#options.capacity ?? CAPACITY)) {
      const oldest = line.waiting.evict()
      if (oldest !== null) this.#giveUp(oldest, 'too many events of its namespace wait')
    }
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
    while (this.#sending.size > 0) await Promise.all(this.#sending)
    cancel()
    for (const { waiting } of this.#lines.values()) {
      for (let next = waiting.next(); next !== null; next = waiting.next()) {
        this.#drop(next.member.note, 'the process ends')
      }
    }
    this.#lines.clear()
  }

  /** Begins to send what waits in a namespace, as far as it may. */
  #start(namespace: string, line: Line): void {
    while (line.busy.size < AT_ONCE && !this.#stop.signal.aborted) {
      const next = line.waiting.next(about => !line.busy.has(about))
      if (next === null) break
      line.busy.add(next.group)
      const sending = this.#send(next.member).finally(() => {
        this.#sending.delete(sending)
        line.busy.delete(next.group)
        this.#start(namespace, line)
        if (line.waiting.size + line.busy.size === 0) this.#lines.delete(namespace)
      })
      this.#sending.add(sending)
    }
  }

  async #send(pending: Pending): Promise<void> {
    const because = await this.#deliver(pending.note)
    if (this.#stop.signal.aborted) this.#drop(pending.note, 'the process ends')
    else if (because === null) pending.settled()
    else this.#giveUp(pending, because)
  }

  /** @returns why the note was given up; null when the API server has it. */
  async #deliver(note: Note): Promise<string | null> {
    const { api, clock, random } = this.#options
    const object = eventObject(note, this.#options.instance)
    const ref = { kind: kinds.Event, namespace: object.metadata.namespace ?? '', name: note.name }
    const backoff = new Backoff(800, 30_000, random)
    for (let attempt = 1; ; attempt++) {
      try {
        await withDeadline(clock, DEADLINE, this.#stop.signal, 'The event', (signal, turn) =>
          api.write({ verb: 'create', ref, object }, { lane: 'background', signal, turn }),
        )
        this.#ending.delete(ref.namespace)
        return null
      } catch (error) {
        if (isAlreadyExists(error) || this.#stop.signal.aborted) return null
        const because = error instanceof Error ? error.message : String(error)
        if (isNamespaceGoing(error)) return this.#ended(ref.namespace, because)
        if (isInvalid(error) || attempt >= (isForbidden(error) ? FORBIDDEN_ATTEMPTS : ATTEMPTS)) return because
        await pause(clock, backoff.next(), this.#stop.signal)
        if (this.#stop.signal.aborted) return null
      }
    }
  }

  /** No user can read the events of such a namespace any more, and there will be others: one line is enough. */
  #ended(namespace: string, because: string): string {
    const told = this.#ending.has(namespace)
    // Names of namespaces that are gone are no reason to grow.
    if (this.#ending.size >= LONGEST_MEMORY) this.#ending.clear()
    this.#ending.add(namespace)
    return told ? '' : because
  }

  /** Gives up a note for good. An empty reason was said before. */
  #giveUp({ note, settled }: Pending, because: string): void {
    if (because === '') this.#options.dropped?.(note, 'its namespace is going away')
    else this.#drop(note, because)
    settled()
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

/** Notes about one object are sent in their order. */
const aboutOf = ({ about }: Note): string => about.metadata.uid ?? `${about.kind}/${about.metadata.name}`

/** What waits is bounded: the message, and of the object no more than an Event names. */
function bounded(note: Note): Note {
  const { apiVersion, kind, metadata } = note.about
  const { name, namespace, uid, resourceVersion } = metadata
  const about = { apiVersion, kind, metadata: { name, ...present({ namespace, uid, resourceVersion }) } }
  const { message } = note
  const short = message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE - 1)}…` : message
  return { ...note, about, message: short }
}

/** The Event object. Events about what has no namespace live in `default`, as everywhere. */
function eventObject(note: Note, instance: string): KubeObject {
  const { about, type, reason, annotations } = note
  const { namespace = '', name, uid, resourceVersion } = about.metadata
  const time = new Date(note.at).toISOString().replace(/\.\d+Z$/, 'Z')
  return {
    apiVersion: apiVersionOf(kinds.Event),
    kind: kinds.Event.kind,
    metadata: { name: note.name, namespace: namespace === '' ? 'default' : namespace, ...present({ annotations }) },
    involvedObject: { apiVersion: about.apiVersion, kind: about.kind, namespace, name, uid, resourceVersion },
    type,
    reason,
    message: note.message,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    source: { component: 'sluice' },
    reportingComponent: 'sluice',
    reportingInstance: instance,
  }
}
