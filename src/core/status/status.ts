/**
 * The flat status on the wire ⇄ state and memory. Law: `read(write(s))` equals `s`, except for what only memory knows.
 * What cannot be read, because another version wrote it, is nothing known: the primary then says what is promoted.
 */
import { CanaryStatusSchema, type CanaryStatus } from '../../api/status.ts'
import { conditionsOf } from './conditions.ts'
import type { Announcement } from '../model/announcement.ts'
import type { Move } from '../model/decision.ts'
import { candidateOf, promotedOf, requestedOf } from '../model/selectors.ts'
import { emptyMemory, type CheckRecord, type Memory, type RunRecord, type Warning } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'
import { planOf, progressOf } from '../model/plan.ts'
import { isReason } from './reasons.ts'
import type { Analysis, Hold, Run, Stage, State } from '../model/state.ts'
import { clipped } from '../text.ts'
import { AWAITED, type Waiting, waitingFor } from '../model/waiting.ts'
import type { Instant } from '../time.ts'
import { weighted, type Traffic } from '../model/traffic.ts'

/** Bytes of the longest sentences that go to the wire: the whole status stays under 32 KiB. */
const LONGEST = { message: 1024, check: 160, history: 320, pendingEvents: 320 } as const
/** Digits of a configuration's hash: those in the name of its copy. */
const CONFIG_DIGITS = 10

type WaitingOnTheWire = NonNullable<NonNullable<CanaryStatus['run']>['waiting']>

const iso = (instant: Instant): string => new Date(instant).toISOString()
const isoOrNone = (instant: Instant | null): string | undefined => (instant === null ? undefined : iso(instant))
const instantOf = (text: string | undefined): Instant | null => {
  const parsed = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(parsed) ? null : parsed
}
const orNull = <T>(value: T | undefined): T | null => value ?? null
const orNone = <T>(value: T | null): T | undefined => value ?? undefined

/** What was known before a canary was first seen. */
export function unknown(now: Instant): { state: State; memory: Memory } {
  return {
    state: {
      phase: 'Initializing',
      stage: 'cloning',
      revision: null,
      carriedAt: null,
      waiting: waitingFor('target', now),
    },
    memory: { ...emptyMemory, transitionAt: now },
  }
}

/** Reads a status; anything that is missing or foreign falls back to what was known before the canary was first seen. */
export function readStatus(status: unknown, now: Instant): { state: State; memory: Memory } {
  const parsed = CanaryStatusSchema.safeParse(status ?? {})
  if (!parsed.success || parsed.data.phase === undefined) return unknown(now)
  const state = readState(parsed.data, now)
  return state === null ? unknown(now) : { state, memory: readMemory(parsed.data, now) }
}

function readState(s: CanaryStatus, now: Instant): State | null {
  const progress = s.progress ?? {}
  const carriedAt = instantOf(progress.carriedAt)
  const waiting = readWaiting(progress.waiting, now)
  if (s.phase === 'Initializing') {
    const stage = progress.stage === 'routing' ? 'routing' : 'cloning'
    return { phase: s.phase, stage, revision: orNull(progress.revision), carriedAt, waiting }
  }
  if (s.phase === 'Terminating') {
    const stage = terminating.find(one => one === progress.stage) ?? 'returning'
    return { phase: s.phase, stage, promoted: orNull(s.lastPromotedSpec), carriedAt, waiting }
  }
  const promoted = s.lastPromotedSpec
  if (promoted === undefined) return null
  const settled = { promoted, rejected: orNull(s.rejectedSpec) }
  switch (s.phase) {
    case 'Initialized':
    case 'Succeeded':
      return { phase: s.phase, ...settled }
    case 'Failed':
      return { phase: s.phase, ...settled, carriedAt, drained: progress.drained ?? false }
    case 'Waiting':
      if (progress.candidate === undefined) return { phase: 'Succeeded', ...settled }
      return {
        phase: s.phase,
        ...settled,
        candidate: progress.candidate,
        waiting: waiting ?? waitingFor('resume', now),
      }
    case 'Finalising':
      return {
        phase: s.phase,
        ...settled,
        carriedAt,
        outcome: outcomes.find(one => one === progress.outcome) ?? 'Succeeded',
        because: progress.because ?? '',
        waiting,
      }
    case 'Progressing':
    case 'WaitingPromotion':
    case 'Promoting':
      return readRun(s, settled, now)
    case undefined:
      return null
  }
}

