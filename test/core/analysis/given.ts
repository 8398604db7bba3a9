/** Builders for gates, scenes and findings. */
import { MetricSchema, type Metric } from '../../../src/api/metric.ts'
import type { Finding } from '../../../src/core/model/check.ts'
import { gatesOf, type Gate, type Part } from '../../../src/core/analysis/gate.ts'
import { checkId } from '../../../src/core/analysis/questions.ts'
import type { CheckContext } from '../../../src/core/analysis/check-context.ts'

/** A metric as a user writes it. */
export const metric = (written: Record<string, unknown>): Metric => MetricSchema.parse(written)

/** The one gate of a metric. */
export function gate(written: Record<string, unknown>): Gate {
  const { gates, problems } = gatesOf([metric(written)], {})
  const [first] = gates
  if (first === undefined) throw new Error(problems.join())
  return first
}

export const scene = (more: Partial<CheckContext> = {}): CheckContext => ({
  checkId: 'run-1/10/0',
  namespace: 'shop',
  canary: 'web',
  target: 'web',
  primary: 'web-primary',
  service: 'web',
  ingress: 'web',
  hosts: [],
  strangers: [],
  vantage: 'destination',
  canaryCallers: { services: ['web-canary'] },
  primaryCallers: { services: ['web-primary'] },
  routedFor: 600_000,
  carriedFor: 600_000,
  ...more,
})

/** The findings of one gate; a number is a value. */
export function findings(
  of: Gate,
  at: CheckContext,
  parts: Partial<Record<Part, number | Finding>>,
): Record<string, Finding> {
  const found: Record<string, Finding> = {}
  for (const [part, said] of Object.entries(parts)) {
    found[checkId(at, of, part as Part)] = typeof said === 'number' ? { kind: 'value', value: said } : said
  }
  return found
}

export const noData: Finding = { kind: 'no-data', because: 'the query returned no data' }
