/**
 * One process of the controller in a tiny world: the Reconciler that ships, with a memory that a kill takes away. What a
 * real process does beside that (watches, queues, leases) is proven elsewhere.
 */
import type { CanaryStatus } from '../../src/api/status.ts'
import { keptFindings } from '../../src/controller/in-flight-queries.ts'
import { Observer, type ReconcileContext } from '../../src/controller/observe.ts'
import { NO_POD_TROUBLES } from '../../src/controller/pod-troubles.ts'
import { readCanary } from '../../src/controller/read-canary.ts'
import { Reconciler } from '../../src/controller/reconcile.ts'
import { recordOf } from '../../src/core/json.ts'
import type { OutboxEntry } from '../../src/core/model/announcement.ts'
import type { HookCall } from '../../src/core/model/hook.ts'
import type { Check, Finding } from '../../src/core/model/check.ts'
import type { Decision, Question } from '../../src/core/model/decision.ts'
import type { Observation } from '../../src/core/model/observation.ts'
import type { State } from '../../src/core/model/state.ts'
import type { Write } from '../../src/core/model/write.ts'
import type { Clock, Log } from '../../src/core/ports.ts'
import { readStatus } from '../../src/core/status/read-status.ts'
import type { Note } from '../../src/runtime/events.ts'
import { settings, sha256 } from '../core/given-objects.ts'
import { TinyCache } from './tiny-cache.ts'
import { type Faults, NO_FAULTS, TinyCalls } from './tiny-calls.ts'
import { answer } from './tiny-metrics.ts'
import { TinyReceivers } from './tiny-receivers.ts'
import { CANARY, type TinyWorld } from './tiny-world.ts'

/** One decision, with all that it was made from. */
export interface Decided {
  readonly world: TinyWorld
  readonly observation: Observation
  readonly decision: Decision | Question
}

/** Who watches. Every method is told after the fact. */
export interface Witness {
  decided?(seen: Decided): void
  asked?(world: TinyWorld, checks: readonly Check[], state: State): void
  /** A webhook is called. */
  called?(world: TinyWorld, call: HookCall): void
  /** A webhook is told. */
  told?(world: TinyWorld, entry: OutboxEntry): void
  /** @param wire the status that stands at the API server. */
  wrote?(world: TinyWorld, write: Write, wire: CanaryStatus, observation: Observation): void
  announced?(world: TinyWorld, event: Note): void
  /** All writes of a decision were made, and nobody came in between. */
  carriedOut?(seen: Decided): void
}

const KEY = `${CANARY.namespace}/${CANARY.name}`
const START_AT_ONCE = 0
/** A pass that failed is made again after so long, as the workqueue does it. */
const BACKOFF = 1000

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const nothing = (): void => {}

export class TinyProcess {
  readonly #world: TinyWorld
  readonly #cache: TinyCache
  readonly #observer: Observer
  readonly #witnesses: readonly Witness[]
  readonly #changed: () => void
  readonly #clock: Clock
  #reconciler: Reconciler
  #findings: Record<string, Finding> = {}
  readonly #receivers = new TinyReceivers()
  /** What the pass that is under way decided. */
  #decided: Decided | null = null
  #faults = NO_FAULTS
  /** What a witness threw in the midst of a call: the Reconciler would take it for the failure of that call. */
  #objection: { readonly error: unknown } | null = null
  /** When the next pass is due, if nothing happens before. */
  wakeAt: number | null = START_AT_ONCE
  /** Which process it is, counted from 0. */
  lives = 0
  /** `changes` of the seen world at the beginning of the last pass. */
  #seenChanges = -1

