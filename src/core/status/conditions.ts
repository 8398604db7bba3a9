/**
 * Conditions by the kstatus rules (https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md): Ready,
 * Reconciling while something is under way, Stalled when only a person can help; and Flagger's Promoted.
 */
import type { CanaryStatus } from '../../api/status.ts'
import type { Move } from '../model/decision.ts'
import { at, recordsOf, textOf } from '../json.ts'
import { progressDeadline } from '../model/plan.ts'
import type { Observation } from '../model/observation.ts'
import { isStalling } from './reasons.ts'
import type { Phase } from '../model/state.ts'
import { beginning } from '../text.ts'
import type { Instant } from '../time.ts'

type Condition = NonNullable<CanaryStatus['conditions']>[number]

/** `status.message` has the whole sentence. */
const LONGEST_MESSAGE = 512

const promoted: Readonly<Record<Phase, Condition['status']>> = {
  Initializing: 'Unknown',
  Initialized: 'True',
  Waiting: 'Unknown',
  Progressing: 'Unknown',
  WaitingPromotion: 'Unknown',
  Promoting: 'Unknown',
  Finalising: 'Unknown',
  Succeeded: 'True',
  Failed: 'False',
  Terminating: 'Unknown',
}

const resting: readonly Phase[] = ['Initialized', 'Succeeded', 'Failed']

export function conditionsOf(o: Observation, move: Move, now: Instant): Condition[] {
  const { state, reason, message } = move
  const rests = resting.includes(state.phase)
  // A release that was rolled back stays rolled back until another revision is pushed.
  const stalled = isStalling(reason) || state.phase === 'Failed' || overdue(o, move, now)
  const ready =
    (state.phase === 'Initialized' || state.phase === 'Succeeded') && !stalled && reason !== 'PrimaryNotReady'
  const before = new Map(recordsOf(at(o.canary['status'], 'conditions')).map(one => [one['type'], one]))
  const condition = (type: string, status: Condition['status'], why: string): Condition => {
    const earlier = before.get(type)
    const since = earlier?.['status'] === status ? textOf(earlier['lastTransitionTime']) : ''
    const lastTransitionTime = since === '' ? new Date(now).toISOString() : since
    const observedGeneration = o.canary.metadata.generation ?? 0
    return {
      type,
      status,
      reason: why,
      message: beginning(message, LONGEST_MESSAGE),
      lastTransitionTime,
      observedGeneration,
    }
  }
  const yes = (fact: boolean): Condition['status'] => (fact ? 'True' : 'False')
  return [
    condition('Promoted', promoted[state.phase], state.phase),
    condition('Ready', yes(ready), reason),
    condition('Reconciling', yes(!rests && !stalled), reason),
    condition('Stalled', yes(stalled), reason),
  ]
}

/** A target that does not get ready to be cloned, or its primary, is waited for, and complained about after the deadline. */
function overdue(o: Observation, { state }: Move, now: Instant): boolean {
  if (state.phase !== 'Initializing' || state.stage !== 'cloning' || state.waiting === null) return false
  return now - state.waiting.since >= progressDeadline(o.canary)
}
