/**
 * The flat status on the wire → state and memory. Law: `read(write(s))` equals `s`, except for what only memory knows.
 * What cannot be read, because another version wrote it, is nothing known: the primary then says what is promoted.
 */
import { isProvider } from '../../api/providers.ts'
import { CanaryStatusSchema, type CanaryStatus } from '../../api/status.ts'
import { type OutboxEntry, SINKS } from '../model/announcement.ts'
import { commitStateOf } from '../model/commit.ts'
import type { HookRecord } from '../model/hook.ts'
import {
  emptyMemory,
  type CheckRecord,
  type Memory,
  type RetiredCookie,
  type RunRecord,
  type Warning,
} from '../model/memory.ts'
import type { Analysis, Hold, Run, Stage, State } from '../model/state.ts'
import type { RunTrace } from '../model/trace.ts'
import { NONE, trafficOf } from '../model/traffic.ts'
import { AWAITED, type Waiting, waitingFor } from '../model/waiting.ts'
import { isRecord } from '../json.ts'
import type { Instant } from '../time.ts'
import { isReason } from './reasons.ts'

type WaitingOnTheWire = NonNullable<NonNullable<CanaryStatus['run']>['waiting']>

const instantOf = (text: string | undefined): Instant | null => {
  const parsed = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(parsed) ? null : parsed
}
const orNull = <T>(value: T | undefined): T | null => value ?? null

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
  const wire = wireStatus(status ?? {})
  if (wire?.phase === undefined) return unknown(now)
  const state = readState(wire, now)
  return state === null ? unknown(now) : { state, memory: readMemory(wire, now) }
}

/** A status field by field, those of earlier versions in their present form; null: a version wrote it that is not known here. */
export function wireStatus(status: unknown): CanaryStatus | null {
  const parsed = CanaryStatusSchema.safeParse(withAnswers(status))
  return parsed.success ? parsed.data : null
}

