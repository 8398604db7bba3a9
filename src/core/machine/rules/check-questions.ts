/** What one check asks the metrics server: the gates of the step first. */
import { type CheckContext, windowOf } from '../../analysis/check-context.ts'
import { type Gate, gatesOf } from '../../analysis/gate.ts'
import {
  lostQuestions,
  pastWaypointQuestion,
  questions,
  sampleQuestion,
  silenceQuestions,
  splitQuestions,
} from '../../analysis/questions.ts'
import { TELEMETRY_LAG, countOf } from '../../analysis/split.ts'
import { routingOf } from '../../routers/index.ts'
import type { Telemetry } from '../../routers/provider.ts'
import type { Check } from '../../model/check.ts'
import type { Observation } from '../../model/observation.ts'
import { dueAt, nextCheckAfter, planOf, stepAt } from '../../model/plan.ts'
import type { Analysis, AnalysisPhase } from '../../model/state.ts'
import { isNone } from '../../model/traffic.ts'
import type { Instant } from '../../time.ts'

/** Silence is compared over this window, whatever window the gates have. */
export const SILENCE_WINDOW = 60_000

/** The time of the next check of the present step. */
export function nextCheckTime(o: Observation<AnalysisPhase>): Instant {
  const { state } = o
  return nextCheckAfter(o.canary.spec.analysis, state.traffic, state.carriedAt ?? 0, state.lastCheckTime)
}

/** The gates of a step with what they ask, and a sentence for each that cannot be asked. */
export interface Asked {
  readonly gates: readonly Gate[]
  readonly checks: readonly Check[]
  readonly problems: readonly string[]
}

/** What the gates of the present step ask. */
export function gatesAt(o: Observation<AnalysisPhase>, scene: CheckContext): Asked {
  const { analysis, metricsServer } = o.canary.spec
  const own = stepAt(planOf(analysis), o.state.traffic)?.metrics ?? []
  const all = gatesOf([...analysis.metrics, ...own], o.templates)
  const gates: Gate[] = []
  const checks: Check[] = []
  const problems = [...all.problems]
  for (const gate of all.gates) {
    const asked = questions(gate, scene, metricsServer ?? null, routingOf(o).telemetry)
    if ('problem' in asked) {
      problems.push(asked.problem)
      continue
    }
    gates.push(gate)
    checks.push(...asked.checks)
  }
  return { gates, checks, problems }
}

/** Everything that one check asks, the gates first. */
export function allQuestions(o: Observation<AnalysisPhase>, asked: Asked, scene: CheckContext, at: Instant): Check[] {
  const server = o.canary.spec.metricsServer ?? null
  const { telemetry } = routingOf(o)
  if (telemetry === null) return [...asked.checks]
  const checks = [...asked.checks]
  const { state } = o
  if (comparesShares(o) && telemetry.splitsAll(o) && !isNone(state.traffic) && state.traffic.canary < 100)
    checks.push(...silenceQuestions(telemetry, scene, SILENCE_WINDOW, server).checks)
  const window = splitWindow(o, telemetry, at)
  if (window !== null) checks.push(...splitQuestions(telemetry, scene, window, server).checks)
  const [lost, lostBefore] = lostQuestions(telemetry, scene, server).checks
  checks.push(lost)
  if ((countOf(o.findings[lost.id]) ?? 0) > 0) checks.push(lostBefore)
  if (endsBeforeItsWindows(o, asked, scene, at)) checks.push(sampleQuestion(telemetry, scene, server))
  const past = pastWaypointQuestion(o, telemetry, scene, server)
  return past === null ? checks : [...checks, past]
}

/**
 * Whether this check may end a step that is shorter than the windows of its gates: they may pass by what was scraped at the weight before alone,
 * where scrapes are rarer than steps or come late.
 */
export function endsBeforeItsWindows(
  { canary, state }: Observation<AnalysisPhase>,
  { gates }: Pick<Asked, 'gates'>,
  scene: CheckContext,
  at: Instant,
): boolean {
  const windows = gates.filter(({ parts }) => parts.includes('requests')).map(gate => windowOf(scene, gate.interval))
  const due = dueAt(canary.spec.analysis, state.traffic, state.carriedAt ?? at)
  return at >= due && scene.carriedFor < Math.max(0, ...windows)
}

/**
 * Whether what each side receives tells the share: not where it is among some requests only, where callers stay with a side, and
 * where the canary gets copies.
 */
export function comparesShares({ canary, state }: Observation<AnalysisPhase>): boolean {
  const { among, mirror } = state.traffic
  return among === '' && mirror === 0 && canary.spec.analysis.sessionAffinity === undefined
}

/** Callers' telemetry tells the split once it holds nothing of the earlier weight, and where all routes are ours. */
export function splitWindow(o: Observation<AnalysisPhase>, telemetry: Telemetry, at: Instant): number | null {
  if (!comparesShares(o) || !telemetry.tellsSplit(o) || o.state.carriedAt === null) return null
  const window = at - o.state.carriedAt - TELEMETRY_LAG
  return window >= 1000 ? Math.min(window, SILENCE_WINDOW) : null
}

export const asPhase = (o: Observation<AnalysisPhase>, run: Analysis): Observation<AnalysisPhase>['state'] => ({
  ...run,
  phase: o.state.phase,
})

export const withState = (o: Observation<AnalysisPhase>, run: Analysis): Observation<AnalysisPhase> => ({
  ...o,
  state: asPhase(o, run),
})
