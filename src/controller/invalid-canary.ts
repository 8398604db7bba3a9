/** A Canary that cannot be read: one sentence, no change of anything; one that is being deleted is let go. */
import type { KubeObject } from '../api/object.ts'
import { unreadable } from '../core/machine/invalid-canary.ts'
import type { Announcement } from '../core/model/announcement.ts'
import type { Decision } from '../core/model/decision.ts'
import type { Observation } from '../core/model/observation.ts'
import { worthOf } from '../core/status/status-write-policy.ts'
import type { ApplyPorts } from './apply.ts'
import type { Calls } from './calls.ts'
import { afterCommit, commitStatus } from './commit.ts'
import type { ProcessMemory } from './process-memory.ts'
import { sendWrite } from './send-write.ts'
import type { Step } from './step.ts'

interface InvalidPorts extends ApplyPorts {
  readonly watcher: (key: string, observation: Observation | null, decision: Decision | null) => void
}

/** @param tell announces, once the status is written. */
export function* reportInvalid(
  { cache, clock, wake, watcher }: InvalidPorts,
  calls: Calls,
  key: string,
  known: ProcessMemory,
  canary: KubeObject,
  problems: readonly string[],
  tell: (announcement: Announcement) => void,
): Step<void> {
  const now = clock.now()
  const { status, announcement, release } = unreadable(canary, problems, now)
  const wasUncertain = known.isStatusUncertain
  let present = canary
  if (worthOf(known.status, status) !== 'nothing') {
    const committed = yield* commitStatus(cache, calls, known, canary, status, 'normal')
    if (committed === null) return wake(key, now)
    present = { ...canary, metadata: committed.metadata }
    tell(announcement)
  } else if (wasUncertain) tell(announcement)
  known.isStatusUncertain = false
  watcher(key, null, null)
  if (release !== null) yield* sendWrite(cache, calls, afterCommit(release, canary, present), 'normal')
}
