/**
 * One pass over one canary: observe → decide → commit the status → announce → write objects → wake at a time. The status
 * is written before what follows from it, guarded by its resourceVersion; everything after is safe to be killed in.
 */
import { kinds, namespacedName, refKey, type KubeObject, type Ref } from '../api/object.ts'
import type { CanaryStatus } from '../api/status.ts'
import type { Canary } from '../api/canary.ts'
import { decide } from '../core/machine/decide.ts'
import type { Announcement } from '../core/model/announcement.ts'
import type { Decision, Question } from '../core/model/decision.ts'
import { isAlreadyExists, isConflict, isNamespaceTerminating, isNotFound } from '../core/errors.ts'
import { fingerprint, recordOf, sameJson } from '../core/json.ts'
import type { Memory } from '../core/model/memory.ts'
import { trialQuestions } from '../core/analysis/trials.ts'
import type { Observation, WriteError } from '../core/model/observation.ts'
import type { Clock, KubeApi, Lane, Log } from '../core/ports.ts'
import type { State } from '../core/model/state.ts'
import { outboxWith, outboxWithout, untold } from '../core/machine/outbox.ts'
import { readStatus, writeStatus } from '../core/status/status.ts'
import { unreadable } from '../core/machine/invalid-canary.ts'
import { INFORM_EVERY, worthOf } from '../core/status/status-write-policy.ts'
import type { Write } from '../core/model/write.ts'
import type { Informers } from '../runtime/informers.ts'
import type { EventRecorder } from '../runtime/events.ts'
import { withDeadline } from '../runtime/timing.ts'
import type { InFlightQueries } from './in-flight-queries.ts'
import type { QueryTrials } from './query-trials.ts'
import type { ConfigContents } from './config-contents.ts'
import type { ConfigInformers } from './config-informers.ts'
import type { DependencyIndex } from './dependency-index.ts'
import { DEADLINE, LiveReads } from './live-reads.ts'
import { WriteContention } from './write-contention.ts'
import type { ReconcileContext, Observer } from './observe.ts'
import { afterCommit, Writer } from './writer.ts'
import { Contested, mayCreate, NamespaceEnding, writeErrorOf } from './write-errors.ts'
import { isNone } from '../core/model/traffic.ts'

/** Configuration that is not known whole yet is looked for again. */
const FOLLOW_RETRY = 200
const STALE_PASSES = 5

export interface ReconcilerPorts {
  readonly api: KubeApi
  /** Wall time, which statuses and decisions tell. */
  readonly clock: Clock
  /** Time that does not jump: deadlines of calls. */
  readonly steady: Clock
  readonly log: Log
  readonly cache: Informers
  readonly observer: Observer
  readonly interests: DependencyIndex
  readonly asks: InFlightQueries
  readonly trials: QueryTrials
  readonly recorder: EventRecorder
  /** Wakes a canary at a time, or at once. */
  readonly wake: (key: string, at: number) => void
  readonly following: ConfigInformers
  readonly contents: ConfigContents
  /** Kinds that cannot be watched, as a sentence; null when all that matters is seen. */
  readonly unseen: (namespace: string) => string | null
  /** What a canary that is deleted cannot see of all that it hands over, as a sentence; null when it sees it. */
  readonly hidden: (namespace: string) => string | null
  /** Told about each canary after each pass; null when it is gone. */
  readonly watcher: (key: string, observation: Observation | null, decision: Decision | null) => void
}

/** What this process remembers of a canary between passes. */
interface Entry {
  readonly uid: string
  state: State
  memory: Memory
  /** The status that state and memory belong to, as it was last read or written. */
  status: CanaryStatus
  informedAt: number
  writeError: WriteError | null
  /** Whether the last status arrived is not known, so what it announced may not have been told. */
  doubtful: boolean
  /** An object was refused because the namespace is being deleted, which is never taken back. */
  namespaceEnding: boolean
  /** Passes in a row whose writes met something newer than was read. */
  stalePasses: number
  readonly ledger: WriteContention
}

