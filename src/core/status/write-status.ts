/** State and memory → the flat status on the wire. */
import type { CanaryStatus } from '../../api/status.ts'
import type { CommitTold } from '../model/commit.ts'
import type { Move } from '../model/decision.ts'
import type { HookRecord } from '../model/hook.ts'
import { LONGEST_RUN_MESSAGE } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'
import { progressOf } from '../model/plan.ts'
import { imageOf, promotedOf, releasedOf, requestedOf } from '../model/selectors.ts'
import type { Revision, State } from '../model/state.ts'
import { stickyOf } from '../model/sticky.ts'
import type { RunTrace } from '../model/trace.ts'
import type { Cookie, Traffic } from '../model/traffic.ts'
import type { Waiting } from '../model/waiting.ts'
import { LONGEST_MESSAGE } from '../model/announcement.ts'
import { at } from '../json.ts'
import { trackedConfigs } from '../render/configs.ts'
import { clipped } from '../text.ts'
import type { Instant } from '../time.ts'
import { routingOf, vantageSeen } from '../routers/index.ts'
import { traceOfPresentOrLast } from '../signals/trace-link.ts'
import { conditionsOf } from './conditions.ts'

/** Bytes of the longest sentences that go to the wire: the whole status stays under 32 KiB. */
const LONGEST = { message: 1024, check: 160, webhook: 256, image: 512 } as const
/** Digits of a configuration's hash: those in the name of its copy. */
const CONFIG_DIGITS = 10

const iso = (instant: Instant): string => new Date(instant).toISOString()
const isoOrNone = (instant: Instant | null): string | undefined => (instant === null ? undefined : iso(instant))
const orNone = <T>(value: T | null): T | undefined => value ?? undefined

/**
 * Before the provider is recorded nothing is known of the pods. That of a candidate that was routed is one that was seen: the next process takes it
 * for the one with which the run began.
 */
function vantageOf(o: Observation): CanaryStatus['vantage'] {
  if (o.memory.provider === null) return undefined
  const isRouted = 'routedAt' in o.state && o.state.routedAt !== null
  return isRouted ? orNone(o.memory.vantage ?? vantageSeen(o)) : routingOf(o).telemetry?.vantage(o).vantage
}

