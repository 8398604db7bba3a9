/**
 * What `spec.service` says of every request, as filters and timeouts of a rule
 * (https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter).
 */
import { formatDuration, parseDuration } from '../../../api/duration.ts'
import { type Json, listOf, present, recordOf, textOf, textsOf } from '../../json.ts'
import type { Named } from '../provider.ts'

type Service = Named['canary']['spec']['service']

/** The filters of a rule, those of a kind in a fixed order. */
export function filtersOf({ headers, rewrite, mirror = [], corsPolicy }: Service): Json[] {
  return [
    ...modifier('RequestHeaderModifier', headers?.request),
    ...modifier('ResponseHeaderModifier', headers?.response),
    ...urlRewrite(rewrite),
    ...mirror.map(({ backendRef }) => ({
      type: 'RequestMirror',
      requestMirror: { backendRef: { group: '', kind: 'Service', ...backendRef } },
    })),
    ...(corsPolicy === undefined ? [] : [{ type: 'CORS', cors: corsOf(corsPolicy) }]),
  ]
}

type Operations = NonNullable<Service['headers']>['request']

function modifier(type: 'RequestHeaderModifier' | 'ResponseHeaderModifier', said: Operations): Json[] {
  if (said === undefined) return []
  const of = (values: unknown): Json[] | undefined => {
    const entries = Object.entries(textsOf(values)).toSorted(([a], [b]) => (a < b ? -1 : 1))
    return entries.length === 0 ? undefined : entries.map(([name, value]) => ({ name, value }))
  }
  const operations = present({ set: of(said.set), add: of(said.add), remove: said.remove })
  const field = `${type.charAt(0).toLowerCase()}${type.slice(1)}`
  return Object.keys(operations).length === 0 ? [] : [{ type, [field]: operations }]
}

/** Flagger's word where `type` is left out: the path becomes `uri` as a whole. */
export const replacesPrefix = (rewrite: Service['rewrite']): boolean => rewrite?.type === 'ReplacePrefixMatch'

function urlRewrite(rewrite: Service['rewrite']): Json[] {
  if (rewrite === undefined) return []
  const { uri, authority } = rewrite
  const path = replacesPrefix(rewrite)
    ? { type: 'ReplacePrefixMatch', replacePrefixMatch: uri }
    : { type: 'ReplaceFullPath', replaceFullPath: uri }
  return [
    { type: 'URLRewrite', urlRewrite: present({ hostname: authority, path: uri === undefined ? undefined : path }) },
  ]
}

/** Seconds for which browsers keep an answer to a preflight request, where it is not said; the API's own. */
const DEFAULT_MAX_AGE = 5

function corsOf(said: Json): Json {
  const list = (field: string): unknown => (listOf(said[field]).length === 0 ? undefined : said[field])
  const exact = listOf(said['allowOrigins']).map(one => textOf(recordOf(one)['exact']))
  const origins = [...exact, ...listOf(said['allowOrigin'])]
  return present({
    allowOrigins: origins.length === 0 ? undefined : origins,
    allowMethods: list('allowMethods'),
    allowHeaders: list('allowHeaders'),
    exposeHeaders: list('exposeHeaders'),
    allowCredentials: said['allowCredentials'] === true ? true : undefined,
    maxAge: said['maxAge'] === undefined ? DEFAULT_MAX_AGE : Math.ceil(millisecondsOf(textOf(said['maxAge'])) / 1000),
  })
}

/** `timeouts` of a rule, in the API's notation of durations (GEP-2257: whole numbers, at most 5 digits, no unit below ms). */
export function timeoutsOf({ timeout, backendTimeout }: Service): Json | undefined {
  const timeouts = present({ request: durationOf(timeout), backendRequest: durationOf(backendTimeout) })
  return Object.keys(timeouts).length === 0 ? undefined : timeouts
}

const durationOf = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : formatDuration(millisecondsOf(text))

function millisecondsOf(text: string): number {
  const parsed = parseDuration(text)
  return 'milliseconds' in parsed ? parsed.milliseconds : 0
}
