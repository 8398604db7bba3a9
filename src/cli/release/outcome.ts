/**
 * One read of a Canary → how far the release of a revision is, and the exit code that says so. Pure. The first row that fits counts:
 *
 * | what is seen | answer |
 * | --- | --- |
 * | being deleted; a status of an earlier generation, or none | waits |
 * | the candidate is the revision: waits for a person | 4 |
 * | … stalled for ten seconds | 5 |
 * | … anything else, its promotion included | waits |
 * | the promoted one is it, and nothing is under way | 0 |
 * | the rejected one is it | 3 |
 * | none of them is it | another, or not seen yet: the caller reads the target again |
 */
import type { KubeObject } from '../../api/object.ts'
import type { CanaryStatus } from '../../api/status.ts'
import { at, numberOf, recordOf } from '../../core/json.ts'
import { candidateOf, promotedOf, short } from '../../core/model/selectors.ts'
import type { State } from '../../core/model/state.ts'
import { readStatus, wireStatus } from '../../core/status/read-status.ts'
import { isReason, isStalling } from '../../core/status/reasons.ts'
import type { Instant, Milliseconds } from '../../core/time.ts'
import type { Meant } from './target.ts'

/** Exit codes of `sluice status`. */
export const CODES = { promoted: 0, error: 1, usage: 2, rolledBack: 3, person: 4, stalled: 5, timeout: 124 } as const

export type Ended = 'promoted' | 'error' | 'rolledBack' | 'person' | 'stalled' | 'timeout'

/**
 * - `ended`: with that exit code, unless the caller waits longer.
 * - `under way`: the release of the revision goes on.
 * - `waits`: for the controller.
 * - `another`: another revision is released in its place; null: which one is not known.
 * - `unseen`: the controller has not seen the revision yet.
 */
export type Reading =
  | { readonly is: 'ended'; readonly how: Ended; readonly sentence: string }
  | { readonly is: 'under way' | 'waits'; readonly sentence: string }
  | { readonly is: 'another' | 'unseen'; readonly sentence: string; readonly candidate: string | null }

/** What earlier reads have shown. */
export interface Before {
  /** The revision was seen as the candidate. */
  readonly wasCandidate: boolean
  /** Since when the Canary is seen to be stalled; null: it is not. */
  readonly stalledSince: Instant | null
}

/** Nothing was seen yet. */
export const FIRST_READ: Before = { wasCandidate: false, stalledSince: null }

/** So long something is in the way before it is called stalled: what is applied in one go arrives one after the other. */
export const STALLED_FOR: Milliseconds = 10_000

/** @param before what the reads before have shown. */
export function readingOf(canary: KubeObject, meant: Meant, before: Before, now: Instant): Reading {
  const status = wireStatus(recordOf(canary['status']))
  const { name, generation = 0, deletionTimestamp } = canary.metadata
  if (status === null)
    return ended(
      'error',
      `The status of Canary ${name} was written by another version of Sluice: use the sluice of that version`,
    )
  const waits = (sentence: string): Reading => ({ is: 'waits', sentence })
  if (deletionTimestamp !== undefined || status.phase === 'Terminating') return waits(`Canary ${name} is being deleted`)
  if (numberOf(at(status, 'observedGeneration'), -1) !== generation)
    return waits(`The controller has not seen the latest change of Canary ${name}`)
  const { message = '' } = status
  const isStalled = before.stalledSince !== null && now - before.stalledSince >= STALLED_FOR
  if (status.phase === undefined)
    return isStalled ? ended('stalled', message) : waits(`The controller has not initialized Canary ${name} yet`)
  const { state } = readStatus(status, now)
  const isTracking = status.trackedConfigs !== undefined
  const is = (revision: string | null): boolean => revision !== null && meant.is(revision, isTracking)
  const candidate = candidateOf(state)
  if (is(candidate)) return ofCandidate(canary, status, state, isStalled)
  if (candidate !== null) return ofAnother(status, candidate, is(promotedOf(state)), meant, before)
  if (state.phase === 'Finalising' || state.phase === 'Initializing') {
    const isIt = state.phase === 'Initializing' ? is(state.revision) : is(state.promoted) || is(state.rejected)
    if (isStalled) return ended('stalled', message)
    return isIt ? waits(message) : { is: 'unseen', sentence: message, candidate: null }
  }
  if (!('rejected' in state)) return waits(message)
  if (is(state.rejected)) return status.retry === undefined ? ended('rolledBack', message) : waits(message)
  if (is(state.promoted)) return state.phase === 'Failed' ? waits(message) : ended('promoted', message)
  if (isStalled) return ended('stalled', message)
  const sentence = `Waiting for the controller to see revision ${meant.short} on the target`
  return { is: before.wasCandidate ? 'another' : 'unseen', sentence, candidate: null }
}

