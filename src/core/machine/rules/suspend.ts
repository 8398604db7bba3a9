/** No data: the weight stays, after maxBlind the analysis is suspended at weight 0, and the steps start again when there is data. */
import { formatDuration } from '../../../api/duration.ts'
import { checkContextOf } from '../../analysis/check-context-of.ts'
import { silenceQuestions } from '../../analysis/questions.ts'
import { uncallable } from '../../hooks/ask.ts'
import { hold, holdAndReport, transition } from '../move.ts'
import { SILENCE_WINDOW, asPhase, gatesAt, nextCheckTime, withState } from './check-questions.ts'
import type { Finding } from '../../model/check.ts'
import type { Ask, Move } from '../../model/decision.ts'
import type { Observation } from '../../model/observation.ts'
import { atStage, atTraffic, withClock, withImage } from '../../model/selectors.ts'
import type { Analysis, AnalysisPhase } from '../../model/state.ts'
import { inWords, NONE } from '../../model/traffic.ts'
import { routingOf } from '../../routers/index.ts'
import type { Instant } from '../../time.ts'

/** Answers after which a suspended analysis stays suspended: nothing can be seen yet. */
const BLIND_ANSWERS: readonly Finding['kind'][] = ['unavailable', 'refused', 'not-asked']

/**
 * Nothing can be said about the canary: the weight stays, and after maxBlind it is parked at 0.
 *
 * @param blindSince null: there is something to see, which does not count yet.
 */
export function holdWithoutVerdict(
  o: Observation<AnalysisPhase>,
  looked: Analysis,
  because: string,
  blindSince: Instant | null,
  at: Instant,
  now: Instant,
): Move {
  const { maxBlind } = o.canary.spec.analysis
  if (blindSince !== null && at - blindSince >= maxBlind) return suspend(o, { ...looked, blindSince }, because, now)
  const next = { ...looked, blindSince }
  const message = `Holding at weight ${inWords(looked.traffic)}: ${because}`
  // Once for as long as it lasts, however the words change.
  const about = blindSince === null ? 'early' : 'blind'
  const report = { reason: 'MetricsUnavailable', message, about } as const
  return holdAndReport(o, report, nextCheckTime(withState(o, next)), { state: asPhase(o, next) })
}

/**
 * Nothing could be said about the canary for too long: it waits at weight 0.
 *
 * @param looked without a time since when it is blind, where there are data: then a webhook is what it waits for.
 */
export function suspend(o: Observation<AnalysisPhase>, looked: Analysis, because: string, now: Instant): Move {
  const longest = formatDuration(o.canary.spec.analysis.maxBlind)
  const message = `Suspended the analysis of ${withImage(o, looked.candidate)} at weight 0 after ${longest} without data: ${because}`
  const parked = {
    ...atTraffic(withClock(looked, 'stopped', now), NONE, now),
    phase: 'Progressing',
    lastCheckTime: now,
    hold: { by: 'suspension', since: now },
  } as const
  return transition(o, parked, { reason: 'AnalysisSuspended', message }, now)
}

/** The analysis is suspended: the plan starts from its first step once the metrics server answers and the primary shows traffic. */
export function resumeSuspended(o: Observation<AnalysisPhase>, now: Instant): Move | Ask | undefined {
  const { state } = o
  if (state.hold?.by !== 'suspension') return undefined
  const at = Math.ceil(((state.lastCheckTime ?? state.hold.since) + o.canary.spec.analysis.checkInterval) / 1000) * 1000
  const [mute] = uncallable(o)
  const lacking = o.memory.checks.find(({ verdict }) => verdict === 'hold')
  const lastCheck = lacking === undefined ? '' : `; the last check said: ${lacking.message}`
  const why =
    mute === undefined ? lastCheck : `: webhook ${mute.hook.name} (${mute.hook.type}) ${mute.record.last?.said}`
  const message = `The analysis of ${withImage(o, state.candidate)} is suspended at weight 0 until there is data again${why}`
  if (now < at) return hold(o, 'AnalysisSuspended', message, at)
  // Metrics were there all the time: that a primary without requests has none is no reason to wait.
  if (state.blindSince === null && o.memory.hooks.length > 0 && mute === undefined) return resume(o, now)
  const scene = { ...checkContextOf(o, at), routedFor: SILENCE_WINDOW }
  const { gates, checks: probes, problems } = gatesAt(o, scene)
  const { telemetry } = routingOf(o)
  const server = o.canary.spec.metricsServer ?? null
  const sides = telemetry === null ? null : silenceQuestions(telemetry, scene, SILENCE_WINDOW, server).checks
  const [first, ...more] = [...probes, ...(sides ?? [])].filter(check => !Object.hasOwn(o.findings, check.id))
  if (first !== undefined) return { ask: [first, ...more] }
  const answers = [...probes, ...(sides ?? [])].map(check => o.findings[check.id])
  const dark =
    problems.length > 0 ||
    mute !== undefined ||
    answers.some(answer => answer !== undefined && BLIND_ANSWERS.includes(answer.kind))
  const primary = sides === null ? undefined : o.findings[sides[2].id]
  const needsTelemetry = gates.some(gate => gate.measures !== 'query')
  const serves = primary?.kind === 'value' && primary.value > 0
  // Without gates on the mesh's telemetry it may not be there at all; then the users' own queries have to say something.
  const back = !dark && (serves || (!needsTelemetry && probes.every(probe => o.findings[probe.id]?.kind === 'value')))
  if (!back) {
    const lastCheckTime = Math.max(at, now)
    return hold(o, 'AnalysisSuspended', message, lastCheckTime + o.canary.spec.analysis.checkInterval, {
      state: { ...state, lastCheckTime },
    })
  }
  return resume(o, now)
}

function resume(o: Observation<AnalysisPhase>, now: Instant): Move {
  const { state } = o
  const again = `There is data again; the steps of ${withImage(o, state.candidate)} start from the first`
  const next = {
    ...atStage(atTraffic(withClock(state, 'running', now), NONE, now), 'startingPods', now),
    phase: 'Progressing',
    hold: null,
    mirrored: false,
    blindSince: null,
  } as const
  return transition(o, next, { reason: 'MetricsRestored', message: again }, now)
}
