/**
 * Hashes of the ConfigMaps and Secrets that canaries mount. Watches bring their metadata alone; the content is read by name,
 * once for each version of a mounted object, and only its hash is kept. So a namespace may hold hundreds of large ConfigMaps,
 * and no Secret is in this process for longer than its hash takes.
 */
import { refKey, type KubeObject, type Ref } from '../api/object.ts'
import { isForbidden, isTooLarge } from '../core/errors.ts'
import type { Clock, KubeApi, Sha256 } from '../core/ports.ts'
import { hashOfContent } from '../core/render/content.ts'
import type { Milliseconds } from '../core/time.ts'
import { Backoff, withDeadline } from '../runtime/timing.ts'

/** What is known of the content of one object. */
export interface Content {
  /** Of the newest version that was read; null before the first. */
  readonly hash: string | null
  /** Why the present version cannot be read, as a sentence; null while it was, or soon may be. */
  readonly problem: string | null
}

export interface ContentPorts {
  readonly api: KubeApi
  /** Should be one that does not jump. */
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly sha256: Sha256
  /** Wakes a canary that waits for a content. */
  readonly wake: (canary: string) => void
}

interface Entry {
  readonly ref: Ref
  /** Version of the metadata that the last read was made for: a read is never made twice for one. */
  askedFor: string
  hash: string | null
  problem: string | null
  failures: number
  state: 'idle' | 'queued' | 'reading'
  /** Reads that were begun, and the newest of them that was answered: an earlier one tells of an older version. */
  begun: number
  answered: number
  cancelRetry: () => void
  readonly backoff: Backoff
  readonly canaries: Set<string>
}

/** Reads at one time in one namespace: contents of a megabyte each must not fill the memory. */
const AT_ONCE = 2
const DEADLINE: Milliseconds = 15_000
/** Failures in a row after which a read that may yet succeed is said. */
const SAID_AFTER = 3

export class ConfigContents {
  readonly #ports: ContentPorts
  readonly #entries = new Map<string, Entry>()
  readonly #byCanary = new Map<string, ReadonlySet<string>>()
  /** Namespace → entries that wait for their read, and how many are under way. */
  readonly #reads = new Map<string, { readonly queued: Entry[]; underWay: number }>()
  readonly #stop = new AbortController()

  constructor(ports: ContentPorts) {
    this.#ports = ports
  }

  /**
   * What is known of an object that a canary mounts. A version that was not read yet is read now, and the canary woken;
   * until then the content before it is what is known, as if its watch were late.
   */
  of(ref: Ref, { metadata }: KubeObject, canary: string): Content {
    const key = refKey(ref)
    const version = `${metadata.uid ?? ''}@${metadata.resourceVersion ?? ''}`
    const entry = this.#entries.get(key) ?? this.#newEntry(key, ref)
    entry.canaries.add(canary)
    if (entry.askedFor !== version) {
      entry.askedFor = version
      entry.failures = 0
      entry.backoff.reset()
      this.#queue(entry)
    }
    return { hash: entry.hash, problem: entry.problem }
  }

  /** From now on the canary mounts these, and no others; what no canary mounts is forgotten. */
  retain(canary: string, refs: readonly Ref[]): void {
    const keys = new Set(refs.map(refKey))
    for (const key of this.#byCanary.get(canary) ?? []) {
      if (keys.has(key)) continue
      const entry = this.#entries.get(key)
      entry?.canaries.delete(canary)
      if (entry === undefined || entry.canaries.size > 0) continue
      entry.cancelRetry()
      this.#entries.delete(key)
    }
    if (keys.size === 0) this.#byCanary.delete(canary)
    else this.#byCanary.set(canary, keys)
  }

  close(): void {
    this.#stop.abort()
    for (const entry of this.#entries.values()) entry.cancelRetry()
    this.#entries.clear()
  }

  #newEntry(key: string, ref: Ref): Entry {
    const backoff = new Backoff(500, 30_000, this.#ports.random)
    const entry: Entry = {
      ref,
      askedFor: '',
      hash: null,
      problem: null,
      failures: 0,
      state: 'idle',
      begun: 0,
      answered: 0,
      cancelRetry: () => {},
      backoff,
      canaries: new Set(),
    }
    this.#entries.set(key, entry)
    return entry
  }

  #queue(entry: Entry): void {
    entry.cancelRetry()
    if (entry.state === 'queued' || this.#stop.signal.aborted) return
    const reads = this.#reads.get(entry.ref.namespace) ?? { queued: [], underWay: 0 }
    this.#reads.set(entry.ref.namespace, reads)
    // One that is being read is read once more afterwards: what arrives may be older than what was asked for since.
    entry.state = 'queued'
    reads.queued.push(entry)
    this.#start(entry.ref.namespace)
  }

  #start(namespace: string): void {
    const reads = this.#reads.get(namespace)
    if (reads === undefined) return
    while (reads.underWay < AT_ONCE) {
      const entry = reads.queued.shift()
      if (entry === undefined) break
      reads.underWay += 1
      void this.#read(entry).finally(() => {
        reads.underWay -= 1
        this.#start(namespace)
      })
    }
    if (reads.underWay === 0 && reads.queued.length === 0) this.#reads.delete(namespace)
  }

  async #read(entry: Entry): Promise<void> {
    const { api, clock, sha256, wake } = this.#ports
    const { ref, askedFor } = entry
    entry.state = 'reading'
    const attempt = (entry.begun += 1)
    try {
      const object = await withDeadline(
        clock,
        DEADLINE,
        this.#stop.signal,
        `The read of ${refKey(ref)}`,
        (signal, turn) => api.get(ref, { lane: 'normal', signal, turn }),
      )
      if (attempt < entry.answered) return
      entry.answered = attempt
      entry.failures = 0
      entry.problem = null
      // Deleted since: its watch says so, too.
      if (object !== null) entry.hash = hashOfContent({ ...object, kind: ref.kind.kind }, sha256)
    } catch (error) {
      if (this.#stop.signal.aborted || attempt < entry.answered) return
      entry.failures += 1
      const hopeless = isForbidden(error) || isTooLarge(error)
      if (hopeless || entry.failures >= SAID_AFTER) entry.problem = sentence(ref, error)
      if (entry.askedFor === askedFor && entry.canaries.size > 0) {
        entry.cancelRetry = clock.at(clock.now() + entry.backoff.next(), () => this.#queue(entry))
      }
    }
    if (entry.state === 'reading' && attempt === entry.begun) entry.state = 'idle'
    for (const canary of entry.canaries) wake(canary)
  }
}

function sentence(ref: Ref, error: unknown): string {
  const what = `${ref.kind.kind} ${ref.namespace}/${ref.name}`
  const said = error instanceof Error ? error.message : String(error)
  if (isForbidden(error)) return `forbidden to read ${what}: ${said}`
  return `${what}, which the target mounts, cannot be read: ${said}`
}
