/**
 * Leader election by a Lease (https://kubernetes.io/docs/concepts/architecture/leases/), as client-go does it, with two
 * differences: who waits watches the Lease, so a release is taken over within milliseconds; and who loses it campaigns
 * again in the same process.
 *
 * Nobody's clock but ours is believed: a Lease has expired when *we* have not seen it change for its duration. The leader
 * stops acting (`renewDeadline`) before anybody may take over (`duration`). What it still has under way at that moment is
 * harmless, because every write is guarded by a resourceVersion.
 */
import type { KubeObject, Ref } from '../api/object.ts'
import { kinds } from '../api/object.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../core/errors.ts'
import type { Call, Clock, KubeApi, Log } from '../core/ports.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import type { Write } from '../core/write.ts'
import { type Claim, created, released, renewed, type Seen, seenAt, taken } from './lease-record.ts'
import { pause, withDeadline } from './timing.ts'

export interface ElectionOptions {
  readonly api: KubeApi
  /** Must be one that does not jump: a jump would look like an expired Lease. */
  readonly clock: Clock
  readonly log: Log
  readonly namespace: string
  readonly name: string
  /** Unique to this process: the pod's name and something random. */
  readonly identity: string
  /** How long others wait after the last sign of life. Default 15 s. */
  readonly duration?: Milliseconds
  /** How long a leader goes on without being able to renew. Default 10 s; shorter than `duration`. */
  readonly renewDeadline?: Milliseconds
  /** Between renewals, and between attempts. Default 2 s. */
  readonly retry?: Milliseconds
}

/**
 * What a leader does. `term` aborts at the loss of the Lease, or when the election is ended; the Lease is renewed until
 * this settles (after a loss it cannot be), so in an orderly end there is time to finish the writes at hand.
 */
export type Lead = (term: AbortSignal) => Promise<void>

/** The server ends a standby's watch after this long; then the Lease is read again. */
const WATCH: Milliseconds = 300_000
/** A call that hangs is given up in time for so many attempts within the renew deadline. */
const CALLS = 4

export class Election {
  readonly #options: ElectionOptions
  readonly #ref: Ref
  readonly #claim: Claim
  readonly #duration: Milliseconds
  readonly #renewDeadline: Milliseconds
  readonly #retry: Milliseconds
  #seen: Seen | null = null
  #leading = false
  #lastContact: Instant
  #sentAt: Instant = 0

