/**
 * Leader election by a Lease (https://kubernetes.io/docs/concepts/architecture/leases/), as client-go does it, with two
 * differences: who waits watches the Lease, so a release is taken over within milliseconds; and who loses it campaigns
 * again in the same process.
 *
 * A Lease has expired when *we* have not seen it change for its duration. The leader stops acting (`renewDeadline`) before
 * anybody may take over (`duration`). What it still has under way at that moment is harmless, because every write is
 * guarded by a resourceVersion.
 */
import { kinds, type KubeObject } from '../api/object.ts'
import { isConflict } from '../core/errors.ts'
import type { Clock, KubeApi, Log } from '../core/ports.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import type { ObservedLease } from './lease-record.ts'
import { LeaseView } from './lease-view.ts'
import { pause } from './timing.ts'

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
 * this settles (after a loss it cannot be), so in an orderly end there is time to finish the writes in flight.
 */
export type Lead = (term: AbortSignal) => Promise<void>

/** The server ends a standby's watch after this long; then the Lease is read again. */
const WATCH: Milliseconds = 300_000
/** A call that hangs is given up in time for so many attempts within the renew deadline. */
const CALLS = 4
/** At the end a renewal under way, and then the release, have so long each: a shutdown waits for no server that hangs. */
const LAST_CALL: Milliseconds = 500

export class Election {
  readonly #options: ElectionOptions
  readonly #lease: LeaseView
  readonly #renewDeadline: Milliseconds
  readonly #retry: Milliseconds
  /** By when the loop has to have moved on, whatever the server does. */
  #due: Instant

