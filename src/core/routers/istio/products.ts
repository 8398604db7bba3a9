/**
 * Requests that meet a match of one list and one of another, as a list of HTTPMatchRequests: Istio has no "and" between them, so
 * each pair becomes one match with the conditions of both
 * (https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPMatchRequest).
 */
import { type Json, listOf, present, recordOf, sameJson, textOf } from '../../json.ts'
import { MESH } from './bindings.ts'

/** Conditions on one text, which a match can hold once. */
const TEXTS = ['uri', 'scheme', 'method', 'authority'] as const
/** Conditions by name, of which it can hold one for each. */
const MAPS = ['headers', 'withoutHeaders', 'queryParams', 'sourceLabels'] as const
/** Plain values. */
const VALUES = ['port', 'sourceNamespace'] as const

/** Why no match says both. */
export interface Clash {
  /** `uri`, or `headers.x-user`. */
  readonly field: string
  /** No request meets both, so nothing is lost; else there may be some, and no match for them. */
  readonly disjoint: boolean
}

/** The match that takes what both take. */
export function productOf(one: Json, other: Json): Json | Clash {
  const both: Record<string, unknown> = { ...one, ...other }
  // It is about the path alone: of a match without one it says nothing.
  if (one['uri'] === undefined || other['uri'] === undefined) {
    const { ignoreUriCase } = one['uri'] === undefined ? other : one
    both['ignoreUriCase'] = ignoreUriCase
  }
  for (const field of TEXTS) {
    const joined = jointly(field, one, other)
    if (isClash(joined)) return joined
    if (joined !== undefined) both[field] = joined
  }
  for (const field of MAPS) {
    const [here, there] = [namedIn(field, one), namedIn(field, other)]
    for (const key of Object.keys(here).filter(name => Object.hasOwn(there, name))) {
      if (!sameJson(here[key], there[key])) {
        const disjoint = field === 'sourceLabels' || areDisjoint(here[key], there[key])
        return { field: `${field}.${key}`, disjoint: field !== 'withoutHeaders' && disjoint }
      }
    }
    if (one[field] !== undefined || other[field] !== undefined) both[field] = { ...here, ...there }
  }
  for (const field of VALUES) {
    const [here, there] = [one[field], other[field]]
    if (here !== undefined && there !== undefined && here !== there) return { field, disjoint: true }
  }
  return withGateways(present(both), one, other)
}

const isClash = (value: unknown): value is Clash => Object.hasOwn(recordOf(value), 'disjoint')

export const isProduct = (product: Json | Clash): product is Json => !isClash(product)

/** Each pair of a route's matches and these; a route without any takes everything. */
export function productsOf(matches: readonly Json[] | undefined, others: readonly Json[]): Json[] {
  const own = matches === undefined || matches.length === 0 ? [{}] : matches
  return own.flatMap(one => others.map(other => productOf(one, other)).filter(isProduct))
}

/** The conditions of a field by name. Envoy compares names of headers in lower case, so that two writings are one condition. */
function namedIn(field: (typeof MAPS)[number], match: Json): Json {
  const named = recordOf(match[field])
  if (field !== 'headers' && field !== 'withoutHeaders') return named
  const folded = Object.entries(named).map(([name, condition]) => [name.toLowerCase(), condition] as const)
  // One name in two writings are two conditions, and both are kept.
  return new Set(folded.map(([name]) => name)).size < folded.length ? named : Object.fromEntries(folded)
}

/** A condition on one text that holds where both do; undefined where neither says anything. */
function jointly(field: string, one: Json, other: Json): unknown {
  const [here, there] = [one[field], other[field]]
  if (here === undefined || there === undefined) return here ?? there
  // The flag is of the whole match: two that differ are two.
  const folds = field === 'uri' && (one['ignoreUriCase'] === true || other['ignoreUriCase'] === true)
  if (sameJson(here, there) && one['ignoreUriCase'] === other['ignoreUriCase']) return here
  if (!folds && isWithin(here, there)) return here
  if (!folds && isWithin(there, here)) return there
  return { field, disjoint: !folds && areDisjoint(here, there) } satisfies Clash
}

/** Whether every text that meets `narrow` surely meets `wide`. */
function isWithin(narrow: unknown, wide: unknown): boolean {
  const { prefix } = recordOf(wide)
  const { exact, prefix: longer } = recordOf(narrow)
  const begins = exact ?? longer
  return typeof prefix === 'string' && typeof begins === 'string' && begins.startsWith(prefix)
}

/** Whether surely no text meets both: what a regular expression takes is not known. */
function areDisjoint(one: unknown, other: unknown): boolean {
  const isPlain = (rule: unknown): boolean =>
    Object.keys(recordOf(rule)).some(kind => kind === 'exact' || kind === 'prefix')
  return isPlain(one) && isPlain(other) && !isWithin(one, other) && !isWithin(other, one)
}

/**
 * The gateways of both. Istio reads of a match that names gateways neither sourceLabels nor sourceNamespace, and without them it
 * would take the requests of everybody; sidecars alone have those, so the word for the mesh is left out.
 */
function withGateways(both: Json, one: Json, other: Json): Json | Clash {
  const [here, there] = [listOf(one['gateways']).map(textOf), listOf(other['gateways']).map(textOf)]
  const gateways =
    here.length === 0 || there.length === 0 ? [...here, ...there] : here.filter(name => there.includes(name))
  if (here.length + there.length === 0) return both
  if (gateways.length === 0) return { field: 'gateways', disjoint: true }
  if (both['sourceLabels'] === undefined && both['sourceNamespace'] === undefined) return { ...both, gateways }
  if (!gateways.includes(MESH)) return { field: 'gateways', disjoint: true }
  return present({ ...both, gateways: undefined })
}
