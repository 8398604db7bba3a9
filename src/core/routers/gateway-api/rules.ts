/**
 * The rules of Sluice's own HTTPRoute: one for all requests of the Canary, and before it those for requests that are treated otherwise.
 *
 * An HTTPRoute has no order of its own. What takes a request is the rule with the most specific match, by path, method, headers and
 * query, and only among equals the first (https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule). A rule of ours for some
 * requests has the matches of the base rule with a condition more, so it comes first by both. Rules have no names in CRDs older than
 * 1.4, so they are told apart by what they say.
 */
import { type Json, numberOf, present, recordOf, recordsOf, sameJson } from '../../json.ts'
import { audienceOf } from '../../model/plan.ts'
import type { Posture } from '../../model/posture.ts'
import { type Carried, type Cookie, isNone, type Sticky } from '../../model/traffic.ts'
import { shareOfShare, shareOfSum, weightsOf } from '../../shares.ts'
import type { Percent } from '../../time.ts'
import { cookieInPattern, cookiePattern } from '../cookies.ts'
import type { Named } from '../provider.ts'
import { filtersOf, timeoutsOf } from './filters.ts'
import { EVERYTHING, headerRegex, httpRouteMatches } from './matches.ts'
import { splitsMesh } from './parents.ts'
import { productsOf } from './products.ts'
import { backendOf, backendRefsOf, serviceRef } from './refs.ts'

type Wanted = Pick<Posture, 'traffic' | 'sticky' | 'retired'>

/** What every rule says, whatever the traffic. */
export interface Base {
  readonly matches: readonly Json[]
  readonly port: number
  readonly filters: readonly Json[]
  /** Timeouts and the like, which hold for every request. */
  readonly terms: Json
}

/** As the Canary says it. */
export function baseOf({ canary: { spec } }: Named): Base {
  const { match = [], port } = spec.service
  return {
    matches: match.length === 0 ? [EVERYTHING] : httpRouteMatches(match),
    port,
    filters: filtersOf(spec.service),
    terms: present({ timeouts: timeoutsOf(spec.service) }),
  }
}

/** As live rules say it; null where none splits. */
export function liveBase(o: Named, rules: readonly Json[]): Base | null {
  const base = rules.findLast(one => shareOf(o, one) !== null)
  if (base === undefined) return null
  const { matches, filters, backendRefs: _refs, ...terms } = base
  const [first] = backendRefsOf(base)
  return {
    matches: recordsOf(matches),
    port: numberOf(first?.['port'], o.canary.spec.service.port),
    filters: recordsOf(filters).filter(filter => !isMirrorOf(o, filter)),
    terms,
  }
}

/** A part of the requests and what becomes of it. */
interface Split {
  readonly canary: Percent
  readonly mirror: Percent
  readonly cookies?: Sticky
}

const ALL_TO_PRIMARY: Split = { canary: 0, mirror: 0 }
const ALL_TO_CANARY: Split = { canary: 100, mirror: 0 }

/** The base rule and those before it. */
export function rulesFor(o: Named, base: Base, { traffic, sticky, retired }: Wanted): Json[] {
  if (traffic === null) return []
  const rest = (split: Split): Json => splitRule(o, base, base.matches, split)
  // Of a part that no request meets there is no rule.
  const part = (matches: readonly Json[], of: (written: readonly Json[]) => Json): Json[] =>
    matches.length === 0 ? [] : [of(matches)]
  const withCookie = (cookie: Cookie): Json[] => productsOf(base.matches, [cookieMatch(cookie)])
  if (isNone(traffic)) {
    const left = retired === null ? [] : part(withCookie(retired), match => primaryRule(o, base, match, retired))
    return [...left, rest(ALL_TO_PRIMARY)]
  }
  if (traffic.among !== '') {
    const matched = productsOf(base.matches, audienceMatches(o, traffic.among))
    return [...part(matched, match => splitRule(o, base, match, traffic)), rest(ALL_TO_PRIMARY)]
  }
  if (sticky === null) return [rest(traffic)]
  const { canary, primary } = sticky
  return [
    ...part(withCookie(canary), match => splitRule(o, base, match, ALL_TO_CANARY)),
    ...(primary === null ? [] : part(withCookie(primary), match => primaryRule(o, base, match, null))),
    rest({ ...traffic, cookies: sticky }),
  ]
}

/** All requests of the Canary to the apex, whose Service then selects the target. */
export const apexRules = (o: Named, base: Base): Json[] => [
  rule(base, base.matches, base.filters, [serviceRef(o.names.apexService.name, base.port, { weight: 1 })]),
]

/**
 * The rule for callers in the mesh whose requests `match` leaves out: without one they get 404. At a gateway the other paths of a host are
 * for other routes, so a Canary with both kinds of parents has no `match` (`meshCallersLeftOut`).
 */
export function unmatchedRule(o: Named): Json[] {
  const { match = [], port } = o.canary.spec.service
  if (match.length === 0 || !splitsMesh(o)) return []
  return [{ matches: [EVERYTHING], backendRefs: [serviceRef(o.names.apexService.name, port, { weight: 1 })] }]
}

/** Requests with this cookie among others. */
export const cookieMatch = (cookie: Pick<Cookie, 'name' | 'value'>): Json => ({
  ...EVERYTHING,
  headers: [{ type: 'RegularExpression', name: 'Cookie', value: cookiePattern(cookie) }],
})

/** The user's matches, if they are those that were judged; others are about requests that nothing was decided for. */
function audienceMatches({ canary: { spec } }: Named, among: string): readonly Json[] {
  return audienceOf(spec.analysis) === among ? httpRouteMatches(spec.analysis.match ?? []) : []
}

