/** A metrics server outside of virtual time: the clock waits for its answers. */
import type { Check, Finding } from '../../src/core/model/check.ts'
import type { MetricSource } from '../../src/core/ports.ts'
import type { VirtualClock } from '../../playground/clock.ts'

export class Relay implements MetricSource {
  /** Who is asked from now on. */
  to: MetricSource
  readonly #clock: VirtualClock

  constructor(to: MetricSource, clock: VirtualClock) {
    this.to = to
    this.#clock = clock
  }

  measure(checks: readonly Check[], signal: AbortSignal): Promise<ReadonlyMap<string, Finding>> {
    const answers = this.to.measure(checks, signal)
    this.#clock.hold(answers)
    return answers
  }
}
