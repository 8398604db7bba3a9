/** Routes of either API by which requests reach a Service of the canary past its split, as one warning. */
import type { KubeObject } from '../../../api/object.ts'
import { called, listedInWords, type Problem, problem } from '../../problems/problem.ts'
import { precedes } from '../around.ts'
import { gatewaysIn } from '../istio/bindings.ts'
import { calledParent, parentsIn } from './refs.ts'

export interface Bypass {
  readonly route: KubeObject
  /** Name of the Service that it leads to. */
  readonly service: string
  /** It is listed, and these rules are none of those that its entry chooses. */
  readonly isLeftOut?: boolean
}

/** How many objects a warning names. */
const NAMED = 3

/** @param advice the rest of the sentence, by the Service that the first of them leads to. */
export function bypassedBy(ways: readonly Bypass[], advice: (service: string) => string): Problem | null {
  // The oldest first, and no number: more of them change neither the message nor the count of its Events.
  const [first, ...more] = ways.toSorted((a, b) => (precedes(a.route, b.route) ? -1 : 1))
  if (first === undefined) return null
  const others = more.map(({ route }) => called(route))
  const named = listedInWords([...others.slice(0, NAMED - 1), ...(others.length >= NAMED ? ['others'] : [])])
  const also = others.length === 0 ? '' : `; so ${others.length === 1 ? 'does' : 'do'} ${named}`
  const left = first.isLeftOut === true ? ', by a rule that its entry leaves out,' : ''
  return problem(
    'Bypassed',
    `${called(first.route)} leads requests at ${placesOf(first.route)} to Service ${first.service} directly${left} and bypasses the traffic split${also}. These requests never reach the canary, and traffic checks ignore them${advice(first.service)}`,
  )
}

const placesOf = (route: KubeObject): string =>
  listedInWords(route.kind === 'VirtualService' ? gatewaysIn(route) : parentsIn(route).map(calledParent))
