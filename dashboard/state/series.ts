/** Lines of a chart: those of the server, and the findings of the stream that came after them. */
import type { GateView } from '../../src/core/view/view.ts'
import type { Chart, ChartLine } from '../../src/server/dashboard/protocol.ts'

export type Point = ChartLine['points'][number]

/** Findings of each gate that the stream told, the oldest first. */
export type Findings = ReadonlyMap<string, readonly Point[]>

const MOST_POINTS = 600

/** The findings after a view came. */
export function withGates(findings: Findings, gates: readonly GateView[]): Findings {
  const added = gates.filter(
    gate => gate.at !== null && gate.kind === 'metric' && isNew(findings.get(gate.name), gate.at),
  )
  if (added.length === 0) return findings
  const next = new Map(findings)
  for (const { name, at, value } of added) {
    next.set(name, [...(next.get(name) ?? []), [Date.parse(at ?? ''), value] as const].slice(-MOST_POINTS))
  }
  return next
}

const isNew = (known: readonly Point[] | undefined, at: string): boolean =>
  Date.parse(at) > (known?.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY)

/** A chart with the findings that are later than what the server gave. */
export function extended(chart: Chart, findings: readonly Point[]): Chart {
  if (findings.length === 0) return chart
  const canary = chart.lines.find(({ side }) => side === 'canary')
  const last = canary?.points.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY
  const points = [...(canary?.points ?? []), ...findings.filter(([at]) => at > last)].slice(-MOST_POINTS)
  return { ...chart, lines: [{ side: 'canary', points }, ...chart.lines.filter(({ side }) => side !== 'canary')] }
}

/** The chart of a gate of which the server has no history. */
export const chartOfFindings = ({ name, unit, min, max }: GateView, findings: readonly Point[]): Chart => ({
  name,
  unit: unit === '%' || unit === 'ms' ? unit : '',
  ...(min === null ? {} : { min }),
  ...(max === null ? {} : { max }),
  lines: findings.length === 0 ? [] : [{ side: 'canary', points: findings }],
})
