/**
 * Routes of the user's own, of any API: weights are shifted in them, the canary's destination is added beside the primary's and taken out
 * again at weight 0, and every other byte stays as it is. While our destination is there, an annotation remembers what the weights
 * were, so that a weight that was not there is not there again.
 */
import type { KubeObject, Ref } from '../../api/object.ts'
import { at, type Json, recordOf, recordsOf, textOf } from '../json.ts'
import { ORIGINAL_ANNOTATION } from '../model/names.ts'
import type { Observation } from '../model/observation.ts'
import type { Posture } from '../model/posture.ts'
import type { PatchOperation, Write } from '../model/write.ts'
import { disownOf, liveOf } from '../render/ownership.ts'
import type { Percent } from '../time.ts'
import type { Named } from './provider.ts'

export type Side = 'primary' | 'canary'

/** How an API writes routes with weights. */
export interface RouteForm {
  /** The list of `spec` that has the routes, and the list of each that has its destinations. */
  readonly routes: string
  readonly entries: string
  /** Where in an entry the name of its Service is. */
  readonly name: readonly string[]
  /** Fields of `spec` that have to be as they were read. */
  readonly guarded: readonly string[]
  sideOf(o: Named, entry: Json): Side | null
  /** An entry for the canary, as a copy of the primary's. */
  canaryOf(o: Named, primary: Json): Json
  /** The name that the entry has once the primary's Service is gone; null where it is not that. */
  apexOf(o: Named, primary: Json): string | null
  /** The primary's pods are those of a subset, and the target's those of another: no destination is taken out. */
  isBySubsets(o: Named): boolean
}

/** A route with its place in the list. */
export interface Placed {
  readonly index: number
  readonly route: Json
}

export const routesIn = (form: RouteForm, spec: unknown): readonly Json[] => recordsOf(at(spec, form.routes))

export const entriesIn = (form: RouteForm, route: Json): readonly Json[] => recordsOf(route[form.entries])

/** The routes that are named; else all that lead to either side. */
export function chosenIn(
  form: RouteForm,
  o: Named,
  named: readonly { readonly name: string }[] | undefined,
  spec: unknown,
): Placed[] {
  const all = routesIn(form, spec).map((route, index) => ({ index, route }))
  if (named !== undefined) return all.filter(({ route }) => named.some(({ name }) => name === route['name']))
  return all.filter(({ route }) => entriesIn(form, route).some(entry => form.sideOf(o, entry) !== null))
}

/** A destination of a route, with its place in it. */
interface Entry {
  readonly index: number
  readonly entry: Json
}