  /** @param changed is called after every single write. */
  constructor(world: TinyWorld, witnesses: readonly Witness[] = [], changed: () => void = nothing) {
    this.#world = world
    this.#witnesses = witnesses
    this.#changed = changed
    this.#cache = new TinyCache(world)
    this.#clock = { now: () => world.now, at: () => nothing }
    const contentOf = ({ contentHash }: Readonly<Record<string, unknown>>): string => String(contentHash)
    const contents = {
      of: (_: unknown, config: object) => ({ hash: contentOf({ ...config }), problem: null }),
      retain: nothing,
    }
    const samples = { of: () => null, labelsOf: () => null, retain: nothing }
    this.#observer = new Observer(this.#cache, contents, samples, NO_POD_TROUBLES, settings, sha256)
    this.#reconciler = this.#begin()
  }

  /** Something happened since the last pass, or its time has come. */
  get isDue(): boolean {
    return this.#cache.seen.changes !== this.#seenChanges || (this.wakeAt !== null && this.wakeAt <= this.#world.now)
  }

  /** Its watches tell nothing from here on, and nothing tells it so. */
  fallSilent(): void {
    this.#cache.fallSilent()
    this.#seenChanges = this.#cache.seen.changes
  }

  /** Its watches begin again, and catch up. */
  hearAgain(): void {
    this.#cache.hearAgain()
    this.wakeAt = this.#world.now
  }

  /** The process dies; another takes over with nothing but the status. */
  kill(): void {
    this.lives += 1
    this.#cache.hearAgain()
    this.#findings = {}
    this.#receivers.forget()
    this.wakeAt = this.#world.now
    this.#reconciler = this.#begin()
  }

