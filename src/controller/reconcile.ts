/**
 * One pass over one Canary: observe → decide → commit the status → announce → apply the writes → wake at a time. The status
 * is written before what follows from it, guarded by its resourceVersion; the process may be killed anywhere after that.
 */
import type { Canary } from '../api/canary.ts'
import { type Kind, kinds, namespacedName, refKey, type KubeObject, type Ref } from '../api/object.ts'
import { trialQuestions } from '../core/analysis/trials.ts'
import { decide } from '../core/machine/decide.ts'
import { isResting } from '../core/machine/desired-replicas.ts'
import { outboxWith, outboxWithout, untold, withoutLate } from '../core/machine/outbox.ts'
import type { Announcement, OutboxEntry } from '../core/model/announcement.ts'
import type { Decision, Question } from '../core/model/decision.ts'
import type { Memory } from '../core/model/memory.ts'
import { namesOf } from '../core/model/names.ts'
import type { Observation } from '../core/model/observation.ts'
import { routingOf } from '../core/routers/index.ts'
import { traceAnnotations } from '../core/signals/trace-link.ts'
import { writeStatus } from '../core/status/write-status.ts'
import type { EventRecorder } from '../runtime/events.ts'
import { announce, type Annotations } from './announce.ts'
import { type ApplyPorts, applyWrites } from './apply.ts'
import type { Calls } from './calls.ts'
import { afterCommit, commitStatus, commitTime } from './commit.ts'
import type { Samples } from './pod-samples.ts'
import type { PodTroubleReader } from './pod-troubles.ts'
import type { ConfigContents } from './config-contents.ts'
import type { DependencyIndex } from './dependency-index.ts'
import type { AlertDeliveries, AlertEnd } from './alert-deliveries.ts'
import type { HookDeliveries } from './hook-deliveries.ts'
import type { InFlightHooks } from './in-flight-hooks.ts'
import type { InFlightQueries } from './in-flight-queries.ts'
import { reportInvalid } from './invalid-canary.ts'
import { laneOf } from './lane.ts'
import { readAllLive, readLive } from './live-reads.ts'
import { isNamespaceTerminating } from './namespace-state.ts'
import type { NeededInformers } from './needed-informers.ts'
import type { Observer, ReconcileContext } from './observe.ts'
import { type ProcessMemory, ProcessMemories } from './process-memory.ts'
import type { QueryTrials } from './query-trials.ts'
import type { RunTraces } from './run-traces.ts'
import type { Step } from './step.ts'
import type { Instant } from '../core/time.ts'
import { fingerprint, sameJson } from '../core/json.ts'
import { threadsAfter } from './alert-threads.ts'

/** How often one decision may ask to read more than before. */
const MOST_READS = 2

/** Configuration that is not known whole yet is looked for again. */
const CONFIG_RETRY = 200

export interface ReconcilerPorts extends ApplyPorts {
  readonly observer: Observer
  readonly dependencies: Pick<DependencyIndex, 'set' | 'forget'>
  readonly queries: Pick<InFlightQueries, 'findings' | 'ask' | 'forget'>
  readonly hooks: Pick<InFlightHooks, 'findings' | 'ask' | 'forget'>
  readonly deliveries: Pick<HookDeliveries, 'deliver' | 'forget'>
  readonly alerts: Pick<AlertDeliveries, 'deliver' | 'forget'>
  readonly queryTrials: Pick<QueryTrials, 'findings' | 'ask' | 'forget'>
  readonly recorder: Pick<EventRecorder, 'record'>
  readonly neededInformers: Pick<NeededInformers, 'set' | 'forget'>
  readonly configContents: Pick<ConfigContents, 'retain'>
  readonly podSamples: Pick<Samples, 'retain'>
  readonly podTroubles: Pick<PodTroubleReader, 'forget'>
  /** null: nothing is traced. */
  readonly traces: RunTraces | null
  /** Kinds that cannot be watched, as a sentence; null when all that matters is seen. */
  readonly unseen: (namespace: string, own: readonly Kind[], scaler: Kind | null) => string | null
  /** What a Canary that is deleted cannot see of all that it hands over, as a sentence; null when it sees it. */
  readonly hidden: (namespace: string, own: readonly Kind[], scaler: Kind | null) => string | null
  /** Told about each decision before anything follows from it. */
  readonly decided?: (observation: Observation, decision: Decision | Question) => void
  /** Told about each Canary after each pass; null when it is gone. */
  readonly watcher: (key: string, observation: Observation | null, decision: Decision | null) => void
}

/** A decision, and what it was made on. */
interface Decided {
  readonly observation: Observation
  readonly decision: Decision | Question
}

export class Reconciler {
  readonly #ports: ReconcilerPorts
  readonly #memories = new ProcessMemories()

  constructor(ports: ReconcilerPorts) {
    this.#ports = ports
  }

