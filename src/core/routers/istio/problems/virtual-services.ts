/** VirtualServices of others: ways past the split, and rivals for its hosts. */
import type { KubeObject } from '../../../../api/object.ts'
import { textOf } from '../../../json.ts'
import type { Observation } from '../../../model/observation.ts'
import { precedes } from '../../around.ts'
import { gatewaysIn, isVisibleAt, isVisibleFrom, MESH, writtenHosts } from '../bindings.ts'
import { canonicalHost, coversHost } from '../hosts.ts'
import { isShadowing, isTakenAt, olderThan, type SplitBinding } from '../joined-routes.ts'
import { virtualServiceOf } from '../names.ts'
import { type Asked, comparing, type MayCompare, once } from '../once.ts'
import { canaryGateways } from '../ports.ts'
import { isOfOthers, otherVirtualServices, splitBindings, type WayPast, waysPast, winsInMesh } from '../ways-past.ts'
import { called, type FindProblem, listedInWords, type Problem, problem } from '../../../problems/problem.ts'

const isHere = (o: Asked, object: KubeObject): boolean => object.metadata.namespace === o.names.namespace

/** `in the mesh and at gateway istio-system/public`. */
const places = (gateways: readonly string[]): string =>
  listedInWords(gateways.map(gateway => (gateway === MESH ? 'in the mesh' : `at gateway ${gateway}`)))

/** `VirtualService shop/edge routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split`. */
function describe({ object, root, destination, service, alias, gateways, isLeftOut }: WayPast): string {
  const by = root === null ? '' : `, to which ${called(root)} delegates,`
  const name = textOf(destination.route['name'])
  const left = isLeftOut ? `, by ${name === '' ? 'a route' : `route ${name}`} that its entry leaves out,` : ''
  const to = alias === null ? `Service ${service} directly` : `${called(alias)}, which is Service ${service},`
  return `${called(object)}${by} routes requests ${places(gateways)} to ${to}${left} and bypasses the traffic split`
}

/**
 * Whether the split could be carried by it instead: an http route to the Service that callers use. A tcp or tls route matters as
 * much where it leads to the port that is split; on another port there are no HTTP requests to split.
 */
function isForTheSplit(o: Observation, { destination, service, isLeftOut }: WayPast): boolean {
  // Who chooses routes has a reason to leave out the others.
  if (isLeftOut || service !== o.names.apexService.name) return false
  return destination.protocol === 'http' || destination.port === null || destination.port === o.canary.spec.service.port
}

/** Requests that bypass the split never reach a candidate, so no check sees them and the release would prove nothing. */
export const wayPastTheSplit: FindProblem = o => (o.canary.spec.service.delegation ? null : findWayPast(o))

/** The same where another VirtualService is to delegate to ours: ours is made first, because a route that delegates to nothing is none. */
export const wayPastTheDelegate: FindProblem = o => (o.canary.spec.service.delegation ? findWayPast(o) : null)

const findWayPast: FindProblem = o => {
  const ways = waysPast(o).filter(way => isHere(o, way.object) && isForTheSplit(o, way))
  const [first] = ways
  return first === undefined ? null : problem('Conflict', `${describe(first)}. ${adviceFor(o, first, ways)}`)
}

function adviceFor(o: Observation, first: WayPast, ways: readonly WayPast[]): string {
  const named = first.alias === null ? '' : `Write host: ${first.service} in that route. `
  return `${named}${entryFor(o, first, ways)}`
}

function entryFor(o: Observation, first: WayPast, ways: readonly WayPast[]): string {
  const { service } = o.canary.spec
  if (first.destination.protocol !== 'http') {
    return `Only http routes can be split: make it an http route, or lead it to another Service.`
  }
  if (service.delegation) {
    const { namespace, name } = virtualServiceOf(o.names)
    return `In place of its destinations write delegate: {name: ${name}, namespace: ${namespace}} into that route.`
  }
  const entries = ways
    .filter(way => way.destination.protocol === 'http')
    .map(({ object }) => `{name: ${object.metadata.name}}`)
    .join(', ')
  return service.virtualServices === undefined
    ? `Recreate the Canary with service.virtualServices: [${entries}], or lead the route to another Service.`
    : `Add ${entries} to service.virtualServices, or lead the route to another Service.`
}

