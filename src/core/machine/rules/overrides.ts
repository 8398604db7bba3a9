/** The split that is carried although another one is asked for, because a side has no ready pod: it is announced. */
import { kindAndName } from '../../model/names.ts'
import type { Announcement } from '../../model/announcement.ts'
import { requestedOf, standInSentence } from '../../model/selectors.ts'
import type { News } from '../../model/decision.ts'
import { recurringEvent } from '../move.ts'
import type { Observation } from '../../model/observation.ts'
import { asks, compare, sameTraffic } from '../../model/traffic.ts'
import { postureOf } from '../postures.ts'
import type { Instant } from '../../time.ts'

/** @param o with the state and memory that the move leads to. */
export function overrides(o: Observation, told: readonly Announcement[], now: Instant): Announcement[] {
  const { state, names, unseen, hidden } = o
  if (unseen !== null || hidden !== null) return []
  const requested = requestedOf(state)
  const { traffic } = postureOf(o, state)
  // Once the routes show it, it was told.
  if (traffic === null || sameTraffic(traffic, requested) || asks(o.traffic, traffic)) return []
  const none = `${kindAndName(names.target)} has no ready pod of the candidate; ${names.primary.name} serves all traffic until it does`
  const news: News =
    compare(traffic, requested) > 0
      ? { reason: 'PrimaryNotReady', message: standInSentence(o) }
      : { reason: 'CanaryNotReady', message: none }
  return told.some(({ reason }) => reason === news.reason) ? [] : [recurringEvent(o, news, now)]
}
