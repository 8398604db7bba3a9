/** The Canaries whose metrics this process shows, and of their runs which have been counted: each is once. */
import type { CanaryFigures } from '../core/model/canary-metrics.ts'
import type { Decision } from '../core/model/decision.ts'
import type { RunRecord } from '../core/model/memory.ts'
import type { Observation } from '../core/model/observation.ts'
import type { Clock } from '../core/ports.ts'
import { figuresOf, finishedRun } from './canary-metrics.ts'

/** Where they are shown. */
export interface CanaryMetrics {
  show(figures: CanaryFigures): void
  /** Told once of each run that ended while this process worked on its Canary. */
  ended(namespace: string, name: string, run: RunRecord): void
  forget(namespace: string, name: string): void
}

export class ShownCanaries {
  readonly #metrics: CanaryMetrics
  readonly #clock: Clock
  /** The id of the last run of each Canary that has ended; '' before the first. */
  readonly #ended = new Map<string, string>()

  constructor(metrics: CanaryMetrics, clock: Clock) {
    this.#metrics = metrics
    this.#clock = clock
  }

  /** After each pass. */
  show(key: string, observation: Observation, decision: Decision): void {
    this.#metrics.show(figuresOf(observation, decision, this.#clock.now()))
    const ended = finishedRun(decision)
    // A run that ended before this process's first pass was counted by the leader that ended it; one that this pass ends was not.
    const before = this.#ended.get(key) ?? observation.memory.history[0]?.id ?? ''
    this.#ended.set(key, ended?.id ?? '')
    if (ended !== null && ended.id !== before) this.#metrics.ended(...partsOf(key), ended)
  }

  /** The Canary is gone, or cannot be read. */
  forget(key: string): void {
    this.#metrics.forget(...partsOf(key))
    this.#ended.delete(key)
  }

  forgetAll(): void {
    for (const key of this.#ended.keys()) this.forget(key)
  }
}

function partsOf(key: string): [namespace: string, name: string] {
  const [namespace = '', name = ''] = key.split('/')
  return [namespace, name]
}
