/** Applies the writes of a decision, all at once; what fails is on show in the status after the next pass. */
import { refKey } from '../api/object.ts'
import { isAlreadyExists, isConflict, isNamespaceTerminating, isNotFound } from '../core/errors.ts'
import type { Write } from '../core/model/write.ts'
import type { Clock, Lane, Log } from '../core/ports.ts'
import type { Instant } from '../core/time.ts'
import type { Calls } from './calls.ts'
import { readLive } from './live-reads.ts'
import type { ObjectCache } from './object-cache.ts'
import type { ProcessMemory } from './process-memory.ts'
import { sendWrite } from './send-write.ts'
import type { Step } from './step.ts'
import { Contested, mayCreate, NamespaceEnding, writeErrorOf } from './write-errors.ts'

/** Passes in a row that meet something newer, after which that is as good as a refusal. */
const MOST_STALE_PASSES = 5

export interface ApplyPorts {
  readonly cache: ObjectCache
  readonly clock: Clock
  readonly log: Log
  /** Wakes a Canary at a time, or at once. */
  readonly wake: (key: string, at: Instant) => void
  /** Told of a write that is made; what it answers with is told of what it failed with, null where it did not. */
  readonly writing?: ((key: string, write: Write) => (error: unknown) => void) | undefined
}

interface Failure {
  readonly write: Write
  readonly error: unknown
}

/** Throws what the next pass can only try again, after a backoff. */
export function* applyWrites(
  ports: ApplyPorts,
  calls: Calls,
  key: string,
  known: ProcessMemory,
  writes: readonly Write[],
  lane: Lane,
): Step<void> {
  const { cache, clock, log, wake } = ports
  const results = yield* calls.all(writes.map(write => attempt(ports, calls, key, known, write, lane)))
  const failed = results.filter(result => result !== null)
  // Another client was faster: what was read is old, and the next pass sees what is new.
  const stale = failed.filter(({ error }) => isConflict(error) || isNotFound(error) || isAlreadyExists(error))
  known.stalePasses = stale.length > 0 ? known.stalePasses + 1 : 0
  const refused = failed.find(failure => known.stalePasses > MOST_STALE_PASSES || !stale.includes(failure))
  const writeError = refused === undefined ? null : writeErrorOf(refused.write, refused.error)
  const isNews = writeError?.message !== known.writeError?.message
  known.writeError = writeError
  if (refused !== undefined) {
    const { write, error } = refused
    log.warn('write failed', { canary: key, verb: write.verb, object: refKey(write.ref), error: writeError?.message })
    // The next pass says it, after its backoff: the words of an error may be others each time.
    if (!isOnHold(error)) throw error
    if (isNews) wake(key, clock.now())
  } else if (isNews || stale.length > 0) {
    yield* calls.all(stale.map(({ write }) => readLive(cache, calls, write.verb === 'copy' ? write.from : write.ref)))
    wake(key, clock.now())
  }
}

/** null: the write was made. */
function* attempt(
  { cache, clock, wake, writing }: ApplyPorts,
  calls: Calls,
  key: string,
  known: ProcessMemory,
  write: Write,
  lane: Lane,
): Step<Failure | null> {
  const now = clock.now()
  const mayAt = known.contention.mayWriteAt(write, now)
  if (mayAt > now) {
    wake(key, mayAt)
    return { write, error: new Contested() }
  }
  if (known.isNamespaceTerminating && mayCreate(write)) return { write, error: new NamespaceEnding() }
  const made = writing?.(key, write)
  try {
    yield* sendWrite(cache, calls, write, lane)
    known.contention.note(write, now)
    made?.(null)
    return null
  } catch (error) {
    made?.(error)
    known.isNamespaceTerminating ||= isNamespaceTerminating(error)
    return { write, error }
  }
}

/** Whether repeating the write at once is useless: it has its own time, or none. */
const isOnHold = (error: unknown): boolean =>
  error instanceof Contested || error instanceof NamespaceEnding || isNamespaceTerminating(error)
