/** What `spec.service` and `spec.analysis` say of requests, as far as an HTTPRoute has words for it. */
import { type Json, listOf, recordOf, recordsOf, textOf } from '../../../json.ts'
import type { Observation } from '../../../model/observation.ts'
import { type FindProblem, problem } from '../../../problems/problem.ts'
import { replacesPrefix } from '../filters.ts'
import { httpRouteMatches, misfitOf } from '../matches.ts'
import { isClash, productOf } from '../products.ts'
import { baseOf, cookieMatch, unmatchedRule } from '../rules.ts'

const lists = ({ canary: { spec } }: Observation) =>
  [
    ['spec.service.match', spec.service.match ?? []],
    ['spec.analysis.match', spec.analysis.match ?? []],
  ] as const

/** Flagger's notation of matches is Istio's, and an HTTPRoute has fewer words. */
export const matchThatDoesNotFit: FindProblem = o => {
  for (const [path, matches] of lists(o)) {
    for (const [index, match] of matches.entries()) {
      const misfit = misfitOf(match)
      if (misfit === null) continue
      return problem(
        'Invalid',
        `${path}[${index}].${misfit.field} cannot be said in an HTTPRoute: write ${misfit.instead}, or remove it.`,
      )
    }
  }
  return null
}

/** The API has no "and" between two conditions on one thing: a pair of them is no match, and its requests would miss the canary. */
export const matchesThatCannotBeJoined: FindProblem = o => {
  const own = baseOf(o).matches
  for (const [index, one] of httpRouteMatches(o.canary.spec.analysis.match ?? []).entries()) {
    const products = own.map(other => productOf(other, one))
    const place = products.findIndex(product => isClash(product) && !product.disjoint)
    const clash = products[place]
    if (clash !== undefined && isClash(clash)) {
      const there = `spec.service.match[${place}]`
      return problem(
        'Conflict',
        `spec.analysis.match[${index}] and ${there} each have a condition on ${clash.field}, and an HTTPRoute takes one: write the condition that means both in spec.analysis.match[${index}], and leave ${clash.field} out of ${there}, or the other way round`,
      )
    }
    if (products.every(isClash)) {
      return problem(
        'Conflict',
        `No request meets spec.analysis.match[${index}]: none of spec.service.match goes with it. Change the match, or remove it`,
      )
    }
  }
  return null
}

/** A cookie is looked for in a header on which the Canary has a condition of its own. */
export const cookieThatCannotBeMatched: FindProblem = o => {
  const { sessionAffinity } = o.canary.spec.analysis
  if (sessionAffinity === undefined) return null
  const wanted = cookieMatch({ name: sessionAffinity.cookieName, value: '' })
  const place = baseOf(o).matches.findIndex(own => isClash(productOf(own, wanted)))
  if (place >= 0) {
    return problem(
      'Conflict',
      `spec.service.match[${place}] has a condition on the header cookie, and so has spec.analysis.sessionAffinity: an HTTPRoute takes one. Leave the condition out, or remove sessionAffinity`,
    )
  }
  // Some implementations read a single % in a header as a command, and others two as two.
  const attribute = (['path', 'domain'] as const).find(one => sessionAffinity[one]?.includes('%') === true)
  return attribute === undefined
    ? null
    : problem(
        'Invalid',
        `spec.analysis.sessionAffinity.${attribute} has a %, which implementations of the Gateway API read in different ways: write one without.`,
      )
}

/** The CRD takes it of one match alone (https://gateway-api.sigs.k8s.io/reference/spec/#httpurlrewritefilter). */
export const prefixThatCannotBeReplaced: FindProblem = o => {
  const { service, analysis } = o.canary.spec
  if (!replacesPrefix(service.rewrite) || service.rewrite?.uri === undefined) return null
  const { matches } = baseOf(o)
  const path = recordOf(matches[0]?.['path'])
  const isOne = matches.length === 1 && path['type'] === 'PathPrefix' && (analysis.match ?? []).length < 2
  const keepsPath = httpRouteMatches(analysis.match ?? []).every(one => {
    const product = productOf(matches[0] ?? {}, one)
    return isClash(product) || recordOf(product['path'])['value'] === path['value']
  })
  return isOne && keepsPath
    ? null
    : problem(
        'Invalid',
        `spec.service.rewrite.type is ReplacePrefixMatch, which an HTTPRoute takes with one match, on uri.prefix, alone: write one such entry in spec.service.match, at most one in spec.analysis.match and without another uri; or type: ReplaceFullPath.`,
      )
}

/** An HTTPRoute takes origins as texts. */
export const corsThatDoesNotFit: FindProblem = o => {
  const { corsPolicy } = o.canary.spec.service
  if (corsPolicy === undefined) return null
  const index = recordsOf(corsPolicy.allowOrigins).findIndex(one => textOf(one['exact']) === '')
  if (index >= 0) {
    return problem(
      'Invalid',
      `spec.service.corsPolicy.allowOrigins[${index}] is no exact origin, and an HTTPRoute takes no other: write exact: https://shop.example.com, or allowOrigin: [https://*.example.com].`,
    )
  }
  return corsPolicy.unmatchedPreflights === undefined
    ? null
    : problem('Invalid', 'spec.service.corsPolicy.unmatchedPreflights cannot be said in an HTTPRoute: remove it.')
}

/** What the CRD takes: of one rule, and of all together. */
const MOST_OF_A_RULE = 64
const MOST_OF_A_ROUTE = 127
const MOST_HEADERS = 16

/** Each match of the Canary is written once more with each condition by which a release picks its requests. */
export const tooManyMatches: FindProblem = o => {
  const { analysis, service } = o.canary.spec
  const base = baseOf(o).matches
  const audience = httpRouteMatches(analysis.match ?? [])
  const cookies =
    analysis.sessionAffinity === undefined ? 0 : analysis.sessionAffinity.primaryCookieName === undefined ? 1 : 2
  const ofARule = base.length * Math.max(1, audience.length)
  const all = base.length * (1 + audience.length + cookies) + unmatchedRule(o).length
  const headers = (matches: readonly Json[]): number =>
    Math.max(0, ...matches.map(one => listOf(one['headers']).length))
  const most = headers(base) + Math.max(headers(audience), cookies > 0 ? 1 : 0)
  if (ofARule <= MOST_OF_A_RULE && all <= MOST_OF_A_ROUTE && most <= MOST_HEADERS) return null
  const made =
    most > MOST_HEADERS
      ? `a match with conditions on ${most} headers; the limit is ${MOST_HEADERS}`
      : `${all} matches in the HTTPRoute; the limit is ${MOST_OF_A_RULE} in a rule and ${MOST_OF_A_ROUTE} in all`
  return problem(
    'Invalid',
    `spec.service.match has ${(service.match ?? []).length} entries, spec.analysis.match ${audience.length}, which makes ${made}. Shorten match.`,
  )
}
