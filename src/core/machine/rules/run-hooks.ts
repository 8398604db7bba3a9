/** Webhooks that are checks: pre-rollout before the first request, rollout once an interval. A no is a failed check. */
import { askInOrder, askUnavailable, type Waited } from '../../hooks/ask.ts'
import { hooksOf } from '../../hooks/call.ts'
import type { Move, Passed } from '../../model/decision.ts'
import type { Memory } from '../../model/memory.ts'
import type { Observation } from '../../model/observation.ts'
import { dueAt, isChecked } from '../../model/plan.ts'
import type { AnalysisPhase } from '../../model/state.ts'
import { inWords } from '../../model/traffic.ts'
import type { Instant } from '../../time.ts'
import { awaiting } from '../../model/waiting.ts'
import { type Aside, hold, holdAndReport, holdUnchanged } from '../move.ts'
import { nextWake } from './advance.ts'
import { failCheck } from './checks.ts'
import { waitReport } from './confirm.ts'
import { suspend } from './suspend.ts'

const START = 'start'

/** Pods of the candidate are ready: what is to be done before they get requests is done, once a run. */
export function runPreRollout(ready: Observation<AnalysisPhase>, now: Instant): Move | Passed | undefined {
  if (hooksOf(ready, 'pre-rollout').length === 0 || ready.state.approved === 'full') return undefined
  // What the pods had a deadline for is over; should one of them fail meanwhile, its time begins then.
  const o = { ...ready, state: awaiting(ready.state, null, now) }
  const { waited, memory, isChanged } = askInOrder(o, 'pre-rollout', START, now)
  if (waited === null) return isChanged ? { passed: { state: o.state, memory } } : undefined
  const failed = judged(o, waited, memory, now)
  // The times of calls wake the canary: no check is due before there is traffic.
  if (failed !== undefined) return { ...failed, wakeAt: failed.reason === 'CheckFailed' ? null : failed.wakeAt }
  return holdFor(o, waited, 'Weight 0: ', null, { memory })
}

/** Each place of a run has rounds of its own. */
const placeOf = ({ state }: Observation<AnalysisPhase>): string => `step/${inWords(state.traffic)}/${state.iteration}`

/** Calls when an interval begins; meanwhile the metrics are judged. */
export function runRolloutHooks(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const { state } = o
  const { analysis } = o.canary.spec
  if (hooksOf(o, 'rollout').length === 0 || state.approved === 'full') return undefined
  if (!isChecked(analysis, state) || state.carriedAt === null) return undefined
  // The step may end with the next check: no interval begins before that is known.
  const due = dueAt(analysis, state.traffic, state.carriedAt)
  const mayEnd = now >= due && (state.lastCheckTime ?? 0) < due
  const { waited, memory, isChanged } = askInOrder(o, 'rollout', placeOf(o), now, !mayEnd)
  const failed = waited === null ? undefined : judged(o, waited, memory, now)
  return failed ?? (isChanged ? holdUnchanged(o, now, { memory }) : undefined)
}

/** A step does not end while a call is under way, or before each webhook has said yes. */
export function waitForRolloutHooks(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  if (!isChecked(o.canary.spec.analysis, o.state) || o.state.approved === 'full') return undefined
  const { waited } = askInOrder(o, 'rollout', placeOf(o), now, false)
  if (waited === null) return undefined
  // It has said yes, and is called again while something else is waited for, which stays on show.
  if (waited.record.last?.verdict === 'pass') return holdUnchanged(o, nextWake(o))
  return holdFor(o, waited, `Weight ${inWords(o.state.traffic)}: `, nextWake(o))
}

/** One that cannot be called is reported, like a metrics server that does not answer: someone has to put it right. */
function holdFor(
  o: Observation<AnalysisPhase>,
  waited: Waited,
  before: string,
  wakeAt: Instant | null,
  aside: Aside = {},
): Move {
  const report = waitReport(waited, before)
  if (waited.record.unavailableSince !== null) return holdAndReport(o, report, wakeAt, aside)
  return hold(o, report.reason, report.message, wakeAt, aside)
}

/** What news of a webhook mean: a no is a failed check; one that cannot be called is like a metrics server that does not answer. */
function judged(o: Observation<AnalysisPhase>, waited: Waited, memory: Memory, now: Instant): Move | undefined {
  const { hook, record, isNews } = waited
  if (!isNews || record.last === null || record.last.verdict === 'pass') return undefined
  const { onProviderError, interval, maxBlind } = o.canary.spec.analysis
  const because = `webhook ${hook.name} (${hook.type}) ${record.last.said}`
  const looked = { ...o.state, lastCheckPassed: false }
  if (record.last.verdict === 'fail' || onProviderError === 'fail')
    return failCheck(o, looked, memory, because, { spacing: interval, atOnce: false }, record.last.at, now)
  const since = record.unavailableSince ?? now
  return now - since >= maxBlind ? suspend({ ...o, memory }, looked, because, now) : undefined
}

/** While the analysis is suspended, the webhooks that could not be called are called again. */
export function probeUnavailableHooks(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  if (o.state.hold?.by !== 'suspension') return undefined
  const { memory, isChanged } = askUnavailable(o, now)
  return isChanged ? holdUnchanged(o, now, { memory }) : undefined
}