/** The status after a move. */
export function writeStatus(o: Observation, move: Move, now: Instant): CanaryStatus {
  const { state, memory } = move
  const requested = requestedOf(state)
  return drop({
    phase: state.phase,
    reason: move.reason,
    message: clipped(move.message, LONGEST.message),
    step: progressOf(o.canary.spec.analysis, state) || undefined,
    canaryWeight: requested.canary,
    traffic: trafficOf(o, requested),
    failedChecks: 'failedChecks' in state ? state.failedChecks : 0,
    iterations: 'iteration' in state ? state.iteration : 0,
    observedGeneration: o.canary.metadata.generation ?? 0,
    lastAppliedSpec: orNone(releasedOf(state)),
    lastPromotedSpec: orNone(state.phase === 'Initializing' ? null : state.promoted),
    previousSpec: orNone(memory.previous),
    rejectedSpec: 'rejected' in state ? orNone(state.rejected) : undefined,
    images: imagesIn(o, state),
    trackedConfigs: trackedOf(o),
    targetUid: orNone(memory.targetUid),
    targetGeneration: memory.targetGeneration,
    ...cookiesOf({ ...o, memory }, state),
    commit: orNone(memory.commit),
    commitSeenTime: isoOrNone(memory.commitSeenAt),
    commitStatus: memory.commitTold === null ? undefined : writeTold(memory.commitTold),
    retry: orNone(memory.retry),
    paused: orNone(memory.paused),
    labels: orNone(memory.labels),
    provider: orNone(memory.provider),
    vantage: vantageOf({ ...o, state, memory }),
    requestsPastWaypoint: memory.pastWaypoint || undefined,
    policyCopies: memory.policyCopies || undefined,
    lastTransitionTime: iso(memory.transitionAt),
    nextCheckTime: move.wakeAt === null || move.wakeAt <= now ? undefined : iso(move.wakeAt),
    run: writeRun(state),
    progress: writeProgress(state),
    replicas: {
      desired: orNone(memory.replicas.desired),
      scaledDown: memory.replicas.scaledDown,
      externalScaleEvents: memory.replicas.externalScaleEvents.map(one => ({ manager: one.manager, at: iso(one.at) })),
      ignoredManager: orNone(memory.replicas.ignoredManager),
      primaryFloor: orNone(memory.replicas.primaryFloor),
      returnedAt: isoOrNone(memory.replicas.returnedAt),
    },
    handledCommands: memory.handled === null ? undefined : { ...memory.handled },
    conditions: conditionsOf(o, move, now),
    checks: memory.checks.map(check =>
      drop({
        ...check,
        value: orNone(check.value),
        min: orNone(check.min),
        max: orNone(check.max),
        requests: orNone(check.requests),
        message: clipped(check.message, LONGEST.check),
        at: iso(check.at),
      }),
    ),
    history: memory.history.map(run => ({
      ...run,
      message: clipped(run.message, LONGEST_RUN_MESSAGE),
      startedAt: iso(run.startedAt),
      endedAt: iso(run.endedAt),
    })),
    warnings: memory.warnings.length === 0 ? undefined : memory.warnings.map(one => ({ ...one })),
    reported: orNone(memory.reported),
    webhooks: memory.hooks.length === 0 ? undefined : memory.hooks.map(writeHook),
    pendingEvents: memory.outbox.map(({ sink, hook, run, ...one }) =>
      drop({
        ...one,
        message: clipped(one.message, LONGEST_MESSAGE),
        at: iso(one.at),
        sink: sink === 'event' ? undefined : sink,
        hook: hook === '' ? undefined : hook,
        run: run === '' ? undefined : run,
      }),
    ),
    alertThreads: memory.alertThreads.length === 0 ? undefined : memory.alertThreads.map(one => ({ ...one })),
    traceLink: traceOfPresentOrLast(o, move).traceLink || undefined,
    traces: memory.traces.length === 0 ? undefined : memory.traces.map(writeTrace),
  })
}

const named = ({ name, value }: Cookie): string => `${name}=${value}`

/** Flagger's fields, and what is needed to take a cookie back. */
function cookiesOf(o: Observation, state: State): Partial<CanaryStatus> {
  const sticky = stickyOf(o, state)
  const { retiredCookie } = o.memory
  return {
    sessionAffinityCookie: sticky === null ? undefined : named(sticky.canary),
    primarySessionAffinityCookie: sticky?.primary == null ? undefined : named(sticky.primary),
    previousSessionAffinityCookie: retiredCookie === null ? undefined : named(retiredCookie),
    retiredCookie:
      retiredCookie === null
        ? undefined
        : { cookie: named(retiredCookie), attributes: retiredCookie.attributes, until: iso(retiredCookie.until) },
  }
}

/** What is asked for, and what the routes carry; where they differ among themselves, what is furthest from it. */
function trafficOf({ traffic }: Observation, { canary: requested }: Traffic): CanaryStatus['traffic'] {
  if (traffic === null) return undefined
  return { requested, carried: traffic.low === requested ? traffic.high : traffic.low }
}

/** Where no template of a revision is known, none is told. */
function imagesIn(o: Observation, state: State): CanaryStatus['images'] {
  const of = (revision: Revision | null): string | undefined =>
    (revision === null ? '' : clipped(imageOf(o, revision), LONGEST.image)) || undefined
  const [primary, canary] = [of(promotedOf(state)), of(releasedOf(state))]
  return primary === undefined && canary === undefined ? undefined : drop({ primary, canary })
}

/** Empty where what the template mounts does not exist yet: a reader has to know that its creation is a new revision. */
function trackedOf({ settings, target, configs }: Observation): CanaryStatus['trackedConfigs'] {
  const mounted = settings.trackConfigs ? trackedConfigs(at(target?.object.spec, 'template')) : []
  if (mounted.length === 0) return undefined
  return Object.fromEntries(Object.entries(configs).map(([key, hash]) => [key, hash.slice(0, CONFIG_DIGITS)]))
}

