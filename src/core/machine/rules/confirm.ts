/** Webhooks of the types confirm-*: they must answer yes before a run starts, the weight rises, or the candidate is promoted. */
import type { HookType } from '../../../api/webhook.ts'
import { askInOrder, type Waited, waitSentence, withoutAnswers } from '../../hooks/ask.ts'
import { isReady } from '../../autoscalers/readiness.ts'
import { hooksOf } from '../../hooks/call.ts'
import type { Move, Passed, Report } from '../../model/decision.ts'
import type { Memory } from '../../model/memory.ts'
import type { Observation } from '../../model/observation.ts'
import { pauseOf, withClock } from '../../model/selectors.ts'
import type { AnalysisPhase } from '../../model/state.ts'
import { compare, inWords, type Traffic } from '../../model/traffic.ts'
import { awaiting } from '../../model/waiting.ts'
import { problemOf } from '../../problems/index.ts'
import type { Instant } from '../../time.ts'
import { holdAndReport, holdUnchanged } from '../move.ts'
import { nextWake, promote, stepAfter } from './advance.ts'

/** The memory, and who has not said yes; null: all have, and the memory has it no more. */
interface Confirmation {
  readonly memory: Memory
  readonly isChanged: boolean
  readonly waited: Waited | null
}

type Confirms = Extract<HookType, `confirm-${string}`>

/** Asks the webhooks of a type to confirm what is about to happen. */
export function confirmation(o: Observation, type: Confirms, place: string, now: Instant): Confirmation {
  const { memory, isChanged, waited } = askInOrder(o, type, place, now)
  return { isChanged, waited, memory: waited === null ? withoutAnswers(o, memory, type) : memory }
}

/** What is reported while one has not said yes: once, however often it answers. */
export function waitReport(waited: Waited, before: string): Report {
  const { hook, record } = waited
  const message = `${before}waiting for ${waitSentence(waited)}`
  return {
    reason: 'WaitingForWebhook',
    message: message.charAt(0).toUpperCase() + message.slice(1),
    about: `${hook.name}/${record.place}`,
    ...(hook.muteAlert ? { severity: 'info' } : {}),
  }
}

/** The traffic that the next step has, if it is a rise. Copies are none, and their end comes before one. */
export function nextRise(o: Observation<AnalysisPhase>): Traffic | null {
  const { traffic } = stepAfter(o) ?? o.state
  const isRise = traffic.canary > 0 && compare(traffic, o.state.traffic) > 0
  return isRise && o.state.traffic.mirror === 0 ? traffic : null
}

const placeOfRise = (rise: Traffic): string => `rise/${inWords(rise)}`
const PROMOTION = 'promotion'

/** Whether the run waits for a confirm-* webhook: maxDuration does not count that time. */
export function isConfirming(o: Observation<AnalysisPhase>): boolean {
  const rise = nextRise(o)
  const places = [PROMOTION, ...(rise === null ? [] : [placeOfRise(rise)])]
  return o.memory.hooks.some(({ place }) => places.includes(place))
}

/** Each rise of the share has to be confirmed, the first too. */
export function confirmTrafficIncrease(o: Observation<AnalysisPhase>, now: Instant): Move | Passed | undefined {
  const { state } = o
  const rise = nextRise(o)
  if (rise === null || state.approved === 'full' || hooksOf(o, 'confirm-traffic-increase').length === 0)
    return undefined
  const { waited, memory } = confirmation(o, 'confirm-traffic-increase', placeOfRise(rise), now)
  if (waited === null) return { passed: { state, memory } }
  const held = { ...whileWaiting(o, now), phase: 'Progressing' } as const
  const report = waitReport(waited, `Weight ${inWords(state.traffic)}, before ${inWords(rise)}: `)
  return holdAndReport(o, report, nextWake(o), { state: held, memory })
}

/** The last gate: checks go on until it is open. */
export function promoteWhenConfirmed(o: Observation<AnalysisPhase>, now: Instant): Move {
  const { waited, memory } = confirmation(o, 'confirm-promotion', PROMOTION, now)
  if (waited === null) return promote({ ...o, memory }, now)
  const held = { ...whileWaiting(o, now), phase: 'WaitingPromotion' } as const
  const report = waitReport(waited, `Weight ${inWords(o.state.traffic)}, before the promotion: `)
  return holdAndReport(o, report, nextWake(o), { state: held, memory })
}

/** The run while it waits for a confirm-* webhook. Its pods are ready, so their deadline no longer applies. */
const whileWaiting = (o: Observation<AnalysisPhase>, now: Instant): Observation<AnalysisPhase>['state'] => {
  const run = { ...withClock(o.state, 'stopped', now), phase: o.state.phase }
  return run.stage === 'advancing' ? run : awaiting(run, null, now)
}

/** `approve full`: straight to promotion. */
export function promoteWhenApprovedInFull(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  return o.state.approved === 'full' ? promoteWhenConfirmed(o, now) : undefined
}

/**
 * A full approval does not wait for checks, for traffic or for the primary: a hotfix may be there to mend it. While its promotion
 * is not confirmed, the other rules decide.
 */
export function promoteHotfix(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  if (o.state.approved !== 'full') return undefined
  if (pauseOf(o) !== null || problemOf(o, 'run') !== null || !isReady(o, 'target')) return undefined
  const { waited, memory, isChanged } = confirmation(o, 'confirm-promotion', PROMOTION, now)
  if (waited === null) return promote({ ...o, memory }, now)
  return isChanged ? holdUnchanged(o, now, { memory }) : undefined
}
