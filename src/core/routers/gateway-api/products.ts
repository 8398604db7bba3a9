/**
 * Requests that meet a match of one list and one of another, as matches of an HTTPRoute: there is no "and" between two, so each pair
 * becomes one match with the conditions of both.
 */
import { type Json, present, recordOf, recordsOf, sameJson, textOf } from '../../json.ts'
import { EVERYTHING } from './matches.ts'

/** Why no match says both. */
export interface Clash {
  /** `path`, or `headers.x-user`. */
  readonly field: string
  /** No request meets both, so nothing is lost; else there may be some, and no match for them. */
  readonly disjoint: boolean
}

export const isClash = (value: Json | Clash): value is Clash => Object.hasOwn(value, 'disjoint')

/** The match that takes what both take. */
export function productOf(one: Json, other: Json): Json | Clash {
  const path = jointPath(recordOf(one['path'] ?? EVERYTHING['path']), recordOf(other['path'] ?? EVERYTHING['path']))
  if (isClash(path)) return path
  const [here, there] = [one['method'], other['method']]
  if (here !== undefined && there !== undefined && here !== there) return { field: 'method', disjoint: true }
  const headers = jointConditions('headers', one, other)
  if (!Array.isArray(headers)) return headers
  const queryParams = jointConditions('queryParams', one, other)
  if (!Array.isArray(queryParams)) return queryParams
  return present({
    path,
    method: here ?? there,
    headers: headers.length === 0 ? undefined : headers,
    queryParams: queryParams.length === 0 ? undefined : queryParams,
  })
}

/** Each pair of the two lists that some match says. */
export function productsOf(matches: readonly Json[], others: readonly Json[]): Json[] {
  return matches.flatMap(one =>
    others.map(other => productOf(one, other)).filter((product): product is Json => !isClash(product)),
  )
}

function jointPath(one: Json, other: Json): Json | Clash {
  if (sameJson(one, other) || isWithin(one, other)) return one
  if (isWithin(other, one)) return other
  // What a regular expression takes is not known.
  const isPlain = one['type'] !== 'RegularExpression' && other['type'] !== 'RegularExpression'
  return { field: 'path', disjoint: isPlain }
}

/** Whether every path that meets `narrow` surely meets `wide`; a prefix ends where an element of the path does. */
function isWithin(narrow: Json, wide: Json): boolean {
  if (wide['type'] !== 'PathPrefix') return false
  const prefix = textOf(wide['value']).replace(/\/$/, '')
  if (prefix === '') return true
  const value = textOf(narrow['value'])
  return narrow['type'] !== 'RegularExpression' && (value === prefix || value.startsWith(`${prefix}/`))
}

/** The conditions of both; names of headers are the same in any case. */
function jointConditions(field: 'headers' | 'queryParams', one: Json, other: Json): Json[] | Clash {
  const keyOf = (condition: Json): string => {
    const name = textOf(condition['name'])
    return field === 'headers' ? name.toLowerCase() : name
  }
  const here = recordsOf(one[field])
  const joint = [...here]
  for (const condition of recordsOf(other[field])) {
    const twin = here.find(own => keyOf(own) === keyOf(condition))
    if (twin === undefined) joint.push(condition)
    else if (twin['type'] !== condition['type'] || twin['value'] !== condition['value']) {
      const isPlain = twin['type'] !== 'RegularExpression' && condition['type'] !== 'RegularExpression'
      return { field: `${field}.${textOf(condition['name'])}`, disjoint: isPlain }
    }
  }
  return joint
}
