/**
 * Whether the parents of a route have taken it up. Each has an entry in `status.parents` with conditions; the order differs from the
 * spec, and a Gateway that does not exist has no entry at all (tried with istiod). What a controller says of an earlier generation says
 * nothing of the weights that are written now.
 */
import type { KubeObject } from '../../../api/object.ts'
import { at, type Json, numberOf, recordOf, recordsOf, textOf } from '../../json.ts'
import { called } from '../../problems/problem.ts'
import type { Unconfirmed } from '../../model/traffic.ts'
import type { Instant } from '../../time.ts'
import { calledParent, namespaceOf, type Parent, parentOf, parentsIn, sameParent } from './refs.ts'

/** Both have to be true: the parent takes the route, and all that its rules name is there and allowed. */
const CONDITIONS = ['Accepted', 'ResolvedRefs'] as const

/** What keeps a live route from being in effect at one of its parents; null where every parent has taken it up as it is. */
export const unconfirmedOf = (route: KubeObject): Unconfirmed | null => unconfirmedAmong([route])

/** The same of several routes: what has lasted longest is said. */
export function unconfirmedAmong(routes: readonly KubeObject[]): Unconfirmed | null {
  const said = routes.flatMap(route => {
    const entries = recordsOf(at(route['status'], 'parents'))
    return parentsIn(route).map(parent => answerAt(route, parent, entries))
  })
  const missing = said.filter(answer => answer !== null)
  const [first] = missing.toSorted((a, b) => a.since - b.since)
  if (first === undefined) return null
  const { because, since } = first
  return {
    because,
    since,
    isAnswered: missing.every(({ isRefusal }) => isRefusal),
    isPartial: missing.length < said.length,
  }
}

/** What a parent lacks, or refuses. */
interface Missing extends Pick<Unconfirmed, 'because' | 'since'> {
  /** It is about what is written now; else an earlier version may still be served. */
  readonly isRefusal: boolean
}

/** null: the parent has taken up the route. */
function answerAt(route: KubeObject, parent: Parent, entries: readonly Json[]): Missing | null {
  const own = entries.filter(entry => sameParent(parentOf(recordOf(entry['parentRef']), namespaceOf(route)), parent))
  if (own.length === 0) {
    const because = `${called(route)} has no answer from ${calledParent(parent)}: it does not exist, or no controller serves it. Create it, or name another parent`
    return { because, since: writtenAt(route), isRefusal: false }
  }
  const answers = own.map(entry => answerOf(route, parent, entry))
  // Of several controllers at one parent each says what it does; one that has gone leaves what it said of an earlier generation.
  const refused = answers.find(answer => answer?.isRefusal === true)
  return refused ?? (answers.includes(null) ? null : (answers[0] ?? null))
}

/** What one controller says of the route at a parent. */
function answerOf(route: KubeObject, parent: Parent, entry: Json): Missing | null {
  const conditions = recordsOf(entry['conditions'])
  for (const type of CONDITIONS) {
    const condition = conditions.find(one => one['type'] === type)
    const isOfNow = numberOf(condition?.['observedGeneration'], 0) >= (route.metadata.generation ?? 0)
    if (condition !== undefined && isOfNow && condition['status'] === 'True') continue
    if (condition !== undefined && isOfNow && condition['status'] === 'False')
      return { because: refusal(route, parent, type, condition), since: 0, isRefusal: true }
    const waits = `${called(route)} waits for ${calledParent(parent)}`
    const who = textOf(entry['controllerName'])
    const because =
      condition !== undefined && isOfNow
        ? `${waits}: ${who} says ${type} is ${inWords(condition)}`
        : `${waits}: ${who} has not said ${type} of generation ${route.metadata.generation ?? 0} yet`
    return { because, since: writtenAt(route), isRefusal: false }
  }
  return null
}

/** `False, NotAllowedByListeners (no listener allows it)`. */
function inWords(condition: Json): string {
  const message = textOf(condition['message']).replace(/\.$/, '')
  return `${textOf(condition['status'])}, ${textOf(condition['reason'])}${message === '' ? '' : ` (${message})`}`
}

function refusal(route: KubeObject, parent: Parent, type: string, condition: Json): string {
  const reason = textOf(condition['reason'])
  const advice = Object.hasOwn(ADVICE, reason) ? `. ${ADVICE[reason]}` : ''
  return `${called(route)} is not in effect at ${calledParent(parent)}: ${type} is ${inWords(condition)}${advice}`
}

/** What to write, by the reasons of the API (https://gateway-api.sigs.k8s.io/reference/spec/#routeconditionreason). */
const ADVICE: Readonly<Record<string, string>> = {
  NotAllowedByListeners: 'Allow its namespace and kind in allowedRoutes of a listener',
  NoMatchingListenerHostname: 'Write a host that a listener has',
  NoMatchingParent: 'Write a sectionName or port that the parent has',
  RefNotPermitted:
    'Create a ReferenceGrant in the namespace of the backend, with from: {group: gateway.networking.k8s.io, kind of the route, its namespace} and to: {group: "", kind: Service}',
  BackendNotFound: 'Create the Service that the route names, or remove it from the route',
  InvalidKind: 'Lead the route to a Service',
  UnsupportedValue: 'Remove what the implementation does not support',
  InvalidFilter: 'Remove the filter that the implementation does not know',
}

/** When the spec was written last, by the clock of the API server; 0 where nothing tells. */
function writtenAt({ metadata }: KubeObject): Instant {
  const times = (metadata.managedFields ?? [])
    .filter(({ subresource = '' }) => subresource !== 'status')
    .map(({ time = '' }) => Date.parse(time))
    .filter(time => !Number.isNaN(time))
  const created = Date.parse(metadata.creationTimestamp ?? '')
  return Math.max(0, ...times, ...(Number.isNaN(created) ? [] : [created]))
}
