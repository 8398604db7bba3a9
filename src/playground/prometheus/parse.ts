/**
 * PromQL text to tree. Tokens and nesting come from Prometheus' own grammar for editors; it binds `offset`, `@` and `[…]` looser
 * than operators, which the server does not, so precedence is worked out here, from the flat row of operands and operators.
 */
import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import type { Milliseconds } from '../../core/time.ts'
import { checkedAggregation, checkedBinary, checkedCall, checkedNegation } from './check.ts'
import { mustBeWellFormed, parseError } from './complaint.ts'
import { durationOf, numberOf, unquoted } from './literals.ts'
import { type Matcher, matcher } from './matcher.ts'
import type { Expr, Matching, Operator, Selector, Subquery } from './syntax.ts'

/** @throws QueryError `bad_data` with the place and the reason. */
export function parse(query: string): Expr {
  const tree = parser.parse(query)
  mustBeWellFormed(query, tree)
  return new Reading(query).expression(tree.topNode)
}

/** What stands in a row: operands with what is behind them, signs and operators. */
type Item =
  | { readonly kind: 'operand'; readonly node: SyntaxNode; readonly behind: SyntaxNode[] }
  | { readonly kind: 'sign' | 'operator'; readonly node: SyntaxNode; readonly modifiers: readonly SyntaxNode[] }

const strength: Readonly<Record<string, number>> = {
  or: 1,
  ...{ and: 2, unless: 2 },
  ...{ '==': 3, '!=': 3, '>': 3, '<': 3, '>=': 3, '<=': 3 },
  ...{ '+': 4, '-': 4, '*': 5, '/': 5, '%': 5, atan2: 5, '^': 6 },
}
const SIGN = 5

const childrenOf = (node: SyntaxNode): SyntaxNode[] => {
  const children: SyntaxNode[] = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== 'LineComment') children.push(child)
  }
  return children
}

class Reading {
  readonly #query: string

  constructor(query: string) {
    this.#query = query
  }

  /** The expression within a node that encloses one. */
  expression(enclosing: SyntaxNode): Expr {
    const [only] = childrenOf(enclosing)
    if (only === undefined) throw this.#error(enclosing, 'no expression found in input')
    return this.#read(only)
  }

