/** Metrics of the Canaries that this process works on, and of their runs, each counted once. */
import type { Metrics } from './adapters/metrics.ts'
import { figuresOf, finishedRun } from './controller/canary-metrics.ts'
import type { Decision } from './core/model/decision.ts'
import type { Observation } from './core/model/observation.ts'
import type { Clock } from './core/ports.ts'

export class ShownCanaries {
  readonly #metrics: Metrics
  readonly #clock: Clock
  /** The last run of each Canary that has ended; '' while one is under way, or before the first. */
  readonly #ended = new Map<string, string>()

  constructor(metrics: Metrics, clock: Clock) {
    this.#metrics = metrics
    this.#clock = clock
  }

  /** After each pass. */
  show(key: string, observation: Observation, decision: Decision): void {
    this.#metrics.show(figuresOf(observation, decision, this.#clock.now()))
    const ended = finishedRun(decision)
    if (ended !== null && this.#ended.get(key) !== ended.id) {
      // A run that ended before this process's first pass was counted by the leader that ended it.
      if (this.#ended.has(key)) this.#count(key, ended)
      this.#ended.set(key, ended.id)
    } else if (ended === null) this.#ended.set(key, '')
  }

  /** The Canary is gone, or cannot be read. */
  forget(key: string): void {
    const [namespace = '', name = ''] = key.split('/')
    this.#metrics.forget(namespace, name)
    this.#ended.delete(key)
  }

  forgetAll(): void {
    for (const key of this.#ended.keys()) this.forget(key)
  }

  #count(key: string, ended: NonNullable<ReturnType<typeof finishedRun>>): void {
    const [namespace = '', name = ''] = key.split('/')
    const { outcome, reason, startedAt, endedAt } = ended
    if (outcome === 'Succeeded') this.#metrics.count('canary_successes_total', { namespace, name })
    if (outcome === 'Failed') {
      this.#metrics.count('canary_failures_total', { namespace, name })
      this.#metrics.count('rollbacks_total', { reason })
    }
    this.#metrics.observe('run_duration_seconds', { outcome }, (endedAt - startedAt) / 1000)
  }
}
