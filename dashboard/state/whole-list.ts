/** The list of canaries out of its pieces: it is shown when it is whole, because half of it would look like all of it. */
import type { CanaryRow, StreamLine } from '../../src/server/dashboard/protocol.ts'

export class WholeList {
  #rows: CanaryRow[] = []

  /** A stream that begins knows nothing of what the one before left unfinished. */
  restart(): void {
    this.#rows = []
  }

  /** @returns all rows, once no more follow; null before. */
  with({ items, rest = 0 }: Extract<StreamLine, { kind: 'list' }>): readonly CanaryRow[] | null {
    this.#rows.push(...items)
    if (rest > 0) return null
    const whole = this.#rows
    this.#rows = []
    return whole
  }
}
