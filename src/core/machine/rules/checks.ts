/** One look at all gates: ask, judge, count. */
import { formatDuration } from '../../../api/duration.ts'
import type { Check } from '../../model/check.ts'
import type { Ask, Move, Read } from '../../model/decision.ts'
import { atStage, atTraffic, short, withClock } from '../../model/selectors.ts'
import { judge, type Verdict } from '../../judges/judge.ts'
import type { CheckRecord, Memory } from '../../model/memory.ts'
import { gatesOf, type Gate } from '../../analysis/gate.ts'
import { lostQuestions, questions, silenceQuestions, splitQuestions } from '../../analysis/questions.ts'
import { windowOf, type CheckContext } from '../../analysis/check-context.ts'
import { countOf, missingRequests, splitSays, TELEMETRY_LAG } from '../../analysis/split.ts'
import { hold, holdAndReport, transition } from '../move.ts'
import type { Observation } from '../../model/observation.ts'
import { planOf, nextCheckAfter, stepAt } from '../../model/plan.ts'
import { type Problem, problemOf } from '../../problems/index.ts'
import { checkContextOf } from '../../analysis/check-context-of.ts'
import type { Analysis, AnalysisPhase } from '../../model/state.ts'
import type { Instant } from '../../time.ts'
import { afterChecks, approvalPending } from './climb.ts'
import { rollBack } from './end-run.ts'
import { sharesAddUp, splitsAll } from './split-scope.ts'
import { pauseOf } from './start.ts'
import { NONE, isNone } from '../../model/traffic.ts'

/** Silence is compared over this window, whatever the gates look at. */
const SILENCE_WINDOW = 60_000
/** One silent look may be a late scrape; two are not. */
const SILENT_LOOKS = 2

/** When the present step is looked at next. */
export function nextCheckTime(o: Observation<AnalysisPhase>): Instant {
  const { state } = o
  return nextCheckAfter(o.canary.spec.analysis, state.traffic, state.carriedAt ?? 0, state.lastCheckTime)
}

/** The gates of a step with what they ask, and a sentence for each that cannot be asked. */
interface Asked {
  readonly gates: readonly Gate[]
  readonly checks: readonly Check[]
  readonly problems: readonly string[]
}

/** What the gates of the present step ask. */
function gatesAt(o: Observation<AnalysisPhase>, scene: CheckContext): Asked {
  const { analysis, metricsServer } = o.canary.spec
  const own = stepAt(planOf(analysis), o.state.traffic)?.metrics ?? []
  const all = gatesOf([...analysis.metrics, ...own], o.templates)
  const gates: Gate[] = []
  const checks: Check[] = []
  const problems = [...all.problems]
  for (const gate of all.gates) {
    const asked = questions(gate, scene, metricsServer ?? null)
    if ('problem' in asked) {
      problems.push(asked.problem)
      continue
    }
    gates.push(gate)
    checks.push(...asked.checks)
  }
  return { gates, checks, problems }
}

/** Everything that one look asks, the gates first. */
function allQuestions(o: Observation<AnalysisPhase>, asked: Asked, scene: CheckContext, at: Instant): Check[] {
  const server = o.canary.spec.metricsServer ?? null
  const checks = [...asked.checks]
  const { state } = o
  if (splitsAll(o) && !isNone(state.traffic) && state.traffic.canary < 100)
    checks.push(...silenceQuestions(scene, SILENCE_WINDOW, server).checks)
  const window = splitWindow(o, at)
  if (window !== null) checks.push(...splitQuestions(scene, window, server).checks)
  const [lost, lostBefore] = lostQuestions(scene, server).checks
  checks.push(lost)
  if ((countOf(o.findings[lost.id]) ?? 0) > 0) checks.push(lostBefore)
  return checks
}

/** Callers' telemetry tells the split once it holds nothing of the earlier weight, and where all routes are ours. */
function splitWindow(o: Observation<AnalysisPhase>, at: Instant): number | null {
  if (!sharesAddUp(o) || o.state.carriedAt === null) return null
  const window = at - o.state.carriedAt - TELEMETRY_LAG
  return window >= 1000 ? Math.min(window, SILENCE_WINDOW) : null
}

