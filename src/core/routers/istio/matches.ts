/**
 * Which of two HTTPMatchRequests takes a request, as far as their text tells
 * (https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPMatchRequest).
 */
import { type Json, recordOf, recordsOf, sameJson, textOf } from '../../json.ts'

/** Fields that are no condition on a request, or that say where the match is evaluated. */
const NO_CONDITION = new Set(['name', 'statPrefix', 'gateways', 'ignoreUriCase'])
const MAPS = new Set(['headers', 'withoutHeaders', 'queryParams'])

const isEmpty = (value: unknown): boolean =>
  value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)

const conditionsOf = (match: Json): [string, unknown][] =>
  Object.entries(match).filter(([key, value]) => !NO_CONDITION.has(key) && !isEmpty(value))

/** The matches of a route; without any it takes everything. */
export function matchesOf(written: unknown): readonly Json[] {
  const matches = recordsOf(written)
  return matches.length === 0 ? [{}] : matches
}

/** Istio puts these behind all others (route.go `IsCatchAllRoute`). */
export function isCatchAll(match: Json): boolean {
  return conditionsOf(match).every(([key, value]) => key === 'uri' && takesEveryPath(value))
}

const takesEveryPath = (uri: unknown): boolean => {
  const { prefix, regex } = recordOf(uri)
  return prefix === '/' || regex === '.*'
}

/** Whether `wide` surely takes every request that `narrow` takes. */
export function coversMatch(wide: Json, narrow: Json): boolean {
  return conditionsOf(wide).every(([key, wanted]) => {
    if (key === 'uri') return coversPath(wide, narrow)
    if (!MAPS.has(key)) return coversText(wanted, narrow[key])
    const there = recordOf(narrow[key])
    // What a request must not have covers the more, the less it is.
    const covers = key === 'withoutHeaders' ? sameJson : coversText
    return Object.entries(recordOf(wanted)).every(
      ([name, condition]) => Object.hasOwn(there, name) && covers(condition, there[name]),
    )
  })
}

/** Whether every text that meets `narrow` surely meets `wide`, which is met by any text where it says nothing. */
function coversText(wide: unknown, narrow: unknown): boolean {
  if (narrow === undefined) return false
  if (sameJson(wide, narrow) || (typeof wide === 'object' && isEmpty(wide))) return true
  const { prefix, regex } = recordOf(wide)
  const { exact, prefix: longer } = recordOf(narrow)
  const begins = exact ?? longer
  return regex === '.*' || (typeof prefix === 'string' && typeof begins === 'string' && begins.startsWith(prefix))
}

function coversPath(wide: Json, narrow: Json): boolean {
  if (takesEveryPath(wide['uri'])) return true
  if (isEmpty(narrow['uri'])) return false
  // A match that minds the case takes less than one that does not.
  const folds = wide['ignoreUriCase'] === true
  if (!folds && narrow['ignoreUriCase'] === true) return false
  const read = (uri: unknown, field: string): string | null => {
    const value = recordOf(uri)[field]
    if (typeof value !== 'string') return null
    return folds ? value.toLowerCase() : textOf(value)
  }
  const [exact, prefix] = [read(narrow['uri'], 'exact'), read(narrow['uri'], 'prefix')]
  const widePrefix = read(wide['uri'], 'prefix')
  if (widePrefix !== null) return (exact ?? prefix ?? '').startsWith(widePrefix)
  const wideExact = read(wide['uri'], 'exact')
  return wideExact === null ? sameJson(wide['uri'], narrow['uri']) : exact === wideExact
}

/**
 * Whether requests of `ours` never reach it where Istio joins its route with an older one of `theirs`: rules are joined oldest
 * object first, and those that take everything go to the end.
 */
export function isShadowed(ours: Json, theirs: Json): boolean {
  return isCatchAll(theirs) ? isCatchAll(ours) : coversMatch(theirs, ours)
}
