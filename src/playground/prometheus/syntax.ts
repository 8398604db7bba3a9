/** What a PromQL query says, as a tree with types; and the error that a query may be. */
import type { Instant, Milliseconds } from '../../core/time.ts'
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

/** When a selector looks: `offset`, and `@` as a time or one end of the query. */
export interface Look {
  readonly offset?: Milliseconds
  readonly anchor?: Instant | 'start' | 'end'
}

export type SetOperator = 'and' | 'or' | 'unless'
export type Comparison = '==' | '!=' | '>' | '<' | '>=' | '<='
export type Arithmetic = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2'
export type Operator = Arithmetic | Comparison | SetOperator

/** Which series of two vectors belong together. */
export interface Matching {
  readonly on: boolean
  readonly labels: readonly string[]
  /** The side with many series for one of the other. */
  readonly many?: 'left' | 'right'
  /** Labels that the result takes from the side with one. */
  readonly include: readonly string[]
}

export interface Grouping {
  readonly without: boolean
  readonly labels: readonly string[]
}

interface Typed {
  readonly type: ValueType
  /** Where it begins in the text. */
  readonly position: number
}

export interface Selector extends Typed, Look {
  readonly kind: 'selector'
  readonly matchers: readonly Matcher[]
  /** Of a range vector. */
  readonly range?: Milliseconds
}

export interface Subquery extends Typed, Look {
  readonly kind: 'subquery'
  readonly of: Expr
  readonly range: Milliseconds
  readonly step?: Milliseconds
}

export interface Call extends Typed {
  readonly kind: 'call'
  readonly name: string
  readonly args: readonly Expr[]
}

export interface Binary extends Typed {
  readonly kind: 'binary'
  readonly operator: Operator
  /** `bool`: the answer of a comparison is 0 or 1, instead of what is kept. */
  readonly bool: boolean
  readonly left: Expr
  readonly right: Expr
  readonly matching: Matching
}

export interface Aggregation extends Typed {
  readonly kind: 'aggregation'
  readonly operator: string
  readonly parameter?: Expr
  readonly of: Expr
  readonly grouping: Grouping
}

export type Expr =
  | (Typed & { readonly kind: 'number'; readonly value: number })
  | (Typed & { readonly kind: 'string'; readonly text: string })
  | (Typed & { readonly kind: 'negation'; readonly of: Expr })
  | Selector
  | Subquery
  | Call
  | Binary
  | Aggregation

export const isComparison = (operator: Operator): operator is Comparison => /^[=!<>]/.test(operator)
export const isSet = (operator: Operator): operator is SetOperator => /^(and|or|unless)$/.test(operator)