function writeHook(record: HookRecord): NonNullable<CanaryStatus['webhooks']>[number] {
  const { last, asked, unavailableSince, ...plain } = record
  return drop({
    ...plain,
    since: iso(record.since),
    // A call that is under way has no answer before its time.
    asked: asked || undefined,
    verdict: last?.verdict,
    said: last === null ? undefined : clipped(last.said, LONGEST.webhook),
    at: last === null ? undefined : iso(last.at),
    unavailableSince: isoOrNone(unavailableSince),
  })
}

function writeTold({ takenOver, ...told }: CommitTold): CanaryStatus['commitStatus'] {
  return drop({ ...told, takenOver: takenOver || undefined })
}

function writeTrace({ run, id, parent, steps, sent }: RunTrace): NonNullable<CanaryStatus['traces']>[number] {
  return drop({
    run,
    id,
    parent: parent === '' ? undefined : parent,
    steps: steps.length === 0 ? undefined : steps.map(({ name, at: began }) => ({ name, at: iso(began) })),
    sent: sent || undefined,
  })
}

function writeRun(state: State): CanaryStatus['run'] {
  if (!('id' in state)) return undefined
  const common = {
    id: state.id,
    candidate: state.candidate,
    startedAt: iso(state.startedAt),
    stage: state.stage,
    highest: state.highest,
    among: state.traffic.among === '' ? undefined : state.traffic.among,
    mirror: state.traffic.mirror === 0 ? undefined : state.traffic.mirror,
    carriedAt: isoOrNone(state.carriedAt),
    waiting: writeWaiting(state.waiting),
  }
  if (state.phase === 'Promoting') return drop({ ...common, because: state.because === '' ? undefined : state.because })
  const { hold } = state
  return drop({
    ...common,
    routedAt: isoOrNone(state.routedAt),
    lastCheckTime: isoOrNone(state.lastCheckTime),
    lastCheckPassed: state.lastCheckPassed,
    lastFailedTime: isoOrNone(state.lastFailedTime),
    mirrored: state.mirrored || undefined,
    noTrafficChecks: state.noTrafficChecks,
    misrouted: state.misrouted || undefined,
    blindSince: isoOrNone(state.blindSince),
    hold: hold === null ? undefined : hold.by === 'override' ? hold : { by: hold.by, since: iso(hold.since) },
    pausedDuration: state.pausedDuration,
    pausedSince: isoOrNone(state.pausedSince),
    approved: state.approved === null ? undefined : String(state.approved),
  })
}

function writeWaiting(waiting: Waiting | null): NonNullable<CanaryStatus['run']>['waiting'] {
  return waiting === null ? undefined : { for: waiting.for, since: iso(waiting.since) }
}

function writeProgress(state: State): CanaryStatus['progress'] {
  switch (state.phase) {
    case 'Initializing':
      return drop({
        stage: state.stage,
        revision: orNone(state.revision),
        carriedAt: isoOrNone(state.carriedAt),
        waiting: writeWaiting(state.waiting),
      })
    case 'Waiting':
      return drop({ candidate: state.candidate, waiting: writeWaiting(state.waiting) })
    case 'Finalising':
      return drop({
        carriedAt: isoOrNone(state.carriedAt),
        outcome: state.outcome,
        because: state.because === '' ? undefined : state.because,
        waiting: writeWaiting(state.waiting),
      })
    case 'Failed':
      return drop({ carriedAt: isoOrNone(state.carriedAt), drained: state.drained })
    case 'Terminating':
      return drop({ stage: state.stage, carriedAt: isoOrNone(state.carriedAt), waiting: writeWaiting(state.waiting) })
    case 'Initialized':
    case 'Succeeded':
    case 'Progressing':
    case 'WaitingPromotion':
    case 'Promoting':
      return undefined
  }
}

/** Without the fields that are undefined: what is absent on the wire is absent here. */
function drop<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T
}