/** Looks when a look is due; silent before. */
export function runChecks(o: Observation<AnalysisPhase>, now: Instant): Move | Ask | Read | undefined {
  const { state } = o
  if (state.stage !== 'climbing' || isNone(state.traffic) || state.carriedAt === null) return undefined
  const at = nextCheckTime(o)
  if (now < at) return undefined
  const scene = checkContextOf(o, at)
  const asked = gatesAt(o, scene)
  const [first, ...more] = allQuestions(o, asked, scene, at).filter(check => !Object.hasOwn(o.findings, check.id))
  if (first !== undefined) return { ask: [first, ...more] }
  return conclude(o, asked, scene, at, now)
}

interface Judged {
  readonly gate: Gate
  readonly verdict: Verdict
}

function conclude(
  o: Observation<AnalysisPhase>,
  { gates, problems }: Asked,
  scene: CheckContext,
  at: Instant,
  now: Instant,
): Move | Ask | Read {
  const { analysis } = o.canary.spec
  const judged = gates.map(gate => ({ gate, verdict: judge(gate, scene, o.findings, analysis.onProviderError) }))
  const memory: Memory = { ...o.memory, checks: judged.map(one => recordOf(one, at)) }
  const problem = problemOf(o, 'run')
  // A setting that is at fault is nothing to count against the candidate, which may well have no requests; a bad answer still is.
  const lost = lostRequests(o, scene)
  const setting = problem?.reason === 'Conflict' ? problem : lost
  const silent = setting === null && splitsAll(o) ? silence(o, scene) : null
  const noTrafficChecks = silent === null ? 0 : o.state.noTrafficChecks + 1
  // Catching up on looks that were missed would tell nothing new.
  const lastCheckTime = now - at > analysis.checkInterval ? now : at
  const run = problem === null && lost === null && !isHeldByPerson(o) ? withClock(o.state, 'running', now) : o.state
  const looked: Analysis = { ...run, lastCheckTime, lastCheckPassed: false, noTrafficChecks, misrouted: lost !== null }
  const failing = judged.filter(one => one.verdict.outcome === 'fail')
  if (silent !== null && noTrafficChecks >= SILENT_LOOKS) {
    const because = `the canary cannot be reached: at weight ${o.state.traffic.canary} about ${silent} requests were due, and it had none`
    return fail(o, looked, memory, because, { spacing: SILENCE_WINDOW, atOnce: false }, at, now)
  }
  if (failing.length > 0) {
    const because = failing.map(one => one.verdict.because).join('; ')
    const spacing = Math.min(...failing.map(one => windowOf(scene, one.gate.interval)))
    // An outage that counts as a failure is no sight of the canary.
    const seen = failing.some(one => one.verdict.sight === 'seen') ? { ...looked, blindSince: null } : looked
    return fail(o, seen, memory, because, { spacing, atOnce: failing.some(one => one.gate.failFast) }, at, now)
  }
  if (setting !== null) {
    const held = { ...withClock(looked, 'stopped', now), blindSince: null }
    const wakeAt = nextCheckTime(withState(o, held))
    return holdAndReport(o, setting, wakeAt, { state: asPhase(o, held), memory })
  }
  // A gate that cannot even be asked is one that nothing can be said about.
  const holding = judged.map(({ verdict }) => verdict).filter(({ outcome }) => outcome === 'hold')
  const blind = problems[0] ?? holding.find(({ sight }) => sight !== 'earlier')?.because
  if (blind !== undefined) return holdWithoutVerdict({ ...o, memory }, looked, blind, looked.blindSince ?? at, at, now)
  // What reaches back before the candidate is seen, and is waited for as long as it does: maxBlind is for what is not seen.
  const [early] = holding
  if (early !== undefined) return holdWithoutVerdict({ ...o, memory }, looked, early.because, null, at, now)
  const contradiction = contradicted(o, scene, at)
  if (contradiction !== null) {
    return hold(o, 'NotCarried', contradiction, nextCheckTime(withState(o, looked)), {
      state: asPhase(o, looked),
      memory,
    })
  }
  const passed = { ...looked, lastCheckPassed: true, blindSince: null }
  return afterChecks({ ...withState(o, passed), memory }, now)
}