  /** Whether the status of a Canary is the one that was written here: whatever follows from it has its time already. */
  isOwnStatus(key: string, canary: KubeObject): boolean {
    const known = this.#memories.get(key)
    if (known === undefined || known.uid !== canary.metadata.uid) return false
    return [known.status, known.statusBeingWritten].some(own => own !== null && sameJson(own, canary['status']))
  }

  /** One pass; what it throws is tried again with backoff. */
  *pass(key: string, calls: Calls): Step<void> {
    const { cache, clock, observer, dependencies, neededInformers, queries, queryTrials, hooks, wake } = this.#ports
    const ref = refOfKey(key)
    const before = this.#memories.get(key)
    if (before?.isStatusUncertain === true) yield* readLive(cache, calls, ref)
    const object = cache.get(ref)
    if (object === undefined) return this.#forget(key)
    const known = this.#memories.of(key, object, clock.now())
    const wanted = new Set([refKey(ref)])
    const parsed = observer.read(object, known.memory.provider)
    if ('problems' in parsed) {
      dependencies.set(key, wanted)
      known.isStatusUncertain ||= before === undefined
      const tell = (told: Announcement): void => this.#announce(key, object, [told])
      return yield* reportInvalid(this.#ports, calls, key, known, object, parsed.problems, tell)
    }
    const { canary } = parsed
    const { autoscalerRef } = canary.spec
    const scaler = autoscalerRef === undefined ? null : kinds[autoscalerRef.kind]
    const own = kindsNeeded(canary)
    // Another process may have died between its status and its events.
    if (known !== before || known.isStatusUncertain) this.#takeOver(key, canary, known)
    known.isStatusUncertain = false
    const context: ReconcileContext = {
      state: known.state,
      memory: known.memory,
      writeError: known.writeError,
      findings: { ...queryTrials.findings(key), ...queries.findings(key), ...hooks.findings(key) },
      unseen: this.#ports.unseen(ref.namespace, own, scaler),
      hidden: object.metadata.deletionTimestamp === undefined ? null : this.#ports.hidden(ref.namespace, own, scaler),
      namespaceTerminating: yield* isNamespaceTerminating(calls, canary, known),
      sight: 'cached',
      before: known.observed,
    }
    const { observation, needs, blind } = observer.observe(canary, context, wanted)
    known.observed = isResting(known.state) ? null : observation
    dependencies.set(key, wanted)
    neededInformers.set(key, ref.namespace, needs)
    queryTrials.ask(key, trialQuestions(observation))
    // Without its configuration a template would be another revision. No worker waits for it; what may not be followed is
    // said instead.
    if (blind && observation.unseen === null) return wake(key, clock.now() + CONFIG_RETRY)
    const decided = yield* this.#decide(observation, context, calls)
    // The Canary has changed meanwhile: the next pass reads what it says.
    if (decided === null) return wake(key, clock.now())
    this.#ports.decided?.(decided.observation, decided.decision)
    if ('ask' in decided.decision) {
      const { ask, calls: hookCalls, writes } = decided.decision
      this.#ports.traces?.asking(key, decided.observation)
      queries.ask(key, ask)
      hooks.ask(key, hookCalls)
      return yield* applyWrites(this.#ports, calls, key, known, writes, laneOf(known.state))
    }
    yield* this.#carryOut(key, known, decided.observation, decided.decision, calls)
  }

  /** Decides; where that needs fresh reads from the API server, after them. null: the Canary that was seen is not the present one. */
  *#decide(observation: Observation, context: ReconcileContext, calls: Calls): Step<Decided | null> {
    const { clock, observer, cache } = this.#ports
    const { canary } = observation
    const ref = refOfKey(namespacedName(canary))
    let seen = observation
    // First the target alone, then all that a verdict rests on.
    for (let reads = 0; reads <= MOST_READS; reads += 1) {
      const said = decide(seen, clock.now())
      if (!('read' in said)) return { observation: seen, decision: said }
      const sight = yield* readAllLive(cache, calls, said)
      if (cache.get(ref)?.metadata.resourceVersion !== canary.metadata.resourceVersion) return null
      seen = observer.observe(canary, { ...context, sight }, new Set()).observation
    }
    throw new Error('a decision on what was just read asks to read it')
  }

  /** The status first, then the Events, then everything else; memory takes a decision in once its status is written. */
  *#carryOut(key: string, known: ProcessMemory, o: Observation, decision: Decision, calls: Calls): Step<void> {
    const { cache, clock, log, wake, queries, hooks, deliveries, alerts, traces } = this.#ports
    const now = clock.now()
    const { state, reason, message, announcements, wakeAt } = decision
    const lane = laneOf(state)
    // What was delivered since the decision began is no longer in the outbox of `known`.
    const outbox = outboxWith(known.memory.outbox, decision.outbox)
    const { alertThreads } = known.memory
    const noted = traces?.note(key, o, decision, now) ?? { traces: [], spans: [] }
    const memory: Memory = { ...decision.memory, reason, message, outbox, alertThreads, traces: noted.traces }
    const status = writeStatus(o, { ...decision, memory }, now)
    const commitAt = commitTime(known, status, decision.outbox.length > 0, now)
    let { canary } = o
    if (commitAt !== null && commitAt > now) wake(key, commitAt)
    else if (commitAt !== null) {
      const committed = yield* commitStatus(cache, calls, known, o.canary, status, lane)
      if (committed === null) return wake(key, clock.now())
      canary = { ...canary, metadata: committed.metadata }
      known.informedAt = now
    }
    known.state = state
    // No run waits for the answers to its questions any more.
    if (state.phase !== 'Progressing' && state.phase !== 'WaitingPromotion') queries.forget(key)
    // Some may have been delivered while the status was written.
    const owed = [...known.memory.outbox, ...decision.outbox]
    known.memory = {
      ...memory,
      outbox: outboxWith(known.memory.outbox, decision.outbox),
      alertThreads: known.memory.alertThreads,
    }
    traces?.committed(key, o, decision, noted)
    if (announcements.length > 0) log.info('decided', { canary: key, phase: state.phase, reason, said: message })
    this.#announce(key, o.canary, announcements, traceAnnotations(o, { state, memory }))
    hooks.ask(key, decision.calls)
    const after = { ...o, state, memory: known.memory }
    deliveries.deliver(key, after, known.memory.outbox, owed)
    alerts.deliver(key, after, known.memory.outbox, owed)
    this.#ports.watcher(key, o, decision)
    const writes = decision.writes.map(write => afterCommit(write, o.canary, canary))
    yield* applyWrites(this.#ports, calls, key, known, writes, lane)
    traces?.finish(key, after)
    if (wakeAt !== null) wake(key, wakeAt)
  }

  #announce(key: string, about: KubeObject, news: readonly Announcement[], annotations: Annotations = {}): void {
    announce(this.#ports.recorder, this.#memories, key, about, news, annotations)
  }

  /** What another process may have left untold. */
  #takeOver(key: string, canary: KubeObject, known: ProcessMemory): void {
    const now = this.#ports.clock.now()
    known.memory = { ...known.memory, outbox: withoutLate(known.memory.outbox, now) }
    this.#announce(key, canary, untold(known.memory.outbox, now))
  }

