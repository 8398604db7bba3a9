/**
 * Which requests all go to the canary, in the words of ingress-nginx: one header with a value or a pattern, one cookie that is `always`, or
 * either (https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary). As in Flagger, a match on
 * the header `cookie` names the cookie.
 */
import type { Json } from '../../json.ts'
import { recordOf } from '../../json.ts'

/** Annotations, by the part of their name behind the prefix. */
export type Annotations = Readonly<Record<string, string>>

/** What cannot be said, and what to write instead. */
export interface Misfit {
  /** Place in `analysis.match`, and the field in it: `[0].uri`. */
  readonly at: string
  /** The rest of a sentence that begins with the field. */
  readonly because: string
}

/** What ingress-nginx takes in the value of these annotations, unless its validation is off (annotations/parser, `BasicCharsRegex`). */
const PLAIN = /^[A-Za-z0-9._~/-]+$/

const isMisfit = (value: Annotations | Misfit): value is Misfit => Object.hasOwn(value, 'because')

/** The annotations that say these matches; or the first thing in them that none says. */
export function annotationsOf(matches: readonly Json[]): Annotations | Misfit {
  let said: Annotations = {}
  for (const [index, match] of matches.entries()) {
    const one = annotationsOfMatch(match, `[${index}]`)
    if (isMisfit(one)) return one
    const twice = Object.keys(one).find(name => Object.hasOwn(said, name))
    if (twice !== undefined) {
      const [what] = twice === 'canary-by-cookie' ? ['cookie'] : ['header']
      return {
        at: `[${index}].headers`,
        because: `is the second match on a ${what}, and ingress-nginx takes one header and one cookie: leave one of the two out`,
      }
    }
    said = { ...said, ...one }
  }
  return said
}

/** What keeps the matches from being said; null where nothing does. */
export function misfitOf(matches: readonly Json[]): Misfit | null {
  const said = annotationsOf(matches)
  return isMisfit(said) ? said : null
}

/** The annotations of matches that can be said; none of others, of which `matchThatDoesNotFit` tells. */
export function saidOf(matches: readonly Json[]): Annotations {
  const said = annotationsOf(matches)
  return isMisfit(said) ? {} : said
}

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0)

function annotationsOfMatch(match: Json, place: string): Annotations | Misfit {
  const other = Object.keys(match).find(field => field !== 'headers' && !isNothing(match[field]))
  if (other !== undefined) {
    return { at: `${place}.${other}`, because: 'cannot be said to ingress-nginx: write headers, or remove it' }
  }
  const headers = Object.entries(recordOf(match['headers']))
  const [only] = headers
  if (only === undefined || headers.length > 1) {
    return {
      at: `${place}.headers`,
      because:
        'must have one header: ingress-nginx has no "and" between two. Write a match each for a header or a cookie',
    }
  }
  const [name, condition] = only
  const at = `${place}.headers.${name}`
  const words = Object.entries(recordOf(condition)).filter(([, value]) => typeof value === 'string')
  const [word, value] = words.length === 1 ? (words[0] as [string, string]) : ['', '']
  return name.toLowerCase() === 'cookie' ? cookieOf(at, word, value) : headerOf(at, name, word, value)
}

function cookieOf(at: string, word: string, value: string): Annotations | Misfit {
  return word === 'exact' && PLAIN.test(value)
    ? { 'canary-by-cookie': value }
    : {
        at,
        because:
          'must be exact: <name of a cookie>, of letters, digits and ._~/-: callers whose cookie of that name is `always` go to the canary',
      }
}

function headerOf(at: string, name: string, word: string, value: string): Annotations | Misfit {
  if (!PLAIN.test(name)) return { at, because: 'has a name with other characters than letters, digits and ._~/-' }
  if (word === 'exact' && PLAIN.test(value)) return { 'canary-by-header': name, 'canary-by-header-value': value }
  if (word === 'regex' && value !== '') return { 'canary-by-header': name, 'canary-by-header-pattern': value }
  return {
    at,
    because: 'must be exact: <letters, digits and ._~/->, or regex: <pattern>: ingress-nginx has no other condition',
  }
}
