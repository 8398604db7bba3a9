/** What a rule may answer: a move, a question, a request to read, or that the rest of its chain decides. */
import type { Kind, Ref } from '../../api/object.ts'
import type { Announcement, OutboxEntry } from './announcement.ts'
import type { Check } from './check.ts'
import type { HookCall } from './hook.ts'
import type { Memory } from './memory.ts'
import type { Observation } from './observation.ts'
import type { State } from './state.ts'
import type { Instant } from '../time.ts'
import type { Write } from './write.ts'
import type { Reason, Severity } from '../status/reasons.ts'

/** What is announced. */
export interface News {
  /** Where it is not the one of the reason. */
  readonly severity?: Severity
  readonly reason: Reason
  readonly message: string
}

/** What holds, and is announced once for as long as it does. */
export interface Report extends News {
  /** What it is about, where its words may change meanwhile: the same is not announced again. */
  readonly about?: string
}

/** The next state, why, and when to decide again. */
export interface Move {
  readonly state: State
  readonly memory: Memory
  readonly reason: Reason
  readonly message: string
  /** null: nothing is due; only a change of the world wakes the canary. */
  readonly wakeAt: Instant | null
  readonly announcements: readonly Announcement[]
  /** `unchanged`: what was reported before still holds. */
  readonly report?: Report | 'unchanged'
}

/** `decide` is run again with the answers. */
export interface Ask {
  readonly ask: readonly [Check, ...Check[]]
}

/** Objects to be read from the API server itself: one by name, or those of a kind that carry labels. */
export type Source =
  | { readonly ref: Ref }
  | { readonly kind: Kind; readonly namespace: string; readonly labels: Readonly<Record<string, string>> }

/** What a decision rests on has to be read first; then `decide` is run again, with `sight` saying how that went. */
export interface Read {
  readonly read: readonly Source[]
  /** What is seen once they are read. A rollback may wait for `live`. */
  readonly sight: 'target' | 'endpoints' | 'live'
}

/** The calls of webhooks that are under way; no other is. Nothing waits for them: their answers are findings of a later pass. */
interface Calls {
  readonly calls: readonly HookCall[]
}

/** A question, and what is put right meanwhile: drift is corrected also while a metrics server hangs. */
export interface Question extends Ask, Calls {
  readonly writes: readonly Write[]
}

/** A move and the writes that follow from it, safe in any order and subset. */
export interface Decision extends Omit<Move, 'report'>, Calls {
  /** What has to be told: the announcements, and what is told with them. */
  readonly outbox: readonly OutboxEntry[]
  readonly writes: readonly Write[]
}

/** The rules that follow decide with this state and memory. */
export interface Passed {
  readonly passed: Pick<Observation, 'memory'> & { readonly state: State }
}

/** One sentence of the specification; undefined means that it does not apply. */
export type Rule<O extends Observation = Observation> = (o: O, now: Instant) => Move | Ask | Read | Passed | undefined

/** A rule that always answers. */
export type LastRule<O extends Observation = Observation> = (o: O, now: Instant) => Move | Ask | Read

/** The first rule that applies decides. */
export type Chain<O extends Observation = Observation> = readonly [...Rule<O>[], LastRule<O>]

/** What a chain decides. */
export function decideBy<O extends Observation>(chain: Chain<O>, observed: O, now: Instant): Move | Ask | Read {
  let o = observed
  for (const rule of chain) {
    const answer = rule(o, now)
    if (answer === undefined) continue
    if (!('passed' in answer)) return answer
    o = { ...o, ...answer.passed }
  }
  throw new Error('the last rule of a chain always answers')
}