  /** What a process that has just begun would see now; null where there is no Canary. */
  observe(): Observation | null {
    const object = this.#cache.get(CANARY)
    const status = readStatus(recordOf(object?.['status']), this.#world.now)
    const parsed = object === undefined ? { problems: [] } : readCanary(object, undefined, status.memory.provider)
    if ('problems' in parsed) return null
    const { unseen, namespaceTerminating } = this.#world.weather
    const context: ReconcileContext = {
      ...status,
      findings: { ...this.#findings, ...this.#receivers.findings(this.#world.now) },
      writeError: null,
      unseen,
      hidden: parsed.canary.metadata.deletionTimestamp === undefined ? null : unseen,
      namespaceTerminating,
      sight: 'cached',
      before: null,
    }
    return this.#observer.observe(parsed.canary, context, new Set()).observation
  }

  /** One pass, faults and all. */
  pass(faults: Faults = NO_FAULTS): void {
    this.#seenChanges = this.#cache.seen.changes
    this.wakeAt = null
    this.#faults = faults
    this.#decided = null
    const calls = new TinyCalls(this.#world, faults, write => this.#hear(() => this.#wrote(write)))
    try {
      // A pass that waits for an answer waits for one that never comes: its process is dead.
      const isDead = this.#reconciler.pass(KEY, calls).next().done !== true || faults.killedAfter === 0
      if (isDead) return this.kill()
    } catch (error) {
      if (!calls.failed) throw error
      this.#wake(this.#world.now + BACKOFF)
    } finally {
      this.#object()
    }
    const decided: Decided | null = this.#decided
    if (decided === null || calls.failed || faults.meanwhile !== null) return
    for (const one of this.#witnesses) one.carriedOut?.(decided)
  }

  /** Keeps the first objection of a witness until the pass is over. */
  #hear(witness: () => void): void {
    try {
      witness()
    } catch (error) {
      this.#objection ??= { error }
    }
  }

  /** Throws what a witness objected to in this pass. */
  #object(): void {
    const objection = this.#objection
    this.#objection = null
    if (objection !== null) throw objection.error
  }

  #begin(): Reconciler {
    return new Reconciler({
      cache: this.#cache,
      clock: this.#clock,
      log: silent,
      observer: this.#observer,
      dependencies: { set: nothing, forget: nothing },
      neededInformers: { set: nothing, forget: nothing },
      podSamples: { retain: nothing },
      podTroubles: { forget: nothing },
      traces: null,
      configContents: { retain: nothing },
      queries: {
        findings: () => this.#findings,
        ask: (_, checks) => this.#ask(checks),
        forget: nothing,
      },
      hooks: {
        findings: () => this.#receivers.findings(this.#world.now),
        ask: (_, calls) => this.#call(calls),
        forget: nothing,
      },
      deliveries: { deliver: (_, _o, outbox) => this.#tell(outbox), forget: nothing },
      alerts: { deliver: (_, _o, outbox) => this.#alert(outbox), forget: nothing },
      queryTrials: { findings: () => ({}), ask: nothing, forget: nothing },
      recorder: { record: (event, delivered) => this.#announced(event, delivered) },
      wake: (_, at) => this.#wake(at),
      unseen: () => this.#world.weather.unseen,
      hidden: () => this.#world.weather.unseen,
      decided: (observation, decision) => this.#decide({ world: this.#world, observation, decision }),
      watcher: () => this.#meanwhile(),
    })
  }

  #call(calls: readonly HookCall[]): void {
    for (const call of this.#receivers.fresh(calls)) {
      const answeredAt = this.#receivers.answer(call, this.#world)
      for (const one of this.#witnesses) one.called?.(this.#world, call)
      this.#wake(answeredAt)
    }
    // An answer wakes the Canary, however many passes there were since the call.
    const nextAt = this.#receivers.nextAt(this.#world.now)
    if (nextAt !== null) this.#wake(nextAt)
  }

  /** Receivers take what they are told, unless they are out of reach. */
  #tell(outbox: readonly OutboxEntry[]): void {
    const isAway = ['unreachable', 'hanging'].includes(this.#world.weather.gates)
    for (const entry of outbox) {
      if (entry.sink !== 'event hook' && entry.sink !== 'post-rollout') continue
      for (const one of this.#witnesses) one.told?.(this.#world, entry)
      if (!isAway) this.#reconciler.told(KEY, entry)
    }
  }

  /** The same of chats and Git servers. */
  #alert(outbox: readonly OutboxEntry[]): void {
    const isAway = ['unreachable', 'hanging'].includes(this.#world.weather.gates)
    for (const entry of outbox) {
      if (entry.sink !== 'alert' && entry.sink !== 'commit status') continue
      for (const one of this.#witnesses) one.told?.(this.#world, entry)
      if (!isAway) this.#reconciler.alerted(KEY, entry, { outcome: 'delivered', thread: 'first' })
    }
  }

  #decide(seen: Decided): void {
    this.#decided = seen
    for (const one of this.#witnesses) one.decided?.(seen)
  }

  #ask(checks: readonly Check[]): void {
    const state = this.#decided?.observation.state
    if (state === undefined) return
    for (const one of this.#witnesses) one.asked?.(this.#world, checks, state)
    const answers = checks.map(check => [check.id, answer(this.#world, check)] as const)
    this.#findings = { ...keptFindings(this.#findings, checks), ...Object.fromEntries(answers) }
    this.#wake(this.#world.now)
    this.#meanwhile()
  }

  /** Between what was committed, or asked, and the writes. */
  #meanwhile(): void {
    const { meanwhile } = this.#faults
    if (meanwhile === null || this.#decided === null) return
    meanwhile(this.#world)
    this.#changed()
  }

  #announced(event: Note, delivered: (() => void) | undefined): void {
    for (const one of this.#witnesses) one.announced?.(this.#world, event)
    delivered?.()
  }

  #wrote(write: Write): void {
    // What it wrote itself to its status is no news to it: whatever follows has to have its time.
    if (write.verb === 'status') this.#seenChanges += 1
    else {
      const wire: CanaryStatus = recordOf(this.#world.get(CANARY)?.['status'])
      const observation = this.#decided?.observation
      if (observation !== undefined)
        for (const one of this.#witnesses) one.wrote?.(this.#world, write, wire, observation)
    }
    this.#changed()
  }

  #wake(instant: number): void {
    this.wakeAt = this.wakeAt === null ? instant : Math.min(this.wakeAt, instant)
  }
}
