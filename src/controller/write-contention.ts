/**
 * Who keeps changing what we own? A write that has to be repeated, word for word, again and again within a minute meets
 * another writer. It is left alone for a while and said, instead of fought over.
 */
import { refKey } from '../api/object.ts'
import { fingerprint } from '../core/json.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import type { Write } from '../core/model/write.ts'

const MINUTE: Milliseconds = 60_000
/** The same write this often within a minute is a fight. */
const PATIENCE = 5
/** How long the object is then left as it is. */
const TRUCE: Milliseconds = 30_000

interface Page {
  readonly fingerprint: string
  readonly times: readonly Instant[]
}

export class WriteContention {
  readonly #pages = new Map<string, Page>()

  /** When this write may be made again: now, or the end of the truce. */
  mayWriteAt(write: Write, now: Instant): Instant {
    const page = this.#pages.get(refKey(write.ref))
    if (page === undefined || page.fingerprint !== fingerprint(meaning(write))) return now
    const lately = page.times.filter(time => now - time < MINUTE)
    const last = lately[lately.length - 1]
    return lately.length < PATIENCE || last === undefined ? now : Math.max(now, last + TRUCE)
  }

  /** The write was made. */
  note(write: Write, now: Instant): void {
    // Giving up what is as it should be is no part of a fight.
    if (write.verb === 'disown') return
    const key = refKey(write.ref)
    const print = fingerprint(meaning(write))
    const page = this.#pages.get(key)
    const earlier = page?.fingerprint === print ? page.times.filter(time => now - time < MINUTE) : []
    this.#pages.set(key, { fingerprint: print, times: [...earlier, now] })
  }
}

/** What a write says, without the version that it was based on. */
function meaning(write: Write): unknown {
  switch (write.verb) {
    case 'apply':
    case 'create':
    case 'replace':
      // The rest of a replace is what was there before, and changes by itself.
      return [write.object.metadata.labels, write.object.spec]
    case 'merge':
    case 'status': {
      const { resourceVersion: _, ...metadata } = (write.patch['metadata'] ?? {}) as Record<string, unknown>
      return { ...write.patch, metadata }
    }
    case 'patch':
      return write.operations
    case 'delete':
    case 'disown':
    case 'copy':
      return write.verb
  }
}