/** How many objects a warning names. */
const NAMED = 3

/** Bypasses of the split that others have to repair, or that a user chose: a warning names them, and checks know of them. */
export const otherWaysPastTheSplit: FindProblem = o => {
  // The oldest first, and no number: more of them change neither the message nor the count of its Events.
  const [first, ...ways] = waysPast(o)
    .filter(way => !isHere(o, way.object) || !isForTheSplit(o, way))
    .toSorted((a, b) => (precedes(a.object, b.object) ? -1 : 1))
  if (first === undefined) return null
  const more = ways.map(({ object }) => called(object))
  const others = listedInWords([...more.slice(0, NAMED - 1), ...(more.length >= NAMED ? ['others'] : [])])
  const also = more.length === 0 ? '' : `; so ${more.length === 1 ? 'does' : 'do'} ${others}`
  return problem(
    'Bypassed',
    `${describe(first)}${also}. These requests never reach the canary, and traffic checks ignore them`,
  )
}

/** Istio uses one VirtualService for each host in the mesh, an exact host before a wildcard: what a wildcard says of the Service ends with ours. */
export const wildcardThatStopsApplying: FindProblem = o => {
  const { service } = o.canary.spec
  if (service.virtualServices !== undefined || service.delegation || !canaryGateways(o).includes(MESH)) return null
  const { namespace, apexService } = o.names
  const host = canonicalHost(apexService.name, namespace)
  const covers = (object: KubeObject): string | undefined =>
    writtenHosts(object).find(written => written.startsWith('*') && coversHost(canonicalHost(written, namespace), host))
  const ways = waysPast(o).map(way => way.object)
  const other = otherVirtualServices(o)
    .filter(one => gatewaysIn(one).includes(MESH) && isVisibleFrom(one, namespace) && !ways.includes(one))
    .filter(one => covers(one) !== undefined)
    .toSorted((a, b) => (precedes(a, b) ? -1 : 1))[0]
  if (other === undefined) return null
  return problem(
    'Conflict',
    `${called(other)} is for ${covers(other)}, and Istio uses VirtualService ${virtualServiceOf(o.names).name} before it, so its routes, timeouts and retries do not apply to Service ${apexService.name}. Write what should apply into spec.service of the Canary, such as timeout, retries or headers`,
  )
}

/** In the Canary's own namespace a rival for one of its hosts is for its user to settle. */
export const rivalVirtualService: FindProblem = o => rivalAmong(o, rivals => rivals.here)

/** One of another namespace that takes effect stops the start of a release, and is only reported once it is under way. */
export const rivalVirtualServiceElsewhere: FindProblem = o => rivalAmong(o, rivals => rivals.elsewhere)

/** Where another namespace brings requests to the split by delegation, and others do, too, a rival there is for that namespace to settle. */
export const rivalOfAnotherRoot: FindProblem = o => {
  const all = rivalries(o).map(({ ours, here, elsewhere }) => ({ ours, said: here ?? elsewhere }))
  const said = all.find(one => one.said !== null && isOfOthers(o, one.ours))?.said ?? null
  return said === null || all.every(one => one.said !== null) ? null : problem('Conflict', said)
}

/** One that another namespace brings requests by counts where none is without a rival. */
function rivalAmong(o: Observation, among: (rivals: Rivals) => string | null): Problem | null {
  const all = rivalries(o).map(rivals => ({ ours: rivals.ours, said: among(rivals) }))
  const isNoneWithout = all.every(one => one.said !== null)
  const said = all.find(one => one.said !== null && (isNoneWithout || !isOfOthers(o, one.ours)))?.said ?? null
  return said === null ? null : problem('Conflict', said)
}