/** The two sides of a route that can be split: one primary, at most one canary, and no other destination; null for any other. */
export function sidesIn(form: RouteForm, o: Named, route: Json): { primary: Entry; canary: Entry | null } | null {
  const all = entriesIn(form, route).map((entry, index) => ({ index, entry, side: form.sideOf(o, entry) }))
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
export type Wanted = { readonly weight: Percent } | 'target' | 'released'

export function wantedOf(posture: Posture): Wanted | null {
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

/** What brings the chosen routes of one object to what is wanted. */
export function shiftIn(
  form: RouteForm,
  o: Observation,
  ref: Ref,
  named: readonly { readonly name: string }[] | undefined,
  wanted: Wanted,
): Write[] {
  const live = liveOf(o, ref)
  if (live === undefined || live.metadata.deletionTimestamp !== undefined) return []
  const before = originalOf(live)
  const chosen = chosenIn(form, o, named, live.spec)
  const changes = chosen.map(placed => routeChange(form, o, live, placed, wanted, before))
  const operations = changes.flatMap(change => change.operations)
  const others = ofOthers(form, live, chosen, before)
  const original: Original = Object.fromEntries(
    [others, ...changes.map(change => change.original)].flatMap(Object.entries<number | null>),
  )
  const noted = noteOriginal(live, original)
  if (operations.length + noted.length === 0) {
    return typeof wanted === 'string' || wanted.weight === 0 ? disownOf(ref, live) : []
  }
  const spec = recordOf(live.spec)
  const guards = form.guarded.flatMap(field => (field in spec ? [test(`/spec/${field}`, spec[field])] : []))
  const resourceVersion = live.metadata.resourceVersion ?? ''
  return [{ verb: 'patch', ref, resourceVersion, operations: [...guards, ...operations, ...noted] }]
}

/** What another Canary remembers of its own routes in the same object. */
function ofOthers(form: RouteForm, live: KubeObject, chosen: readonly Placed[], before: Original): Original {
  const there = new Set(routesIn(form, live.spec).map((route, index) => keyOf(form, live, { index, route })))
  for (const placed of chosen) there.delete(keyOf(form, live, placed))
  return Object.fromEntries(Object.entries(before).filter(([key]) => there.has(key)))
}

const test = (path: string, value: unknown): PatchOperation => ({ op: 'test', path, value })

interface Change {
  readonly operations: readonly PatchOperation[]
  /** What is to be remembered of this route from here on. */
  readonly original: Original
}

function routeChange(
  form: RouteForm,
  o: Observation,
  live: KubeObject,
  { index, route }: Placed,
  wanted: Wanted,
  before: Original,
): Change {
  const sides = sidesIn(form, o, route)
  const key = keyOf(form, live, { index, route })
  const known = Object.hasOwn(before, key)
  const remembered: Original = known ? { [key]: before[key] ?? null } : {}
  if (sides === null) return { operations: [], original: remembered }
  const path = `/spec/${form.routes}/${index}`
  const placeOf = (entry: Entry): string => `${path}/${form.entries}/${entry.index}`
  const guards = [
    ...('name' in route ? [test(`${path}/name`, route['name'])] : []),
    ...[sides.primary, ...(sides.canary === null ? [] : [sides.canary])].map(side =>
      test(`${placeOf(side)}/${form.name.join('/')}`, at(side.entry, ...form.name)),
    ),
  ]
  const guarded = (operations: readonly PatchOperation[], original: Original): Change => ({
    operations: operations.length === 0 ? [] : [...guards, ...operations],
    original,
  })
  const { primary, canary } = sides
  const subsets = form.isBySubsets(o)

  if (typeof wanted !== 'string' && wanted.weight > 0) {
    const original = canary === null && !known ? { [key]: weightOf(primary.entry) } : remembered
    return guarded(splitTo(form, o, path, sides, wanted.weight), original)
  }
  // The target's pods are those of the canary's subset.
  if (typeof wanted === 'string' && subsets) {
    return wanted === 'target' ? guarded(splitTo(form, o, path, sides, 100), {}) : { operations: [], original: {} }
  }

  const moved = typeof wanted === 'string' ? toApex(form, o, placeOf(primary), primary.entry) : []
  if (canary === null) return guarded(moved, {})
  if (typeof wanted !== 'string' && !known) return guarded(splitTo(form, o, path, sides, 0), {})
  const weight = known ? (before[key] ?? null) : 100
  const removal: PatchOperation = { op: 'remove', path: placeOf(canary) }
  return guarded([...moved, ...setWeight(placeOf(primary), primary.entry, weight), removal], {})
}

/** How a route is remembered: by its name where that is its own, else by its place. */
function keyOf(form: RouteForm, live: KubeObject, { index, route }: Placed): string {
  const name = textOf(route['name'])
  const namesakes = routesIn(form, live.spec).filter(other => other['name'] === name)
  return name !== '' && namesakes.length === 1 ? name : `#${index}`
}

const weightOf = (entry: Json): number | null => (typeof entry['weight'] === 'number' ? entry['weight'] : null)

/** The weight of an entry; null takes it out. */
function setWeight(path: string, entry: Json, weight: number | null): PatchOperation[] {
  if (weightOf(entry) === weight) return []
  if (weight === null) return [{ op: 'remove', path: `${path}/weight` }]
  return [{ op: 'weight' in entry ? 'replace' : 'add', path: `${path}/weight`, value: weight }]
}

/** Both weights; a canary that is not there comes as a copy of the primary, with its port, headers and filters. */
function splitTo(
  form: RouteForm,
  o: Observation,
  path: string,
  { primary, canary }: { primary: Entry; canary: Entry | null },
  weight: Percent,
): PatchOperation[] {
  const place = `${path}/${form.entries}`
  const ofPrimary = setWeight(`${place}/${primary.index}`, primary.entry, 100 - weight)
  if (canary !== null) return [...ofPrimary, ...setWeight(`${place}/${canary.index}`, canary.entry, weight)]
  return [...ofPrimary, { op: 'add', path: `${place}/-`, value: { ...form.canaryOf(o, primary.entry), weight } }]
}

/** The primary's Service goes; the apex selects the target by then. */
function toApex(form: RouteForm, o: Observation, path: string, entry: Json): PatchOperation[] {
  const name = form.apexOf(o, entry)
  return name === null ? [] : [{ op: 'replace', path: `${path}/${form.name.join('/')}`, value: name }]
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
