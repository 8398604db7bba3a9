/**
 * Routes of the user's own, of any API: weights are shifted in them, the canary's destination is added beside the primary's and taken out
 * again at weight 0, and every other byte stays as it is. While a weight of ours is there, an annotation remembers what the weights
 * were (remembered-weights.ts), so that a weight that was not there is not there again.
 *
 * Others edit these routes in mid-run. A route that has a weight of ours is read and rolled back for as long as it has, whether the
 * Canary still chooses it and whether it can still be split or not: what is not read would go on when the pods are gone.
 */
import type { KubeObject, Ref } from '../../api/object.ts'
import { at, type Json, numberOf, recordOf, recordsOf } from '../json.ts'
import type { Observation } from '../model/observation.ts'
import type { Posture } from '../model/posture.ts'
import type { PatchOperation, Write } from '../model/write.ts'
import { disownOf, liveOf } from '../render/ownership.ts'
import { keptSum, weightsOf } from '../shares.ts'
import type { Percent } from '../time.ts'
import type { Named } from './provider.ts'
import {
  type Before,
  keysOf,
  recall,
  type Recalled,
  remember,
  type Remembered,
  rememberedIn,
  rememberedOfOthers,
} from './remembered-weights.ts'

export type Side = 'primary' | 'canary'

/** How an API writes routes with weights. */
export interface RouteForm {
  /** The list of `spec` that has the routes, and the list of each that has its destinations. */
  readonly routes: string
  readonly entries: string
  /** Where in an entry the name of its Service is. */
  readonly name: readonly string[]
  /** What the weight of one of several destinations is where it is left out. */
  readonly unwritten: number
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

/** Places of the routes that have a destination of the canary's. */
const holdingIn = (form: RouteForm, o: Named, routes: readonly Json[]): number[] =>
  routes.flatMap((route, index) =>
    entriesIn(form, route).some(entry => form.sideOf(o, entry) === 'canary') ? [index] : [],
  )

const recalledIn = (form: RouteForm, o: Named, live: KubeObject): ReturnType<typeof recall> => {
  const routes = routesIn(form, live.spec)
  return recall(rememberedIn(live), routes, holdingIn(form, o, routes))
}

/** The routes that are chosen, and those that have a weight of ours although they are chosen no more. */
export function carryingIn(
  form: RouteForm,
  o: Named,
  named: readonly { readonly name: string }[] | undefined,
  live: KubeObject,
): Placed[] {
  const chosen = chosenIn(form, o, named, live.spec)
  const recalled = recalledIn(form, o, live)
  const there = new Set(chosen.map(({ index }) => index))
  const more = routesIn(form, live.spec).flatMap((route, index) =>
    recalled.has(index) && !there.has(index) ? [{ index, route }] : [],
  )
  return [...chosen, ...more]
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
  const before = rememberedIn(live)
  const recalled = recalledIn(form, o, live)
  const rules = routesIn(form, live.spec)
  const carrying = carryingIn(form, o, named, live)
  const keys = keysOf(rules)
  const keyOf = ({ index }: Placed): string => keys[index] ?? `#${index}`
  const changes = carrying.map(placed =>
    routeChange(form, o, placed, wanted, keyOf(placed), recalled.get(placed.index) ?? null),
  )
  const operations = changes.flatMap(change => change.operations)
  const own = new Set([...carrying.map(keyOf), ...[...recalled.values()].map(({ key }) => key)])
  const remembered = [rememberedOfOthers(before, rules, own), ...changes.map(change => change.remembered)]
  const noted = remember(live, Object.fromEntries(remembered.flatMap(Object.entries<Before>)))
  if (operations.length + noted.length === 0) {
    return typeof wanted === 'string' || wanted.weight === 0 ? disownOf(ref, live) : []
  }
  const spec = recordOf(live.spec)
  const guards = form.guarded.flatMap(field => (field in spec ? [test(`/spec/${field}`, spec[field])] : []))
  const resourceVersion = live.metadata.resourceVersion ?? ''
  return [{ verb: 'patch', ref, resourceVersion, operations: [...guards, ...operations, ...noted] }]
}

const test = (path: string, value: unknown): PatchOperation => ({ op: 'test', path, value })

interface Change {
  readonly operations: readonly PatchOperation[]
  /** What is to be remembered of this route from here on. */
  readonly remembered: Remembered
}

function routeChange(
  form: RouteForm,
  o: Observation,
  { index, route }: Placed,
  wanted: Wanted,
  key: string,
  recalled: Recalled | null,
): Change {
  const sides = sidesIn(form, o, route)
  const path = `/spec/${form.routes}/${index}`
  const entries = entriesIn(form, route).map((entry, place) => ({ index: place, entry, side: form.sideOf(o, entry) }))
  const placeOf = (entry: Entry): string => `${path}/${form.entries}/${entry.index}`
  const guards = [
    ...('name' in route ? [test(`${path}/name`, route['name'])] : []),
    ...entries
      .filter(({ side }) => side !== null)
      .map(one => test(`${placeOf(one)}/${form.name.join('/')}`, at(one.entry, ...form.name))),
  ]
  const guarded = (operations: readonly PatchOperation[], before?: Before): Change => ({
    operations: operations.length === 0 ? [] : [...guards, ...operations],
    remembered: before === undefined ? {} : { [key]: before },
  })
  const isKept = typeof wanted !== 'string'
  if (sides === null) {
    const before = isKept ? recalled?.before : undefined
    return isKept && wanted.weight > 0
      ? guarded([], before)
      : guarded(takenBack(form, o, path, entries, wanted), before)
  }
  const { primary, canary } = sides
  const subsets = form.isBySubsets(o)

  if (isKept && wanted.weight > 0) {
    const before =
      canary === null ? weightOf(primary.entry) : (recalled ?? { before: 'own destination' as const }).before
    return guarded(splitTo(form, o, path, sides, wanted.weight), before)
  }
  // The target's pods are those of the canary's subset.
  if (!isKept && subsets) return guarded(wanted === 'target' ? splitTo(form, o, path, sides, 100) : [])

  const moved = isKept ? [] : toApex(form, o, placeOf(primary), primary.entry)
  if (canary === null) return guarded(moved)
  const isUsers = recalled === null || recalled.before === 'own destination'
  if (isKept && isUsers) return guarded(splitTo(form, o, path, sides, 0))
  const weight = isUsers ? 100 : recalled.before
  const removal: PatchOperation = { op: 'remove', path: placeOf(canary) }
  return guarded([...moved, ...setWeight(placeOf(primary), primary.entry, weight), removal])
}

/**
 * A route that cannot be split any more, because another client has added or removed a destination: what the canary has goes to the
 * primary all the same, and what others have stays. Where there is no primary the route is left as it is, and read.
 */
function takenBack(
  form: RouteForm,
  o: Observation,
  path: string,
  entries: readonly (Entry & { readonly side: Side | null })[],
  wanted: Wanted,
): PatchOperation[] {
  const toTarget = typeof wanted === 'string'
  const subsets = form.isBySubsets(o)
  const [from, to] = toTarget && subsets ? (['primary', 'canary'] as const) : (['canary', 'primary'] as const)
  const placeOf = ({ index }: Entry): string => `${path}/${form.entries}/${index}`
  const weightIn = ({ entry }: Entry): number => numberOf(entry['weight'], form.unwritten)
  const givers = entries.filter(({ side }) => side === from)
  const [receiver] = entries.filter(({ side }) => side === to)
  if (receiver === undefined) return []
  const given = givers.reduce((sum, one) => sum + weightIn(one), 0)
  const weights =
    given === 0
      ? []
      : [
          ...setWeight(placeOf(receiver), receiver.entry, weightIn(receiver) + given),
          ...givers.flatMap(one => setWeight(placeOf(one), one.entry, 0)),
        ]
  if (!toTarget || subsets) return weights
  const primaries = entries.filter(({ side }) => side === 'primary')
  return [
    ...weights,
    ...primaries.flatMap(one => toApex(form, o, placeOf(one), one.entry)),
    // From the last one, for each leaves its place to the next.
    ...givers.toReversed().map((one): PatchOperation => ({ op: 'remove', path: placeOf(one) })),
  ]
}

const weightOf = (entry: Json): number | null => (typeof entry['weight'] === 'number' ? entry['weight'] : null)

/** The weight of an entry; null takes it out. */
function setWeight(path: string, entry: Json, weight: number | null): PatchOperation[] {
  if (weightOf(entry) === weight) return []
  if (weight === null) return [{ op: 'remove', path: `${path}/weight` }]
  return [{ op: 'weight' in entry ? 'replace' : 'add', path: `${path}/weight`, value: weight }]
}

/**
 * Both weights, in the user's own sum where it can say the share. A canary that is not there comes as a copy of the primary, with its
 * port, headers and filters.
 */
function splitTo(
  form: RouteForm,
  o: Observation,
  path: string,
  { primary, canary }: { primary: Entry; canary: Entry | null },
  weight: Percent,
): PatchOperation[] {
  const place = `${path}/${form.entries}`
  const before = { primary: weightOf(primary.entry) ?? 0, canary: weightOf(canary?.entry ?? {}) ?? 0 }
  const weights = weightsOf(weight, keptSum(before))
  const ofPrimary = setWeight(`${place}/${primary.index}`, primary.entry, weights.primary)
  if (canary !== null) return [...ofPrimary, ...setWeight(`${place}/${canary.index}`, canary.entry, weights.canary)]
  const added = { ...form.canaryOf(o, primary.entry), weight: weights.canary }
  return [...ofPrimary, { op: 'add', path: `${place}/-`, value: added }]
}

/** The primary's Service goes; the apex selects the target by then. */
function toApex(form: RouteForm, o: Observation, path: string, entry: Json): PatchOperation[] {
  const name = form.apexOf(o, entry)
  return name === null ? [] : [{ op: 'replace', path: `${path}/${form.name.join('/')}`, value: name }]
}
