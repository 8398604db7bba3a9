/** One check of all gates: ask, judge, count. */
import { checkContextOf } from '../../analysis/check-context-of.ts'
import { type CheckContext, windowOf } from '../../analysis/check-context.ts'
import type { Gate } from '../../analysis/gate.ts'
import {
  lostQuestions,
  pastWaypointQuestion,
  sampleQuestion,
  silenceQuestions,
  splitQuestions,
} from '../../analysis/questions.ts'
import { countOf, missingRequests, splitSays } from '../../analysis/split.ts'
import { type Verdict, judge } from '../../judges/judge.ts'
import { hold, holdAndReport, transition } from '../move.ts'
import { approvalPending } from './advance.ts'
import { isConfirming } from './confirm.ts'
import {
  type Asked,
  SILENCE_WINDOW,
  allQuestions,
  endsBeforeItsWindows,
  gatesAt,
  nextCheckTime,
  splitWindow,
  asPhase,
  comparesShares,
  withState,
} from './check-questions.ts'
import { rollBack } from './end-run.ts'
import { holdWithoutVerdict } from './suspend.ts'
import { whenConfirmed } from './verdict.ts'
import type { Check } from '../../model/check.ts'
import type { Ask, Move, Passed, Read } from '../../model/decision.ts'
import type { CheckRecord, Memory } from '../../model/memory.ts'
import type { Observation } from '../../model/observation.ts'
import { pauseOf, withClock } from '../../model/selectors.ts'
import type { Analysis, AnalysisPhase } from '../../model/state.ts'
import { isChecked } from '../../model/plan.ts'
import { type Problem, problemOf } from '../../problems/index.ts'
import { routingOf } from '../../routers/index.ts'
import { inWords, isNone } from '../../model/traffic.ts'
import type { Instant } from '../../time.ts'

/** One check without requests may be a late scrape; two are not. */
const SILENT_CHECKS = 2

/** Checks when a check is due. */
export function runChecks(o: Observation<AnalysisPhase>, now: Instant): Move | Ask | Read | Passed | undefined {
  const { state } = o
  if (!isChecked(o.canary.spec.analysis, state) || state.carriedAt === null) return undefined
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
): Move | Read | Passed {
  const { analysis } = o.canary.spec
  const judged = gates.map(gate => ({ gate, verdict: judge(gate, scene, o.findings, analysis.onProviderError) }))
  const pastWaypoint = requestsPastWaypoint(o, scene)
  const memory: Memory = { ...o.memory, pastWaypoint, checks: judged.map(one => recordOf(one, at)) }
  const problem = problemOf(o, 'run')
  // A setting that is at fault is nothing to count against the candidate, which may well have no requests; a bad answer still is.
  const lost = lostRequests(o, scene)
  const isSetting = problem?.reason === 'Conflict' || problem?.reason === 'MutualTlsConflict'
  const setting = isSetting ? problem : lost
  const silent = setting === null ? silence(o, scene) : null
  const noTrafficChecks = silent === null ? 0 : o.state.noTrafficChecks + 1
  // Catching up on looks that were missed would tell nothing new.
  const lastCheckTime = now - at > analysis.checkInterval ? now : at
  const run = problem === null && lost === null && !isHeldByPerson(o) ? withClock(o.state, 'running', now) : o.state
  const looked: Analysis = { ...run, lastCheckTime, lastCheckPassed: false, noTrafficChecks, misrouted: lost !== null }
  const failing = judged.filter(one => one.verdict.outcome === 'fail')
  // A failure that metrics show does not depend on the routes.
  const isSeenToFail = typeof o.sight === 'object' && failing.some(one => one.verdict.sight === 'seen')
  if (silent !== null && noTrafficChecks >= SILENT_CHECKS && !isSeenToFail) {
    const because = `the canary is unreachable: about ${silent} requests were expected at weight ${inWords(o.state.traffic)}, and it received none`
    const terms = { spacing: SILENCE_WINDOW, atOnce: false }
    // An edit of the routes that the watch has not delivered may lead past it, which is no fault of the candidate: the API server is read first.
    return whenConfirmed(withState(o, looked), 'The canary receives no request', now, () =>
      failCheck(o, looked, memory, because, terms, at, now),
    )
  }
  if (failing.length > 0) {
    const because = failing.map(one => one.verdict.because).join('; ')
    const spacing = Math.min(...failing.map(one => windowOf(scene, one.gate.interval)))
    // An outage that counts as a failure is no sight of the canary.
    const seen = failing.some(one => one.verdict.sight === 'seen') ? { ...looked, blindSince: null } : looked
    return failCheck(o, seen, memory, because, { spacing, atOnce: failing.some(one => one.gate.failFast) }, at, now)
  }
  const holding = judged.map(({ verdict }) => verdict).filter(({ outcome }) => outcome === 'hold')
  if (setting !== null) {
    // The lack of data may come from the setting; that a metrics server does not answer does not.
    const isBlind = problems.length > 0 || holding.some(({ sight }) => sight === 'unavailable' || sight === 'refused')
    const held = { ...withClock(looked, 'stopped', now), blindSince: isBlind ? (looked.blindSince ?? at) : null }
    const wakeAt = nextCheckTime(withState(o, held))
    return holdAndReport(o, setting, wakeAt, { state: asPhase(o, held), memory })
  }
  // A gate that cannot even be asked is one that nothing can be said about.
  const unseen = holding.find(({ sight }) => sight !== 'earlier')
  const blind = problems[0] ?? (unseen === undefined ? undefined : `${unseen.because}${adviceFor(o, unseen)}`)
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
  if (isOfEarlierTraffic(o, { gates }, judged, scene, at)) {
    const message = `Weight ${inWords(o.state.traffic)}: the checks pass; waiting for metrics that were scraped during this step`
    const next = { ...looked, blindSince: null }
    return hold({ ...o, memory }, 'Analysing', message, nextCheckTime(withState(o, next)), { state: asPhase(o, next) })
  }
  const passed = { ...looked, lastCheckPassed: true, blindSince: null }
  return { passed: { state: asPhase(o, passed), memory } }
}

