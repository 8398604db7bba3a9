/**
 * The Lease as one candidate sees it: each read and write under a deadline, and what is known of it since when. Only
 * our own clock is believed: how old a Lease is counts from the moment at which *we* first saw it as it is.
 */
import { kinds, type KubeObject, type Ref } from '../api/object.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../core/errors.ts'
import type { Call, Clock, KubeApi } from '../core/ports.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import type { Write } from '../core/model/write.ts'
import { type Claim, created, released, renewed, type ObservedLease, seenAt, taken } from './lease-record.ts'
import { withDeadline } from './timing.ts'

export interface LeaseViewOptions {
  readonly api: KubeApi
  /** Must be one that does not jump: a jump would look like an expired Lease. */
  readonly clock: Clock
  readonly namespace: string
  readonly name: string
  readonly claim: Claim
  /** A call that has no answer for so long is given up. */
  readonly deadline: Milliseconds
  /** Told before every call how long it may take, for who watches that all goes on. */
  readonly calling: (within: Milliseconds) => void
}

export class LeaseView {
  readonly ref: Ref
  readonly #options: LeaseViewOptions
  #seen: ObservedLease | null = null
  #heardAt: Instant
  #sentAt: Instant = 0

  constructor(options: LeaseViewOptions) {
    this.#options = options
    this.ref = { kind: kinds.Lease, namespace: options.namespace, name: options.name }
    this.#heardAt = options.clock.now()
  }

  /** What is known; null before the first read, and when it was deleted. */
  get seen(): ObservedLease | null {
    return this.#seen
  }

  /** When the server last said anything about it. */
  get heardAt(): Instant {
    return this.#heardAt
  }

  /** When the last write that succeeded was *sent*: from then on the others wait. */
  get sentAt(): Instant {
    return this.#sentAt
  }

  /** It has no holder, or we hold it, or its holder has shown no sign of life for its duration. */
  isFree({ holder, since, duration }: ObservedLease): boolean {
    const { clock, claim } = this.#options
    return holder === '' || holder === claim.identity || clock.now() >= since + duration
  }

  /** Reads it afresh; null when there is none. */
  async read(signal: AbortSignal): Promise<KubeObject | null> {
    const { api, deadline } = this.#options
    const found = await this.#call('The read of the Lease', deadline, signal, call => api.get(this.ref, call))
    if (found !== null) this.observe(found)
    return found
  }

  /** Creates a Lease that is ours; null when another candidate was faster. */
  async create(signal: AbortSignal): Promise<KubeObject | null> {
    const lease = created(this.ref, this.#options.claim, this.#options.clock.now())
    return unless(isAlreadyExists, this.#write({ verb: 'create', ref: this.ref, object: lease }, signal))
  }

  /** Writes our name into a free Lease; null when another candidate was faster. */
  async take({ lease }: ObservedLease, signal: AbortSignal): Promise<KubeObject | null> {
    const object = taken(lease, this.#options.claim, this.#options.clock.now())
    return unless(isConflict, this.#write({ verb: 'replace', ref: this.ref, object }, signal))
  }

  /** Another sign of life; null when the Lease does not exist any more. */
  async renew(lease: KubeObject, signal: AbortSignal): Promise<KubeObject | null> {
    const object = renewed(lease, this.#options.clock.now())
    return unless(isNotFound, this.#write({ verb: 'replace', ref: this.ref, object }, signal))
  }

  /** Gives it up, so that another need not wait for its end. */
  async release(lease: KubeObject, within: Milliseconds): Promise<void> {
    const object = released(lease, this.#options.clock.now())
    await this.#write({ verb: 'replace', ref: this.ref, object }, new AbortController().signal, within)
  }

  /** Takes note of the Lease as a watch brought it. */
  observe(lease: KubeObject): void {
    const { claim, clock } = this.#options
    this.heard()
    if (this.#seen?.lease.metadata.resourceVersion === lease.metadata.resourceVersion) return
    this.#seen = seenAt(lease, clock.now(), claim.duration)
  }

  /** It was deleted. */
  gone(): void {
    this.heard()
    this.#seen = null
  }

  heard(): void {
    this.#heardAt = this.#options.clock.now()
  }

  async #write(
    write: Write,
    signal: AbortSignal,
    within: Milliseconds = this.#options.deadline,
  ): Promise<KubeObject | null> {
    const { api, clock } = this.#options
    const sentAt = clock.now()
    const answer = await this.#call('The write of the Lease', within, signal, call => api.write(write, call))
    if (answer !== null) {
      this.#sentAt = sentAt
      this.observe(answer)
    }
    return answer
  }

  async #call<T>(
    what: string,
    within: Milliseconds,
    signal: AbortSignal,
    make: (call: Call) => Promise<T>,
  ): Promise<T> {
    this.#options.calling(within)
    const answer = await withDeadline(this.#options.clock, within, signal, what, deadline =>
      make({ lane: 'urgent', signal: deadline }),
    )
    this.heard()
    return answer
  }
}

/** Null where the API refuses for this reason. */
async function unless<T>(refused: (error: unknown) => boolean, answer: Promise<T>): Promise<T | null> {
  try {
    return await answer
  } catch (error) {
    if (refused(error)) return null
    throw error
  }
}