const rule = (
  { terms }: Base,
  matches: readonly Json[],
  filters: readonly Json[],
  backendRefs: readonly Json[],
): Json => present({ ...terms, matches, filters: filters.length === 0 ? undefined : filters, backendRefs })

/** Both sides are always there, with weights that say the share exactly. */
function splitRule(o: Named, base: Base, matches: readonly Json[], { canary, mirror, cookies }: Split): Json {
  const { primaryService, canaryService } = o.names
  const weights = weightsOf(canary)
  const copies = mirror === 0 ? [] : [mirroring(canaryService.name, base.port, mirror)]
  return rule(
    base,
    matches,
    [...base.filters, ...copies],
    [
      serviceRef(primaryService.name, base.port, withCookie(weights.primary, cookies?.primary)),
      serviceRef(canaryService.name, base.port, withCookie(weights.canary, cookies?.canary)),
    ],
  )
}

const withCookie = (weight: number, cookie: Cookie | null | undefined): Json =>
  present({ weight, filters: cookie == null ? undefined : [setting(cookie)] })

function primaryRule(o: Named, base: Base, matches: readonly Json[], cookie: Cookie | null): Json {
  const primary = serviceRef(o.names.primaryService.name, base.port, withCookie(1, cookie))
  return rule(base, matches, base.filters, [primary])
}

/** A share of the copies is in CRDs since Gateway API 1.3; all of them need no word. */
const mirroring = (name: string, port: number, percent: Percent): Json => ({
  type: 'RequestMirror',
  requestMirror: { backendRef: serviceRef(name, port), ...partOf(percent) },
})

function partOf(percent: Percent): Json {
  if (percent === 100) return {}
  if (Number.isInteger(percent)) return { percent }
  return { fraction: { numerator: weightsOf(percent).canary, denominator: 1000 } }
}

/** Envoy reads `%…%` in the value of a header as a command; the schema leaves no `%` in cookies of this provider. */
const setting = ({ name, value, attributes }: Cookie): Json => ({
  type: 'ResponseHeaderModifier',
  responseHeaderModifier: { add: [{ name: 'Set-Cookie', value: `${name}=${value}${attributes}` }] },
})

/** The canary's share of one rule; null where the canary is none of its backends. */
export function shareOf({ names }: Named, one: Json): Percent | null {
  const { namespace, canaryService } = names
  const refs = backendRefsOf(one)
  const isCanary = (ref: Json): boolean => {
    const to = backendOf(ref, namespace)
    return to?.namespace === namespace && to.name === canaryService.name
  }
  const sumOf = (those: readonly Json[]): number => those.reduce((sum, ref) => sum + numberOf(ref['weight'], 1), 0)
  const [canary, sum] = [sumOf(refs.filter(isCanary)), sumOf(refs)]
  if (!refs.some(isCanary) || sum === 0) return null
  return shareOfSum(canary, sum)
}

/** What live rules carry; null where none splits. */
export function readRules(o: Named, rules: readonly Json[]): Carried | null {
  const splits = rules.filter(one => shareOf(o, one) !== null)
  const base = splits.at(-1)
  if (base === undefined) return null
  const before = splits.slice(0, -1)
  const kept = before.find(one => cookieOf(one) !== null)
  const matched = before.find(one => cookieOf(one) === null)
  const carrying = matched ?? base
  const share = shareOf(o, carrying) ?? 0
  const stay = kept === undefined ? [] : [shareOf(o, kept) ?? 0]
  return {
    // Who lowers the share of the callers that stay wants less of the canary, by as much; at 0 those that are left there are too many.
    low: shareOfShare(share, Math.min(100, ...stay)),
    high: Math.max(share, ...(share === 0 ? stay : [])),
    among: matched === undefined ? '' : amongOf(o, base, matched),
    mirror: mirrorOf(o, carrying),
    sticky: kept === undefined ? '' : cookieOf(kept),
  }
}

/** null: the rule matches something else, or what it leaves to the primary does not all go there. */
function amongOf(o: Named, base: Json, matched: Json): string | null {
  const { analysis } = o.canary.spec
  const wanted = productsOf(recordsOf(base['matches']), httpRouteMatches(analysis.match ?? []))
  const theirs = shareOf(o, base) === 0 && mirrorOf(o, base) === 0
  return theirs && sameJson(wanted, matched['matches']) ? audienceOf(analysis) : null
}

/** Percent of the requests that the canary gets copies of. */
function mirrorOf(o: Named, one: Json): Percent {
  const copies = recordOf(recordsOf(one['filters']).find(filter => isMirrorOf(o, filter))?.['requestMirror'])
  if (copies['backendRef'] === undefined) return 0
  const { numerator, denominator } = recordOf(copies['fraction'])
  if (typeof numerator === 'number') return shareOfSum(numerator, numberOf(denominator, 100))
  return numberOf(copies['percent'], 100)
}

/** A filter that copies requests to the canary; mirrors of the user's go elsewhere. */
function isMirrorOf({ names }: Named, filter: Json): boolean {
  const to = backendOf(recordOf(recordOf(filter['requestMirror'])['backendRef']), names.namespace)
  return to?.namespace === names.namespace && to.name === names.canaryService.name
}

/** `name=value` of the cookie whose callers a rule is for; null where it is for others. */
function cookieOf(one: Json): string | null {
  const [match = {}] = recordsOf(one['matches'])
  return cookieInPattern(headerRegex(match, 'cookie') ?? '')
}
