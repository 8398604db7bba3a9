/** What a phase wants of the world, before it is told in objects. */
import type { Revision } from './state.ts'
import type { RetiredCookie } from './memory.ts'
import type { Sticky, Traffic } from './traffic.ts'

export interface Posture {
  /** The split that is requested of the routes; null: they are not touched. */
  readonly traffic: Traffic | null
  /** Callers that stay with the side that answered them; null: each request is drawn. */
  readonly sticky: Sticky | null
  /** A cookie of a run that is over: callers that send it go to the primary, and lose it. */
  readonly retired: RetiredCookie | null
  /**
   * Where callers of the apex go: `primary` (the apex Service and routes point at the primary), `target` (a canary that is
   * deleted hands them back), or `untouched`.
   */
  readonly callers: 'primary' | 'target' | 'untouched'
  /**
   * Pods of the target: as many as desired, none, or not touched. `starting`: as many as desired, before any of them carries; an
   * autoscaler does not decide yet where it can be kept from it.
   */
  readonly canaryPods: 'as desired' | 'starting' | 'none' | 'untouched'
  /** The target is kept from rolling; false lifts a lock of ours. */
  readonly lock: boolean
  /** The revision whose pods the canary Service selects; null leaves it as it is. */
  readonly judged: Revision | null
  /** The template that the primary runs; null: the primary is not touched. */
  readonly primary: Revision | null
  /** The present template of the target is recorded under this revision; null: nothing to record. */
  readonly record: Revision | null
  /** The template that the target is set to (deletion); null: the user's own. */
  readonly target: Revision | null
  /**
   * Whether Services and routes follow `spec.service`. `as it was`: the spec is refused, so live objects keep what they say and
   * only weights and the judged pods follow.
   */
  readonly service: 'as written' | 'as it was'
  /**
   * What we made goes, the finalizer last. With pods of the target as desired, a pause of its autoscaler goes on so far that it may
   * add pods, and the finalizer stays with it.
   */
  readonly remove: 'nothing' | 'everything'
}
