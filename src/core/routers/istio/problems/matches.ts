/** Whether the requests that the analysis treats apart can be told within those of `service.match`. */
import type { FindProblem } from '../../../problems/problem.ts'
import { problem } from '../../../problems/problem.ts'
import { type Json, listOf, sameJson, textOf } from '../../../json.ts'
import type { Observation } from '../../../model/observation.ts'
import { gatewayOf } from '../bindings.ts'
import { cookieMatch } from '../own-routes.ts'
import { canaryGateways, routesOf } from '../ports.ts'
import { isProduct, productOf } from '../products.ts'

/** What a route without a condition on the path matches. */
const EVERY_PATH = { uri: { prefix: '/' } } as const

/** A cookie is looked for in a header on which the Canary has a condition of its own: for some requests there is no route with both. */
export const cookieThatCannotBeMatched: FindProblem = o => {
  const { analysis, service } = o.canary.spec
  if (analysis.sessionAffinity === undefined) return null
  const wanted = cookieMatch({ name: analysis.sessionAffinity.cookieName, value: '' })
  const place = (service.match ?? []).findIndex(own => !isProduct(productOf(own, wanted)))
  if (place < 0) return null
  return problem(
    'Conflict',
    `spec.service.match[${place}] has a condition on the header cookie, and so has spec.analysis.sessionAffinity: Istio takes one. Leave the condition out, or remove sessionAffinity`,
  )
}

/** Istio has no "and" between two conditions on one thing: a pair of them is no match, and its requests would miss the canary. */
export const matchesThatCannotBeJoined: FindProblem = o => {
  const { analysis, service } = o.canary.spec
  const own = service.match ?? []
  for (const [index, one] of (analysis.match ?? []).entries()) {
    for (const [place, other] of own.entries()) {
      const product = productOf(other, one)
      if (isProduct(product) || product.disjoint) continue
      const there = `spec.service.match[${place}]`
      return problem(
        'Conflict',
        `spec.analysis.match[${index}] and ${there} each have a condition on ${product.field}, and Istio takes one: write the condition that means both in spec.analysis.match[${index}], and leave ${product.field} out of ${there}, or the other way round`,
      )
    }
    if (!isReached(o, one)) {
      return problem(
        'Conflict',
        `No request meets spec.analysis.match[${index}]: none of spec.service.match, the ports and the gateways of this Canary goes with it. Change the match, or remove it`,
      )
    }
  }
  return null
}

function isReached(o: Observation, match: Json): boolean {
  const gateways = listOf(match['gateways']).map(one => gatewayOf(textOf(one), o.names.namespace))
  // Where another VirtualService delegates to the one of the Canary, its gateways are not known.
  const isBound = o.canary.spec.service.delegation || canaryGateways(o).some(gateway => gateways.includes(gateway))
  if (gateways.length > 0 && !isBound) return false
  return routesOf(o).some(({ match: own = [{}] }) => own.some(other => isProduct(productOf(other, match))))
}

/** Istio replaces the path that a route matched: where the route for `analysis.match` matches another one, the two sides get other paths. */
export const rewriteThatDiffersAmongMatches: FindProblem = o => {
  const { analysis, service } = o.canary.spec
  if (service.rewrite?.uri === undefined) return null
  const own = service.match ?? [EVERY_PATH]
  for (const [index, one] of (analysis.match ?? []).entries()) {
    for (const other of own) {
      const product = productOf(other, one)
      if (!isProduct(product) || sameJson(product['uri'] ?? EVERY_PATH.uri, other['uri'] ?? EVERY_PATH.uri)) continue
      return problem(
        'Conflict',
        `spec.service.rewrite.uri replaces the part of the path that a route matches, so requests of spec.analysis.match[${index}] would reach the canary at another path than the primary: leave uri out of spec.analysis.match[${index}], or rewrite.uri out of spec.service`,
      )
    }
  }
  return null
}
