/** One canary's next move: rules → move → writes. Pure and total; this is all that the shell ever calls. */
import { alertsOf } from './alerts.ts'
import { noteCommitStatuses } from './commit-statuses.ts'
import { clampMemoryToNow, clampToNow } from './clock-skew.ts'
import type { Announcement } from '../model/announcement.ts'
import type { Decision, Move, Question, Read } from '../model/decision.ts'
import { noteTarget } from './target-generation.ts'
import { noteVantage } from './vantage.ts'
import { nextCallTime } from '../hooks/ask.ts'
import { callsOf, isAsking } from '../hooks/call.ts'
import { fingerprint, sameJson } from '../json.ts'
import { recurringEvent, withReport } from './move.ts'
import type { Observation } from '../model/observation.ts'
import { floorEndsAt, noteFloor } from './primary-floor.ts'
import { entriesOf, postRolloutOf } from './outbox.ts'
import { decideInPhase } from './phases.ts'
import { type Problem, problemOf, warningsOf } from '../problems/index.ts'
import { isStalling, type Reason } from '../status/reasons.ts'
import { render } from '../render/render.ts'
import { withClocks } from './rules/clocks.ts'
import { answersToEdits } from './rules/edits.ts'
import { answersToHands } from './rules/manual-edits.ts'
import { overrides } from './rules/overrides.ts'
import { deadlineOf } from './rules/verdict.ts'
import { withRetiredCookie } from './retired-cookie.ts'
import type { State } from '../model/state.ts'
import { inWords } from '../model/traffic.ts'
import { noteCommit } from './seen-commit.ts'
import { clipped, withoutNumbers } from '../text.ts'
import type { Instant } from '../time.ts'
import { noteReplicas } from './desired-replicas.ts'
import { silentUntil, unconfirmedProblem, unconfirmedUntil } from './unconfirmed.ts'
import type { Write } from '../model/write.ts'

/** Decides, or asks; after an answer it is run again with what was found. */
export function decide(seen: Observation, now: Instant): Decision | Question | Read {
  const o = withDerivedMemory(seen, now)
  const said = decideInPhase(o, now)
  if ('read' in said) return said
  if ('ask' in said) {
    const writes = render(o, false)
    const answers = answersTo(seen, o, writes, now)
    const calls = callsOf(o)
    if (answers.length === 0) return { ...said, calls, writes }
    // What is told goes with a change of the status; the question follows in the next pass.
    const { state, memory } = o
    return {
      state,
      memory,
      reason: memory.reason,
      message: memory.message,
      wakeAt: now,
      announcements: answers,
      outbox: [...entriesOf(o, answers), ...alertsOf(o, { state, memory, reason: memory.reason }, answers, now)],
      calls,
      writes,
    }
  }
  const reported = withReport(o, inTime(o, withTrouble(o, said, now), now), now)
  const settled = withFloor(o, withRetiredCookie(o, withWarnings(o, reported, now), now), now)
  const move = noteCommit(o, settled, barrierOf(settled.state) === barrierOf(o.state), now)
  if ('read' in move) return move
  const after = withoutOldHooks({ ...o, state: move.state, memory: move.memory })
  const writes = render(after, isHalted(said))
  const answers = answersTo({ ...seen, state: o.state }, after, writes, now)
  const told = [...move.announcements, ...answers]
  const announcements = [...told, ...overrides(after, told, now)]
  const statuses = noteCommitStatuses(o, { ...move, memory: after.memory }, now)
  return {
    ...move,
    memory: statuses.memory,
    wakeAt: earliest(move.wakeAt, nextCallTime(after, now)),
    announcements,
    outbox: [
      ...entriesOf(o, announcements),
      ...postRolloutOf(o, move, now),
      ...alertsOf(o, { ...move, memory: after.memory }, announcements, now),
      ...statuses.outbox,
    ],
    calls: callsOf(after),
    writes,
  }
}

/** Webhooks are remembered while they are asked, and while they are in the spec. */
function withoutOldHooks(o: Observation): Observation {
  const { hooks } = o.memory
  const kept = isAsking(o.state)
    ? hooks.filter(({ name }) => o.canary.spec.analysis.webhooks.some(hook => hook.name === name))
    : []
  return kept.length === hooks.length ? o : { ...o, memory: { ...o.memory, hooks: kept } }
}

const earliest = (one: Instant | null, other: Instant | null): Instant | null =>
  one === null || other === null ? (one ?? other) : Math.min(one, other)

/** A person has to put something right before the primary is made: nothing is touched until then. */
const isHalted = ({ state, reason }: Move): boolean => state.phase === 'Initializing' && isStalling(reason)

/** What others did to what Sluice looks after is answered with events. */
function answersTo(before: Observation, o: Observation, writes: readonly Write[], now: Instant): Announcement[] {
  return [...answersToHands(before, o, writes, now), ...answersToEdits(before, o, writes, now)]
}