  constructor(options: ElectionOptions) {
    this.#options = options
    this.#ref = { kind: kinds.Lease, namespace: options.namespace, name: options.name }
    this.#duration = options.duration ?? 15_000
    this.#renewDeadline = options.renewDeadline ?? 10_000
    this.#retry = options.retry ?? 2000
    this.#claim = { identity: options.identity, duration: this.#duration }
    if (!(this.#retry < this.#renewDeadline && this.#renewDeadline < this.#duration)) {
      throw new Error(
        `The Lease would not be safe: retry (${this.#retry} ms) must be shorter than the renew deadline ` +
          `(${this.#renewDeadline} ms), and that shorter than the duration (${this.#duration} ms).`,
      )
    }
    this.#lastContact = options.clock.now()
  }

  get leading(): boolean {
    return this.#leading
  }
  /** Who holds the Lease, as far as we know; empty when nobody does. */
  get holder(): string {
    return this.#seen?.holder ?? ''
  }
  /** How long ago the Lease was last read or written: health of the loop. */
  age(): Milliseconds {
    return Math.max(0, this.#options.clock.now() - this.#lastContact)
  }

  /** Campaigns, leads, and campaigns again, until the signal aborts; releases the Lease at the end. Never rejects. */
  async run(signal: AbortSignal, lead: Lead): Promise<void> {
    const { clock, log, identity } = this.#options
    while (!signal.aborted) {
      try {
        const held = await this.#campaign(signal)
        if (held === null) continue
        log.info('became the leader', { lease: this.#ref.name, identity })
        await this.#term(held, signal, lead)
        log.info('stopped leading', { lease: this.#ref.name, identity })
      } catch (error) {
        if (signal.aborted) break
        log.warn('leader election in trouble', { lease: this.#ref.name, error: said(error) })
        await pause(clock, this.#retry, signal)
      }
    }
  }

  /** One attempt: the Lease as we hold it now, or null when it is somebody's, after having waited for a change. */
  async #campaign(signal: AbortSignal): Promise<KubeObject | null> {
    const found = await this.#call('The read of the Lease', signal, call => this.#options.api.get(this.#ref, call))
    if (found === null) return this.#create(signal)
    this.#observe(found)
    for (;;) {
      const seen = this.#seen
      if (seen === null) return null // deleted while we watched
      if (this.#isFree(seen)) return this.#take(seen, signal)
      if (!(await this.#standBy(seen, signal))) return null
    }
  }

  #isFree(seen: Seen): boolean {
    const { clock, identity } = this.#options
    return seen.holder === '' || seen.holder === identity || clock.now() >= seen.since + seen.duration
  }

  async #create(signal: AbortSignal): Promise<KubeObject | null> {
    const lease = created(this.#ref, this.#claim, this.#options.clock.now())
    try {
      return await this.#write({ verb: 'create', ref: this.#ref, object: lease }, signal)
    } catch (error) {
      if (isAlreadyExists(error)) return null
      throw error
    }
  }

  /** Writes our name into a free Lease; null when somebody else was faster. */
  async #take(seen: Seen, signal: AbortSignal): Promise<KubeObject | null> {
    const lease = taken(seen.lease, this.#claim, this.#options.clock.now())
    try {
      return await this.#write({ verb: 'replace', ref: this.#ref, object: lease }, signal)
    } catch (error) {
      if (isConflict(error)) return null
      throw error
    }
  }

  /** Watches until the Lease is free or has expired (true), or the watch ended (false: read it again). */
  async #standBy(seen: Seen, signal: AbortSignal): Promise<boolean> {
    const { api, clock, log } = this.#options
    const watching = new AbortController()
    const end = (): void => watching.abort()
    signal.addEventListener('abort', end, { once: true })
    let free = false
    const check = (): void => {
      if (this.#seen !== null && !this.#isFree(this.#seen)) {
        cancel()
        cancel = clock.at(this.#seen.since + this.#seen.duration, check)
        return
      }
      free = true
      end()
    }
    let cancel = clock.at(seen.since + seen.duration, check)
    const query = {
      namespace: this.#ref.namespace,
      name: this.#ref.name,
      resourceVersion: seen.lease.metadata.resourceVersion ?? '',
      timeout: WATCH,
    }
    try {
      await api.watch(
        kinds.Lease,
        query,
        event => {
          this.#lastContact = clock.now()
          if (event.type === 'BOOKMARK' || event.object.metadata.name !== this.#ref.name) return
          if (event.type === 'DELETED') this.#seen = null
          else this.#observe(event.object)
          check()
        },
        { lane: 'urgent', signal: watching.signal },
      )
    } catch (error) {
      if (!watching.signal.aborted) log.debug('the watch of the Lease broke', { error: said(error) })
    }
    try {
      // However the watch ended: the expiry is known, so wait for it or for the next attempt, whichever is first.
      await pause(clock, this.#retry, watching.signal)
    } finally {
      cancel()
      signal.removeEventListener('abort', end)
    }
    return free && !signal.aborted
  }

  /** Leads with a Lease just taken, until `lead` settles; then releases it, if it is still ours. */
  async #term(held: KubeObject, signal: AbortSignal, lead: Lead): Promise<void> {
    const { clock, log } = this.#options
    const term = new AbortController()
    const ended = new AbortController()
    const end = (): void => term.abort(signal.reason)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
    this.#leading = true
    const renewing = this.#renew(held, ended.signal, () => {
      this.#leading = false
      log.warn('lost the Lease', { lease: this.#ref.name, holder: this.holder })
      term.abort(new Error(`The Lease ${this.#ref.namespace}/${this.#ref.name} was lost.`))
    })
    try {
      await lead(term.signal)
    } catch (error) {
      log.error('the leader failed', { error: said(error) })
    }
    await pause(clock, this.#retry, term.signal) // no time at all, unless it gave up by itself
    signal.removeEventListener('abort', end)
    ended.abort()
    const last = await renewing
    this.#leading = false
    if (last !== null) await this.#release(last)
  }

  /**
   * Renews until the signal aborts: then the Lease as it was left; or until it is lost: then null, after `lost`. It is lost
   * when somebody else holds it, and when the last renewal that succeeded was *sent* longer ago than the renew deadline.
   */
  async #renew(held: KubeObject, signal: AbortSignal, lost: () => void): Promise<KubeObject | null> {
    const { clock } = this.#options
    // `late` ends a renewal under way, `signal` does not: an answer that we did not wait for would cost us the release.
    const late = new AbortController()
    const over = new AbortController()
    const stop = (): void => over.abort()
    signal.addEventListener('abort', stop, { once: true })
    late.signal.addEventListener('abort', stop, { once: true })
    let lease = held
    let cancel = clock.at(this.#sentAt + this.#renewDeadline, () => late.abort())
    try {
      for (let startedAt = clock.now(); !over.signal.aborted; ) {
        await pause(clock, startedAt + this.#retry - clock.now(), over.signal)
        if (over.signal.aborted) break
        startedAt = clock.now()
        const next = await this.#renewOnce(lease, late.signal)
        if (next === 'lost') {
          late.abort()
        } else if (next !== 'failed') {
          lease = next
          cancel()
          cancel = clock.at(this.#sentAt + this.#renewDeadline, () => late.abort())
        }
      }
    } finally {
      cancel()
      signal.removeEventListener('abort', stop)
    }
    if (!late.signal.aborted) return lease
    lost()
    return null
  }

  async #renewOnce(lease: KubeObject, signal: AbortSignal): Promise<KubeObject | 'lost' | 'failed'> {
    const { api, clock, identity, log } = this.#options
    try {
      const object = renewed(lease, clock.now())
      const answer = await unlessGone(this.#write({ verb: 'replace', ref: this.#ref, object }, signal))
      return answer ?? (await this.#create(signal)) ?? 'failed' // deleted under us: nobody else has it
    } catch (error) {
      if (!isConflict(error)) {
        if (!signal.aborted) log.warn('could not renew the Lease', { lease: this.#ref.name, error: said(error) })
        return 'failed'
      }
    }
    try {
      const live = await this.#call('The read of the Lease', signal, call => api.get(this.#ref, call))
      if (live !== null) this.#observe(live)
      // Somebody may have put a label on it, or our renewal succeeded and its answer was lost: it is still ours.
      return live !== null && this.holder === identity ? live : 'lost'
    } catch {
      return 'failed'
    }
  }

  /** Gives the Lease up, so that another need not wait. Best effort: without it the Lease expires. */
  async #release(lease: KubeObject): Promise<void> {
    const { clock, log } = this.#options
    try {
      const object = released(lease, clock.now())
      await this.#write({ verb: 'replace', ref: this.#ref, object }, new AbortController().signal)
      log.info('released the Lease', { lease: this.#ref.name })
    } catch (error) {
      log.warn('could not release the Lease', { lease: this.#ref.name, error: said(error) })
    }
  }

  /** Writes the Lease and takes note of the answer; `#sentAt` is when the last write that succeeded was sent. */
  async #write(write: Write, signal: AbortSignal): Promise<KubeObject | null> {
    const sentAt = this.#options.clock.now()
    const answer = await this.#call('The write of the Lease', signal, call => this.#options.api.write(write, call))
    if (answer !== null) {
      this.#sentAt = sentAt
      this.#observe(answer)
    }
    return answer
  }

  async #call<T>(what: string, signal: AbortSignal, make: (call: Call) => Promise<T>): Promise<T> {
    const { clock } = this.#options
    const answer = await withDeadline(clock, this.#renewDeadline / CALLS, signal, what, deadline =>
      make({ lane: 'urgent', signal: deadline }),
    )
    this.#lastContact = clock.now()
    return answer
  }

  /** Takes note of the Lease. Its age counts from the first time that we see this version of it. */
  #observe(lease: KubeObject): void {
    if (this.#seen?.lease.metadata.resourceVersion === lease.metadata.resourceVersion) return
    this.#seen = seenAt(lease, this.#options.clock.now(), this.#duration)
  }
}

/** Null for a Lease that does not exist any more, however the API says so. */
async function unlessGone(write: Promise<KubeObject | null>): Promise<KubeObject | null> {
  try {
    return await write
  } catch (error) {
    if (isNotFound(error)) return null
    throw error
  }
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
