/** What the server thinks up: uids, names, addresses, each once; the same in every run. */
import { createHash } from 'node:crypto'
import type { Clock } from '../../src/core/ports.ts'
import { stampOf } from './deletion.ts'
import type { Allotter } from '../schema/allotments.ts'

/** They make no words. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'

export interface AllottedCounts {
  readonly uids: number
  readonly addresses: number
  readonly names: number
}

export class Allotted implements Allotter {
  readonly #clock: Clock
  #uids = 0
  #addresses = 0
  #names = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How much was allotted so far. */
  get counts(): AllottedCounts {
    return { uids: this.#uids, addresses: this.#addresses, names: this.#names }
  }

  /** Goes on from there. */
  set counts({ uids, addresses, names }: AllottedCounts) {
    this.#uids = uids
    this.#addresses = addresses
    this.#names = names
  }

  uid(): string {
    this.#uids += 1
    return `00000000-0000-4000-8000-${String(this.#uids).padStart(12, '0')}`
  }

  /** As generateName asks: five letters more. */
  nameAfter(base: string): string {
    this.#names += 1
    const digest = createHash('sha256').update(`${base} ${this.#names}`).digest()
    return `${base.slice(0, 58)}${[...digest.subarray(0, 5)].map(byte => LETTERS[byte % LETTERS.length]).join('')}`
  }

  address(): string {
    this.#addresses += 1
    return `10.96.${this.#addresses >> 8}.${this.#addresses & 255}`
  }

  time(): string {
    return stampOf(this.#clock.now())
  }
}