/**
 * Since when the status says that something is in the way which only a person can mend; null: nothing is. A rollback that is over is
 * no such thing.
 */
export function stalledSince(canary: KubeObject): Instant | null {
  const status = wireStatus(recordOf(canary['status']))
  if (status === null || status.observedGeneration !== (canary.metadata.generation ?? 0)) return null
  const { reason, phase, conditions = [] } = status
  const stalled = conditions.find(one => one.type === 'Stalled' && one.status === 'True')
  if (stalled === undefined || (phase === 'Failed' && !(isReason(reason) && isStalling(reason)))) return null
  return Date.parse(stalled.lastTransitionTime)
}

const ended = (how: Ended, sentence: string): Reading => ({ is: 'ended', how, sentence })

function ofCandidate(canary: KubeObject, status: CanaryStatus, state: State, isStalled: boolean): Reading {
  const { message = '' } = status
  if (isStalled) return ended('stalled', message)
  const awaited = personFor(canary, status, state)
  return awaited === null ? { is: 'under way', sentence: message } : ended('person', awaited)
}

/** Why only a person continues the release, or null; a promotion under way is not held up by a pause. */
function personFor(canary: KubeObject, { reason, paused, message = '' }: CanaryStatus, state: State): string | null {
  const field = (['paused', 'suspend'] as const).find(name => at(canary.spec, name) === true)
  const pause = field === undefined ? paused && `paused by ${paused}` : `spec.${field} is true`
  const isHeld = state.phase === 'Progressing' || state.phase === 'WaitingPromotion'
  if (pause !== undefined && (isHeld || state.phase === 'Waiting')) {
    // The message follows a moment later.
    return message.includes(pause) ? message : `The release holds: ${pause}`
  }
  if (!isHeld) return null
  // The sentence on show is the old one for a moment after the command.
  const isApproved = state.approved === 'full' || state.approved === state.traffic.canary
  const isPending = reason === 'WaitingForApproval' && !isApproved
  return state.hold?.by === 'override' || isPending ? message : null
}

/** The candidate is another one. The revision itself may have been promoted just before. */
function ofAnother(
  { history = [], message = '' }: CanaryStatus,
  candidate: string,
  isPromoted: boolean,
  meant: Meant,
  { wasCandidate }: Before,
): Reading {
  const [last] = history
  const hasEnded = last !== undefined && meant.is(last.revision, true)
  if (isPromoted && wasCandidate && hasEnded && last.outcome === 'Succeeded') return ended('promoted', last.message)
  if (wasCandidate && hasEnded && last.outcome === 'Failed') return ended('rolledBack', last.message)
  if (wasCandidate || hasEnded)
    return {
      is: 'another',
      candidate,
      sentence: `Revision ${short(candidate)} is released instead of ${meant.short}: ${message}`,
    }
  return {
    is: 'unseen',
    sentence: `Revision ${short(candidate)} is under way; waiting for the controller to see ${meant.short}`,
    candidate,
  }
}