/** A decision, and what it was made on. */
interface Decided {
  readonly observation: Observation
  readonly decision: Decision | Question
}

export class Reconciler {
  readonly #ports: ReconcilerPorts
  readonly #live: LiveReads
  readonly #writer: Writer
  readonly #entries = new Map<string, Entry>()

  constructor(ports: ReconcilerPorts) {
    this.#ports = ports
    this.#live = new LiveReads(ports)
    this.#writer = new Writer(ports, this.#live)
  }

  /** One pass; what it throws is tried again with backoff. */
  async pass(key: string, signal: AbortSignal): Promise<void> {
    const { cache, clock, observer, interests, following, asks, trials } = this.#ports
    const ref = refOfKey(key)
    const before = this.#entries.get(key)
    if (before?.doubtful === true) await this.#live.one(ref, signal)
    const object = cache.get(ref)
    if (object === undefined) return this.#forget(key)
    const entry = this.#entry(key, object)
    const wanted = new Set([refKey(ref)])
    const parsed = observer.parse(object)
    if ('problems' in parsed) {
      interests.set(key, wanted)
      entry.doubtful ||= before === undefined
      return this.#stall(key, entry, object, parsed.problems, signal)
    }
    // Another process may have died between its status and its events; a name that exists already is told once.
    if (entry !== before || entry.doubtful) this.#announce(key, parsed.canary, untold(entry.memory.outbox, clock.now()))
    entry.doubtful = false
    const known = {
      ...entry,
      findings: { ...trials.findings(key), ...asks.findings(key) },
      unseen: this.#ports.unseen(ref.namespace),
      hidden: object.metadata.deletionTimestamp === undefined ? null : this.#ports.hidden(ref.namespace),
      namespaceTerminating: await this.#namespaceTerminating(parsed.canary, signal),
      sight: 'cached',
    } as const
    const { observation, needs, blind } = observer.observe(parsed.canary, known, wanted)
    interests.set(key, wanted)
    following.set(key, ref.namespace, needs)
    trials.ask(key, trialQuestions(observation))
    // Without its configuration a template would be another revision. No worker waits for it; what may not be followed is
    // said instead.
    if (blind && observation.unseen === null) return this.#ports.wake(key, clock.now() + FOLLOW_RETRY)
    const decided = await this.#decide(observation, known, signal)
    // The Canary itself is another by now: the next pass reads what it says.
    if (decided === null) return this.#ports.wake(key, clock.now())
    if ('ask' in decided.decision) {
      asks.ask(key, decided.decision.ask)
      return this.#write(key, entry, decided.decision.writes, laneOf(entry.state), signal)
    }
    await this.#carryOut(key, entry, decided.observation, decided.decision, signal)
  }