/** What brings a built-in metric something to measure where no caller does: at weight 0, and where no request matches. */
function adviceFor({ state }: Observation<AnalysisPhase>, { sight, requests }: Verdict): string {
  if (sight !== 'no-data' || requests !== 0) return ''
  if (isNone(state.traffic))
    return '. At weight 0 callers send it none: write analysis.mirror: true, a webhook of type rollout that sends some, or noData: pass'
  return state.traffic.among === ''
    ? ''
    : '. No request met spec.analysis.match: send some, by a webhook of type rollout for example, or write noData: pass'
}

const isHeldByPerson = (o: Observation<AnalysisPhase>): boolean =>
  o.state.hold !== null || pauseOf(o) !== null || approvalPending(o) || isConfirming(o)

/** A failed check, by a metric or a webhook: counted if the last counted one is not the same blip, and the Nth rolls back in this pass. */
export function failCheck(
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

function silence(o: Observation<AnalysisPhase>, scene: CheckContext): number | null {
  const { telemetry } = routingOf(o)
  // Where a parent of the routes has not taken up the weight, requests bypass it.
  if (!comparesShares(o) || telemetry?.splitsAll(o) !== true || o.traffic?.unconfirmed !== undefined) return null
  const [canary, callers, primary, sent] = silenceQuestions(telemetry, scene, SILENCE_WINDOW, null).checks
  const of = (check: Check): Observation['findings'][string] | undefined => o.findings[check.id]
  return missingRequests(
    { canary: of(canary), callers: of(callers), primary: of(primary), sent: of(sent) },
    o.state.traffic.canary,
  )
}

/** Requests that no route could carry since the candidate was first routed, and none before: a setting, not the candidate. */
function lostRequests(o: Observation<AnalysisPhase>, scene: CheckContext): Problem | null {
  const { telemetry } = routingOf(o)
  if (telemetry === null) return null
  const [now, before] = lostQuestions(telemetry, scene, null).checks
  if ((countOf(o.findings[now.id]) ?? 0) === 0 || countOf(o.findings[before.id]) !== 0) return null
  // Without a number: it changes with every check, and the same sentence is one event.
  return {
    reason: 'Conflict',
    message: `Holding at weight ${inWords(o.state.traffic)}: ${telemetry.lostSentence(o)}`,
  }
}

/** Those of the last check that found some: what goes past the waypoint seldom is said once a run, and not again and again. */
function requestsPastWaypoint(o: Observation<AnalysisPhase>, scene: CheckContext): number {
  const { telemetry } = routingOf(o)
  const question = telemetry === null ? null : pastWaypointQuestion(o, telemetry, scene, null)
  if (question === null) return 0
  return Math.round(countOf(o.findings[question.id]) ?? 0) || o.memory.pastWaypoint
}

function contradicted(o: Observation<AnalysisPhase>, scene: CheckContext, at: Instant): string | null {
  const { telemetry } = routingOf(o)
  const window = telemetry === null ? null : splitWindow(o, telemetry, at)
  if (telemetry === null || window === null) return null
  const [canary, primary] = splitQuestions(telemetry, scene, window, null).checks
  const split = splitSays(o.findings[canary.id], o.findings[primary.id], o.state.traffic.canary)
  return split.said === 'contradicts' ? `Weight ${inWords(o.state.traffic)} is not carried: ${split.because}` : null
}

/** Whether all that was seen of the canary may be what it did at the traffic before. */
function isOfEarlierTraffic(
  o: Observation<AnalysisPhase>,
  asked: Pick<Asked, 'gates'>,
  judged: readonly Judged[],
  scene: CheckContext,
  at: Instant,
): boolean {
  const { telemetry } = routingOf(o)
  if (telemetry === null || !endsBeforeItsWindows(o, asked, scene, at)) return false
  if (!judged.some(({ verdict }) => (verdict.requests ?? 0) > 0)) return false
  return o.findings[sampleQuestion(telemetry, scene, null).id]?.kind !== 'value'
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
