/**
 * Changes of the Services, routes and rules that serve, which no step of a release asked for: what another client edited is put back,
 * with the name of the writer, and at rest every other change is told, too. Once for each version of the object.
 */
import { type KubeObject, kinds, refKey } from '../../../api/object.ts'
import type { Announcement } from '../../model/announcement.ts'
import { sameJson } from '../../json.ts'
import { kindAndName } from '../../model/names.ts'
import { isCopy } from '../../policies/copy.ts'
import { policyKindOf } from '../../policies/index.ts'
import { answer } from '../move.ts'
import type { Observation } from '../../model/observation.ts'
import { postureOf } from '../postures.ts'
import { isLaterWriter, lastWriter, liveOf } from '../../render/ownership.ts'
import { routingOf } from '../../routers/index.ts'
import { requestedOf } from '../../model/selectors.ts'
import type { State } from '../../model/state.ts'
import { clipped } from '../../text.ts'
import type { Instant } from '../../time.ts'
import { isResting } from '../desired-replicas.ts'
import type { Write } from '../../model/write.ts'
import { inWords, sameTraffic } from '../../model/traffic.ts'

const LONGEST = 512

/** Services, what the provider has of its own, and copies of policies. */
const isTold = (o: Observation, write: Write): boolean =>
  ['apply', 'merge', 'patch', 'create', 'delete'].includes(write.verb)
    ? write.ref.kind === kinds.Service ||
      routingOf(o).kinds.some(own => own.kind === write.ref.kind) ||
      isOfCopy(o, write)
    : isOfCopy(o, write)

/** Of the copy of a policy, which exists in the cluster or is to. */
function isOfCopy(o: Observation, write: Write): boolean {
  const object = write.verb === 'create' || write.verb === 'replace' ? write.object : liveOf(o, write.ref)
  return policyKindOf(write.ref.kind) !== null && object !== undefined && isCopy(o, object)
}

/**
 * @param before what this pass began with.
 * @param o with the state and memory that the move leads to.
 */
export function answersToEdits(
  { state: before, memory }: Pick<Observation, 'state' | 'memory'>,
  o: Observation,
  writes: readonly Write[],
  now: Instant,
): Announcement[] {
  if (o.writeError !== null || o.memory.handled === null) return []
  const changes = writes.filter(write => isTold(o, write))
  const raised = weightRaised(before, o, changes)
  const rests = isResting(before) && isResting(o.state) && before.phase === o.state.phase
  // A cookie that has expired at its callers needs no route: nothing that they meet changes.
  const expired = memory.retiredCookie !== null && o.memory.retiredCookie === null
  const others =
    rests && !expired ? changes.filter(write => raised === null || refKey(write.ref) !== refKey(raised.write.ref)) : []
  const said = [...(raised === null ? [] : [{ message: raised.message, writes: [raised.write] }]), ...edits(o, others)]
  return said
    .map(({ message, writes: about, reason = 'EditReverted' as const }) => {
      const versions = about.map(({ ref }) => liveOf(o, ref)?.metadata.resourceVersion ?? '').join()
      return answer(o, { reason, message: clipped(message, LONGEST) }, versions, now)
    })
    .filter(({ key }) => !o.memory.outbox.some(told => told.key === key))
}

interface Said {
  readonly message: string
  readonly writes: readonly Write[]
  readonly reason?: 'EditReverted' | 'ObjectsUpdated'
}

/** What others changed, one by one; and all that follows from the Canary, its surroundings or Sluice itself, together. */
function edits(o: Observation, writes: readonly Write[]): Said[] {
  const reverted = writes.flatMap((write): Said[] => {
    const live = liveOf(o, write.ref)
    if (isRemoval(write) || (live === undefined && (isNew(o, write) || isOfCopy(o, write)))) return []
    if (live === undefined) return [{ message: `${nameOf(write)} was deleted; it is created again`, writes: [write] }]
    if (!isLaterWriter(live) || specIsNews(o)) return []
    return [{ message: `${lastWriter(live)} changed ${nameOf(write)}; the change is reverted`, writes: [write] }]
  })
  const told = new Set(reverted.flatMap(one => one.writes))
  const rest = writes.filter(write => !told.has(write))
  const [copies, others] = [rest.filter(write => isOfCopy(o, write)), rest.filter(write => !isOfCopy(o, write))]
  const why = specIsNews(o) ? 'after a change of the Canary' : 'to what this version of Sluice derives from the Canary'
  return [
    ...reverted,
    ...updated(others, why),
    ...updated(copies, `after a change of what selects the pods of ${kindAndName(o.names.target)}`),
  ]
}

/** What was written without being asked for, in one sentence. */
function updated(writes: readonly Write[], why: string): Said[] {
  if (writes.length === 0) return []
  const named = (those: readonly Write[]): string => those.map(nameOf).join(', ')
  const [removed, written] = [writes.filter(isRemoval), writes.filter(write => !isRemoval(write))]
  const done = [
    ...(written.length === 0 ? [] : [`Updated ${named(written)}`]),
    ...(removed.length === 0 ? [] : [`${written.length === 0 ? 'Removed' : 'removed'} ${named(removed)}`]),
  ]
  const message = `${done.join(' and ')} ${why}`
  return [{ message, writes, reason: 'ObjectsUpdated' }]
}

const isRemoval = ({ verb }: Write): boolean => verb === 'delete'

/** An object that may never have been there. */
const isNew = (o: Observation, { ref }: Write): boolean =>
  specIsNews(o) || routingOf(o).kinds.some(({ kind, optional }) => kind === ref.kind && optional)

const nameOf = ({ ref }: Write): string => `${ref.kind.kind} ${ref.name}`

const specIsNews = ({ canary }: Observation): boolean => {
  const { observedGeneration } = (canary['status'] ?? {}) as { observedGeneration?: number }
  return canary.metadata.generation !== undefined && observedGeneration !== canary.metadata.generation
}

/** Another client gave the canary more than is requested, after the routes had carried that. */
function weightRaised(
  before: State,
  o: Observation,
  writes: readonly Write[],
): { message: string; write: Write } | null {
  const { state, traffic } = o
  const wanted = postureOf(o, state).traffic
  if (traffic === null || wanted === null || !sameTraffic(wanted, requestedOf(state))) return null
  const weight = wanted.canary
  if (traffic.high <= weight) return null
  const settled = isResting(before) || ('carriedAt' in before && before.carriedAt !== null && sameStep(before, state))
  if (!settled) return null
  const routes = new Set(routingOf(o).routes(o).map(refKey))
  for (const write of writes) {
    const live: KubeObject | undefined = liveOf(o, write.ref)
    if (!routes.has(refKey(write.ref)) || live === undefined) continue
    const message = `${lastWriter(live)} raised the weight of the canary in ${nameOf(write)} from ${weight} to ${traffic.high}; it is set to ${weight} again`
    return { message, write }
  }
  return null
}

const sameStep = (before: State, after: State): boolean => sameJson(placeOf(before), placeOf(after))

const placeOf = (state: State): unknown[] => [
  state.phase,
  'stage' in state ? state.stage : '',
  inWords(requestedOf(state)),
]
