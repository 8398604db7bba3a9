/**
 * The in-memory Prometheus as the controller's port, without a network in between: for virtual time. It can be put out of
 * order in every way that counts.
 */
import { setMaxListeners } from 'node:events'
import { type Check, type Finding, NO_SERIES } from '../../src/core/model/check.ts'
import type { MetricSource } from '../../src/core/ports.ts'
import { instantQuery } from '../prometheus/evaluate.ts'
import { QueryError } from '../prometheus/syntax.ts'
import type { Telemetry } from '../mesh/telemetry.ts'

/** What is wrong with the metrics server for one question: a finding instead of an answer, no answer at all, or nothing. */
export type Trouble = (check: Check) => Finding | 'hangs' | null

/** The ways in which a metrics server fails, for `InMemoryMetrics.trouble`. */
export const troubles = {
  none: () => null,
  down: () => ({ kind: 'unavailable', error: 'connect ECONNREFUSED' }),
  empty: () => ({ kind: 'no-data', because: NO_SERIES }),
  hanging: () => 'hangs',
  refusing: () => ({ kind: 'refused', error: 'bad_data: invalid parameter "query"' }),
} as const satisfies Record<string, Trouble>

export class InMemoryMetrics implements MetricSource {
  trouble: Trouble = troubles.none
  /** Answers to the users' own queries about what the mesh does not count, by PromQL. */
  readonly values = new Map<string, number>()
  /** The id of every question, in the order of asking. */
  readonly asked: string[] = []
  /** Calls without an answer so far. */
  underWay = 0
  readonly #telemetry: Telemetry

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry
  }

  async measure(checks: readonly Check[], signal: AbortSignal): Promise<ReadonlyMap<string, Finding>> {
    // Each question that hangs listens to it.
    setMaxListeners(0, signal)
    const findings = checks.map(async (check): Promise<[string, Finding]> => {
      this.asked.push(check.id)
      const trouble = this.trouble(check)
      if (trouble === 'hangs') return [check.id, await timeout(signal)]
      return [check.id, trouble ?? this.#answer(check.query)]
    })
    this.underWay += 1
    const answers = await Promise.all(findings)
    this.underWay -= 1
    return new Map(answers)
  }

  #answer(query: string): Finding {
    const value = this.values.get(query)
    if (value !== undefined) return { kind: 'value', value }
    try {
      const answer = instantQuery(this.#telemetry.samples, query, this.#telemetry.upToDate())
      const values = answer.type === 'vector' ? answer.samples.map(sample => sample.value) : []
      const [only] = answer.type === 'scalar' ? [answer.value] : values
      if (values.length > 1) return { kind: 'refused', error: `the query returned ${values.length} series` }
      if (only === undefined) return troubles.empty()
      return Number.isFinite(only) ? { kind: 'value', value: only } : { kind: 'no-data', because: String(only) }
    } catch (error) {
      if (error instanceof QueryError) return { kind: 'refused', error: error.message }
      throw error
    }
  }
}

function timeout(signal: AbortSignal): Promise<Finding> {
  const finding: Finding = { kind: 'unavailable', error: 'timeout' }
  if (signal.aborted) return Promise.resolve(finding)
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(finding), { once: true })
  })
}
