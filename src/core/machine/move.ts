/** How rules build their moves: stay where you are, or go to another state and say so. */
import type { Announcement } from '../model/announcement.ts'
import type { Move, News, Report } from '../model/decision.ts'
import { fingerprint } from '../json.ts'
import type { Memory } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'
import { type Reason, reasons } from '../status/reasons.ts'
import type { State } from '../model/state.ts'
import type { Instant } from '../time.ts'

/** What a stay may change beside its sentence. */
export interface Aside {
  readonly state?: State
  readonly memory?: Memory
}

/** The state stays; `message` says what it waits for. */
export function hold(o: Observation, reason: Reason, message: string, wakeAt: Instant | null, aside: Aside = {}): Move {
  return {
    state: aside.state ?? o.state,
    memory: aside.memory ?? o.memory,
    reason,
    message,
    wakeAt,
    announcements: [],
  }
}

/**
 * Something that happened. It is in the status under its key before it is announced, so a repeat after a crash is the
 * same event; and what happens twice is two.
 */
export function announce(o: Observation, news: News, now: Instant): Announcement {
  return announcement(o, news, now, now)
}

/** Something that is so, and may come and go: the same words are an event every ten minutes at most. */
export function recurringEvent(o: Observation, news: News, now: Instant): Announcement {
  return announcement(o, news, Math.floor(now / TEN_MINUTES), now)
}

/** Something that was done to an object: of one generation, or version, it is announced once, however often it is read. */
export function answer(o: Observation, news: News, version: number | string, now: Instant): Announcement {
  return announcement(o, news, version, now)
}

/** Something that was deleted, which has no version any more: it is announced once in so long, also by a leader that takes over meanwhile. */
export function answerToDeletion(o: Observation, news: News, now: Instant): Announcement {
  return announcement(o, news, Math.floor(now / TEN_SECONDS), now)
}

const TEN_SECONDS = 10_000
const TEN_MINUTES = 600_000

/** @param moment what tells it from the same news at another time. */
function announcement(
  o: Observation,
  { reason, message, severity = reasons[reason].severity }: News,
  moment: number | string,
  now: Instant,
): Announcement {
  const run = 'id' in o.state ? o.state.id : ''
  const key = fingerprint([o.canary.metadata.uid, run, reason, message, moment])
  return { severity, reason, message, key, at: now }
}

/** The state changes; people hear why, and the next pass follows at once. */
export function transition(o: Observation, state: State, news: News, now: Instant, memory: Memory = o.memory): Move {
  return {
    state,
    memory: { ...memory, transitionAt: now },
    reason: news.reason,
    message: news.message,
    wakeAt: now,
    announcements: [announce(o, news, now)],
  }
}

/** The state changes on the way to what will be announced: it shows in status, and is no news of its own. */
export function transitionSilently(state: State, reason: Reason, message: string, now: Instant, memory: Memory): Move {
  return { state, memory: { ...memory, transitionAt: now }, reason, message, wakeAt: now, announcements: [] }
}

/** A hold that is announced, once for as long as it lasts. */
export function holdAndReport(o: Observation, report: Report, wakeAt: Instant | null, aside: Aside = {}): Move {
  return { ...hold(o, report.reason, report.message, wakeAt, aside), report }
}

/** The state stays, and so does what is on show. */
export function holdUnchanged(o: Observation, wakeAt: Instant | null, aside: Aside = {}): Move {
  return { ...hold(o, o.memory.reason, o.memory.message, wakeAt, aside), report: 'unchanged' }
}

/** The move with its report as an announcement, unless it was announced when it began. */
export function withReport(o: Observation, { report, ...move }: Move, now: Instant): Omit<Move, 'report'> {
  if (report === 'unchanged') return { ...move, memory: { ...move.memory, reported: o.memory.reported } }
  const reported = report === undefined ? null : (report.about ?? fingerprint([report.reason, report.message]))
  const memory = { ...move.memory, reported }
  if (report === undefined || reported === o.memory.reported) return { ...move, memory }
  return { ...move, memory, announcements: [...move.announcements, recurringEvent(o, report, now)] }
}
