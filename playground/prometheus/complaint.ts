/** Whether a query can be parsed at all, and where it cannot. */
import type { Tree } from '@lezer/common'
import { QueryError } from './syntax.ts'

/** A parse error at a place of the query: `1:7: parse error: …`. */
export function parseError(query: string, position: number, message: string): QueryError {
  const before = query.slice(0, position).split('\n')
  const column = (before.at(-1)?.length ?? 0) + 1
  return new QueryError('bad_data', `${before.length}:${column}: parse error: ${message}`)
}

/** A string in double or single quotes with an escape that Go does not have; the grammar lets it pass. */
const BAD_ESCAPE = /^(?:\\[abfnrtv\\"'0-7xuU]|[^\\])*\\[^abfnrtv\\"'0-7xuU]/

/** @throws QueryError with the first thing that is wrong, if anything is. */
export function mustBeWellFormed(query: string, tree: Tree): void {
  tree.iterate({
    enter: ({ type, from, to }) => {
      const text = query.slice(from, to)
      if (type.isError) {
        const [next] = /\S+/.exec(query.slice(from)) ?? []
        throw parseError(
          query,
          from,
          next === undefined ? 'unexpected end of input' : `unexpected ${JSON.stringify(next)}`,
        )
      }
      if (type.name !== 'StringLiteral') return
      const [quote = ''] = text
      if (text.length < 2 || !text.endsWith(quote)) throw parseError(query, from, 'unterminated string')
      if (quote !== '`' && BAD_ESCAPE.test(text)) throw parseError(query, from, 'unknown escape sequence')
    },
  })
}
