/** Which message the next alerts of a run follow, where the server has threads. */
import type { AlertThread } from '../core/model/alert.ts'
import type { OutboxEntry } from '../core/model/announcement.ts'
import type { AlertEnd } from './alert-deliveries.ts'

/** A Canary has at most as many alerts; one that was renamed leaves its thread behind for a while. */
const MOST = 4

/** The first message of a run begins its thread, in the place of the one of the run before. */
export function threadsAfter(
  threads: readonly AlertThread[],
  { hook: alert, run }: OutboxEntry,
  end: AlertEnd,
): readonly AlertThread[] {
  if (end.outcome !== 'delivered' || end.thread === null || run === '') return threads
  if (threads.some(one => one.alert === alert && one.run === run)) return threads
  const others = threads.filter(one => one.alert !== alert)
  return [...others, { alert, run, thread: end.thread }].slice(-MOST)
}