  /** Decides; where that needs a fresh look at the cluster, after one. null: the Canary that was seen is not the present one. */
  async #decide(observation: Observation, known: ReconcileContext, signal: AbortSignal): Promise<Decided | null> {
    const { clock, observer, cache } = this.#ports
    const first = decide(observation, clock.now())
    if (!('read' in first)) return { observation, decision: first }
    const sight = await this.#live.all(first.read, signal)
    const { canary } = observation
    const ref = refOfKey(namespacedName(canary))
    if (cache.get(ref)?.metadata.resourceVersion !== canary.metadata.resourceVersion) return null
    const again = observer.observe(canary, { ...known, sight }, new Set()).observation
    const second = decide(again, clock.now())
    if ('read' in second) throw new Error('a decision on what was just read asks to read it')
    return { observation: again, decision: second }
  }

  async #carryOut(key: string, entry: Entry, o: Observation, decision: Decision, signal: AbortSignal): Promise<void> {
    const { clock, log, wake } = this.#ports
    const now = clock.now()
    // What was delivered since the decision began is no longer in the entry's.
    const outbox = outboxWith(entry.memory.outbox, decision.announcements)
    const memory: Memory = { ...decision.memory, reason: decision.reason, message: decision.message, outbox }
    const status = writeStatus(o, { ...decision, memory }, now)
    const worth = worthOf(entry.status, status)
    // What is announced is on record first: whoever takes over tells it under the same name, and not once more.
    const news = decision.announcements.length > 0
    let { canary } = o
    const due = news || worth === 'at once' || (worth === 'later' && now - entry.informedAt >= INFORM_EVERY)
    if (due) {
      const committed = await this.#writer.commit(entry, o.canary, status, laneOf(decision.state), signal)
      if (committed === null) {
        wake(key, clock.now())
        return
      }
      canary = { ...canary, metadata: committed.metadata }
      entry.informedAt = now
    } else if (worth === 'later') {
      wake(key, entry.informedAt + INFORM_EVERY)
    }
    entry.state = decision.state
    // Some may have been delivered while the status was written.
    entry.memory = { ...memory, outbox: outboxWith(entry.memory.outbox, decision.announcements) }
    if (decision.announcements.length > 0) {
      log.info('decided', {
        canary: key,
        phase: decision.state.phase,
        reason: decision.reason,
        said: decision.message,
      })
    }
    this.#announce(key, o.canary, decision.announcements)
    this.#ports.watcher(key, o, decision)
    const writes = decision.writes.map(write => afterCommit(write, o.canary, canary))
    await this.#write(key, entry, writes, laneOf(decision.state), signal)
    if (decision.wakeAt !== null) wake(key, decision.wakeAt)
  }

  /** All writes at once; the first that failed is what the canary complains about. */
  async #write(key: string, entry: Entry, writes: readonly Write[], lane: Lane, signal: AbortSignal): Promise<void> {
    const { clock, log, wake } = this.#ports
    const now = clock.now()
    const results = await Promise.all(
      writes.map(async (write): Promise<{ write: Write; error: unknown } | null> => {
        const mayAt = entry.ledger.mayWriteAt(write, now)
        if (mayAt > now) {
          wake(key, mayAt)
          return { write, error: new Contested() }
        }
        if (entry.namespaceEnding && mayCreate(write)) return { write, error: new NamespaceEnding() }
        try {
          await this.#writer.send(write, lane, signal)
          entry.ledger.note(write, now)
          return null
        } catch (error) {
          entry.namespaceEnding ||= isNamespaceTerminating(error)
          return { write, error }
        }
      }),
    )
    const failed = results.filter(result => result !== null)
    // Somebody else was faster: what was read is old, and the next pass sees what is new.
    const stale = failed.filter(({ error }) => isConflict(error) || isNotFound(error) || isAlreadyExists(error))
    entry.stalePasses = stale.length > 0 ? entry.stalePasses + 1 : 0
    // What meets something newer again and again is refused in effect.
    const refused = failed.find(result => entry.stalePasses > STALE_PASSES || !stale.includes(result))
    const writeError = refused === undefined ? null : writeErrorOf(refused.write, refused.error)
    const changed = writeError?.message !== entry.writeError?.message
    entry.writeError = writeError
    if (refused !== undefined) {
      log.warn('write failed', {
        canary: key,
        verb: refused.write.verb,
        object: refKey(refused.write.ref),
        error: writeError?.message,
      })
      const { error } = refused
      const ignoredManager =
        error instanceof Contested || error instanceof NamespaceEnding || isNamespaceTerminating(error)
      // The next pass says it, after its wait: the words of an error may be others each time.
      if (!ignoredManager) throw error
      if (changed) wake(key, clock.now())
    } else if (changed || stale.length > 0) {
      await Promise.all(
        stale.map(({ write }) => this.#live.one(write.verb === 'copy' ? write.from : write.ref, signal)),
      )
      wake(key, clock.now())
    }
  }

  /** A canary that cannot be read: one sentence, no change of anything; one that is being deleted is let go. */
  async #stall(
    key: string,
    entry: Entry,
    object: KubeObject,
    problems: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const now = this.#ports.clock.now()
    const { status, announcement, release } = unreadable(object, problems, now)
    const doubtful = entry.doubtful
    let present = object
    if (worthOf(entry.status, status) !== 'nothing') {
      const committed = await this.#writer.commit(entry, object, status, 'normal', signal)
      if (committed === null) return this.#ports.wake(key, now)
      present = { ...object, metadata: committed.metadata }
      this.#announce(key, object, [announcement])
    } else if (doubtful) this.#announce(key, object, [announcement])
    entry.doubtful = false
    this.#ports.watcher(key, null, null)
    if (release !== null) await this.#writer.send(afterCommit(release, object, present), 'normal', signal)
  }

  #announce(key: string, about: KubeObject, announcements: readonly Announcement[]): void {
    for (const one of announcements) {
      const note = {
        name: `${about.metadata.name}.${fingerprint([about.metadata.uid, one.key])}`,
        about,
        type: one.severity === 'info' ? 'Normal' : 'Warning',
        reason: one.reason,
        message: one.message,
        at: one.at,
      } as const
      this.#ports.recorder.record(note, () => {
        const entry = this.#entries.get(key)
        if (entry === undefined) return
        // It leaves the status with the next write of it: an acknowledgement is worth none of its own.
        entry.memory = { ...entry.memory, outbox: outboxWithout(entry.memory.outbox, one.key) }
      })
    }
  }

  /** What memory holds is true as long as the status is the one that it belongs to. */
  #entry(key: string, object: KubeObject): Entry {
    const known = this.#entries.get(key)
    const status = recordOf(object['status']) as CanaryStatus
    if (known !== undefined && known.uid === object.metadata.uid && sameJson(known.status, status)) return known
    const { state, memory } = readStatus(status, this.#ports.clock.now())
    const { writeError, ledger, doubtful } = known ?? {
      writeError: null,
      ledger: new WriteContention(),
      doubtful: false,
    }
    const entry: Entry = {
      uid: object.metadata.uid ?? '',
      state,
      memory,
      status,
      informedAt: 0,
      writeError,
      ledger,
      doubtful,
      namespaceEnding: known?.uid === object.metadata.uid && known?.namespaceEnding === true,
      stalePasses: 0,
    }
    this.#entries.set(key, entry)
    return entry
  }

  #forget(key: string): void {
    this.#entries.delete(key)
    this.#ports.asks.forget(key)
    this.#ports.trials.forget(key)
    this.#ports.interests.forget(key)
    this.#ports.following.forget(key)
    this.#ports.contents.retain(key, [])
    this.#ports.watcher(key, null, null)
  }

  /** Asked only while a canary is being deleted: a dying namespace is the one thing that the caches do not tell. */
  async #namespaceTerminating(canary: Canary, signal: AbortSignal): Promise<boolean> {
    if (canary.metadata.deletionTimestamp === undefined) return false
    if (this.#entries.get(namespacedName(canary))?.namespaceEnding === true) return true
    const ref = { kind: kinds.Namespace, namespace: '', name: canary.metadata.namespace ?? '' }
    const namespace = await this.#call(signal, 'The read of the namespace', call => this.#ports.api.get(ref, call))
    return namespace === null || namespace.metadata.deletionTimestamp !== undefined
  }

  #call<T>(
    signal: AbortSignal,
    what: string,
    run: (call: { lane: Lane; signal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    return withDeadline(this.#ports.steady, DEADLINE, signal, what, inner => run({ lane: 'normal', signal: inner }))
  }
}

/** Taking back never waits behind other work. */
function laneOf(state: State): Lane {
  if (state.phase === 'Failed' || state.phase === 'Terminating') return 'urgent'
  if (state.phase === 'Promoting') return state.stage === 'diverting' || state.stage === 'undoing' ? 'urgent' : 'normal'
  if (state.phase !== 'Progressing' || !isNone(state.traffic)) return 'normal'
  return state.highest > 0 || state.stage === 'draining' || state.stage === 'stoppingOldPods' ? 'urgent' : 'normal'
}

/** `shop/web` → the Canary. */
function refOfKey(key: string): Ref {
  const [namespace = '', name = ''] = key.split('/')
  return { kind: kinds.Canary, namespace, name }
}