  constructor(options: ElectionOptions) {
    const { api, clock, namespace, name, identity, duration = 15_000 } = options
    this.#options = options
    this.#renewDeadline = options.renewDeadline ?? 10_000
    this.#retry = options.retry ?? 2000
    if (!(this.#retry < this.#renewDeadline && this.#renewDeadline < duration)) {
      throw new Error(
        `The Lease would not be safe: retry (${this.#retry} ms) must be shorter than the renew deadline ` +
          `(${this.#renewDeadline} ms), and that shorter than the duration (${duration} ms).`,
      )
    }
    this.#due = clock.now()
    const deadline = this.#renewDeadline / CALLS
    const calling = (within: Milliseconds): void => this.#expect(within)
    this.#lease = new LeaseView({ api, clock, namespace, name, claim: { identity, duration }, deadline, calling })
  }

  /** Who holds the Lease, as far as we know; empty when it has no holder. */
  get holder(): string {
    return this.#lease.seen?.holder ?? ''
  }

  /** How long the server has said nothing about the Lease. Its holder renews every few seconds. */
  age(): Milliseconds {
    return Math.max(0, this.#options.clock.now() - this.#lease.heardAt)
  }

  /** How long the loop has made no progress past every deadline of its own: it hangs, and that is no server's fault. */
  stuckFor(): Milliseconds {
    return Math.max(0, this.#options.clock.now() - this.#due)
  }

  /** Campaigns, leads, and campaigns again, until the signal aborts; releases the Lease at the end. Never rejects. */
  async run(signal: AbortSignal, lead: Lead): Promise<void> {
    const { log, identity, name } = this.#options
    while (!signal.aborted) {
      try {
        const held = await this.#campaign(signal)
        if (held === null) continue
        log.info('became the leader', { lease: name, identity })
        await this.#term(held, signal, lead)
        log.info('stopped leading', { lease: name, identity })
      } catch (error) {
        if (signal.aborted) break
        log.warn('leader election in trouble', { lease: name, error: said(error) })
        await this.#pause(this.#retry, signal)
      }
    }
  }

  /** One attempt: the Lease as we hold it now, or null when another candidate holds it, after a wait for a change. */
  async #campaign(signal: AbortSignal): Promise<KubeObject | null> {
    if ((await this.#lease.read(signal)) === null) return this.#lease.create(signal)
    for (;;) {
      const { seen } = this.#lease
      if (seen === null) return null // deleted while we watched
      if (this.#lease.isFree(seen)) return this.#lease.take(seen, signal)
      if (!(await this.#standBy(seen, signal))) return null
    }
  }

  /** Watches until the Lease is free or has expired (true), or the watch ended (false: read it again). */
  async #standBy(first: ObservedLease, signal: AbortSignal): Promise<boolean> {
    const { api, clock, log } = this.#options
    const watching = new AbortController()
    const end = (): void => watching.abort()
    signal.addEventListener('abort', end, { once: true })
    let free = false
    let cancel = (): void => {}
    const wait = ({ since, duration }: ObservedLease): void => {
      cancel()
      cancel = clock.at(since + duration, check)
      this.#expect(since + duration - clock.now())
    }
    const check = (): void => {
      const { seen } = this.#lease
      if (seen !== null && !this.#lease.isFree(seen)) return wait(seen)
      free = true
      end()
    }
    wait(first)
    const { ref } = this.#lease
    const resourceVersion = first.lease.metadata.resourceVersion ?? ''
    try {
      await api.watch(
        kinds.Lease,
        { namespace: ref.namespace, name: ref.name, resourceVersion, timeout: WATCH },
        event => {
          this.#lease.heard()
          if (event.type === 'BOOKMARK' || event.object.metadata.name !== ref.name) return
          if (event.type === 'DELETED') this.#lease.gone()
          else this.#lease.observe(event.object)
          check()
        },
        { lane: 'urgent', signal: watching.signal },
      )
    } catch (error) {
      if (!watching.signal.aborted) log.debug('the watch of the Lease broke', { error: said(error) })
    }
    try {
      // However the watch ended: the expiry is known, so wait for it or for the next attempt, whichever is first.
      await this.#pause(this.#retry, watching.signal)
    } finally {
      cancel()
      signal.removeEventListener('abort', end)
    }
    return free && !signal.aborted
  }

  /** Leads with a Lease just taken, until `lead` settles; then releases it, if it is still ours. */
  async #term(held: KubeObject, signal: AbortSignal, lead: Lead): Promise<void> {
    const { clock, log, namespace, name } = this.#options
    const term = new AbortController()
    const ended = new AbortController()
    const given = new AbortController()
    const end = (): void => term.abort(signal.reason)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
    const renewing = this.#renew(held, ended.signal, given.signal, () => {
      log.warn('lost the Lease', { lease: name, holder: this.holder })
      term.abort(new Error(`The Lease ${namespace}/${name} was lost.`))
    })
    try {
      await lead(term.signal)
    } catch (error) {
      log.error('the leader failed', { error: said(error) })
    }
    await pause(clock, this.#retry, term.signal) // no time at all, unless it gave up by itself
    signal.removeEventListener('abort', end)
    ended.abort()
    const cancel = clock.at(clock.now() + LAST_CALL, () => given.abort())
    const last = await renewing
    cancel()
    if (last !== null) await this.#release(last)
  }

  /**
   * Renews until `ended` aborts: then the Lease as it was left; or until it is lost: then null, after `lost`. It is lost
   * when another candidate holds it, and when the last renewal that succeeded was *sent* longer ago than the renew deadline.
   *
   * @param givenUp ends a renewal that is still under way when `ended` has aborted.
   */
  async #renew(
    held: KubeObject,
    ended: AbortSignal,
    givenUp: AbortSignal,
    lost: () => void,
  ): Promise<KubeObject | null> {
    const { clock } = this.#options
    // `late` and `givenUp` end a renewal under way, `ended` does not: an answer that we did not wait for would cost us
    // the release.
    const late = new AbortController()
    const over = AbortSignal.any([ended, late.signal])
    const now = AbortSignal.any([givenUp, late.signal])
    const deadline = (): (() => void) => clock.at(this.#lease.sentAt + this.#renewDeadline, () => late.abort())
    let lease = held
    let cancel = deadline()
    for (let startedAt = clock.now(); !over.aborted; ) {
      await this.#pause(startedAt + this.#retry - clock.now(), over)
      if (over.aborted) break
      startedAt = clock.now()
      const next = await this.#renewOnce(lease, now)
      if (next === 'lost') {
        late.abort()
      } else if (next !== 'failed') {
        lease = next
        cancel()
        cancel = deadline()
      }
    }
    cancel()
    if (!late.signal.aborted) return lease
    lost()
    return null
  }

  async #renewOnce(lease: KubeObject, signal: AbortSignal): Promise<KubeObject | 'lost' | 'failed'> {
    const { identity, log, name } = this.#options
    try {
      const renewed = await this.#lease.renew(lease, signal)
      return renewed ?? (await this.#lease.create(signal)) ?? 'failed' // deleted under us: no other candidate has it
    } catch (error) {
      if (!isConflict(error)) {
        if (!signal.aborted) log.warn('could not renew the Lease', { lease: name, error: said(error) })
        return 'failed'
      }
    }
    try {
      const live = await this.#lease.read(signal)
      // Deleted under us, which is a conflict where the renewal names a uid: no other candidate has it.
      if (live === null) return (await this.#lease.create(signal)) ?? 'failed'
      // A user may have put a label on it, or our renewal succeeded and its answer was lost: it is still ours.
      return this.holder === identity ? live : 'lost'
    } catch {
      return 'failed'
    }
  }

  /** Gives the Lease up, so that another need not wait. Best effort: without it the Lease expires. */
  async #release(lease: KubeObject): Promise<void> {
    const { log, name } = this.#options
    try {
      await this.#lease.release(lease, LAST_CALL)
      log.info('released the Lease', { lease: name })
    } catch (error) {
      log.warn('could not release the Lease', { lease: name, error: said(error) })
    }
  }

  #pause(wait: Milliseconds, signal: AbortSignal): Promise<void> {
    this.#expect(wait)
    return pause(this.#options.clock, wait, signal)
  }

  #expect(within: Milliseconds): void {
    this.#due = this.#options.clock.now() + Math.max(0, within)
  }
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