const outcomes = ['Succeeded', 'Withdrawn', 'RolledBack'] as const
const terminating = ['returning', 'restoring', 'routing', 'removing'] as const
const promoting = ['shifting', 'copying', 'returning', 'diverting', 'undoing'] as const
const stages: readonly Stage[] = ['draining', 'stoppingOldPods', 'startingPods', 'pausingRollout', 'advancing']

/** What another version waits for is waited for from the beginning, if it is still missing. */
function readWaiting(waiting: WaitingOnTheWire | undefined, now: Instant): Waiting | null {
  const what = AWAITED.find(one => one === waiting?.for)
  return what === undefined ? null : { for: what, since: instantOf(waiting?.since) ?? now }
}

function writeWaiting(waiting: Waiting | null): WaitingOnTheWire | undefined {
  return waiting === null ? undefined : { for: waiting.for, since: iso(waiting.since) }
}

function readRun(s: CanaryStatus, settled: { promoted: string; rejected: string | null }, now: Instant): State | null {
  const run = s.run ?? {}
  const startedAt = instantOf(run.startedAt)
  if (run.candidate === undefined || run.id === undefined || startedAt === null) return null
  const known = stages.find(one => one === run.stage)
  // What another version calls a barrier that is not known here is gone through again, from weight 0.
  const weight = known === undefined && s.phase !== 'Promoting' ? 0 : (s.canaryWeight ?? 0)
  const common: Run = {
    ...settled,
    id: run.id,
    candidate: run.candidate,
    startedAt,
    highest: run.highest ?? weight,
    traffic: weighted(weight),
    carriedAt: instantOf(run.carriedAt),
    waiting: readWaiting(run.waiting, now),
  }
  if (s.phase === 'Promoting') {
    // What another version calls the undoing of a promotion is not the promotion again.
    const otherwise = (run.because ?? '') === '' ? 'copying' : 'undoing'
    const stage = promoting.find(one => one === run.stage) ?? otherwise
    return { phase: s.phase, ...common, stage, because: run.because ?? '' }
  }
  const analysis: Analysis = {
    ...common,
    stage: known ?? 'draining',
    routedAt: instantOf(run.routedAt),
    lastCheckTime: instantOf(run.lastCheckTime),
    lastCheckPassed: run.lastCheckPassed ?? false,
    failedChecks: s.failedChecks ?? 0,
    lastFailedTime: instantOf(run.lastFailedTime),
    noTrafficChecks: run.noTrafficChecks ?? 0,
    misrouted: run.misrouted ?? false,
    blindSince: instantOf(run.blindSince),
    hold: readHold(run.hold, now),
    pausedDuration: run.pausedDuration ?? 0,
    pausedSince: instantOf(run.pausedSince),
    approved: run.approved === undefined ? null : run.approved === 'full' ? 'full' : Number(run.approved),
  }
  return { phase: s.phase === 'WaitingPromotion' ? s.phase : 'Progressing', ...analysis }
}

function readHold(hold: NonNullable<CanaryStatus['run']>['hold'], now: Instant): Hold | null {
  if (hold === undefined) return null
  return hold.by === 'override'
    ? { by: 'override', from: hold.from ?? 0 }
    : { by: 'suspension', since: instantOf(hold.since) ?? now }
}

function readMemory(s: CanaryStatus, now: Instant): Memory {
  return {
    labels: orNull(s.labels),
    replicas: {
      desired: orNull(s.replicas?.desired),
      scaledDown: s.replicas?.scaledDown ?? false,
      externalScaleEvents: (s.replicas?.externalScaleEvents ?? []).map(one => ({
        manager: one.manager,
        at: instantOf(one.at) ?? now,
      })),
      ignoredManager: orNull(s.replicas?.ignoredManager),
    },
    handled: orNull(s.handledCommands),
    previous: orNull(s.previousSpec),
    targetUid: orNull(s.targetUid),
    targetGeneration: s.targetGeneration ?? 0,
    retry: orNull(s.retry),
    paused: orNull(s.paused),
    checks: (s.checks ?? []).map(
      (check): CheckRecord => ({
        name: check.name,
        verdict: check.verdict,
        value: orNull(check.value),
        min: orNull(check.min),
        max: orNull(check.max),
        requests: orNull(check.requests),
        message: check.message,
        at: instantOf(check.at) ?? now,
      }),
    ),
    history: (s.history ?? []).map(
      (run): RunRecord => ({
        ...run,
        reason: isReason(run.reason) ? run.reason : 'AtRest',
        startedAt: instantOf(run.startedAt) ?? now,
        endedAt: instantOf(run.endedAt) ?? now,
      }),
    ),
    outbox: (s.pendingEvents ?? []).flatMap((one): Announcement[] =>
      isReason(one.reason) ? [{ ...one, reason: one.reason, at: instantOf(one.at) ?? now }] : [],
    ),
    warnings: (s.warnings ?? []).flatMap(({ reason, message }): Warning[] =>
      isReason(reason) ? [{ reason, message }] : [],
    ),
    reported: orNull(s.reported),
    reason: isReason(s.reason) ? s.reason : 'AtRest',
    message: s.message ?? '',
    transitionAt: instantOf(s.lastTransitionTime) ?? now,
  }
}

