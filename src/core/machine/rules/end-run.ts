/** How a run ends: what is written into history, and the state that follows. */
import { kindAndName } from '../../model/names.ts'
import type { Move } from '../../model/decision.ts'
import { runOf, withImage } from '../../model/selectors.ts'
import type { Memory, Outcome, RunRecord } from '../../model/memory.ts'
import { transition } from '../move.ts'
import type { Observation } from '../../model/observation.ts'
import type { Reason } from '../../status/reasons.ts'
import type { Analysis, Run, State } from '../../model/state.ts'
import type { Instant } from '../../time.ts'
import { inWords, isNone } from '../../model/traffic.ts'

/** How many runs `status.history` keeps. */
const HISTORY = 10

/** The word and the sentence that decided. */
export type Ending = Pick<RunRecord, 'reason' | 'message'>

/** The memory with this run in its history. */
export function remember(memory: Memory, run: Run, outcome: Outcome, news: Ending, now: Instant): Memory {
  const record = {
    id: run.id,
    revision: run.candidate,
    startedAt: run.startedAt,
    endedAt: now,
    outcome,
    highest: run.highest,
    reason: news.reason,
    message: news.message,
  }
  return {
    ...memory,
    retry: null,
    history: [record, ...memory.history.filter(one => one.id !== run.id)].slice(0, HISTORY),
  }
}

/**
 * A candidate that never had a weight has no answers under way. While a run clears, it is the candidate before it that
 * may have some.
 */
export function carriedNothing({ traffic }: Pick<Observation, 'traffic'>, run: Run): boolean {
  // What a client gave it by hand has answers under way like any other.
  if ((traffic?.high ?? 0) > 0) return false
  return 'routedAt' in run && (run as Analysis).stage !== 'draining' && run.highest === 0 && isNone(run.traffic)
}

/** Takes the release back: traffic first, pods once it is drained. */
export function rollBack(o: Observation, run: Run, reason: Reason, because: string, now: Instant): Move {
  const when = run.highest === 0 ? 'before it received traffic' : `at weight ${inWords(run.traffic)}`
  const message = `Rolled back ${withImage(o, run.candidate)} ${when}: ${because}`
  const failed: State = {
    phase: 'Failed',
    promoted: run.promoted,
    rejected: run.candidate,
    carriedAt: null,
    drained: carriedNothing(o, run),
  }
  return transition(
    o,
    failed,
    { reason, message, severity: 'error' },
    now,
    remember(o.memory, run, 'Failed', { reason, message }, now),
  )
}

/** The target was set back to the promoted revision: no verdict, no rejected revision. */
export function withdraw(o: Observation, now: Instant): Move | undefined {
  const run = runOf(o.state)
  if (run === null) return undefined
  const message = `${kindAndName(o.names.target)} was set back to the promoted revision ${withImage(o, run.promoted)}; the release of ${withImage(o, run.candidate)} is canceled`
  const state: State = {
    phase: 'Finalising',
    promoted: run.promoted,
    rejected: run.rejected,
    carriedAt: null,
    outcome: 'Withdrawn',
    because: '',
    waiting: null,
  }
  const news = { reason: 'Withdrawn', message } as const
  return transition(o, state, news, now, remember(o.memory, run, 'Withdrawn', news, now))
}
