/**
 * Conditions on requests: a Canary writes them as Istio does, whatever its provider, and an HTTPRoute has words of its own
 * (https://gateway-api.sigs.k8s.io/reference/spec/#httproutematch).
 */
import { type Json, listOf, present, recordOf, textOf } from '../../json.ts'

/** What a match without a condition on the path has. */
const EVERY_PATH: Json = { type: 'PathPrefix', value: '/' }
export const EVERYTHING: Json = { path: EVERY_PATH }

/** What an HTTPRoute cannot say. */
export interface Misfit {
  /** `uri.suffix`, or `headers.x-user`. */
  readonly field: string
  /** What to write instead, as the end of a sentence. */
  readonly instead: string
}

const isMisfit = (value: Json | Misfit): value is Misfit => Object.hasOwn(value, 'instead')

/** The words of Istio's HTTPMatchRequest that an HTTPRoute has too. */
const KNOWN = new Set(['uri', 'method', 'headers', 'queryParams'])
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'])

/** The match in the words of an HTTPRoute, with everything that the API would fill in; or what it has no words for. */
export function httpRouteMatch(match: Json): Json | Misfit {
  const [unknown] = Object.keys(match).filter(field => !KNOWN.has(field) && !isEmptyValue(match[field]))
  if (unknown !== undefined) return { field: unknown, instead: 'uri, method, headers or queryParams' }
  const path = pathOf(match['uri'])
  if (isMisfit(path)) return path
  const method = methodOf(match['method'])
  if (typeof method === 'object') return method
  const headers = namedConditions('headers', match['headers'])
  if (!Array.isArray(headers)) return headers
  const queryParams = namedConditions('queryParams', match['queryParams'])
  if (!Array.isArray(queryParams)) return queryParams
  return present({
    path,
    method,
    headers: headers.length === 0 ? undefined : headers,
    queryParams: queryParams.length === 0 ? undefined : queryParams,
  })
}

/** Matches that have words in an HTTPRoute; `matchThatDoesNotFit` has told of the others. */
export function httpRouteMatches(matches: readonly Json[]): Json[] {
  return matches.map(httpRouteMatch).filter(one => !isMisfit(one)) as Json[]
}

/** What keeps a match from being written; null where nothing does. */
export function misfitOf(match: Json): Misfit | null {
  const written = httpRouteMatch(match)
  return isMisfit(written) ? written : null
}

const isEmptyValue = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0)

/** One condition: its word and its value. */
function conditionOf(condition: unknown): readonly [word: string, value: string] | null {
  const words = Object.entries(recordOf(condition))
  const [only] = words
  return words.length === 1 && only !== undefined && typeof only[1] === 'string' ? [only[0], only[1]] : null
}

const PATHS: Readonly<Record<string, string>> = {
  exact: 'Exact',
  prefix: 'PathPrefix',
  regex: 'RegularExpression',
}

function pathOf(uri: unknown): Json | Misfit {
  if (isEmptyValue(uri)) return EVERY_PATH
  const [word, value] = conditionOf(uri) ?? ['', '']
  const type = Object.hasOwn(PATHS, word) ? PATHS[word] : undefined
  return type === undefined ? { field: 'uri', instead: 'exact, prefix or regex in it' } : { type, value }
}

function methodOf(method: unknown): string | undefined | Misfit {
  if (isEmptyValue(method)) return undefined
  const [word, value] = conditionOf(method) ?? ['', '']
  return word === 'exact' && METHODS.has(value)
    ? value
    : { field: 'method', instead: `exact in it, with one of ${[...METHODS].join(', ')}` }
}

const VALUES: Readonly<Record<string, string>> = { exact: 'Exact', regex: 'RegularExpression' }

function namedConditions(field: 'headers' | 'queryParams', conditions: unknown): Json[] | Misfit {
  const written: Json[] = []
  for (const [name, condition] of Object.entries(recordOf(conditions))) {
    const [word, value] = conditionOf(condition) ?? ['', '']
    const type = Object.hasOwn(VALUES, word) ? VALUES[word] : undefined
    if (type === undefined || value === '') return { field: `${field}.${name}`, instead: 'exact or regex in it' }
    written.push({ type, name, value })
  }
  return written
}

/** The condition of a match of an HTTPRoute on a header, if it is a regular expression. */
export function headerRegex(match: Json, name: string): string | null {
  const condition = listOf(match['headers'])
    .map(recordOf)
    .find(one => textOf(one['name']).toLowerCase() === name && one['type'] === 'RegularExpression')
  return condition === undefined ? null : textOf(condition['value'])
}
