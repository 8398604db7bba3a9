/**
 * The http routes of Sluice's own VirtualService: base routes, which are for all requests of the Canary, and before each of them the
 * routes for those of its requests that are treated otherwise. Those have names, by which they are found again.
 *
 * Order counts: Istio takes the first route that matches. A cookie is looked for before the share is drawn.
 */
import { at, type Json, numberOf, present, recordOf, recordsOf, sameJson, textOf } from '../../json.ts'
import type { Observation } from '../../model/observation.ts'
import { audienceOf } from '../../model/plan.ts'
import type { Posture } from '../../model/posture.ts'
import { type Carried, type Cookie, isNone, type Sticky } from '../../model/traffic.ts'
import { shareOfShare, weightsOf } from '../../shares.ts'
import type { Percent } from '../../time.ts'
import { cookieInPattern, cookiePattern } from '../cookies.ts'
import type { Named } from '../provider.ts'
import { destinationOf, sideOf } from './hosts.ts'
import { productsOf } from './products.ts'
import { shareOf } from './shares.ts'

/** Requests that `analysis.match` is about. */
const MATCH = 'sluice-match'
/** Callers that stay on the canary, and on the primary. */
const CANARY_COOKIE = 'sluice-canary-cookie'
const PRIMARY_COOKIE = 'sluice-primary-cookie'
/** Callers with the cookie of a run that is over. */
const RETIRED_COOKIE = 'sluice-retired-cookie'

const NAMES = [MATCH, CANARY_COOKIE, PRIMARY_COOKIE, RETIRED_COOKIE]

/** What a route for all requests of the Canary says, whatever the traffic. */
export interface BaseRoute {
  readonly match: readonly Json[] | undefined
  /** The port that its destinations name; undefined: the only one. */
  readonly port: number | undefined
  /** Timeouts, headers and the like, which hold for every request. */
  readonly terms: Json
}

type Wanted = Pick<Posture, 'traffic' | 'sticky' | 'retired'>

/** The base route and those before it. */
export function routesFor(o: Observation, base: BaseRoute, { traffic, sticky, retired }: Wanted): Json[] {
  if (traffic === null) return []
  const { match, terms } = base
  const route = (split: Split, more: Json): Json => present({ ...more, ...terms, ...splitOf(o, base, split) })
  const rest = (split: Split): Json => route(split, present({ match }))
  // A route without a match would take every request: of a part that no request meets there is none.
  const part = (name: string, matches: readonly Json[], of: (more: Json) => Json): Json[] =>
    matches.length === 0 ? [] : [of({ name, match: matches })]
  const withCookie = (cookie: Cookie): Json[] => productsOf(match, [cookieMatch(cookie)])
  if (isNone(traffic)) {
    const left =
      retired === null ? [] : part(RETIRED_COOKIE, withCookie(retired), more => toPrimary(o, base, retired, more))
    return [...left, rest(ALL_TO_PRIMARY)]
  }
  if (traffic.among !== '') {
    const matched = productsOf(match, matchesFor(o, traffic.among))
    return [...part(MATCH, matched, more => route(traffic, more)), rest(ALL_TO_PRIMARY)]
  }
  if (sticky === null) return [rest(traffic)]
  const { canary, primary } = sticky
  return [
    ...part(CANARY_COOKIE, withCookie(canary), more => route(ALL_TO_CANARY, more)),
    ...(primary === null ? [] : part(PRIMARY_COOKIE, withCookie(primary), more => route(ALL_TO_PRIMARY, more))),
    rest({ ...traffic, cookies: sticky }),
  ]
}

/** Requests with this cookie among others. */
export const cookieMatch = (cookie: Pick<Cookie, 'name' | 'value'>): Json => ({
  headers: { cookie: { regex: cookiePattern(cookie) } },
})

const ALL_TO_PRIMARY: Split = { canary: 0, mirror: 0 }
const ALL_TO_CANARY: Split = { canary: 100, mirror: 0 }

/** The user's matches, if they are those that were judged; others are about requests that nothing was decided for. */
function matchesFor({ canary: { spec } }: Named, among: string): readonly Json[] {
  return audienceOf(spec.analysis) === among ? (spec.analysis.match ?? []) : []
}

interface Split {
  readonly canary: Percent
  readonly mirror: Percent
  readonly cookies?: Sticky
}

