/** Deadlines, and the verdicts that they bring. */
import { formatDuration } from '../../../api/duration.ts'
import { kinds, type KubeObject } from '../../../api/object.ts'
import { mayApexLeadToCanary } from '../../../api/providers.ts'
import type { Move, News, Read, Source } from '../../model/decision.ts'
import { at, textsOf } from '../../json.ts'
import { hold, holdAndReport } from '../move.ts'
import { kindAndName, SERVICE_NAME_LABEL } from '../../model/names.ts'
import type { Observation, Workload } from '../../model/observation.ts'
import { progressDeadline } from '../../model/plan.ts'
import { routingOf } from '../../routers/index.ts'
import { sideWaitedFor, troublesInWords } from '../../model/selectors.ts'
import type { State } from '../../model/state.ts'
import type { Waiting } from '../../model/waiting.ts'
import type { Instant } from '../../time.ts'

/** How long a canary waits before it reads again what it could not see; that costs a few reads at most. */
export const SIGHT_RETRY = 10_000

const MINUTE = 60_000

/** When a wait turns into a verdict, or a complaint; null: it has. What is not waited for yet is from now on. */
export function deadlineOf(o: Observation, waiting: Waiting | null, now: Instant): Instant | null {
  const deadline = (waiting?.since ?? now) + progressDeadline(o.canary)
  return deadline > now ? deadline : null
}

/**
 * Whether the Deployment controller has not taken a change up in the time that pods have to become ready. It says nothing of a release: the
 * wait is for `takeUp` from then on, and the pods have their whole time after it.
 */
export function isNotTakenUp(o: Observation, workload: Workload, waiting: Waiting | null, now: Instant): boolean {
  return workload.readiness === 'pending' && (waiting?.for === 'takeUp' || deadlineOf(o, waiting, now) === null)
}

/**
 * A wait with a deadline, said with how long it has lasted: in whole minutes, so that a long wait costs a write a minute.
 *
 * @param next the state with the wait.
 */
export function holdUntil(
  o: Observation,
  news: News,
  deadline: Instant,
  next: State & { readonly waiting: Waiting | null },
  now: Instant,
): Move {
  const minutes = Math.floor((now - (next.waiting?.since ?? now)) / MINUTE)
  const limit = formatDuration(progressDeadline(o.canary))
  const { because, end } = whyUnready(o, next.waiting)
  const message = `${news.message} (${because}${minutes === 0 ? '<1m' : `${minutes}m`} of ${limit})${end}`
  const wakeAt = Math.min(deadline, (next.waiting?.since ?? now) + (minutes + 1) * MINUTE)
  return hold(o, news.reason, message, wakeAt, { state: next })
}

/** Why the pods of this wait are not ready: before how long it has lasted, or at the end of the sentence. */
function whyUnready({ podTroubles }: Observation, waiting: Waiting | null): { because: string; end: string } {
  if (sideWaitedFor(waiting) === null) return { because: '', end: '' }
  if (podTroubles === 'hidden') return { because: '', end: '; why: pods may not be read' }
  return { because: podTroubles.length === 0 ? '' : `${troublesInWords(podTroubles)}, `, end: '' }
}

/** The end of a sentence about a wait without a deadline: ` (CrashLoopBackOff: web:2.0.0)`, or ''. */
export function becauseOfPods(o: Observation, waiting: Waiting | null): string {
  const { because, end } = whyUnready(o, waiting)
  return because === '' ? end : ` (${because.replace(/, $/, '')})`
}

/** A deadline has passed: what that says of a release rests on what the API server says now. */
export const whenOverdue = (o: Observation, now: Instant, verdict: () => Move): Move | Read =>
  whenConfirmed(o, 'A deadline has passed', now, verdict)

/**
 * A verdict that follows from the state of the cluster rests on what the API server says now: a watch may have been silent for
 * as long as its connection is dead without a sign. Where the API server does not answer, there is no verdict.
 *
 * @param what is seen so far, as the beginning of a sentence.
 */
export function whenConfirmed(o: Observation, what: string, now: Instant, verdict: () => Move): Move | Read {
  if (o.sight === 'live') return verdict()
  if (typeof o.sight === 'string') return { read: sourcesOf(o), sight: 'live' }
  const message = `${what}; nothing is decided until the API server confirms the state of the cluster: ${o.sight.unavailable}`
  return holdAndReport(o, { reason: 'WatchUnavailable', message }, now + SIGHT_RETRY)
}

/** Why a deadline has passed, in words. */
export function notReadyInTime(o: Observation, side: 'target' | 'primary'): string {
  const { message: counts = 'it was deleted', readiness = null } = o[side] ?? {}
  const isMeant = 'waiting' in o.state && sideWaitedFor(o.state.waiting) === side
  const troubles = isMeant && o.podTroubles !== 'hidden' ? troublesInWords(o.podTroubles) : ''
  const message = troubles === '' ? counts : `${counts}; ${troubles}`
  const name = kindAndName(o.names[side])
  if (readiness === 'stuck') return `${name} is not ready: ${message}`
  return `${name} was not ready within ${formatDuration(progressDeadline(o.canary))} (${message})`
}

/** A wait for endpoints, in words. */
export function notInEndpoints(missing: number, service: string): string {
  const pods = missing === 1 ? '1 ready pod is' : `${missing} ready pods are`
  return `${pods} not yet in the endpoints of Service ${service}`
}

/** What the rules with a deadline read. */
function sourcesOf(o: Observation): Source[] {
  const { canary, names, target, primary } = o
  const { namespace } = names
  const named = [
    { kind: kinds.Canary, namespace, name: names.canary },
    names.target,
    names.primary,
    ...routingOf(o).routes(o),
  ]
  const sets = [target, primary].flatMap(workload =>
    workload === null ? [] : [{ kind: kinds.ReplicaSet, namespace, labels: selectorOf(workload.object) }],
  )
  const apex = mayApexLeadToCanary(canary.spec) ? [names.apexService] : []
  const slices = [names.primaryService, names.canaryService, ...apex].map(({ name }) => {
    return { kind: kinds.EndpointSlice, namespace, labels: { [SERVICE_NAME_LABEL]: name } }
  })
  return [...named.map(ref => ({ ref })), ...sets, ...slices]
}

const selectorOf = (object: KubeObject): Readonly<Record<string, string>> =>
  textsOf(at(object.spec, 'selector', 'matchLabels'))