/** Earlier versions kept the annotation alone of a command, and not what became of it. */
function withAnswers(status: unknown): unknown {
  const handled = isRecord(status) ? status['handledCommands'] : undefined
  if (!isRecord(status) || !isRecord(handled)) return status
  const answers = Object.entries(handled).map(([name, one]) => [name, typeof one === 'string' ? { value: one } : one])
  return { ...status, handledCommands: Object.fromEntries(answers) }
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
const terminating = ['returning', 'restoring', 'routing', 'resuming', 'removing'] as const
const promoting = ['shifting', 'copying', 'returning', 'diverting', 'undoing'] as const
const stages: readonly Stage[] = ['draining', 'stoppingOldPods', 'startingPods', 'pausingRollout', 'advancing']

/** What another version waits for is waited for from the beginning, if it is still missing. */
function readWaiting(waiting: WaitingOnTheWire | undefined, now: Instant): Waiting | null {
  const what = AWAITED.find(one => one === waiting?.for)
  return what === undefined ? null : { for: what, since: instantOf(waiting?.since) ?? now }
}

function readRun(s: CanaryStatus, settled: { promoted: string; rejected: string | null }, now: Instant): State | null {
  const run = s.run ?? {}
  const startedAt = instantOf(run.startedAt)
  if (run.candidate === undefined || run.id === undefined || startedAt === null) return null
  const known = stages.find(one => one === run.stage)
  // What another version calls a barrier that is not known here is gone through again, from weight 0.
  const again = known === undefined && s.phase !== 'Promoting'
  const weight = again ? 0 : (s.canaryWeight ?? 0)
  const common: Run = {
    ...settled,
    id: run.id,
    candidate: run.candidate,
    startedAt,
    highest: run.highest ?? weight,
    traffic: again ? NONE : trafficOf({ canary: weight, among: run.among ?? '', mirror: run.mirror ?? 0 }),
    // Since when the routes carry another weight says nothing of this one.
    carriedAt: again ? null : instantOf(run.carriedAt),
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
    iteration: s.iterations ?? 0,
    mirrored: run.mirrored ?? false,
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

function readHandled(commands: NonNullable<CanaryStatus['handledCommands']>): Memory['handled'] {
  const answers = Object.entries(commands).map(
    ([name, { id = '', value, outcome = 'done', reason = '' }]) => [name, { id, value, outcome, reason }] as const,
  )
  return Object.fromEntries(answers)
}

function readCookie(retired: CanaryStatus['retiredCookie']): RetiredCookie | null {
  const until = instantOf(retired?.until)
  if (retired === undefined || until === null) return null
  const [name = '', ...value] = retired.cookie.split('=')
  return { name, value: value.join('='), attributes: retired.attributes, until }
}

function readTold(told: CanaryStatus['commitStatus']): Memory['commitTold'] {
  const state = commitStateOf(told?.state ?? '')
  return told === undefined || state === undefined ? null : { ...told, state, takenOver: told.takenOver ?? false }
}

/** What is told to whom another version alone knows is left out. */
function readEntry(
  { hook = '', run = '', about, commit, ...one }: NonNullable<CanaryStatus['pendingEvents']>[number],
  now: Instant,
): OutboxEntry[] {
  const sink = SINKS.find(known => known === (one.sink ?? 'event'))
  const state = commitStateOf(commit?.state ?? '')
  if (!isReason(one.reason) || sink === undefined || (sink === 'commit status' && state === undefined)) return []
  const facts = about === undefined ? {} : { about }
  const note = commit === undefined || state === undefined ? {} : { commit: { of: commit.of, state } }
  return [{ ...one, reason: one.reason, at: instantOf(one.at) ?? now, sink, hook, run, ...facts, ...note }]
}

/** The candidate has been routed, so the vantage point in the status is the one of its run. */
const isJudged = ({ phase, run }: CanaryStatus): boolean =>
  (phase === 'Progressing' || phase === 'WaitingPromotion') && instantOf(run?.routedAt) !== null

function readMemory(s: CanaryStatus, now: Instant): Memory {
  return {
    labels: orNull(s.labels),
    provider: s.provider !== undefined && isProvider(s.provider) ? s.provider : null,
    vantage: isJudged(s) ? orNull(s.vantage) : null,
    pastWaypoint: s.requestsPastWaypoint ?? 0,
    policyCopies: s.policyCopies ?? false,
    replicas: {
      desired: orNull(s.replicas?.desired),
      scaledDown: s.replicas?.scaledDown ?? false,
      externalScaleEvents: (s.replicas?.externalScaleEvents ?? []).map(one => ({
        manager: one.manager,
        at: instantOf(one.at) ?? now,
      })),
      ignoredManager: orNull(s.replicas?.ignoredManager),
      primaryFloor: orNull(s.replicas?.primaryFloor),
      returnedAt: instantOf(s.replicas?.returnedAt),
    },
    handled: s.handledCommands === undefined ? null : readHandled(s.handledCommands),
    previous: orNull(s.previousSpec),
    targetUid: orNull(s.targetUid),
    targetGeneration: s.targetGeneration ?? 0,
    commit: orNull(s.commit),
    commitSeenAt: instantOf(s.commitSeenTime),
    commitTold: readTold(s.commitStatus),
    retry: orNull(s.retry),
    retiredCookie: readCookie(s.retiredCookie),
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
    hooks: (s.webhooks ?? []).map(
      ({ verdict, said = '', at, ...one }): HookRecord => ({
        name: one.name,
        place: one.place,
        answers: one.answers ?? 0,
        since: instantOf(one.since) ?? now,
        asked: one.asked ?? false,
        last: verdict === undefined ? null : { verdict, said, at: instantOf(at) ?? now },
        unavailableSince: instantOf(one.unavailableSince),
      }),
    ),
    outbox: (s.pendingEvents ?? []).flatMap(one => readEntry(one, now)),
    alertThreads: (s.alertThreads ?? []).map(one => ({ ...one })),
    traces: (s.traces ?? []).map(
      ({ run, id, parent = '', steps = [], sent = false }): RunTrace => ({
        run,
        id,
        parent,
        steps: steps.map(({ name, at }) => ({ name, at: instantOf(at) ?? now })),
        sent,
      }),
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
