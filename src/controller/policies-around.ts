/** The policies around a Canary whose primary they may miss. */
import { type Kind, type KubeObject, refKey } from '../api/object.ts'
import { parityOf } from '../core/policies/copies.ts'
import { attachableKinds, attachedCopies, isCoveredByWaypoint } from '../core/policies/attached-copies.ts'
import { isCopy } from '../core/policies/copy.ts'
import { policyKinds } from '../core/policies/index.ts'
import { byAge, selectsIn } from '../core/policies/order.ts'
import { ANYWHERE } from '../core/policies/peers.ts'
import { keysOfLabels } from '../core/policies/pod-selector.ts'
import type { PolicyKind } from '../core/policies/policy-kind.ts'
import { mayMissPrimary, pairsOf, type Sided } from '../core/policies/sides.ts'
import type { Live, Observation } from '../core/model/observation.ts'
import { templateLabels } from '../core/render/labels.ts'
import { routingOf } from '../core/routers/index.ts'
import type { TrackedReader } from './reader.ts'

type Asked = Sided & Pick<Observation, 'samples'>

/**
 * The kinds that the Canary needs: all, where its primary may be missed; else those that decide on its traffic, and those that a waypoint
 * enforces, or has enforced, until the copies of then are gone.
 */
export function neededPolicyKinds(reader: TrackedReader, o: Asked): readonly Kind[] {
  if (mayMissPrimary(o)) return policyKinds.map(({ kind }) => kind)
  const isCovered = isCoveredByWaypoint(o)
  const attached = attachableKinds.map(({ kind }) => kind).filter(kind => isCovered || hasCopies(reader, o, kind))
  return [...new Set([...routingOf(o).policyKinds(o), ...attached])]
}

/**
 * Kinds of which an earlier process may have left copies: it has said so in the status, or, where an earlier version wrote that, the Canary is
 * deleted in ambient. They are not waited for where they may not be read, or cannot be after a while.
 */
export function leftoverPolicyKinds(o: Asked & Pick<Observation, 'memory'>): readonly Kind[] {
  const isInAmbient = routingOf(o).policyKinds(o).length > 0
  const isDeleted = o.canary.metadata.deletionTimestamp !== undefined
  return o.memory.policyCopies || (isDeleted && isInAmbient) ? attachableKinds.map(({ kind }) => kind) : []
}

/**
 * Whether there may be copies of policies of a waypoint, for the status to say so before they are made: some are wanted or seen, or not all kinds
 * of those that an earlier process has made are known.
 *
 * @param copies what `policiesAround` found of them.
 * @param isKnown whether the objects of a kind are listed, or are known not to be there.
 */
export function mayHaveCopies(
  o: Asked & Pick<Observation, 'memory' | 'policies'>,
  copies: Live,
  isKnown: (kind: Kind) => boolean,
): boolean {
  // Of other Canaries all kinds are read as long as they last.
  if (mayMissPrimary(o)) return false
  return (
    attachedCopies(o).length > 0 ||
    Object.values(copies).some(one => isCopy(o, one)) ||
    (o.memory.policyCopies && attachableKinds.some(({ kind }) => !isKnown(kind)))
  )
}

const hasCopies = (reader: TrackedReader, { names }: Asked, kind: Kind): boolean =>
  reader.sees(kind, names.namespace) && ownOf(reader, names, kind).length > 0

const ownOf = (reader: TrackedReader, { namespace, canary }: Asked['names'], kind: Kind): readonly KubeObject[] =>
  reader.byIndex(kind, 'canary', `${namespace}/${canary}`)

/** What of them is read: those that select pods of either side, are attached to one of its Services, name its pods as peers, or are copies of ours. */
export function policiesAround(
  reader: TrackedReader,
  o: Asked,
): Pick<Observation, 'policies'> & { readonly copies: Live } {
  const needed = neededPolicyKinds(reader, o)
  if (needed.length === 0) return { policies: [], copies: {} }
  const labels = mayMissPrimary(o)
    ? pairsOf(o).flatMap(({ target, primary }) => [target, primary])
    : [templateLabels(o.target?.object)]
  const read = policyKinds.filter(({ kind }) => needed.includes(kind))
  const policies = read.flatMap(kind => [...new Set(ofKind(reader, o, kind, labels))])
  const wanted = parityOf({ ...o, policies })?.copies ?? []
  const own = read.flatMap(({ kind }) =>
    ownOf(reader, o.names, kind).map(
      copy => [refKey({ kind, namespace: o.names.namespace, name: copy.metadata.name }), copy] as const,
    ),
  )
  // What has the name of a copy may be another client's.
  const named = wanted.flatMap(({ ref }) => {
    const object = reader.get(ref)
    return object === undefined ? [] : [[refKey(ref), object] as const]
  })
  return { policies, copies: Object.fromEntries([...own, ...named]) }
}

function ofKind(
  reader: TrackedReader,
  o: Sided,
  kind: PolicyKind,
  labels: readonly Readonly<Record<string, string>>[],
): readonly KubeObject[] {
  const { names, settings } = o
  const namespaces = kind.rootSelectsAll ? [names.namespace, settings.rootNamespace] : [names.namespace]
  const keys = namespaces.flatMap(namespace => labels.flatMap(one => keysOfLabels(namespace, one)))
  const selecting = [...new Set(keys)]
    .flatMap(key => reader.byIndex(kind.kind, 'selects', key))
    .filter(policy => labels.some(one => selectsIn(o, kind, policy, one)))
  const services = [names.apexService, names.primaryService, names.canaryService]
  const attached = kind.attachable
    ? services.flatMap(({ namespace, name }) => reader.byIndex(kind.kind, 'attached', `${namespace}/${name}`))
    : []
  return [...selecting, ...attached, ...naming(reader, o, kind, labels)]
}

/** Policies that name pods of one Canary as peers, of its namespace and of others: who makes more of them delays no other Canary. */
const MOST_HERE = 200
const MOST_ELSEWHERE = 20
/** About the same pods as one of these. */
const MOST_BESIDE = 100

/** Those that name pods of the Canary as peers, and the ones beside them that may let the same pods through. */
function naming(
  reader: TrackedReader,
  { names: { namespace } }: Sided,
  { kind, connections }: PolicyKind,
  labels: readonly Readonly<Record<string, string>>[],
): readonly KubeObject[] {
  if (connections === undefined) return []
  const keys = new Set([namespace, ANYWHERE].flatMap(one => labels.flatMap(own => keysOfLabels(one, own))))
  const found = [...new Set([...keys].flatMap(key => reader.byIndex(kind, 'peers', key)))].toSorted(byAge)
  const isHere = ({ metadata }: KubeObject): boolean => metadata.namespace === namespace
  const peers = [
    ...found.filter(isHere).slice(0, MOST_HERE),
    ...found.filter(one => !isHere(one)).slice(0, MOST_ELSEWHERE),
  ]
  const beside = peers.flatMap(policy =>
    keysOfLabels(policy.metadata.namespace ?? '', connections.podsOf(policy).matchLabels)
      .flatMap(key => reader.byIndex(kind, 'connections', key))
      .slice(0, MOST_BESIDE),
  )
  return [...peers, ...beside]
}