const isHeldByPerson = (o: Observation<AnalysisPhase>): boolean =>
  o.state.hold !== null || pauseOf(o) !== null || approvalPending(o)

/** A failed look: counted if the last counted one is not the same blip, and the Nth rolls back in this pass. */
function fail(
  o: Observation<AnalysisPhase>,
  looked: Analysis,
  memory: Memory,
  because: string,
  terms: { spacing: number; atOnce: boolean },
  at: Instant,
  now: Instant,
): Move {
  const { threshold, interval } = o.canary.spec.analysis
  const spacing = Math.min(interval, terms.spacing)
  const counts = looked.lastFailedTime === null || at - looked.lastFailedTime >= spacing
  const failedChecks = counts ? looked.failedChecks + 1 : looked.failedChecks
  const told = { ...o, memory }
  if (failedChecks >= threshold || terms.atOnce) {
    const count = terms.atOnce ? 'failFast' : `${failedChecks} of ${threshold} failed checks`
    return rollBack(told, { ...looked, failedChecks } as Analysis, 'ThresholdReached', `${because} (${count})`, now)
  }
  const message = `${because} (${failedChecks} of ${threshold} failed checks)`
  const next = { ...looked, failedChecks, lastFailedTime: counts ? at : looked.lastFailedTime }
  const wakeAt = nextCheckTime(withState(o, next))
  if (!counts) return hold(told, 'CheckFailed', message, wakeAt, { state: asPhase(o, next) })
  return {
    ...transition(told, asPhase(o, next), { reason: 'CheckFailed', message }, now, memory),
    wakeAt,
  }
}

/**
 * Nothing can be said about the canary: the weight stays, and after maxBlind it is parked at 0.
 *
 * @param blindSince null: there is something to see, which does not count yet.
 */
function holdWithoutVerdict(
  o: Observation<AnalysisPhase>,
  looked: Analysis,
  because: string,
  blindSince: Instant | null,
  at: Instant,
  now: Instant,
): Move {
  const { maxBlind } = o.canary.spec.analysis
  if (blindSince !== null && at - blindSince >= maxBlind) {
    const message = `Parked ${short(looked.candidate)} at weight 0 after ${formatDuration(maxBlind)} without data: ${because}`
    const parked = {
      ...atTraffic(withClock(looked, 'stopped', now), NONE, now),
      phase: 'Progressing',
      blindSince,
      lastCheckTime: now,
      hold: { by: 'suspension', since: now },
    } as const
    return transition(o, parked, { reason: 'AnalysisSuspended', message }, now)
  }
  const next = { ...looked, blindSince }
  const message = `Holding at weight ${looked.traffic.canary}: ${because}`
  // Once for as long as it lasts, however the words change.
  const report = { reason: 'MetricsUnavailable', message, about: 'MetricsUnavailable' } as const
  return holdAndReport(o, report, nextCheckTime(withState(o, next)), { state: asPhase(o, next) })
}

