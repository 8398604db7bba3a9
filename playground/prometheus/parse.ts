/**
 * PromQL text to tree. Tokens and nesting come from Prometheus' own grammar for editors; it binds `offset`, `@` and `[…]` looser
 * than operators, which the server does not, so precedence is worked out here, from the flat row of operands and operators.
 */
import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import type { Milliseconds } from '../../src/core/time.ts'
import { aggregation, binary, call, type Fail, negation } from './check.ts'
import { mustBeWellFormed, parseError } from './complaint.ts'
import { durationOf, numberOf, unquoted } from './literals.ts'
import { type Matcher, matcher } from './matcher.ts'
import type { Expr, Matching } from './syntax.ts'

/** Trees of the queries that were asked last: most are asked again and again. */
const recent = new Map<string, Expr>()
const MOST = 500

/** @throws QueryError `bad_data` with the place and the reason. */
export function parse(query: string): Expr {
  const known = recent.get(query)
  if (known !== undefined) return known
  const tree = parser.parse(query)
  mustBeWellFormed(query, tree)
  const expr = new Reading(query).within(tree.topNode)
  const [oldest] = recent.keys()
  if (recent.size >= MOST && oldest !== undefined) recent.delete(oldest)
  recent.set(query, expr)
  return expr
}

/** What stands in a row: operands with what is behind them, signs and operators. */
type Item =
  | { readonly kind: 'operand'; readonly node: SyntaxNode; readonly behind: SyntaxNode[] }
  | { readonly kind: 'sign' | 'operator'; readonly node: SyntaxNode; readonly modifiers: readonly SyntaxNode[] }

const levels = [['or'], ['and', 'unless'], ['==', '!=', '>', '<', '>=', '<='], ['+', '-'], ['*', '/', '%'], ['^']]
const POWER = levels.length - 1

const childrenOf = (node: SyntaxNode): SyntaxNode[] => {
  const children: SyntaxNode[] = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== 'LineComment') children.push(child)
  }
  return children
}

class Reading {
  readonly #query: string
  readonly #fail: Fail

  constructor(query: string) {
    this.#query = query
    this.#fail = (position, message) => parseError(query, position, message)
  }

  /** The expression within a node that encloses one. */
  within(enclosing: SyntaxNode): Expr {
    const [only] = childrenOf(enclosing)
    if (only === undefined) throw this.#fail(enclosing.from, 'no expression found in input')
    return this.#climb(this.#row(only), 0)
  }

