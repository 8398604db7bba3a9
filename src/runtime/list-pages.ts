/**
 * The list of one kind, page by page, each put into the store as it comes, so that no more than one page is in memory as the
 * server sent it.
 */
import { kindKey, type Kind } from '../api/object.ts'
import { isGone, isTooLarge } from '../core/errors.ts'
import type { Clock, KubeApi, ObjectForm, ObjectList } from '../core/ports.ts'
import type { Milliseconds } from '../core/time.ts'
import { keyOf, type Store } from './store.ts'
import { withDeadline } from './timing.ts'

/** Objects of one kind in one scope, as list and watch ask for them. */
export interface Scope {
  readonly namespace: string
  readonly labelSelector?: string
  readonly form?: ObjectForm
}

export interface ListPagesOptions {
  readonly api: KubeApi
  /** In the version in which it is served now. */
  readonly kind: () => Kind
  readonly scope: Scope
  /** Should be one that does not jump. */
  readonly clock: Clock
}

/** Objects in a page at most, as client-go has it. */
const PAGE = 500
/** Bytes of a page of several objects: what is small as text, such as lists of empty lists, takes up to twenty times the memory. */
export const LARGEST_PAGE = 4 * 1024 * 1024
/** So that the next page, of other objects, is none that is read in vain. */
const WANTED = LARGEST_PAGE / 2
/** How often a list is started over because its pages expired, before that counts as trouble. */
const LIST_TRIES = 3

export class ListPages {
  readonly #options: ListPagesOptions
  readonly #store: Store
  /** Objects in the next page. */
  #limit = PAGE

  constructor(options: ListPagesOptions, store: Store) {
    this.#options = options
    this.#store = store
  }

  /**
   * All pages of one consistent list; what is not in it leaves the store. An expired continue token (410) means starting
   * over.
   *
   * @param deadline of one page.
   * @returns the version of the list.
   * @throws what the API throws, or the deadline's error.
   */
  async list(signal: AbortSignal, deadline: Milliseconds): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        const listed = new Set<string>()
        let page: ObjectList | null = null
        let first = ''
        do {
          page = await this.#page(page?.continue, signal, deadline)
          if (first === '') first = page.resourceVersion
          for (const item of page.items) {
            listed.add(keyOf(item))
            this.#store.put(item)
          }
        } while (page.continue !== undefined)
        this.#store.retain(listed, first)
        return first
      } catch (error) {
        if (!isGone(error) || attempt >= LIST_TRIES || signal.aborted) throw error
      }
    }
  }

  /** One page, of fewer objects as long as they are too large; by its size the next one has as many as will fit. */
  async #page(token: string | undefined, signal: AbortSignal, deadline: Milliseconds): Promise<ObjectList> {
    const { api, kind, scope, clock } = this.#options
    for (;;) {
      const limit = this.#limit
      const query = {
        ...scope,
        limit,
        ...(limit === 1 ? {} : { largest: LARGEST_PAGE }),
        ...(token === undefined ? {} : { continue: token }),
      }
      try {
        const page = await withDeadline(clock, deadline, signal, `The list of ${kindKey(kind())}`, inner =>
          api.list(kind(), query, { lane: 'normal', signal: inner }),
        )
        const { items, size = 0 } = page
        // A page without objects does not tell how large one is.
        const fitting = items.length === 0 ? PAGE : Math.max(1, Math.floor((WANTED * items.length) / size))
        this.#limit = Math.min(PAGE, limit * 2, fitting)
        return page
      } catch (error) {
        if (!isTooLarge(error) || limit === 1) throw error
        this.#limit = Math.ceil(limit / 8)
      }
    }
  }
}
