/** Whether the requests that the analysis treats apart can be told within those of `service.match`. */
import type { FindProblem } from '../../../problems/problem.ts'
import { problem } from '../../../problems/problem.ts'
import { routesOf } from '../ports.ts'
import { cookieMatch } from '../own-routes.ts'
import { isProduct, productOf } from '../products.ts'

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
    const isReached = routesOf(o).some(({ match = [{}] }) => match.some(other => isProduct(productOf(other, one))))
    if (!isReached) {
      return problem(
        'Conflict',
        `No request meets spec.analysis.match[${index}]: none of spec.service.match, the ports and the gateways of this Canary goes with it. Change the match, or remove it`,
      )
    }
  }
  return null
}
