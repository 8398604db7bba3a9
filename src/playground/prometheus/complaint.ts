/** What is wrong with a query that cannot be parsed, where and in the words of Prometheus as far as its grammar's states allow. */
import type { SyntaxNode, Tree } from '@lezer/common'
import { QueryError } from './syntax.ts'

/** A parse error at a place of the query: `1:7: parse error: …`. */
export function parseError(query: string, position: number, message: string): QueryError {
  const before = query.slice(0, position).split('\n')
  const column = (before.at(-1)?.length ?? 0) + 1
  return new QueryError('bad_data', `${before.length}:${column}: parse error: ${message}`)
}

interface Complaint {
  readonly position: number
  readonly message: string
}

/** @throws QueryError with the first thing that is wrong, if anything is. */
export function mustBeWellFormed(query: string, tree: Tree): void {
  if (/^(\s|#[^\n]*)*$/.test(query))
    throw new QueryError('bad_data', 'unknown position: parse error: no expression found in input')
  const lexical = lexicalComplaint(query)
  const syntactic = syntacticComplaint(query, tree)
  const first = lexical !== null && lexical.position <= (syntactic?.position ?? query.length) ? lexical : syntactic
  if (first !== null) throw parseError(query, first.position, first.message)
}

const token = /#[^\n]*|\s+|`[^`]*`?|"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?|[\w:.]+|[=!<>]=|=~|!~|[^]/g

/** Brackets and strings: what Prometheus' lexer sees before its grammar does. */
function lexicalComplaint(query: string): Complaint | null {
  const open: string[] = []
  for (const { 0: text, index } of query.matchAll(token)) {
    const [first = ''] = text
    if (/["'`]/.test(first)) {
      const whole = text.length > 1 && text.endsWith(first)
      if (!whole) return { position: index, message: `unterminated ${first === '`' ? 'raw' : 'quoted'} string` }
      const strange = first === '`' ? null : /^(?:\\[abfnrtv\\"'0-7xuU]|[^\\])*\\([^])/.exec(text)?.[1]
      if (strange) {
        const code = strange.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
        return { position: index, message: `unknown escape sequence U+${code} '${strange}'` }
      }
    } else if (/[([{]/.test(first)) open.push(first)
    else if (first === ')' && !open.includes('('))
      return { position: index + 1, message: "unexpected right parenthesis ')'" }
    else if (first === ']' && !open.includes('[')) return { position: index, message: "unexpected right bracket ']'" }
    else if (/[)\]}]/.test(first)) open.pop()
    else if (/[^\w\s:.,+\-*/%^=!<>@}#]/.test(first)) {
      const where = open.at(-1) === '{' ? ' inside braces' : ''
      return { position: index, message: `unexpected character${where}: '${first}'` }
    }
  }
  const position = query.length
  if (open.includes('{')) return { position, message: 'unexpected end of input inside braces' }
  if (open.includes('[')) return { position, message: 'unexpected end of input in duration expression' }
  return open.includes('(') ? { position, message: 'unclosed left parenthesis' } : null
}

function syntacticComplaint(query: string, tree: Tree): Complaint | null {
  const errors: SyntaxNode[] = []
  tree.iterate({
    enter: ({ type, node }) => {
      if (type.isError) errors.push(node)
    },
  })
  const [error] = errors
  if (error === undefined) return null
  const rest = [...query.slice(error.from).matchAll(token)].filter(({ 0: text }) => !/^[\s#]/.test(text))
  const position = error.from + (rest[0]?.index ?? query.length - error.from)
  const called = /([A-Za-z_]\w*)\s*$/.exec(query.slice(0, position))
  if (rest[0]?.[0] === '(' && called !== null) {
    return { position: called.index, message: `unknown function with name ${JSON.stringify(called[1])}` }
  }
  return { position, message: `unexpected ${described(rest[0]?.[0])}${expectation(error)}` }
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

function expectation(error: SyntaxNode): string {
  const before = error.prevSibling?.name
  if (error.parent?.name === 'LabelMatchers') {
    return ` in label matching, expected ${before?.endsWith('Matcher') ? '"," or "}"' : 'identifier or "}"'}`
  }
  if (error.parent?.name === 'UnquotedLabelMatcher') {
    return ` in label matching, expected ${before === 'MatchOp' ? 'string' : 'label matching operator'}`
  }
  if (error.parent?.name === 'GroupingLabels') {
    return ` in grouping opts, expected ${before?.endsWith('LabelName') ? '"," or ")"' : 'label'}`
  }
  return ''
}
