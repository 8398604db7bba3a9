/**
 * Questions under way. A pass never waits for an answer: it goes on without, and the answers wake the canary. So a metrics
 * server that hangs delays no rollback.
 */
import type { Check, Finding } from '../core/model/check.ts'
import type { MetricSource } from '../core/ports.ts'

/** Answers of one canary, by id of the Check. */
export type Findings = Readonly<Record<string, Finding>>

/** Told of questions that are asked; what it answers with is told of their answers, unless they are given up. */
export type WatchQueries = (key: string, checks: readonly Check[]) => (answers: ReadonlyMap<string, Finding>) => void

interface Asking {
  readonly ids: ReadonlySet<string>
  readonly stop: AbortController
}

export class InFlightQueries {
  readonly #source: MetricSource
  readonly #answered: (key: string) => void
  readonly #watch: WatchQueries | undefined
  readonly #asking = new Map<string, Asking>()
  readonly #findings = new Map<string, Findings>()

  /** @param answered is told the canary whose answers have arrived. */
  constructor(source: MetricSource, answered: (key: string) => void, watch?: WatchQueries) {
    this.#source = source
    this.#answered = answered
    this.#watch = watch
  }

  /** What is known; empty before the first answer. */
  findings(key: string): Findings {
    return this.#findings.get(key) ?? {}
  }

  /** Asks what is not being asked yet; questions of an earlier check are given up. */
  ask(key: string, checks: readonly Check[]): void {
    const current = this.#asking.get(key)
    if (current !== undefined && checks.every(check => current.ids.has(check.id))) return
    current?.stop.abort()
    const asking = { ids: new Set(checks.map(check => check.id)), stop: new AbortController() }
    this.#asking.set(key, asking)
    const seen = this.#watch?.(key, checks)
    void this.#source.measure(checks, asking.stop.signal).then(answers => {
      if (this.#asking.get(key) !== asking) return
      this.#asking.delete(key)
      this.#findings.set(key, { ...keptFindings(this.findings(key), checks), ...Object.fromEntries(answers) })
      seen?.(answers)
      this.#answered(key)
    })
  }

  forget(key: string): void {
    this.#asking.get(key)?.stop.abort()
    this.#asking.delete(key)
    this.#findings.delete(key)
  }

  close(): void {
    for (const key of this.#asking.keys()) this.forget(key)
    this.#findings.clear()
  }
}

/** Of earlier answers those of the same check, which some of these questions may already have. */
export function keptFindings(before: Findings, checks: readonly Check[]): Findings {
  const check = checkIdOf(checks[0]?.id ?? '')
  return Object.fromEntries(Object.entries(before).filter(([id]) => checkIdOf(id) === check))
}

/** Ids are `<run>/<weight>/<look>/<what>`. */
const checkIdOf = (id: string): string => id.split('/', 3).join('/')
