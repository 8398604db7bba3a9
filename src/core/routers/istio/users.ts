/**
 * The user's own VirtualServices: weights are shifted in their routes, the canary's destination is added beside the
 * primary's and taken out again at weight 0, and every other byte stays as it is. While our destination is there, an
 * annotation remembers what the weights were, so that a weight that was not there is not there again.
 */
import { type KubeObject, kinds, type Ref } from '../../../api/object.ts'
import { at, type Json, isRecord, recordOf, recordsOf, textOf } from '../../json.ts'
import { ORIGINAL_ANNOTATION } from '../../model/names.ts'
import type { Observation } from '../../model/observation.ts'
import type { Posture } from '../../model/posture.ts'
import { carriedBy } from '../../model/traffic.ts'
import { disownOf, liveOf } from '../../render/ownership.ts'
import type { Percent } from '../../time.ts'
import type { PatchOperation, Write } from '../../model/write.ts'
import type { Routes } from './routes.ts'
import type { Named } from '../provider.ts'
import { destinationOf, isHost, renamedHost, type Side, sideOf } from './hosts.ts'
import { httpRoutes, shareOf } from './shares.ts'

/** One entry of `service.virtualServices`. */
export type Listed = NonNullable<Observation['canary']['spec']['service']['virtualServices']>[number]

export const usersVirtualServices: Routes = {
  refs: o => listed(o).map(one => refOfListed(o, one)),

  read: o =>
    carriedBy(
      listed(o).flatMap(one => {
        const spec = liveOf(o, refOfListed(o, one))?.spec
        return chosenRoutes(o, one, spec).flatMap(({ route }) => shareOf(o, route) ?? [])
      }),
    ),

  render: (o, posture) => {
    const wanted = wantedOf(posture)
    return wanted === null ? [] : listed(o).flatMap(one => shift(o, one, wanted))
  },
}

export function listed(o: Named): readonly Listed[] {
  return o.canary.spec.service.virtualServices ?? []
}

export function refOfListed(o: Named, { name }: Listed): Ref {
  return { kind: kinds.VirtualService, namespace: o.names.namespace, name }
}

/** A route with its place in `spec.http`. */
export interface Placed {
  readonly index: number
  readonly route: Json
}

/** The routes that are named; else all that lead to either side. */
export function chosenRoutes(o: Named, { routes }: Listed, spec: unknown): Placed[] {
  const all = httpRoutes(spec).map((route, index) => ({ index, route }))
  if (routes !== undefined) return all.filter(({ route }) => routes.some(({ name }) => name === route['name']))
  return all.filter(({ route }) => entriesOf(route).some(entry => sideOf(o, entry['destination']) !== null))
}

export function entriesOf(route: Json): readonly Json[] {
  return recordsOf(route['route'])
}

/** A destination of a route, with its place in it. */
interface Entry {
  readonly index: number
  readonly entry: Json
}

/** The two sides of a route that can be split: one primary, at most one canary, and no other destination; null for any other. */
export function sidesOf(o: Named, route: Json): { primary: Entry; canary: Entry | null } | null {
  const all = entriesOf(route).map((entry, index) => ({ index, entry, side: sideOf(o, entry['destination']) }))
  const of = (side: Side): Entry[] => all.filter(one => one.side === side)
  const [primary, ...morePrimaries] = of('primary')
  const [canary, ...moreCanaries] = of('canary')
  const others = all.length - 1 - (canary === undefined ? 0 : 1)
  if (primary === undefined || morePrimaries.length + moreCanaries.length + others > 0) return null
  return { primary, canary: canary ?? null }
}

/**
 * What the routes shall do: split; lead to the target alone, because the canary goes; or nothing more of ours, where the
 * hosts that we made go.
 */
type Wanted = { readonly weight: Percent } | 'target' | 'released'

function wantedOf(posture: Posture): Wanted | null {
  if (posture.remove === 'everything') return 'released'
  if (posture.callers === 'target') return 'target'
  return posture.callers === 'untouched' || posture.traffic === null ? null : { weight: posture.traffic.canary }
}

/** Weights of the primary before our destination came, by route; null: it had none. */
type Original = Readonly<Record<string, number | null>>

function originalOf(live: KubeObject): Original {
  try {
    const parsed: unknown = JSON.parse(live.metadata.annotations?.[ORIGINAL_ANNOTATION] ?? '{}')
    const weights = Object.entries(recordOf(parsed)).filter(
      (entry): entry is [string, number | null] => typeof entry[1] === 'number' || entry[1] === null,
    )
    return Object.fromEntries(weights)
  } catch {
    return {}
  }
}

function shift(o: Observation, one: Listed, wanted: Wanted): Write[] {
  const ref = refOfListed(o, one)
  const live = liveOf(o, ref)
  if (live === undefined || live.metadata.deletionTimestamp !== undefined) return []
  const before = originalOf(live)
  const chosen = chosenRoutes(o, one, live.spec)
  const changes = chosen.map(placed => routeChange(o, live, placed, wanted, before))
  const operations = changes.flatMap(change => change.operations)
  const others = ofOthers(live, chosen, before)
  const original: Original = Object.fromEntries(
    [others, ...changes.map(change => change.original)].flatMap(Object.entries<number | null>),
  )
  const noted = noteOriginal(live, original)
  if (operations.length + noted.length === 0) {
    return typeof wanted === 'string' || wanted.weight === 0 ? disownOf(ref, live) : []
  }
  const hosts: PatchOperation[] =
    isRecord(live.spec) && 'hosts' in live.spec ? [test('/spec/hosts', live.spec['hosts'])] : []
  const resourceVersion = live.metadata.resourceVersion ?? ''
  return [{ verb: 'patch', ref, resourceVersion, operations: [...hosts, ...operations, ...noted] }]
}

