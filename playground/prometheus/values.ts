/** What an expression is worth: samples of one moment, or rows of dots. */
import type { Instant } from '../../src/core/time.ts'
import { keyOf, type Labels } from './labels.ts'
import type { Dot } from './overtime.ts'
import { QueryError } from './syntax.ts'

export interface Sample {
  readonly labels: Labels
  readonly value: number
  /** When it was taken, as long as it is what a selector found. */
  readonly at?: Instant
}

export interface Row {
  readonly labels: Labels
  readonly dots: readonly Dot[]
}

/** A vector whose series all differ. @throws QueryError when an operation has made two of them the same. */
export function distinct(samples: Sample[]): Sample[] {
  if (new Set(samples.map(({ labels }) => keyOf(labels))).size === samples.length) return samples
  throw new QueryError('execution', 'vector cannot contain metrics with the same labelset')
}
