/**
 * The trials of users' queries: each is asked once for as long as this process leads, so that an idle canary costs no request. One
 * that was refused, or that got no answer, is asked again after a while, because what it depends on may have changed.
 */
import type { Check, Finding } from '../core/model/check.ts'
import type { Clock, MetricSource } from '../core/ports.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import type { Findings } from './in-flight-queries.ts'

const AGAIN: Milliseconds = 300_000
/** A Secret that is missing is not watched for: it is looked for. */
const SECRET_AGAIN: Milliseconds = 30_000

interface Trial {
  /** null before the first answer. */
  readonly finding: Finding | null
  /** When it is asked again; null: never, or it is being asked. */
  readonly againAt: Instant | null
}

interface Tried {
  readonly trials: Map<string, Trial>
  readonly stop: AbortController
}

export class QueryTrials {
  readonly #source: MetricSource
  readonly #clock: Clock
  readonly #wake: (key: string, at: Instant) => void
  readonly #tried = new Map<string, Tried>()

  /** @param wake wakes a canary at a time: when an answer tells something, and when to ask again. */
  constructor(source: MetricSource, clock: Clock, wake: (key: string, at: Instant) => void) {
    this.#source = source
    this.#clock = clock
    this.#wake = wake
  }

  /** The answers so far, by id of the check. */
  findings(key: string): Findings {
    const trials = this.#tried.get(key)?.trials ?? []
    return Object.fromEntries([...trials].flatMap(([id, { finding }]) => (finding === null ? [] : [[id, finding]])))
  }

  /** Asks what was not asked yet, and forgets what is no longer there. */
  ask(key: string, checks: readonly Check[]): void {
    const tried = this.#tried.get(key) ?? { trials: new Map<string, Trial>(), stop: new AbortController() }
    if (checks.length === 0) return this.forget(key)
    this.#tried.set(key, tried)
    const { trials } = tried
    const wanted = new Set(checks.map(({ id }) => id))
    for (const id of trials.keys()) if (!wanted.has(id)) trials.delete(id)
    const due = checks.filter(({ id }) => {
      const trial = trials.get(id)
      return trial === undefined || (trial.againAt !== null && trial.againAt <= this.#clock.now())
    })
    // Of several times for one canary the queue keeps the earliest, so each pass sets this one again.
    const waiting = [...trials.values()].flatMap(({ againAt }) => (againAt === null ? [] : [againAt]))
    const later = waiting.filter(at => at > this.#clock.now())
    if (later.length > 0) this.#wake(key, Math.min(...later))
    if (due.length === 0) return
    for (const { id } of due) trials.set(id, { finding: trials.get(id)?.finding ?? null, againAt: null })
    void this.#source.measure(due, tried.stop.signal).then(answers => this.#answered(key, tried, answers))
  }

  #answered(key: string, tried: Tried, answers: ReadonlyMap<string, Finding>): void {
    if (this.#tried.get(key) !== tried) return
    const now = this.#clock.now()
    let isNews = false
    for (const [id, finding] of answers) {
      const before = tried.trials.get(id)
      if (before === undefined) continue
      const isSettled = finding.kind === 'value' || finding.kind === 'no-data'
      isNews ||= isProblem(finding) || isProblem(before.finding)
      const againAt = now + (finding.kind === 'not-asked' ? SECRET_AGAIN : AGAIN)
      tried.trials.set(id, { finding, againAt: isSettled ? null : againAt })
      if (!isSettled) this.#wake(key, againAt)
    }
    if (isNews) this.#wake(key, now)
  }

  forget(key: string): void {
    this.#tried.get(key)?.stop.abort()
    this.#tried.delete(key)
  }

  close(): void {
    for (const key of this.#tried.keys()) this.forget(key)
  }
}

/** Whether a policy finds a problem in it (see problems/metrics.ts). */
const isProblem = (finding: Finding | null): boolean => finding?.kind === 'refused' || finding?.kind === 'not-asked'
