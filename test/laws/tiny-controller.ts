/**
 * One process of the controller, as far as safety depends on it: observe → decide → commit the status → write, with a memory
 * that a kill takes away. What a real process does beside that (watches, queues, leases) is proven elsewhere.
 */
import { type KubeObject, kinds, type Ref, refKey } from '../../src/api/object.ts'
import type { CanaryStatus } from '../../src/api/status.ts'
import type { Check, Finding } from '../../src/core/model/check.ts'
import { decide } from '../../src/core/machine/decide.ts'
import type { Decision, Question, Source } from '../../src/core/model/decision.ts'
import { ApiError } from '../../src/core/errors.ts'
import { at, recordOf, sameJson } from '../../src/core/json.ts'
import type { Memory } from '../../src/core/model/memory.ts'
import { SERVICE_NAME_LABEL } from '../../src/core/model/names.ts'
import type { Observation } from '../../src/core/model/observation.ts'
import type { State } from '../../src/core/model/state.ts'
import { outboxWith } from '../../src/core/machine/outbox.ts'
import { readStatus, writeStatus } from '../../src/core/status/status.ts'
import { INFORM_EVERY, worthOf } from '../../src/core/status/status-write-policy.ts'
import type { Write } from '../../src/core/model/write.ts'
import { answer } from './tiny-metrics.ts'
import { observationOf, parsed } from './tiny-observe.ts'
import { CANARY, TinyWorld } from './tiny-world.ts'

/** What becomes of a write: done; refused; or done, but the answer got lost. */
export type Fate = 'done' | 'refused' | 'unanswered'

/** What goes wrong in one pass. */
export interface Faults {
  /** Of the status write. */
  readonly commit: Fate
  /** Of the other writes, in the order in which they are made; those beyond the list are done. */
  readonly writes: readonly Fate[]
  /** In which order they are made: any numbers, sorted by. */
  readonly order: readonly number[]
  /** The process dies after so many writes, the status included; null: it lives. */
  readonly killedAfter: number | null
  /** What somebody else does between the status and the writes. */
  readonly meanwhile: ((world: TinyWorld) => void) | null
}

export const NO_FAULTS: Faults = { commit: 'done', writes: [], order: [], killedAfter: null, meanwhile: null }

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
  /** @param wire the status that stands at the API server. */
  wrote?(world: TinyWorld, write: Write, wire: CanaryStatus, observation: Observation): void
  /** All writes of a decision were made, and nobody came in between. */
  carriedOut?(seen: Decided): void
}

class Killed extends Error {}

interface Entry {
  state: State
  memory: Memory
  /** As it stands at the API server, as far as this process knows. */
  status: unknown
}

export class TinyController {
  readonly #world: TinyWorld
  /** What its watches told last, while they are silent; null: they tell of everything. */
  #heard: TinyWorld | null = null
  readonly #witnesses: readonly Witness[]
  readonly #changed: () => void
  #entry: Entry | null = null
  #informedAt = 0
  #writeError: Observation['writeError'] = null
  #findings: Record<string, Finding> = {}
  /** When the next pass is due, if nothing happens before. */
  wakeAt: number | null = START_AT_ONCE
  /** `world.changes` at the beginning of the last pass. */
  #seenChanges = -1

  /** @param changed is called after every single write. */
  constructor(world: TinyWorld, witnesses: readonly Witness[] = [], changed: () => void = () => {}) {
    this.#world = world
    this.#witnesses = witnesses
    this.#changed = changed
  }

  /** Something happened since the last pass, or its time has come. */
  get isDue(): boolean {
    return this.#seen.changes !== this.#seenChanges || (this.wakeAt !== null && this.wakeAt <= this.#world.now)
  }

  /** Which process it is, counted from 0. */
  lives = 0

