/** The split that is carried although another one is asked for, because a side has no ready pod: people hear of it. */
import type { Announcement } from '../../model/announcement.ts'
import { shows, standInSentence } from '../../model/selectors.ts'
import { type News, recurringEvent } from '../move.ts'
import type { Observation } from '../../model/observation.ts'
import { postureOf } from '../postures.ts'
import type { Instant } from '../../time.ts'

/** @param o with the state and memory that the move leads to. */
export function overrides(o: Observation, told: readonly Announcement[], now: Instant): Announcement[] {
  const { state, names, unseen, hidden } = o
  if (unseen !== null || hidden !== null) return []
  const requested = 'weight' in state ? state.weight : 0
  const { weight } = postureOf(o, state)
  // Once the routes show it, it was told.
  if (weight === null || weight === requested || shows(o, weight)) return []
  const none = `Deployment ${names.target.name} has no ready pod of the candidate; ${names.primary.name} carries all traffic until it has`
  const news: News =
    weight > requested
      ? { severity: 'error', reason: 'PrimaryNotReady', message: standInSentence(o) }
      : { severity: 'warn', reason: 'CanaryNotReady', message: none }
  return told.some(({ reason }) => reason === news.reason) ? [] : [recurringEvent(o, news, now)]
}