/** The status after a move. */
export function writeStatus(o: Observation, move: Move, now: Instant): CanaryStatus {
  const { state, memory } = move
  const requested = requestedOf(state)
  return drop({
    phase: state.phase,
    reason: move.reason,
    message: clipped(move.message, LONGEST.message),
    step: 'traffic' in state ? progressOf(planOf(o.canary.spec.analysis), requested) : undefined,
    canaryWeight: requested.canary,
    traffic: trafficOf(o, requested),
    failedChecks: 'failedChecks' in state ? state.failedChecks : 0,
    iterations: 0,
    observedGeneration: o.canary.metadata.generation ?? 0,
    lastAppliedSpec: orNone(candidateOf(state) ?? ('rejected' in state ? state.rejected : null) ?? promotedOf(state)),
    lastPromotedSpec: orNone(state.phase === 'Initializing' ? null : state.promoted),
    previousSpec: orNone(memory.previous),
    rejectedSpec: 'rejected' in state ? orNone(state.rejected) : undefined,
    trackedConfigs: trackedOf(o.configs),
    targetUid: orNone(memory.targetUid),
    targetGeneration: memory.targetGeneration,
    retry: orNone(memory.retry),
    paused: orNone(memory.paused),
    labels: orNone(memory.labels),
    lastTransitionTime: iso(memory.transitionAt),
    nextCheckTime: move.wakeAt === null || move.wakeAt <= now ? undefined : iso(move.wakeAt),
    run: writeRun(state),
    progress: writeProgress(state),
    replicas: {
      desired: orNone(memory.replicas.desired),
      scaledDown: memory.replicas.scaledDown,
      externalScaleEvents: memory.replicas.externalScaleEvents.map(one => ({ manager: one.manager, at: iso(one.at) })),
      ignoredManager: orNone(memory.replicas.ignoredManager),
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
      message: clipped(run.message, LONGEST.history),
      startedAt: iso(run.startedAt),
      endedAt: iso(run.endedAt),
    })),
    warnings: memory.warnings.length === 0 ? undefined : memory.warnings.map(one => ({ ...one })),
    reported: orNone(memory.reported),
    pendingEvents: memory.outbox.map(one => ({
      ...one,
      message: clipped(one.message, LONGEST.pendingEvents),
      at: iso(one.at),
    })),
  })
}

/** What is asked for, and what the routes carry; where they differ among themselves, what is furthest from it. */
function trafficOf({ traffic }: Observation, { canary: requested }: Traffic): CanaryStatus['traffic'] {
  if (traffic === null) return undefined
  return { requested, carried: traffic.low === requested ? traffic.high : traffic.low }
}

function trackedOf(configs: Observation['configs']): CanaryStatus['trackedConfigs'] {
  const tracked = Object.entries(configs).map(([key, hash]) => [key, hash.slice(0, CONFIG_DIGITS)])
  return tracked.length === 0 ? undefined : Object.fromEntries(tracked)
}

function writeRun(state: State): CanaryStatus['run'] {
  if (!('id' in state)) return undefined
  const common = {
    id: state.id,
    candidate: state.candidate,
    startedAt: iso(state.startedAt),
    stage: state.stage,
    highest: state.highest,
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
    noTrafficChecks: state.noTrafficChecks,
    misrouted: state.misrouted || undefined,
    blindSince: isoOrNone(state.blindSince),
    hold: hold === null ? undefined : hold.by === 'override' ? hold : { by: hold.by, since: iso(hold.since) },
    pausedDuration: state.pausedDuration,
    pausedSince: isoOrNone(state.pausedSince),
    approved: state.approved === null ? undefined : String(state.approved),
  })
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
