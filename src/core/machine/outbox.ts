/**
 * Announcements whose Event may not exist yet. They are in the status, which is written before they are announced, and leave it
 * once the API server has the Event; the next leader records them under the same names, so none is lost and
 * none is doubled.
 */
import type { Announcement } from '../model/announcement.ts'
import type { Instant, Milliseconds } from '../time.ts'

/** Entries, and the bytes of their texts: what a status has room for. */
const MOST = 16
const LARGEST = 4096
/** What is older was told long ago: the API server forgets Events after an hour, and would take them for new. */
const TOLD_WITHIN: Milliseconds = 1_800_000

/** The outbox with these announcements; the oldest go where there is no room for all. */
export function outboxWith(outbox: readonly Announcement[], news: readonly Announcement[]): readonly Announcement[] {
  if (news.length === 0) return outbox
  const keys = new Set(news.map(({ key }) => key))
  const all = [...outbox.filter(({ key }) => !keys.has(key)), ...news].slice(-MOST)
  let bytes = 0
  const from = all.findLastIndex(one => {
    bytes += one.message.length + one.reason.length + one.key.length + 64
    return bytes > LARGEST
  })
  // A single announcement always has room: its message is bounded where it is written.
  return from === all.length - 1 ? all.slice(-1) : all.slice(from + 1)
}

/** The outbox without an announcement that was delivered, or given up for good. */
export function outboxWithout(outbox: readonly Announcement[], key: string): readonly Announcement[] {
  return outbox.filter(one => one.key !== key)
}

/** What the next leader records again. */
export function untold(outbox: readonly Announcement[], now: Instant): Announcement[] {
  return outbox.filter(({ at }) => now - at < TOLD_WITHIN)
}
