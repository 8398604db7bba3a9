/** Callers by their tokens: what each of them follows is shared by the tabs of that one caller, and by no other. */
import { createHash } from 'node:crypto'
import type { KubeObject, Ref } from '../../api/object.ts'
import type { Sha256 } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'
import { describe } from '../../core/view/describe.ts'
import { NOTHING_OBSERVED } from '../../core/view/observed.ts'
import { Detail, type DetailTiming } from './detail.ts'
import { Feed, type FeedTiming } from './feed.ts'
import type { CallerApi, Identity } from './ports.ts'
import { Refusal } from './problems.ts'
import type { CanaryRow } from './protocol.ts'
import { rowOf } from './rows.ts'

export interface ViewersOptions {
  /** The API server as the caller with this token; on a laptop always as the user of the kubeconfig. */
  readonly callerOf: (token: string) => CallerApi
  readonly sha256: Sha256
  /** The time on the wall. */
  readonly now: () => number
  readonly readOnly: boolean
  readonly timing?: { readonly feed: FeedTiming; readonly detail: DetailTiming }
}

/** Callers that are known at once. */
const MOST_VIEWERS = 300
/** Streams of one caller: tabs that are in front of someone. */
const MOST_STREAMS = 20
/** How long the connections of a caller who follows nothing stay open. */
const IDLE: Milliseconds = 120_000
/** For how long the API server is not asked again who a caller is. */
const KNOWN: Milliseconds = 60_000
/** Of that question. */
const DEADLINE: Milliseconds = 10_000

export class Viewer {
  readonly api: CallerApi
  readonly #options: ViewersOptions
  readonly #feeds = new Map<string, Feed<CanaryRow>>()
  readonly #details = new Map<string, Detail>()
  #identity: { readonly asked: Promise<Identity>; readonly until: number } | null = null
  #streams = 0
  /** By the steady clock. */
  lastUse = performance.now()

  constructor(api: CallerApi, options: ViewersOptions) {
    this.api = api
    this.#options = options
  }

  get isIdle(): boolean {
    return this.#streams === 0
  }

  /** One question for all who wait for it: none of them ends it by leaving. */
  whoAmI(): Promise<Identity> {
    if (this.#identity !== null && performance.now() < this.#identity.until) return this.#identity.asked
    const asked = this.api.whoAmI(AbortSignal.timeout(DEADLINE))
    this.#identity = { asked, until: performance.now() + KNOWN }
    asked.catch(() => {
      this.#identity = null
    })
    return asked
  }

  /** Counts a stream. @returns what ends it. @throws Refusal when there are too many. */
  enter(): () => void {
    if (this.#streams >= MOST_STREAMS) {
      throw new Refusal('too-many', `You have ${MOST_STREAMS} tabs of this page open already. Close some`)
    }
    this.#streams += 1
    let isLeft = false
    return () => {
      if (isLeft) return
      isLeft = true
      this.#streams -= 1
      this.lastUse = performance.now()
      for (const [key, detail] of this.#details) if (detail.isIdle) this.#details.delete(key)
      for (const [key, feed] of this.#feeds) if (feed.isIdle) this.#feeds.delete(key)
    }
  }

  /** @param namespace empty: all. */
  feed(namespace: string): Feed<CanaryRow> {
    const known = this.#feeds.get(namespace)
    if (known !== undefined) return known
    const { now, timing } = this.#options
    const keep = (object: KubeObject): CanaryRow => rowOf(describe(object, NOTHING_OBSERVED, now()))
    const feed = new Feed(this.api, namespace, keep, timing?.feed)
    this.#feeds.set(namespace, feed)
    return feed
  }

  detail(ref: Pick<Ref, 'namespace' | 'name'>): Detail {
    const key = `${ref.namespace}/${ref.name}`
    const known = this.#details.get(key)
    if (known !== undefined) return known
    const { sha256, now, readOnly, timing } = this.#options
    // A viewer of all namespaces has the watch already.
    const feed = this.#feeds.get('') ?? this.feed(ref.namespace)
    const given = timing === undefined ? {} : { timing: timing.detail }
    const detail = new Detail({ api: this.api, feed, ref, sha256, now, readOnly, ...given })
    this.#details.set(key, detail)
    return detail
  }
}

export class Viewers {
  readonly #options: ViewersOptions
  /** By a hash of the token, the one that was used longest ago first. */
  readonly #viewers = new Map<string, Viewer>()

  constructor(options: ViewersOptions) {
    this.#options = options
  }

  /** @throws Refusal when there are too many who follow something. */
  of(token: string): Viewer {
    this.#forgetIdle()
    const key = createHash('sha256').update(token).digest('base64url')
    const viewer = this.#viewers.get(key) ?? this.#newViewer(token)
    viewer.lastUse = performance.now()
    this.#viewers.delete(key)
    this.#viewers.set(key, viewer)
    return viewer
  }

  async close(): Promise<void> {
    await Promise.all([...this.#viewers.values()].map(({ api }) => api.close()))
    this.#viewers.clear()
  }

  #newViewer(token: string): Viewer {
    if (this.#viewers.size >= MOST_VIEWERS) {
      const [key, viewer] = [...this.#viewers].find(([, one]) => one.isIdle) ?? []
      if (key === undefined || viewer === undefined) {
        throw new Refusal(
          'too-many',
          `${MOST_VIEWERS} people use this server already. Run \`sluice dashboard\` on your own machine`,
        )
      }
      this.#forget(key, viewer)
    }
    return new Viewer(this.#options.callerOf(token), this.#options)
  }

  #forgetIdle(): void {
    const before = performance.now() - IDLE
    for (const [key, viewer] of this.#viewers) {
      if (viewer.isIdle && viewer.lastUse < before) this.#forget(key, viewer)
    }
  }

  #forget(key: string, viewer: Viewer): void {
    this.#viewers.delete(key)
    void viewer.api.close()
  }
}