/** What another Canary remembers of its own routes in the same VirtualService. */
function ofOthers(live: KubeObject, chosen: readonly Placed[], before: Original): Original {
  const there = new Set(httpRoutes(live.spec).map((route, index) => keyOf(live, { index, route })))
  for (const placed of chosen) there.delete(keyOf(live, placed))
  return Object.fromEntries(Object.entries(before).filter(([key]) => there.has(key)))
}

const test = (path: string, value: unknown): PatchOperation => ({ op: 'test', path, value })

interface Change {
  readonly operations: readonly PatchOperation[]
  /** What is to be remembered of this route from here on. */
  readonly original: Original
}

function routeChange(
  o: Observation,
  live: KubeObject,
  { index, route }: Placed,
  wanted: Wanted,
  before: Original,
): Change {
  const sides = sidesOf(o, route)
  const key = keyOf(live, { index, route })
  const known = Object.hasOwn(before, key)
  const remembered: Original = known ? { [key]: before[key] ?? null } : {}
  if (sides === null) return { operations: [], original: remembered }
  const path = `/spec/http/${index}`
  const placeOf = (entry: Entry): string => `${path}/route/${entry.index}`
  const guards = [
    ...('name' in route ? [test(`${path}/name`, route['name'])] : []),
    ...[sides.primary, ...(sides.canary === null ? [] : [sides.canary])].map(side =>
      test(`${placeOf(side)}/destination/host`, at(side.entry, 'destination', 'host')),
    ),
  ]
  const guarded = (operations: readonly PatchOperation[], original: Original): Change => ({
    operations: operations.length === 0 ? [] : [...guards, ...operations],
    original,
  })
  const { primary, canary } = sides
  const subsets = o.canary.spec.service.destinationRule !== undefined

  if (typeof wanted !== 'string' && wanted.weight > 0) {
    const original = canary === null && !known ? { [key]: weightOf(primary.entry) } : remembered
    return guarded(splitTo(o, path, sides, wanted.weight), original)
  }
  // The target's pods are those of the canary's subset.
  if (typeof wanted === 'string' && subsets) {
    return wanted === 'target' ? guarded(splitTo(o, path, sides, 100), {}) : { operations: [], original: {} }
  }

  const moved = typeof wanted === 'string' ? toApex(o, placeOf(primary), primary.entry) : []
  if (canary === null) return guarded(moved, {})
  if (typeof wanted !== 'string' && !known) return guarded(splitTo(o, path, sides, 0), {})
  const weight = known ? (before[key] ?? null) : 100
  const removal: PatchOperation = { op: 'remove', path: placeOf(canary) }
  return guarded([...moved, ...setWeight(placeOf(primary), primary.entry, weight), removal], {})
}

/** How a route is remembered: by its name where that is its own, else by its place. */
function keyOf(live: KubeObject, { index, route }: Placed): string {
  const name = textOf(route['name'])
  const namesakes = httpRoutes(live.spec).filter(other => other['name'] === name)
  return name !== '' && namesakes.length === 1 ? name : `#${index}`
}

const weightOf = (entry: Json): number | null => (typeof entry['weight'] === 'number' ? entry['weight'] : null)

/** The weight of an entry; null takes it out. */
function setWeight(path: string, entry: Json, weight: number | null): PatchOperation[] {
  if (weightOf(entry) === weight) return []
  if (weight === null) return [{ op: 'remove', path: `${path}/weight` }]
  return [{ op: 'weight' in entry ? 'replace' : 'add', path: `${path}/weight`, value: weight }]
}

/** Both weights; a canary that is not there comes as a copy of the primary, with its port and headers. */
function splitTo(
  o: Observation,
  path: string,
  { primary, canary }: { primary: Entry; canary: Entry | null },
  weight: Percent,
): PatchOperation[] {
  const ofPrimary = setWeight(`${path}/route/${primary.index}`, primary.entry, 100 - weight)
  if (canary !== null) return [...ofPrimary, ...setWeight(`${path}/route/${canary.index}`, canary.entry, weight)]
  const destination = recordOf(primary.entry['destination'])
  const side = destinationOf(o, 'canary', undefined)
  const host = renamedHost(textOf(destination['host']), textOf(side['host']))
  const value = { ...primary.entry, destination: { ...destination, ...side, host }, weight }
  return [...ofPrimary, { op: 'add', path: `${path}/route/-`, value }]
}

/** The primary's Service goes; the apex selects the target by then. */
function toApex(o: Observation, path: string, entry: Json): PatchOperation[] {
  const host = textOf(at(entry, 'destination', 'host'))
  if (!isHost(host, o.names.namespace, o.names.primaryService)) return []
  return [{ op: 'replace', path: `${path}/destination/host`, value: renamedHost(host, o.names.apexService.name) }]
}

/** Keeps the annotation as long as there is something to remember. */
function noteOriginal(live: KubeObject, original: Original): PatchOperation[] {
  const { annotations } = live.metadata
  const path = `/metadata/annotations/${ORIGINAL_ANNOTATION.replaceAll('~', '~0').replaceAll('/', '~1')}`
  const before = annotations?.[ORIGINAL_ANNOTATION]
  if (Object.keys(original).length === 0) return before === undefined ? [] : [{ op: 'remove', path }]
  const value = JSON.stringify(original)
  if (before === value) return []
  const container: PatchOperation[] =
    annotations === undefined ? [{ op: 'add', path: '/metadata/annotations', value: {} }] : []
  return [...container, { op: before === undefined ? 'add' : 'replace', path, value }]
}