  #read(node: SyntaxNode): Expr {
    const row = this.#row(node)
    return this.#climb(row, 0)
  }

  #row(node: SyntaxNode): Item[] {
    const children = childrenOf(node)
    const [first, second] = children
    const last = children.at(-1)
    if (first === undefined || last === undefined || second === undefined) {
      const sign = node.name === 'NumberDurationLiteral' && /^[-+]/.test(this.#text(node))
      const operand: Item = { kind: 'operand', node, behind: [] }
      return sign ? [{ kind: 'sign', node, modifiers: [] }, operand] : [operand]
    }
    switch (node.name) {
      case 'BinaryExpr':
        return [
          ...this.#row(first),
          { kind: 'operator', node: second, modifiers: children.slice(2, -1) },
          ...this.#row(last),
        ]
      case 'UnaryExpr':
        return [{ kind: 'sign', node: first, modifiers: [] }, ...this.#row(last)]
      case 'OffsetExpr':
      case 'StepInvariantExpr':
      case 'MatrixSelector':
      case 'SubqueryExpr': {
        const row = this.#row(first)
        const target = row.at(-1)
        if (target?.kind === 'operand') target.behind.push(node)
        return row
      }
      default:
        return [{ kind: 'operand', node, behind: [] }]
    }
  }

  /** Takes from the row what binds at least as strongly as `least`. */
  #climb(row: Item[], least: number): Expr {
    let left = this.#operand(row)
    for (;;) {
      const [item] = row
      if (item?.kind !== 'operator') return left
      const operator = this.#text(item.node).toLowerCase()
      const own = strength[operator]
      if (own === undefined)
        throw this.#error(item.node, `operator ${operator} is not supported by this in-memory Prometheus`)
      if (own < least) return left
      row.shift()
      const right = this.#climb(row, operator === '^' ? own : own + 1)
      left = checkedBinary(this.#query, {
        kind: 'binary',
        position: left.position,
        operator: operator as Operator,
        operatorPosition: item.node.from,
        bool: item.modifiers.some(({ name }) => name === 'BoolModifier'),
        left,
        right,
        ...this.#matching(item.modifiers, left.position),
      })
    }
  }

  #operand(row: Item[]): Expr {
    const item = row.shift()
    if (item === undefined) throw parseError(this.#query, this.#query.length, 'unexpected end of input')
    if (item.kind === 'operand')
      return item.behind.reduce((expr, node) => this.#behind(expr, node, item), this.#leaf(item.node))
    const of = this.#climb(row, SIGN + 1)
    return this.#query[item.node.from] === '+' ? of : checkedNegation(this.#query, item.node.from, of)
  }

  #leaf(node: SyntaxNode): Expr {
    const position = node.from
    switch (node.name) {
      case 'ParenExpr':
        return { ...this.expression(node), position }
      case 'NumberDurationLiteral':
        return { kind: 'number', type: 'scalar', position, value: numberOf(this.#text(node).replace(/^[-+]\s*/, '')) }
      case 'StringLiteral':
        return { kind: 'string', type: 'string', position, text: unquoted(this.#text(node)) }
      case 'VectorSelector':
        return this.#selector(node)
      case 'FunctionCall': {
        const name = this.#text(node.getChild('FunctionIdentifier') ?? node)
        return checkedCall(this.#query, { kind: 'call', position, name, args: this.#args(node) })
      }
      case 'AggregateExpr': {
        const operator = this.#text(node.getChild('AggregateOp') ?? node).toLowerCase()
        const modifier = node.getChild('AggregateModifier')
        const without = modifier?.getChild('Without') !== null && modifier !== null
        const grouping = { without, labels: this.#labels(modifier) }
        return checkedAggregation(this.#query, { position, operator, grouping, args: this.#args(node) })
      }
      default:
        throw this.#error(node, `${this.#text(node)} is not supported by this in-memory Prometheus`)
    }
  }

  #args(node: SyntaxNode): Expr[] {
    const body = node.getChild('FunctionCallBody')
    return body === null ? [] : childrenOf(body).map(child => this.#read(child))
  }

  #selector(node: SyntaxNode): Selector {
    const matchers: Matcher[] = []
    const name = node.getChild('Identifier')
    const add = (at: SyntaxNode, label: string, operator: string, value: string): void => {
      try {
        matchers.push(matcher(label, operator as Matcher['operator'], value))
      } catch (error) {
        throw this.#error(at, (error as Error).message)
      }
    }
    const list = node.getChild('LabelMatchers')
    for (const one of list === null ? [] : childrenOf(list)) {
      const [label, operator, value] = childrenOf(one)
      if (operator === undefined || value === undefined) add(one, '__name__', '=', unquoted(this.#text(one)))
      else add(one, this.#label(label ?? one), this.#text(operator), unquoted(this.#text(value)))
    }
    const named = matchers.find(({ label }) => label === '__name__')
    if (name !== null) {
      const text = this.#text(name)
      if (named !== undefined)
        throw this.#error(node, `metric name must not be set twice: "${text}" or "${named.value}"`)
      add(node, '__name__', '=', text)
    } else if (matchers.every(({ matches }) => matches(''))) {
      throw this.#error(node, 'vector selector must contain at least one non-empty matcher')
    }
    return { kind: 'selector', type: 'instant vector', position: node.from, matchers }
  }

  /** What stands behind an operand: a range, a subquery, `offset`, `@`. */
  #behind(expr: Expr, node: SyntaxNode, { node: operand }: { node: SyntaxNode }): Expr {
    const simple = operand.name === 'VectorSelector' && expr.kind === 'selector' ? expr : null
    const [before, ...rest] = childrenOf(node)
    const bracket = this.#query.indexOf('[', before?.to)
    switch (node.name) {
      case 'MatrixSelector': {
        if (simple === null || simple.range !== undefined)
          throw parseError(this.#query, bracket, 'ranges only allowed for vector selectors')
        if (simple.offset !== undefined)
          throw parseError(this.#query, bracket, 'no offset modifiers allowed before range')
        if (simple.anchor !== undefined) throw parseError(this.#query, bracket, 'no @ modifiers allowed before range')
        return { ...simple, type: 'range vector', range: this.#duration(rest[0]) }
      }
      case 'SubqueryExpr': {
        if (expr.type !== 'instant vector') {
          throw this.#error(
            operand,
            `subquery is only allowed on instant vector, got ${expr.type === 'range vector' ? 'matrix' : expr.type} instead`,
          )
        }
        const range = this.#duration(rest[0])
        const step = rest[1] === undefined ? {} : { step: this.#duration(rest[1]) }
        return { kind: 'subquery', type: 'range vector', position: operand.from, of: expr, range, ...step }
      }
      case 'OffsetExpr': {
        const looking = this.#looking(expr, simple, node, 'offset')
        if (looking.offset !== undefined) throw this.#error(node, 'offset may not be set multiple times')
        const text = this.#text(rest[1]).replace(/\s/g, '')
        return { ...looking, offset: text.startsWith('-') ? -this.#duration(rest[1]) : this.#duration(rest[1]) }
      }
      default: {
        const looking = this.#looking(expr, simple, node, '@')
        if (looking.anchor !== undefined) throw this.#error(node, '@ <timestamp> may not be set multiple times')
        const text = this.#text(rest[1]).toLowerCase()
        return { ...looking, anchor: text === 'start' || text === 'end' ? text : Math.round(numberOf(text) * 1000) }
      }
    }
  }

  #looking(expr: Expr, simple: Selector | null, node: SyntaxNode, what: string): Selector | Subquery {
    if (expr.kind === 'subquery' || simple !== null) return simple ?? (expr as Subquery)
    const before = 'an instant vector selector or range vector selector or a subquery'
    throw this.#error(node, `${what} modifier must be preceded by ${before}`)
  }

  #matching(modifiers: readonly SyntaxNode[], position: number): { matching: Matching; explicit: boolean } {
    if (modifiers.some(({ name }) => name === 'FillModifier'))
      throw parseError(this.#query, position, 'binop fill modifiers are experimental and not enabled')
    const clause = modifiers.find(({ name }) => name === 'MatchingModifierClause')
    if (clause === undefined) return { matching: { on: false, labels: [], include: [] }, explicit: false }
    const [labels, include] = clause.getChildren('GroupingLabels')
    const left = clause.getChild('GroupLeft') !== null
    const many = left ? ('left' as const) : clause.getChild('GroupRight') === null ? null : ('right' as const)
    const matching = {
      on: clause.getChild('On') !== null,
      labels: this.#names(labels),
      include: this.#names(include),
      ...(many === null ? {} : { many }),
    }
    return { matching, explicit: true }
  }

  #labels(modifier: SyntaxNode | null): string[] {
    return this.#names(modifier?.getChild('GroupingLabels') ?? undefined)
  }

  #names(list: SyntaxNode | undefined): string[] {
    return list === undefined ? [] : childrenOf(list).map(node => this.#label(node))
  }

  #label(node: SyntaxNode): string {
    const text = this.#text(node)
    return node.name === 'QuotedLabelName' ? unquoted(text) : text
  }

  /** A length of time without its sign. */
  #duration(node: SyntaxNode | undefined): Milliseconds {
    const text = this.#text(node).replace(/^[-+]\s*/, '')
    const length = durationOf(text) ?? Math.round(numberOf(text) * 1000)
    const at = node?.from ?? 0
    if (Number.isNaN(length)) throw parseError(this.#query, at, 'experimental duration expression is not enabled')
    if (node?.name === 'DurationExpr' && (length <= 0 || this.#text(node).startsWith('-')))
      throw parseError(this.#query, at, 'duration must be greater than 0')
    return length
  }

  #text(node: SyntaxNode | undefined): string {
    return node === undefined ? '' : this.#query.slice(node.from, node.to)
  }

  #error(node: SyntaxNode, message: string): Error {
    return parseError(this.#query, node.from, message)
  }
}