/** Both sides are always there, with weights that say the share exactly. */
function splitOf(o: Named, { port }: BaseRoute, { canary, mirror, cookies }: Split): Json {
  const entry = (side: 'primary' | 'canary', weight: number, cookie: Cookie | null): Json =>
    present({
      destination: destinationOf(o, side, port),
      weight,
      headers: cookie === null ? undefined : setting(cookie),
    })
  const weights = weightsOf(canary)
  const copies = mirror === 0 ? {} : { mirror: destinationOf(o, 'canary', port), mirrorPercentage: { value: mirror } }
  const route = [
    entry('primary', weights.primary, cookies?.primary ?? null),
    entry('canary', weights.canary, cookies?.canary ?? null),
  ]
  return { ...copies, route }
}

/**
 * Envoy reads `%…%` in the value of a header as a command, and refuses all its routes where it knows none of that name; `%%` is a `%`
 * (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#custom-request-response-headers).
 */
const setting = ({ name, value, attributes }: Cookie): Json => ({
  response: { add: { 'Set-Cookie': `${name}=${value}${attributes}`.replaceAll('%', '%%') } },
})

/** The primary alone, without a weight: it carries no split. */
const toPrimary = (o: Named, { port, terms }: BaseRoute, cookie: Cookie, more: Json): Json => ({
  ...more,
  ...terms,
  route: [{ destination: destinationOf(o, 'primary', port), headers: setting(cookie) }],
})

/** Whether a route carries the split: its destinations have weights, that of the route for what `match` leaves out has none. */
export const isSplit = (route: Json): boolean => recordsOf(route['route']).some(entry => 'weight' in entry)

const isNamed = (route: Json): boolean => NAMES.includes(textOf(route['name']))

/** The live routes without those that stand for a split: base routes, and what follows them. */
export const withoutNamed = (http: readonly Json[]): Json[] => http.filter(route => !isNamed(route))

/** What a live base route says, whatever the traffic. */
export function baseOf(route: Json): BaseRoute {
  const { match, route: entries, mirror: _mirror, mirrorPercentage: _percentage, ...terms } = route
  const port = at(recordsOf(entries)[0], 'destination', 'port', 'number')
  return {
    match: match === undefined ? undefined : recordsOf(match),
    port: typeof port === 'number' ? port : undefined,
    terms,
  }
}

/** What live routes carry; null where none carries a split. */
export function readRoutes(o: Named, http: readonly Json[]): Carried | null {
  const base = withoutNamed(http).filter(isSplit)
  if (sharesOf(o, base).length === 0) return null
  const matched = named(http, MATCH)
  const carrying = matched.length > 0 ? matched : base
  const shares = sharesOf(o, carrying)
  const kept = sharesOf(o, named(http, CANARY_COOKIE))
  const mirrors = carrying.map(route => mirrorOf(o, route))
  const [mirror = 0] = mirrors
  return {
    // Who lowers the share of the callers that stay wants less of the canary, by as much; at 0 those that are left there are too many.
    low: shareOfShare(Math.min(...shares), Math.min(100, ...kept)),
    high: Math.max(...shares, ...(shares.every(share => share === 0) ? kept : [])),
    among: matched.length === 0 ? '' : amongOf(o, base, matched),
    mirror: mirrors.every(one => one === mirror) ? mirror : null,
    sticky: cookieOf(http),
  }
}

const named = (http: readonly Json[], name: string): Json[] => http.filter(route => route['name'] === name)

const sharesOf = (o: Named, routes: readonly Json[]): Percent[] => routes.flatMap(route => shareOf(o, route) ?? [])

/** null: the routes match something else, or what they leave to the primary does not all go there. */
function amongOf(o: Named, base: readonly Json[], matched: readonly Json[]): string | null {
  const { analysis } = o.canary.spec
  const wanted = base
    .map(route => productsOf(baseOf(route).match, analysis.match ?? []))
    .filter(matches => matches.length > 0)
  const theirs = base.every(route => shareOf(o, route) === 0 && mirrorOf(o, route) === 0)
  return theirs &&
    sameJson(
      wanted,
      matched.map(route => route['match']),
    )
    ? audienceOf(analysis)
    : null
}

/** Percent of the requests that the canary gets copies of. */
function mirrorOf(o: Named, route: Json): Percent {
  if (sideOf(o, route['mirror']) !== 'canary') return 0
  const percentage = route['mirrorPercentage']
  return percentage === undefined ? 100 : numberOf(recordOf(percentage)['value'], 0)
}

/** `name=value` of the cookie that keeps callers on the canary. */
function cookieOf(http: readonly Json[]): string | null {
  const cookies = named(http, CANARY_COOKIE).map(route => {
    const [match] = recordsOf(route['match'])
    return cookieInPattern(textOf(at(match, 'headers', 'cookie', 'regex')))
  })
  const [cookie = ''] = cookies
  return cookies.every(one => one === cookie) ? cookie : null
}
