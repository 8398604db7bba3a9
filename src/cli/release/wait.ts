/** Waits for the end of one release: the watch of its Canary, judged read by read (outcome.ts). */
import { type KubeObject, kinds } from '../../api/object.ts'
import { ApiError } from '../../core/errors.ts'
import type { Instant, Milliseconds } from '../../core/time.ts'
import { Changes } from '../client/changes.ts'
import type { Session } from '../client/session.ts'
import { StartupError } from '../startup-error.ts'
import type { Tools } from '../tools.ts'
import { type Before, type Ended, FIRST_READ, stalledSince, STALLED_FOR, type Reading, readingOf } from './outcome.ts'
import { type Meant, quoted, readLive } from './target.ts'

export interface WaitOptions {
  /** The revision that is awaited; null: the one on the live target. */
  readonly revision: Meant | null
  /** Another revision that comes is awaited in its place. */
  readonly isFollowing: boolean
  /** A person is waited for, too. */
  readonly isPatient: boolean
  /** null: without limit. 0: one read. */
  readonly timeout: Milliseconds | null
  /** Told of each sentence that is new. */
  readonly said: (sentence: string) => Promise<void>
}

export interface Ending {
  readonly how: Ended
  readonly sentence: string
}

/**
 * Without news the Canary is judged again so often, because time alone makes a Canary stalled; and while the revision is not seen, the target is
 * read again, because it may have changed since.
 */
const JUDGE_AGAIN: Milliseconds = 2000
/** Of one list. */
const DEADLINE: Milliseconds = 15_000

/**
 * @returns how it ended; `error` when the Canary was deleted meanwhile.
 * @throws what the API server answered to the first questions, and when the right to look is lost.
 */
export async function awaitRelease(
  tools: Tools,
  session: Session,
  first: KubeObject,
  options: WaitOptions,
): Promise<Ending> {
  const { clock, steady, random, stop } = tools
  const due = options.timeout === null ? null : steady.now() + options.timeout
  const waiting = new Waiting(tools, session, options)
  await waiting.aim(first)
  const { namespace = '', name } = first.metadata
  const changes = new Changes(
    { kind: kinds.Canary, namespace, name },
    { api: session.api, clock: steady, random, signal: stop, deadline: DEADLINE },
  )
  try {
    let canary = first
    for (;;) {
      const ending = await waiting.judge(canary, clock.now())
      if (ending !== null) return ending
      const left = due === null ? JUDGE_AGAIN : due - steady.now()
      if (left <= 0) return { how: 'timeout', sentence: waiting.timedOut() }
      const next = await changes.next(Math.min(left, JUDGE_AGAIN))
      stop.throwIfAborted()
      if (next === 'gone') return { how: 'error', sentence: `Canary ${name} was deleted` }
      if (next !== 'nothing') canary = next
    }
  } finally {
    changes.close()
  }
}

type Elsewhere = Extract<Reading, { candidate: string | null }>

/** What is remembered from read to read. */
class Waiting {
  readonly #tools: Tools
  readonly #session: Session
  readonly #options: WaitOptions
  #meant: Meant | null
  #before: Before = FIRST_READ
  #said = ''

  constructor(tools: Tools, session: Session, options: WaitOptions) {
    this.#tools = tools
    this.#session = session
    this.#options = options
    this.#meant = options.revision
  }

  /** The revision on the target is awaited, unless another one was named. */
  async aim(canary: KubeObject): Promise<void> {
    if (this.#meant !== null) return
    const live = await this.#live(canary)
    this.#meant = live
    if (live !== null && live.unread.length > 0)
      await this.#say(
        `${live.unread.join(', ')} may not be read: a change of configuration alone is not told from the release before it`,
      )
  }

  timedOut(): string {
    return `Timed out after ${Math.round((this.#options.timeout ?? 0) / 1000)}s: ${this.#said}`
  }

  async judge(canary: KubeObject, now: Instant): Promise<Ending | null> {
    // A single read has to believe the status; others see for themselves, whatever this machine's clock says.
    const seenSince = this.#options.timeout === 0 ? stalledSince(canary) : now
    this.#before = {
      ...this.#before,
      stalledSince: stalledSince(canary) === null ? null : (this.#before.stalledSince ?? seenSince),
    }
    const reading = this.#reading(canary, now)
    if (reading.is === 'ended') return this.#ended(reading)
    if (reading.is === 'another' || reading.is === 'unseen') return this.#lookedFor(canary, reading)
    if (reading.is === 'under way') this.#before = { ...this.#before, wasCandidate: true }
    await this.#say(reading.sentence)
    return null
  }

  #reading(canary: KubeObject, now: Instant): Reading {
    if (this.#meant !== null) return readingOf(canary, this.#meant, this.#before, now)
    const since = this.#before.stalledSince
    const sentence = `The target of Canary ${canary.metadata.name} does not exist`
    return since !== null && now - since >= STALLED_FOR
      ? { is: 'ended', how: 'stalled', sentence }
      : { is: 'unseen', sentence, candidate: null }
  }

  async #ended({ how, sentence }: Extract<Reading, { is: 'ended' }>): Promise<Ending | null> {
    if (how !== 'person' || !this.#options.isPatient) return { how, sentence }
    this.#before = { ...this.#before, wasCandidate: true }
    await this.#say(sentence)
    return null
  }

  /** The status tells of other revisions: the target says whether this one is still to come. */
  async #lookedFor(canary: KubeObject, reading: Elsewhere): Promise<Ending | null> {
    const { sentence } = reading
    const { revision, isFollowing } = this.#options
    const next = revision === null ? await this.#liveAgain(canary) : this.#named(reading)
    if (next === 'unknown') return null
    const isSame = next !== null && next.text === this.#meant?.text
    if (!isSame && this.#meant !== null && !isFollowing) {
      const now = next === null ? 'its target was deleted' : `${next.short} is to be released now`
      return { how: 'rolledBack', sentence: `Another revision came: ${now}, and not ${this.#meant.short}` }
    }
    if (!isSame) {
      this.#meant = next
      this.#before = { ...this.#before, wasCandidate: false }
    }
    await this.#say(sentence)
    return null
  }

  /** A caller who may not read the target is told of its revisions by the status. */
  #named(reading: Elsewhere): Meant | null {
    return reading.is === 'another' && reading.candidate !== null ? quoted(reading.candidate) : this.#meant
  }

  /** The target once more; what is not answered for a moment is asked again with the next read. */
  async #liveAgain(canary: KubeObject): Promise<Meant | null | 'unknown'> {
    try {
      return await this.#live(canary)
    } catch (error) {
      const isFinal = error instanceof StartupError || (error instanceof ApiError && error.code < 429)
      if (isFinal || this.#tools.stop.aborted) throw error
      return 'unknown'
    }
  }

  #live(canary: KubeObject): ReturnType<typeof readLive> {
    return readLive(this.#session, canary, this.#tools.sha256)
  }

  async #say(sentence: string): Promise<void> {
    if (sentence === '' || sentence === this.#said) return
    this.#said = sentence
    await this.#options.said(sentence)
  }
}
