/** What a PromQL query says, as a tree with types; and the error that a query may be. */
import type { Milliseconds } from '../../src/core/time.ts'
import type { Matcher } from './matcher.ts'

export type ValueType = 'scalar' | 'instant vector' | 'range vector' | 'string'

/** A query that cannot be answered. `bad_data`: as it is written; `execution`: with these samples. */
export class QueryError extends Error {
  override readonly name = 'QueryError'
  readonly kind: 'bad_data' | 'execution'

  constructor(kind: QueryError['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

/** Which series of two vectors belong together, and the side that may have many for one of the other. */
export interface Matching {
  readonly on: boolean
  readonly labels: readonly string[]
  readonly many: 'left' | 'right' | 'neither'
  /** Labels that the result takes from the side with one. */
  readonly include: readonly string[]
}

export interface Grouping {
  readonly without: boolean
  readonly labels: readonly string[]
}

/** A stretch of time, or a moment without `range`, and how long ago it is. */
interface Look {
  readonly range?: Milliseconds
  readonly offset?: Milliseconds
}

/** An expression, its type, and where it begins in the text. */
export type Expr = { readonly type: ValueType; readonly position: number } & (
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'negation'; readonly of: Expr }
  | ({ readonly kind: 'selector'; readonly matchers: readonly Matcher[] } & Look)
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expr[] }
  | {
      readonly kind: 'aggregation'
      readonly operator: string
      readonly grouping: Grouping
      /** The expression, and a parameter before it. */
      readonly args: readonly Expr[]
    }
  | {
      readonly kind: 'binary'
      readonly operator: string
      /** The answer of a comparison is 0 or 1, instead of what is kept. */
      readonly bool: boolean
      readonly left: Expr
      readonly right: Expr
      readonly matching: Matching
    }
)

export type Of<Kind extends Expr['kind']> = Extract<Expr, { readonly kind: Kind }>

export const isComparison = (operator: string): boolean => /^[=!<>]/.test(operator)
export const isSet = (operator: string): boolean => /^(and|or|unless)$/.test(operator)
