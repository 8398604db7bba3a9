/** Links and sessions of the page on a laptop: a link works once, and what it gives is a token that only one tab knows. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { Refusal } from './problems.ts'

/** Tabs of one person. */
const MOST_SESSIONS = 50

const secret = (): string => randomBytes(32).toString('base64url')
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

export class Sessions {
  #link: Buffer | null = null
  /** Digests, the oldest first: no token is kept as it is. */
  readonly #sessions: Buffer[] = []

  /** A new link; the one before it no longer works. */
  newLink(): string {
    const link = secret()
    this.#link = digest(link)
    return link
  }

  /** Exchanges the link for a token. @throws Refusal when it was used before, or is none. */
  open(link: string): string {
    if (this.#link === null || !timingSafeEqual(this.#link, digest(link))) {
      throw new Refusal(
        'link-used',
        'This link was used before, or is not of this `sluice dashboard`. Open the last link that it printed in the terminal',
      )
    }
    this.#link = null
    const token = secret()
    this.#sessions.push(digest(token))
    if (this.#sessions.length > MOST_SESSIONS) this.#sessions.shift()
    return token
  }

  has(token: string): boolean {
    const asked = digest(token)
    return this.#sessions.some(one => timingSafeEqual(one, asked))
  }
}