/** The observation with what every phase remembers of it, and no memory of the future. */
function withDerivedMemory(seen: Observation, now: Instant): Observation {
  const before = { ...seen, state: clampToNow(seen.state, now), memory: clampMemoryToNow(seen.memory, now) }
  const o = { ...before, state: withClocks(before, now) }
  return { ...o, memory: { ...o.memory, ...noteTarget(o), replicas: noteReplicas(o, now), vantage: noteVantage(o) } }
}

/** Waits of a run that something in the way may be the cause of. */
const explicable: ReadonlySet<Reason> = new Set<Reason>([
  'Routing',
  'NotCarried',
  'MetricsUnavailable',
  'AnalysisSuspended',
  'PrimaryNotReady',
])

/** Failed checks count all the same, but what is to be mended is this. */
const isCauseOf = ({ reason }: Move, trouble: Problem): boolean =>
  reason === 'CheckFailed' && trouble.reason === 'MutualTlsConflict'

/** Nothing but the mesh ends such a wait: it has to be seen at the weight that is asked, and no time is set for it. */
const waitsForTheMesh = ({ state, wakeAt }: Move): boolean =>
  state.phase !== 'Terminating' && 'carriedAt' in state && state.carriedAt === null && wakeAt === null

/** Writes that are refused, and what is in the way, are said in the place of what is waited for, until they are mended. */
function withTrouble(o: Observation, move: Move, now: Instant): Move {
  // A move to another barrier is news of its own; a wait at the same one is what the trouble explains.
  if (barrierOf(move.state) !== barrierOf(o.state)) return move
  const inRun = o.state.phase === 'Progressing' || o.state.phase === 'WaitingPromotion'
  const unexplained = (inRun && explicable.has(move.reason)) || waitsForTheMesh(move)
  const found = inRun || unexplained ? problemOf(o, 'run') : null
  const explained = found !== null && (unexplained || isCauseOf(move, found)) ? found : null
  const trouble = o.writeError ?? explained ?? (unexplained ? unconfirmedProblem(o, now) : null)
  if (trouble === null) return unexplained ? { ...move, wakeAt: earliest(move.wakeAt, unconfirmedUntil(o)) } : move
  // Errors name the port of a connection or the id of a request, which is another each time.
  const about = o.writeError === null ? {} : { about: fingerprint([trouble.reason, withoutNumbers(trouble.message)]) }
  return { ...move, ...trouble, wakeAt: earliest(move.wakeAt, silentUntil(o, now)), report: { ...trouble, ...about } }
}

/** At most so many warnings, each of at most so many bytes: they are part of the status. */
const MOST_WARNINGS = 4
const LONGEST_WARNING = 320

/** What is found and stops nothing is in status as long as it is so, and an Event when it is new. */
function withWarnings<M extends Omit<Move, 'report'>>(o: Observation, move: M, now: Instant): M {
  const { warnings: told } = o.memory
  const found = warningsOf(o).slice(0, MOST_WARNINGS)
  if (found.length + told.length === 0) return move
  const warnings = found.map(({ reason, message }) => ({ reason, message: clipped(message, LONGEST_WARNING) }))
  const news = warnings.filter(one => !told.some(({ message }) => message === one.message))
  return {
    ...move,
    memory: { ...move.memory, warnings: sameJson(told, warnings) ? told : warnings },
    announcements: [...move.announcements, ...news.map(one => recurringEvent(o, one, now))],
  }
}

/** A run is checked once more when its time is over, or that of missing pods; while its clock is stopped it has no end. */
function inTime(o: Observation, move: Move, now: Instant): Move {
  const { state, wakeAt } = move
  if (!('pausedDuration' in state)) return move
  const overAt = state.startedAt + state.pausedDuration + o.canary.spec.analysis.maxDuration
  const ends = [
    state.pausedSince === null && overAt > now ? overAt : null,
    state.stage === 'advancing' && state.waiting?.for === 'pods' ? deadlineOf(o, state.waiting, now) : null,
    wakeAt,
  ].filter(end => end !== null)
  return ends.length === 0 ? move : { ...move, wakeAt: Math.min(...ends) }
}

/** The floor of an autoscaled primary as it is after the move, and a pass when it is to be lifted. */
function withFloor<M extends Omit<Move, 'report'>>(o: Observation, move: M, now: Instant): M {
  const replicas = noteFloor({ ...o, state: move.state, memory: move.memory }, o.state, now)
  const memory = replicas === move.memory.replicas ? move.memory : { ...move.memory, replicas }
  const endsAt = floorEndsAt(memory)
  if (endsAt === null) return { ...move, memory }
  return { ...move, memory, wakeAt: move.wakeAt === null ? endsAt : Math.min(move.wakeAt, endsAt) }
}

const barrierOf = (state: State): string =>
  [state.phase, 'stage' in state ? state.stage : '', 'traffic' in state ? inWords(state.traffic) : ''].join('/')
