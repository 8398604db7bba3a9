/**
 * What has to be told, and may not have been told yet: Events, alerts, commit statuses, and calls of webhooks whose answer nothing
 * waits for. It is in the status, which is written before anything is told, and leaves it once the receiver has it; the next leader
 * tells it under the same id, so nothing is lost, and a repeat is recognisable.
 */
import { hooksOf } from '../hooks/call.ts'
import { fingerprint } from '../json.ts'
import { type Announcement, LONGEST_MESSAGE, type OutboxEntry, type Sink } from '../model/announcement.ts'
import type { Move } from '../model/decision.ts'
import type { RunRecord } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'
import { clipped } from '../text.ts'
import type { Instant, Milliseconds } from '../time.ts'

/** Entries, and the bytes of their texts: what a status has room for. */
const MOST = 16
const LARGEST = 6144
const MINUTE = 60_000

/**
 * What is older is not told any more. The API server forgets Events after an hour, and would take them for new; an event hook is
 * for who looks on; what ends a run must be told.
 */
const toldWithin: Readonly<Record<Sink, Milliseconds>> = {
  event: 30 * MINUTE,
  'event hook': 10 * MINUTE,
  'post-rollout': 24 * 60 * MINUTE,
  alert: 24 * 60 * MINUTE,
  'commit status': 24 * 60 * MINUTE,
}

/** Until another one comes, a commit shows the last status that arrived: that its release began matters least. */
const isOfStart = ({ commit }: OutboxEntry): boolean => commit?.state === 'pending'

/**
 * Where there is no room for all: what gives way first, the oldest of each. What informs goes before what needs manual action, and
 * Events, which are in the log too, before what is told elsewhere; that a release failed goes last.
 */
const givesWay: readonly ((entry: OutboxEntry) => boolean)[] = [
  ({ sink, severity }) => sink === 'event hook' && severity === 'info',
  ({ sink, severity }) => sink === 'event' && severity === 'info',
  ({ sink }) => sink === 'event hook',
  entry => (entry.sink === 'alert' && entry.severity === 'info') || isOfStart(entry),
  ({ sink }) => sink === 'event',
  ({ sink, severity }) =>
    (sink === 'alert' && severity === 'warn') || (sink === 'commit status' && severity !== 'error'),
  ({ sink }) => sink === 'post-rollout',
  () => true,
]

export const lateAt = ({ sink, at }: OutboxEntry): Instant => at + toldWithin[sink]
export const isLate = (entry: OutboxEntry, now: Instant): boolean => now >= lateAt(entry)

/** The outbox with these entries; where there is no room for all, the oldest of those go that matter least. */
export function outboxWith(outbox: readonly OutboxEntry[], news: readonly OutboxEntry[]): readonly OutboxEntry[] {
  if (news.length === 0) return outbox
  const keys = new Set(news.map(({ key }) => key))
  const all = [...outbox.filter(({ key }) => !keys.has(key)), ...news]
  // A single entry always has room: its message is bounded where it is written.
  while (all.length > 1 && (all.length > MOST || sizeOf(all) > LARGEST)) {
    const first = givesWay.map(isFirst => all.findIndex(isFirst)).find(place => place >= 0)
    all.splice(first ?? 0, 1)
  }
  return all
}

const sizeOf = (entries: readonly OutboxEntry[]): number =>
  entries.reduce((bytes, { message, reason, key, hook, about, commit }) => {
    const facts = [about, commit].reduce((all, one) => all + (one === undefined ? 0 : JSON.stringify(one).length), 0)
    return bytes + message.length + reason.length + key.length + hook.length + facts + 64
  }, 0)

/** The outbox without an entry that was delivered, or given up for good. */
export function outboxWithout(outbox: readonly OutboxEntry[], key: string): readonly OutboxEntry[] {
  return outbox.filter(one => one.key !== key)
}

/** What another process left behind, without what its webhooks of type event are not told any more. */
export function withoutLate(outbox: readonly OutboxEntry[], now: Instant): readonly OutboxEntry[] {
  return outbox.filter(entry => entry.sink !== 'event hook' || !isLate(entry, now))
}

/** Events that the next leader records again. */
export function untold(outbox: readonly OutboxEntry[], now: Instant): OutboxEntry[] {
  return outbox.filter(entry => entry.sink === 'event' && !isLate(entry, now))
}

/** An announcement is an Event, and a call of each webhook of type event. */
export function entriesOf(o: Observation, announcements: readonly Announcement[]): OutboxEntry[] {
  const hooks = hooksOf(o, 'event')
  return announcements.flatMap((news): OutboxEntry[] => [
    { ...news, message: clipped(news.message, LONGEST_MESSAGE), sink: 'event', hook: '', run: '' },
    ...hooks.map(({ name }) => told(news, 'event hook', name, '')),
  ])
}

const told = (news: Announcement, sink: Sink, hook: string, run: string): OutboxEntry => ({
  ...news,
  message: clipped(news.message, LONGEST_MESSAGE),
  key: fingerprint([news.key, sink, hook]),
  sink,
  hook,
  run,
})

/** The run that this move ends, as seen by who waits for its end: a promotion ends when the canary has drained. */
function endedRun(o: Observation, { state, memory }: Move): RunRecord | null {
  const [ended] = memory.history
  if (ended === undefined) return null
  const isNew = o.memory.history[0]?.id !== ended.id
  if (isNew) return state.phase === 'Finalising' && ended.outcome === 'Succeeded' ? null : ended
  const wasDraining = o.state.phase === 'Finalising' && o.state.outcome === 'Succeeded'
  return wasDraining && state.phase !== 'Finalising' ? ended : null
}

/** Once per run that ended: a call of each webhook of type post-rollout. One that was canceled counts if pre-rollout was called. */
export function postRolloutOf(o: Observation, move: Move, now: Instant): OutboxEntry[] {
  const ended = endedRun(o, move)
  if (ended === null) return []
  const hooks = hooksOf(o, 'post-rollout')
  const begun = hooksOf(o, 'pre-rollout').some(({ name }) => o.memory.hooks.some(record => record.name === name))
  if (ended.outcome !== 'Succeeded' && ended.outcome !== 'Failed' && !begun) return []
  const key = fingerprint([o.canary.metadata.uid, ended.id])
  return hooks.map(({ name }) =>
    told({ severity: 'info', reason: ended.reason, message: '', key, at: now }, 'post-rollout', name, ended.id),
  )
}