/** A binding of the split, and what is said of its first rival in the Canary's namespace, and of the first elsewhere; null: there is none. */
interface Rivals {
  readonly ours: SplitBinding
  readonly here: string | null
  readonly elsewhere: string | null
}

/** A VirtualService of others, with what is compared for each binding. */
interface Other {
  readonly object: KubeObject
  readonly gateways: readonly string[]
  /** In one notation, and as each is written. */
  readonly hosts: readonly (readonly [host: string, written: string])[]
  readonly way: WayPast | undefined
}

/** The rivals of each binding of the split. */
const rivalries = once((o): readonly Rivals[] => {
  const bindings = splitBindings(o)
  const ways = new Map(waysPast(o).map(way => [way.object, way]))
  // What brings requests to the split itself is none.
  const roots = new Set(bindings.map(({ object }) => object))
  const others = otherVirtualServices(o)
    .filter(one => !roots.has(one))
    .map((object): Other => {
      const { namespace = '' } = object.metadata
      const written = [...new Set(writtenHosts(object))]
      const gateways = [...new Set(gatewaysIn(object))].filter(gateway => isVisibleAt(object, gateway))
      const hosts = written.map(host => [canonicalHost(host, namespace), host] as const)
      return { object, gateways, hosts, way: ways.get(object) }
    })
  const mayCompare = comparing()
  const first = (ours: SplitBinding, among: readonly Other[]): string | null => {
    for (const other of among) {
      const said = rivalry(o, other, ours, mayCompare)
      if (said !== null) return said
    }
    return null
  }
  const here = others.filter(({ object }) => isHere(o, object))
  const elsewhere = others.filter(({ object }) => !isHere(o, object))
  return bindings.map(ours => ({ ours, here: first(ours, here), elsewhere: first(ours, elsewhere) }))
})

function rivalry(o: Asked, other: Other, ours: SplitBinding, mayCompare: MayCompare): string | null {
  const { object, way } = other
  const shared = other.gateways.filter(gateway => mayCompare() && ours.gateways.has(gateway))
  if (shared.length === 0) return null
  const hosts = other.hosts.filter(([host]) => mayCompare() && ours.hosts.has(host))
  const [any] = hosts
  if (any === undefined) return null
  if (shared.includes(MESH)) {
    const wins = winsInMesh(o, object, ours)
    const lost = hosts.find(([, written]) => wins(written))
    if (lost !== undefined) {
      return `${called(object)} gets the requests for ${lost[1]} in the mesh, where Istio uses one VirtualService for each host, so callers would bypass the split. Remove the host from it.`
    }
  }
  const gateways = shared.filter(gateway => gateway !== MESH)
  if (way !== undefined) {
    const older = olderThan(object, splitBindings(o))
    const common = way.gateways.filter(gateway => gateways.includes(gateway))
    const passed = hosts.find(([host]) =>
      common.some(gateway => !isTakenAt(older, object, way.destination, gateway, new Set([host]), mayCompare)),
    )
    if (passed !== undefined) return `${describe(way)}, for ${passed[1]}. ${moveHere(o, object)}`
  }
  const gateway = gateways.find(one => isShadowing(object, ours, one, mayCompare))
  if (gateway === undefined) return null
  return `${called(object)} is older and has a route for ${any[1]} at gateway ${gateway} that gets the requests of this Canary's route, so callers would bypass the split. Narrow the match of that route.`
}

/** What serves a public host is never taken away before something else does. */
function moveHere(o: Asked, other: KubeObject): string {
  const { namespace } = o.names
  if (isHere(o, other)) return 'Lead that route to another Service.'
  return `Create a VirtualService with that route in namespace ${namespace}, then remove the route there, and recreate the Canary with the new one under service.virtualServices.`
}
