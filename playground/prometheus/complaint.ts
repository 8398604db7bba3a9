/** What is wrong with a query that cannot be parsed, where and in the words of Prometheus as far as its grammar's states allow. */
import type { SyntaxNode, Tree } from '@lezer/common'
import { numberOf } from './literals.ts'
import { QueryError } from './syntax.ts'

/** A parse error at a place of the query: `1:7: parse error: …`. */
export function parseError(query: string, position: number, message: string): QueryError {
  const before = query.slice(0, position).split('\n')
  const column = (before.at(-1)?.length ?? 0) + 1
  return new QueryError('bad_data', `${before.length}:${column}: parse error: ${message}`)
}

interface Complaint {
  /** How far the query was read when it showed. */
  readonly noticed: number
  /** The place that is named, if another. */
  readonly position?: number
  readonly message: string
}

/** @throws QueryError with the first thing that is wrong, if anything is. */
export function mustBeWellFormed(query: string, tree: Tree): void {
  if (query === '') throw new QueryError('bad_data', 'unknown position: parse error: no expression found in input')
  const [first] = [lexicalComplaint(query), syntacticComplaint(query, tree)]
    .filter(complaint => complaint !== null)
    .sort((a, b) => a.noticed - b.noticed)
  if (first !== undefined) throw parseError(query, first.position ?? first.noticed, first.message)
}

const token =
  /#[^\n]*|\s+|`[^`]*`?|"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?|\.?\d[\w.]*|[A-Za-z_:][\w:]*|[=!<>]=|=~|!~|[^]/g

/** Brackets, strings and characters: what Prometheus' lexer sees before its grammar does. */
function lexicalComplaint(query: string): Complaint | null {
  const open: string[] = []
  for (const { 0: text, index: noticed } of query.matchAll(token)) {
    const [first = ''] = text
    const within = open.at(-1)
    if (/["'`]/.test(first)) {
      const message = stringComplaint(text)
      if (message !== null) return { noticed, message }
    } else if (/[([{]/.test(first)) open.push(first)
    else if (first === ')' && !open.includes('(')) {
      return { noticed, position: noticed + 1, message: "unexpected right parenthesis ')'" }
    } else if (first === ']' && !open.includes('[')) return { noticed, message: "unexpected right bracket ']'" }
    else if (/[)\]}]/.test(first)) open.pop()
    else if (within === '{' && /[^\sA-Za-z_,=!}#]/.test(first)) {
      return { noticed, message: `unexpected character inside braces: '${first}'` }
    } else if (/^\d+[A-Za-z]/.test(text) && Number.isNaN(numberOf(text)) && !/e$/i.test(text)) {
      return { noticed, message: `bad number or duration syntax: ${JSON.stringify(/^\d+/.exec(text)?.[0])}` }
    } else if (/^[^\w\s:,+\-*/%^=!<>@}#]$/.test(text)) return { noticed, message: `unexpected character: '${first}'` }
  }
  const [noticed, innermost] = [query.length, open.at(-1)]
  if (innermost === '{') return { noticed, message: 'unexpected end of input inside braces' }
  if (innermost === '[' && /\[\s*$/.test(query))
    return { noticed, message: 'unexpected end of input in duration expression' }
  if (open.includes('(')) return { noticed, message: 'unclosed left parenthesis' }
  return innermost === '[' ? { noticed, message: 'unclosed left bracket' } : null
}

function stringComplaint(text: string): string | null {
  const [quote = ''] = text
  if (text.length < 2 || !text.endsWith(quote)) return `unterminated ${quote === '`' ? 'raw' : 'quoted'} string`
  const [, strange] = /^(?:\\[abfnrtv\\"'0-7xuU]|[^\\])*\\([^abfnrtv\\"'0-7xuU])/.exec(text) ?? []
  if (quote === '`' || strange === undefined) return null
  return `unknown escape sequence U+${strange.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')} '${strange}'`
}

function syntacticComplaint(query: string, tree: Tree): Complaint | null {
  let error: SyntaxNode | null = null
  tree.iterate({
    enter: ({ type, node }) => {
      if (type.isError) error ??= node
    },
  })
  if (error === null) return null
  return unexpected(query, error)
}

function unexpected(query: string, error: SyntaxNode): Complaint {
  const [next] = [...query.slice(error.from).matchAll(token)].filter(({ 0: text }) => !/^[\s#]/.test(text))
  if (/^(\s|#[^\n]*)*$/.test(query)) return { noticed: 0, message: 'no expression found in input' }
  const noticed = error.from + (next?.index ?? query.length - error.from)
  const called = /([A-Za-z_]\w*)\s*$/.exec(query.slice(0, noticed))
  if (next?.[0] === '(' && called !== null) {
    return { noticed, position: called.index, message: `unknown function with name ${JSON.stringify(called[1])}` }
  }
  return { noticed, message: `unexpected ${described(next?.[0])}${expectation(error, query)}` }
}

function described(text: string | undefined): string {
  if (text === undefined) return 'end of input'
  if (/^(and|or|unless|atan2)$/i.test(text) || /^([-+*/%^]|[=!<>]=|[<>]|[=!]~)$/.test(text)) return `<op:${text}>`
  if (/^(bool|by|without|on|ignoring|group_left|group_right|offset)$/i.test(text)) return `<${text}>`
  const quoted = JSON.stringify(text)
  if (/^[\d.]/.test(text)) return `number ${quoted}`
  if (/^["'`]/.test(text)) return `string ${quoted}`
  return /^\w/.test(text) ? `identifier ${quoted}` : quoted
}

const duration = 'number, duration, step(), or range()'

/** What Prometheus would have taken at the places where people err most. */
function expectation({ parent, prevSibling, from }: SyntaxNode, query: string): string {
  const before = prevSibling?.name
  const inOptions = before?.endsWith('LabelName') ? '"," or ")"' : 'label'
  const inMatchers =
    before?.endsWith('Matcher') && !/,\s*$/.test(query.slice(0, from)) ? '"," or "}"' : 'identifier or "}"'
  const expected: Readonly<Record<string, string>> = {
    LabelMatchers: `label matching, expected ${inMatchers}`,
    UnquotedLabelMatcher: `label matching, expected ${before === 'MatchOp' ? 'string' : 'label matching operator'}`,
    AggregateModifier: 'grouping opts, expected "("',
    GroupingLabels: `grouping opts, expected ${query[parent?.from ?? 0] === '(' ? inOptions : '"("'}`,
    NumberDurationLiteralInDurationContext: `subquery or range selector, expected ${duration}`,
    OffsetExpr: `offset, expected ${duration}`,
    StepInvariantExpr: '@, expected timestamp',
  }
  const words = expected[parent?.name ?? '']
  return words === undefined ? '' : ` in ${words}`
}
