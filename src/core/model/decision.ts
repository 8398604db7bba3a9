/** What a rule may answer: a move, or a question. */
import type { Kind, Ref } from '../../api/object.ts'
import type { Announcement } from './announcement.ts'
import type { Check } from './check.ts'
import type { Memory } from './memory.ts'
import type { Observation } from './observation.ts'
import type { Phase, State } from './state.ts'
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

/** What a verdict rests on has to be read first; then `decide` is run again, with `sight` saying how that went. */
export interface Read {
  readonly read: readonly Source[]
}

/** A question, and what is put right meanwhile: a metrics server that hangs keeps nobody from undoing a drift. */
export interface Question extends Ask {
  readonly writes: readonly Write[]
}

/** A move and the writes that follow from it, safe in any order and subset. */
export interface Decision extends Omit<Move, 'report'> {
  readonly writes: readonly Write[]
}

/** One sentence of the specification; undefined means that it does not apply. */
export type Rule<P extends Phase> = (o: Observation<P>, now: Instant) => Move | Ask | Read | undefined

/** A chain of rules, or a rule that is never silent. */
export type Handler<P extends Phase> = (o: Observation<P>, now: Instant) => Move | Ask | Read

/** The first rule that applies decides; the last may not be silent. */
export function firstOf<P extends Phase>(...rules: [...Rule<P>[], Handler<P>]): Handler<P> {
  const last = rules[rules.length - 1] as Handler<P>
  return (o, now) => {
    for (const rule of rules) {
      const said = rule(o, now)
      if (said !== undefined) return said
    }
    return last(o, now)
  }
}
