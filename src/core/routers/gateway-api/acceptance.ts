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
export function unconfirmedOf(route: KubeObject): Unconfirmed | null {
  const entries = recordsOf(at(route['status'], 'parents'))
  const found = parentsIn(route).flatMap(parent => missingAt(route, parent, entries) ?? [])
  const [first] = found.toSorted((a, b) => a.since - b.since)
  return first ?? null
}

function missingAt(route: KubeObject, parent: Parent, entries: readonly Json[]): Unconfirmed | null {
  const own = entries.filter(entry => sameParent(parentOf(recordOf(entry['parentRef']), namespaceOf(route)), parent))
  if (own.length === 0) {
    const because = `${called(route)} has no answer from ${calledParent(parent)}: it does not exist, or no controller serves it. Create it, or name another parent`
    return { because, since: writtenAt(route) }
  }
  // Of several controllers at one parent each says what it does.
  for (const entry of own) {
    for (const type of CONDITIONS) {
      const said = conditionSays(
        route,
        recordsOf(entry['conditions']).find(one => one['type'] === type),
      )
      if (said === 'true') continue
      if (said === 'not yet') {
        const because = `${called(route)} waits for ${calledParent(parent)}: ${textOf(entry['controllerName'])} has not said ${type} of generation ${route.metadata.generation ?? 0} yet`
        return { because, since: writtenAt(route) }
      }
      return { because: refusal(route, parent, type, said), since: 0 }
    }
  }
  return null
}

function conditionSays(route: KubeObject, condition: Json | undefined): 'true' | 'not yet' | Json {
  const isOfNow = numberOf(condition?.['observedGeneration'], 0) >= (route.metadata.generation ?? 0)
  if (condition === undefined || !isOfNow) return 'not yet'
  return condition['status'] === 'True' ? 'true' : condition
}

function refusal(route: KubeObject, parent: Parent, type: string, condition: Json): string {
  const reason = textOf(condition['reason'])
  const said = textOf(condition['message']).replace(/\.$/, '')
  const advice = Object.hasOwn(ADVICE, reason) ? `. ${ADVICE[reason]}` : ''
  return `${called(route)} is not in effect at ${calledParent(parent)}: ${type} is ${textOf(condition['status'])}, ${reason}${said === '' ? '' : ` (${said})`}${advice}`
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