  /** The world as its caches have it. */
  get #seen(): TinyWorld {
    return this.#heard ?? this.#world
  }

  /** Its watches tell nothing from here on, and nothing tells it so. */
  fallSilent(): void {
    this.#heard ??= new TinyWorld(this.#world)
    this.#seenChanges = this.#heard.changes
  }

  /** Its watches begin again, and catch up. */
  hearAgain(): void {
    this.#heard = null
    this.wakeAt = this.#world.now
  }

  /** The caches take in an object: it was read, or is the answer of a write. */
  #accept(ref: Ref): void {
    this.#heard?.take(this.#world, ref)
  }

  #read(sources: readonly Source[]): void {
    const [heard, world] = [this.#heard, this.#world]
    if (heard === null) return
    for (const source of sources) {
      if ('ref' in source) heard.take(world, source.ref)
      else if (source.kind === kinds.EndpointSlice) {
        const service = source.labels[SERVICE_NAME_LABEL] ?? ''
        heard.endpoints.set(service, world.endpoints.get(service) ?? [])
      } else {
        for (const deployment of world.all(kinds.Deployment)) {
          if (!sameJson(at(deployment['spec'], 'selector', 'matchLabels'), source.labels)) continue
          const { name } = deployment.metadata
          heard.pods.set(name, world.pods.get(name) ?? [])
        }
      }
    }
  }

  /** The process dies; another takes over with nothing but the status. */
  kill(): void {
    this.lives += 1
    this.#heard = null
    this.#entry = null
    this.#writeError = null
    this.#findings = {}
    this.#informedAt = 0
    this.wakeAt = this.#world.now
  }

  /** What the process would see now; null where there is no Canary. */
  observe(sight: Observation['sight'] = 'cached'): Observation | null {
    const seen = this.#seen
    seen.weather = this.#world.weather
    const object = seen.get(CANARY)
    if (object === undefined) return null
    const { state, memory } = this.#known(object)
    const known = { state, memory, findings: this.#findings, writeError: this.#writeError, sight }
    return observationOf(seen, parsed(object), known)
  }

  /** One pass, faults and all. */
  pass(faults: Faults = NO_FAULTS): void {
    this.#seenChanges = this.#seen.changes
    this.wakeAt = null
    try {
      this.#pass(faults)
    } catch (error) {
      if (!(error instanceof Killed)) throw error
      this.kill()
    }
  }

  #pass(faults: Faults): void {
    const world = this.#world
    let observation = this.observe()
    if (observation === null || this.#entry === null) return
    let decision = decide(observation, world.now)
    if ('read' in decision) {
      this.#read(decision.read)
      observation = this.observe('live')
      if (observation === null) return
      decision = decide(observation, world.now)
      if ('read' in decision) throw new Error('a decision on what was just read asks to read it')
    }
    const seen = { world, observation, decision }
    for (const one of this.#witnesses) one.decided?.(seen)
    let written = 0
    const count = (): void => {
      this.#changed()
      written += 1
      if (written === faults.killedAfter) throw new Killed()
    }
    if (faults.killedAfter === 0) throw new Killed()
    if ('ask' in decision) this.#ask(decision, observation)
    else if (!this.#commit(observation, decision, faults.commit, count)) return
    if (faults.meanwhile !== null) {
      faults.meanwhile(world)
      this.#changed()
    }
    const failed = this.#write(decision.writes, observation, faults, count)
    if (!failed && faults.meanwhile === null) for (const one of this.#witnesses) one.carriedOut?.(seen)
  }

  #ask(question: Question, o: Observation): void {
    for (const one of this.#witnesses) one.asked?.(this.#world, question.ask, o.state)
    const answers = question.ask.map(check => [check.id, answer(this.#world, check)] as const)
    const look = (id: string): string => id.split('/', 3).join('/')
    const [first] = question.ask
    const kept = Object.entries(this.#findings).filter(([id]) => look(id) === look(first.id))
    this.#findings = Object.fromEntries([...kept, ...answers])
    this.#wake(this.#world.now)
  }

  /** The status first; false: nothing follows. */
  #commit(o: Observation, decision: Decision, fate: Fate, count: () => void): boolean {
    const { now } = this.#world
    const entry = this.#entry
    if (entry === null) return false
    const outbox = outboxWith(decision.memory.outbox, decision.announcements)
    const memory = { ...decision.memory, reason: decision.reason, message: decision.message, outbox }
    const before = recordOf(entry.status) as CanaryStatus
    const status = writeStatus(o, { ...decision, memory }, now)
    const worth = worthOf(before, status)
    if (worth === 'at once' || (worth === 'later' && now - this.#informedAt >= INFORM_EVERY)) {
      if (fate !== 'refused') {
        const object = this.#world.get(CANARY)
        if (object === undefined || object !== this.#seen.get(CANARY)) {
          // A conflict: the Canary is read, and looked at again.
          this.#accept(CANARY)
          this.#wake(now)
          return false
        }
        this.#world.put(CANARY, { ...object, status }, 'sluice')
        this.#accept(CANARY)
        // What it wrote itself is no news to it: whatever follows has to have its time.
        this.#seenChanges += 1
        count()
      }
      if (fate !== 'done') {
        this.#wake(now + 1000)
        return false
      }
      entry.status = status
      this.#informedAt = now
    } else if (worth === 'later') this.#wake(this.#informedAt + INFORM_EVERY)
    entry.state = decision.state
    entry.memory = memory
    if (decision.wakeAt !== null) this.#wake(decision.wakeAt)
    return true
  }

  /** @returns whether any write failed. */
  #write(writes: readonly Write[], o: Observation, faults: Faults, count: () => void): boolean {
    const { order } = faults
    const rank = (i: number): number => (order.length === 0 ? 0 : (order[i % order.length] ?? 0))
    const inOrder = writes.map((write, i) => ({ write, rank: rank(i) })).sort((a, b) => a.rank - b.rank)
    let failed = false
    let writeError: Observation['writeError'] = null
    for (const [i, { write }] of inOrder.entries()) {
      const fate = faults.writes[i] ?? 'done'
      if (fate !== 'refused') {
        try {
          this.#world.write(write)
        } catch (error) {
          if (!(error instanceof ApiError)) throw error
          // Somebody else was faster; the next pass sees what is new.
          this.#accept(write.ref)
          failed = true
          this.#wake(this.#world.now)
          continue
        }
        this.#accept(write.ref)
        const wire = recordOf(this.#world.get(CANARY)?.['status']) as CanaryStatus
        for (const one of this.#witnesses) one.wrote?.(this.#world, write, wire, o)
        count()
      }
      if (fate === 'done') continue
      failed = true
      writeError = { reason: 'WriteRefused', message: `${refKey(write.ref)} could not be written` }
      this.#wake(this.#world.now + 1000)
    }
    if (writeError?.message !== this.#writeError?.message) this.#wake(this.#world.now)
    this.#writeError = writeError
    return failed
  }

  #wake(instant: number): void {
    this.wakeAt = this.wakeAt === null ? instant : Math.min(this.wakeAt, instant)
  }

  /** What memory holds is true as long as the status is the one that it belongs to. */
  #known(object: KubeObject): Entry {
    if (this.#entry !== null && this.#entry.status === object['status']) return this.#entry
    const onTheWire: unknown = JSON.parse(JSON.stringify(object['status'] ?? {}))
    this.#entry = { ...readStatus(onTheWire, this.#world.now), status: object['status'] }
    return this.#entry
  }
}

const START_AT_ONCE = 0