  /**
   * An entry of the outbox was delivered, or given up. The end of a run is written, and at rest that no webhook is to be told;
   * anything else leaves the status with its next write.
   */
  told(key: string, { key: id, sink }: OutboxEntry): void {
    const known = this.#memories.get(key)
    if (known === undefined) return
    known.memory = { ...known.memory, outbox: outboxWithout(known.memory.outbox, id) }
    const isLastAtRest = isResting(known.state) && known.memory.outbox.every(one => one.sink !== 'event hook')
    if (sink === 'post-rollout' || isLastAtRest) this.#ports.wake(key, this.#ports.clock.now())
  }

  /**
   * The same of an alert. One that was given up is an Event, announced before the entry leaves the status: a process that dies in
   * between gives it up again, under the same name.
   */
  alerted(key: string, entry: OutboxEntry, end: AlertEnd): void {
    const known = this.#memories.get(key)
    if (known === undefined) return
    const { memory } = known
    const outbox = outboxWithout(memory.outbox, entry.key)
    known.memory = { ...memory, outbox, alertThreads: threadsAfter(memory.alertThreads, entry, end) }
    const now = this.#ports.clock.now()
    const canary = this.#ports.cache.get(refOfKey(key))
    if (end.outcome === 'given up' && canary !== undefined) this.#announce(key, canary, [notSent(entry, end.said, now)])
    this.#ports.wake(key, now)
  }

  #forget(key: string): void {
    this.#memories.forget(key)
    this.#ports.queries.forget(key)
    this.#ports.queryTrials.forget(key)
    this.#ports.hooks.forget(key)
    this.#ports.deliveries.forget(key)
    this.#ports.alerts.forget(key)
    this.#ports.dependencies.forget(key)
    this.#ports.neededInformers.forget(key)
    this.#ports.configContents.retain(key, [])
    this.#ports.podSamples.retain(key, [])
    this.#ports.podTroubles.forget(key)
    this.#ports.traces?.forget(key)
    this.#ports.watcher(key, null, null)
  }
}

function notSent({ hook, message, key }: OutboxEntry, said: string, at: Instant): Announcement {
  const text = `Alert ${hook} was given up, because ${said}. It was about: ${message}`
  return { severity: 'warn', reason: 'AlertNotSent', message: text, key: fingerprint([key, 'given up']), at }
}

/** `shop/web` → the Canary. */
function refOfKey(key: string): Ref {
  const [namespace = '', name = ''] = key.split('/')
  return { kind: kinds.Canary, namespace, name }
}

/** Kinds without which nothing of a Canary is decided: those of its provider, and of the routes that it names. */
function kindsNeeded(canary: Canary): Kind[] {
  const provider = routingOf({ canary })
  return [...provider.kinds.map(({ kind }) => kind), ...provider.namedKinds({ canary, names: namesOf(canary) })]
}
