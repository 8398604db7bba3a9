/** What is said about a translation. */

/**
 * - `changed`: another text with the same meaning.
 * - `differs`: works, and means something else than in Flagger.
 * - `refused`: the API server would refuse it; the sentence says what to write.
 * - `unread`: what could not be read, and is passed on as it is.
 */
export interface Note {
  readonly kind: 'changed' | 'differs' | 'refused' | 'unread'
  /** Such as `Canary shop/web`. */
  readonly object: string
  /** Opens with the path of the field, where it is about one. */
  readonly sentence: string
}

/** Whether a user has to change the text before it can be applied. */
export const needsWork = ({ kind }: Note): boolean => kind === 'refused' || kind === 'unread'
