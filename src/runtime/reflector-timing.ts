/** How long a reflector waits. */
import type { Milliseconds } from '../core/time.ts'

/** All in milliseconds, as the table in reflector.ts says; tests shorten them. */
export interface ReflectorTiming {
  readonly firstBackoff: Milliseconds
  readonly longestBackoff: Milliseconds
  readonly shortestWatch: Milliseconds
  readonly longestWatch: Milliseconds
  /** Waits for a kind that is not served, or may not be seen. */
  readonly absentRetry: Milliseconds
  readonly forbiddenRetry: Milliseconds
  /** Of one page. */
  readonly listDeadline: Milliseconds
  /** A watch that ends sooner than this and brought nothing has failed. */
  readonly tooShort: Milliseconds
}

/** What is not said otherwise. */
export const TIMING: ReflectorTiming = {
  firstBackoff: 800,
  longestBackoff: 30_000,
  shortestWatch: 300_000,
  longestWatch: 600_000,
  // A CRD that is installed, or a permission that is granted, takes effect within half a minute.
  absentRetry: 27_000,
  forbiddenRetry: 27_000,
  listDeadline: 60_000,
  tooShort: 1000,
}