/** Parked: the plan starts anew once the metrics server answers and the primary shows traffic. */
export function resumeSuspended(o: Observation<AnalysisPhase>, now: Instant): Move | Ask | undefined {
  const { state } = o
  if (state.hold?.by !== 'suspension') return undefined
  const at = Math.ceil(((state.lastCheckTime ?? state.hold.since) + o.canary.spec.analysis.checkInterval) / 1000) * 1000
  const message = `${short(state.candidate)} is parked at weight 0 until there is data again`
  if (now < at) return hold(o, 'AnalysisSuspended', message, at)
  const scene = { ...checkContextOf(o, at), routedFor: SILENCE_WINDOW }
  const { gates, checks: probes, problems } = gatesAt(o, scene)
  const sides = silenceQuestions(scene, SILENCE_WINDOW, o.canary.spec.metricsServer ?? null).checks
  const [first, ...more] = [...probes, ...sides].filter(check => !Object.hasOwn(o.findings, check.id))
  if (first !== undefined) return { ask: [first, ...more] }
  const answers = [...probes, ...sides].map(check => o.findings[check.id])
  const dark =
    problems.length > 0 || answers.some(answer => answer?.kind === 'unavailable' || answer?.kind === 'refused')
  const primary = o.findings[sides[2].id]
  const telemetry = gates.some(gate => gate.measures !== 'query')
  const serves = primary?.kind === 'value' && primary.value > 0
  // Without gates on the mesh's telemetry it may not be there at all; then the users' own queries have to say something.
  const back = !dark && (serves || (!telemetry && probes.every(probe => o.findings[probe.id]?.kind === 'value')))
  if (!back) {
    const lastCheckTime = Math.max(at, now)
    return hold(o, 'AnalysisSuspended', message, lastCheckTime + o.canary.spec.analysis.checkInterval, {
      state: { ...state, lastCheckTime },
    })
  }
  const again = `There is data again; the ladder of ${short(state.candidate)} starts anew`
  const next = {
    ...atStage(atTraffic(withClock(state, 'running', now), NONE, now), 'preparing', now),
    phase: 'Progressing',
    hold: null,
    blindSince: null,
  } as const
  return transition(o, next, { reason: 'MetricsRestored', message: again }, now)
}

function silence(o: Observation<AnalysisPhase>, scene: CheckContext): number | null {
  const [canary, callers, primary, sent] = silenceQuestions(scene, SILENCE_WINDOW, null).checks
  const of = (check: Check): Observation['findings'][string] | undefined => o.findings[check.id]
  return missingRequests(
    { canary: of(canary), callers: of(callers), primary: of(primary), sent: of(sent) },
    o.state.traffic.canary,
  )
}

/** Requests that no route could carry since the candidate was first routed, and none before: a setting, not the candidate. */
function lostRequests(o: Observation<AnalysisPhase>, scene: CheckContext): Problem | null {
  const [now, before] = lostQuestions(scene, null).checks
  if ((countOf(o.findings[now.id]) ?? 0) === 0 || countOf(o.findings[before.id]) !== 0) return null
  // Without a number: it changes with every check, and the same sentence is one event.
  return {
    reason: 'Conflict',
    message: `Holding at weight ${o.state.traffic.canary}: requests to ${o.names.apexService.name} find no cluster (response flag NC), which none did before the first weight. A route leads to a port or a subset that Service ${o.names.canaryService.name} does not have; compare the destinations of the VirtualService with its ports.`,
  }
}

function contradicted(o: Observation<AnalysisPhase>, scene: CheckContext, at: Instant): string | null {
  const window = splitWindow(o, at)
  if (window === null) return null
  const [canary, primary] = splitQuestions(scene, window, null).checks
  const split = splitSays(o.findings[canary.id], o.findings[primary.id], o.state.traffic.canary)
  return split.said === 'contradicts' ? `Weight ${o.state.traffic.canary} is not carried: ${split.because}` : null
}

function recordOf({ gate, verdict }: Judged, at: Instant): CheckRecord {
  return {
    name: gate.name,
    verdict: verdict.outcome,
    value: verdict.value,
    min: gate.limits.min ?? null,
    max: gate.limits.max ?? null,
    requests: verdict.requests,
    message: verdict.because,
    at,
  }
}

const asPhase = (o: Observation<AnalysisPhase>, run: Analysis): Observation<AnalysisPhase>['state'] => ({
  ...run,
  phase: o.state.phase,
})

const withState = (o: Observation<AnalysisPhase>, run: Analysis): Observation<AnalysisPhase> => ({
  ...o,
  state: asPhase(o, run),
})
