/** Which routes of the user's the entries of `service.routes` mean: one by its name, or all with some labels. */
import {
  asRead,
  apiVersionOf,
  type Kind,
  kinds,
  type KubeObject,
  type Ref,
  refKey,
  versionsOf,
} from '../../../api/object.ts'
import { covers } from '../../json.ts'
import type { Observation } from '../../model/observation.ts'
import { liveOf } from '../../render/ownership.ts'
import type { Find, Named } from '../provider.ts'
import { recall, rememberedIn } from '../remembered-weights.ts'
import { backendOf, backendRefsOf, namespaceOf, rulesIn } from './refs.ts'

/** One entry of `service.routes`. */
export type Entry = NonNullable<Observation['canary']['spec']['service']['routes']>[number]

/** A route in which weights are shifted. */
export interface Listed {
  /** In the version in which it is served. */
  readonly ref: Ref
  /** The rules that are chosen; undefined: those that lead to the Service. */
  readonly rules: Entry['rules']
}

/** Routes that one entry may choose by labels. */
export const MOST_SELECTED = 20

export const entriesOf = ({ canary }: Pick<Observation, 'canary'>): readonly Entry[] => canary.spec.service.routes ?? []

/** @param http HTTPRoute in the version of the provider. */
export const kindOf = ({ kind = 'HTTPRoute' }: Pick<Entry, 'kind'>, http: Kind): Kind =>
  kind === 'HTTPRoute' ? http : kinds[kind]

export const listedKinds = (o: Named, http: Kind): readonly Kind[] => [
  ...new Set(entriesOf(o).map(entry => kindOf(entry, http))),
]

/** `namespace/key=value` of each label of a route. */
export const labelKeys = (route: KubeObject): string[] =>
  Object.entries(route.metadata.labels ?? {}).map(([key, value]) => `${namespaceOf(route)}/${key}=${value}`)

const isLabelled = ({ selector }: Entry, { metadata }: KubeObject): boolean =>
  selector !== undefined && covers(metadata.labels ?? {}, selector.matchLabels)

/** Whether an entry chooses this route of the Canary's namespace. */
export const isChosen = (entry: Entry, route: KubeObject): boolean =>
  route.kind === (entry.kind ?? 'HTTPRoute') &&
  (entry.name === undefined ? isLabelled(entry, route) : route.metadata.name === entry.name)

const byName = (one: KubeObject, other: KubeObject): number => (one.metadata.name < other.metadata.name ? -1 : 1)

/** What is to be read for the entries: one route more than may be chosen tells that there are too many. */
export function listedRefs(o: Named, http: Kind, find: Find): Ref[] {
  const { namespace, canaryService } = o.names
  return entriesOf(o).flatMap(entry => {
    const kind = kindOf(entry, http)
    if (entry.name !== undefined) return [{ kind, namespace, name: entry.name }]
    const [first] = Object.entries(entry.selector?.matchLabels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
    if (first === undefined) return []
    const labelled = find(kind, 'label', `${namespace}/${first.join('=')}`).filter(route => isLabelled(entry, route))
    const carrying = find(kind, 'backend', `${namespace}/${canaryService.name}`).filter(route =>
      hasOurWeights(o, route),
    )
    const found = [...labelled.toSorted(byName).slice(0, MOST_SELECTED + 1), ...carrying]
    return found.map(({ metadata: { name } }) => ({ kind, namespace, name }))
  })
}

/** Such a route is read and rolled back when its labels are gone, too. Another Canary remembers its own rules in the same annotation. */
export function hasOurWeights({ names }: Named, route: KubeObject): boolean {
  const { namespace, name } = names.canaryService
  if (namespaceOf(route) !== namespace) return false
  const rules = rulesIn(route.spec)
  const holding = rules.flatMap((rule, index) => {
    const backends = backendRefsOf(rule).map(one => backendOf(one, namespace))
    return backends.some(to => to?.namespace === namespace && to.name === name) ? [index] : []
  })
  return recall(rememberedIn(route), rules, holding).size > 0
}

/** The live routes that an entry chooses by labels, by name: at most one more than are split. */
export function labelledOf(o: Named & Pick<Observation, 'live'>, entry: Entry, http: Kind): readonly KubeObject[] {
  return ofKind(o, kindOf(entry, http)).filter(route => isLabelled(entry, route))
}

function ofKind({ names, live }: Named & Pick<Observation, 'live'>, kind: Kind): readonly KubeObject[] {
  const versions = versionsOf(kind).map(apiVersionOf)
  return Object.values(live)
    .filter(one => one.kind === kind.kind && versions.includes(one.apiVersion) && namespaceOf(one) === names.namespace)
    .toSorted(byName)
}

/** The routes that the entries mean, each once, whether they are there or not. */
export function listed(o: Named & Pick<Observation, 'live'>, http: Kind): readonly Listed[] {
  const all = entriesOf(o).flatMap((entry): Listed[] => {
    const kind = kindOf(entry, http)
    const refs = refsOf(o, entry, kind, http)
    return refs.map(ref => ({ ref: { ...ref, kind: asRead(kind, liveOf(o, ref)) }, rules: entry.rules }))
  })
  return all.filter(({ ref }, place) => all.findIndex(other => refKey(other.ref) === refKey(ref)) === place)
}

function refsOf(o: Named & Pick<Observation, 'live'>, entry: Entry, kind: Kind, http: Kind): readonly Ref[] {
  const { namespace } = o.names
  if (entry.name !== undefined) return [{ kind, namespace, name: entry.name }]
  const carrying = ofKind(o, kind).filter(route => hasOurWeights(o, route))
  const chosen = new Set([...labelledOf(o, entry, http).slice(0, MOST_SELECTED), ...carrying])
  return [...chosen].map(({ metadata: { name } }) => ({ kind, namespace, name }))
}