  #row(node: SyntaxNode): Item[] {
    const children = childrenOf(node)
    const [first, second, last] = [children[0], children[1], children.at(-1)]
    const operand: Item = { kind: 'operand', node, behind: [] }
    if (first === undefined || second === undefined || last === undefined) {
      const signed = node.name === 'NumberDurationLiteral' && /^[-+]/.test(this.#text(node))
      return signed ? [{ kind: 'sign', node, modifiers: [] }, operand] : [operand]
    }
    if (node.name === 'UnaryExpr') return [{ kind: 'sign', node: first, modifiers: [] }, ...this.#row(last)]
    if (node.name === 'BinaryExpr') {
      const operator: Item = { kind: 'operator', node: second, modifiers: children.slice(2, -1) }
      return [...this.#row(first), operator, ...this.#row(last)]
    }
    if (!/^(Offset|StepInvariant|Subquery)Expr$|^MatrixSelector$/.test(node.name)) return [operand]
    const row = this.#row(first)
    const target = row.at(-1)
    if (target?.kind === 'operand') target.behind.push(node)
    return row
  }

  /** Takes from the row what binds at least as strongly as `least`. */
  #climb(row: Item[], least: number): Expr {
    let left = this.#operand(row)
    for (let item = row[0]; item?.kind === 'operator'; item = row[0]) {
      const operator = this.#text(item.node).toLowerCase()
      const level = levels.findIndex(operators => operators.includes(operator))
      if (level < 0)
        throw this.#fail(item.node.from, `operator ${operator} is not supported by this in-memory Prometheus`)
      if (level < least) return left
      row.shift()
      const right = this.#climb(row, operator === '^' ? level : level + 1)
      const { position } = left
      const bool = item.modifiers.some(({ name }) => name === 'BoolModifier')
      const matching = this.#matching(item.modifiers, position)
      left = binary(this.#fail, item.node.from, { kind: 'binary', position, operator, bool, left, right, matching })
    }
    return left
  }

  #operand(row: Item[]): Expr {
    const item = row.shift()
    if (item === undefined) throw this.#fail(this.#query.length, 'unexpected end of input')
    if (item.kind === 'operand') {
      return item.behind.reduce((expr, node) => this.#behind(expr, node, item.node), this.#leaf(item.node))
    }
    const of = this.#climb(row, POWER)
    return this.#query[item.node.from] === '+' ? of : negation(this.#fail, item.node.from, of)
  }

  #leaf(node: SyntaxNode): Expr {
    const position = node.from
    const text = this.#text(node)
    switch (node.name) {
      case 'ParenExpr':
        return { ...this.within(node), position }
      case 'NumberDurationLiteral':
        return { kind: 'number', type: 'scalar', position, value: numberOf(text.replace(/^[-+]\s*/, '')) }
      case 'StringLiteral':
        return { kind: 'string', type: 'string', position, text: unquoted(text) }
      case 'VectorSelector':
        return this.#selector(node)
      case 'FunctionCall':
        return call(this.#fail, position, this.#text(node.firstChild), this.#args(node))
      case 'AggregateExpr': {
        const modifier = node.getChild('AggregateModifier')
        const labels = this.#names(modifier?.getChild('GroupingLabels'))
        const grouping = { without: /^without/i.test(this.#text(modifier)), labels }
        const operator = this.#text(node.firstChild).toLowerCase()
        return aggregation(this.#fail, { kind: 'aggregation', position, operator, grouping, args: this.#args(node) })
      }
      default:
        throw this.#fail(position, `${text} is not supported by this in-memory Prometheus`)
    }
  }

  #args(node: SyntaxNode): Expr[] {
    const body = node.getChild('FunctionCallBody')
    return body === null ? [] : childrenOf(body).map(child => this.#climb(this.#row(child), 0))
  }

  #selector(node: SyntaxNode): Expr {
    const position = node.from
    const list = node.getChild('LabelMatchers')
    const matchers = list === null ? [] : childrenOf(list).map(one => this.#matcher(one))
    const name = this.#text(node.getChild('Identifier'))
    const named = matchers.find(({ label }) => label === '__name__')
    if (name !== '' && named !== undefined) {
      throw this.#fail(position, `metric name must not be set twice: "${name}" or "${named.value}"`)
    }
    if (name !== '') matchers.push(matcher('__name__', '=', name))
    else if (matchers.every(({ matches }) => matches(''))) {
      throw this.#fail(position, 'vector selector must contain at least one non-empty matcher')
    }
    return { kind: 'selector', type: 'instant vector', position, matchers }
  }

  /** `label="value"`; or the metric alone, in quotes. */
  #matcher(node: SyntaxNode): Matcher {
    const [label, operator, value] = childrenOf(node)
    if (operator === undefined || label === undefined) return matcher('__name__', '=', unquoted(this.#text(node)))
    try {
      return matcher(this.#name(label), this.#text(operator) as Matcher['operator'], unquoted(this.#text(value)))
    } catch (error) {
      throw this.#fail(node.from, (error as Error).message)
    }
  }

  /** What stands behind an operand: a range, an `offset`. */
  #behind(expr: Expr, node: SyntaxNode, { name }: SyntaxNode): Expr {
    const [before, first, second] = childrenOf(node)
    const looks = expr.kind === 'selector' && name === 'VectorSelector'
    if (node.name === 'MatrixSelector') {
      const bracket = this.#query.indexOf('[', before?.to)
      if (!looks || expr.type === 'range vector') throw this.#fail(bracket, 'ranges only allowed for vector selectors')
      if (expr.offset !== undefined) throw this.#fail(bracket, 'no offset modifiers allowed before range')
      return { ...expr, type: 'range vector', range: this.#length(first) }
    }
    if (node.name !== 'OffsetExpr') {
      const what = node.name === 'SubqueryExpr' ? 'a subquery' : 'the @ modifier'
      throw this.#fail(before?.to ?? node.from, `${what} is not supported by this in-memory Prometheus`)
    }
    const whole = 'an instant vector selector or range vector selector or a subquery'
    if (!looks) throw this.#fail(node.from, `offset modifier must be preceded by ${whole}`)
    if (expr.offset !== undefined) throw this.#fail(node.from, 'offset may not be set multiple times')
    const sign = this.#text(second).startsWith('-') ? -1 : 1
    return { ...expr, offset: sign * this.#length(second) }
  }

  #matching(modifiers: readonly SyntaxNode[], position: number): Matching {
    if (modifiers.some(({ name }) => name === 'FillModifier')) {
      throw this.#fail(position, 'binop fill modifiers are experimental and not enabled')
    }
    const clause = modifiers.find(({ name }) => name === 'MatchingModifierClause')
    const [labels, include] = clause?.getChildren('GroupingLabels') ?? []
    return {
      on: /^on/i.test(this.#text(clause)),
      labels: this.#names(labels),
      many: clause?.getChild('GroupLeft') ? 'left' : clause?.getChild('GroupRight') ? 'right' : 'neither',
      include: this.#names(include),
    }
  }

  #names(list: SyntaxNode | null | undefined): string[] {
    return list ? childrenOf(list).map(node => this.#name(node)) : []
  }

  #name(node: SyntaxNode): string {
    return node.name === 'QuotedLabelName' ? unquoted(this.#text(node)) : this.#text(node)
  }

  /** A length of time; the sign of an offset is not part of it. */
  #length(node: SyntaxNode | undefined): Milliseconds {
    const text = this.#text(node)
    const plain = text.replace(/^[-+]\s*/, '')
    const length = durationOf(plain) ?? Math.round(numberOf(plain) * 1000)
    const position = node?.from ?? 0
    if (Number.isNaN(length)) throw this.#fail(position, 'experimental duration expression is not enabled')
    if (node?.name === 'DurationExpr' && (length <= 0 || text.startsWith('-'))) {
      throw this.#fail(position, 'duration must be greater than 0')
    }
    return length
  }

  #text(node: SyntaxNode | null | undefined): string {
    return node ? this.#query.slice(node.from, node.to) : ''
  }
}
