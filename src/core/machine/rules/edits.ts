/**
 * Changes of the Services, routes and rules that serve, which no step of a release asked for: what another client edited is put back,
 * with the name of the writer, and at rest every other change is told, too. Once for each version of the object.
 */
import { type KubeObject, kinds, type Ref, refKey } from '../../../api/object.ts'
import { topologyOf } from '../../../api/providers.ts'
import type { Announcement } from '../../model/announcement.ts'
import { scalerOf } from '../../autoscalers/index.ts'
import { recordOf, sameJson } from '../../json.ts'
import { kindAndName, RENDERED_ANNOTATION } from '../../model/names.ts'
import { isCopy } from '../../policies/copy.ts'
import { policyKindOf } from '../../policies/index.ts'
import { answer, answerToDeletion, recurringEvent } from '../move.ts'
import type { Observation } from '../../model/observation.ts'
import { postureOf } from '../postures.ts'
import { isAsLeft, keepsAddresses } from '../../render/adopted.ts'
import { copyRefOf } from '../../render/configs.ts'
import { usersService } from '../../render/original.ts'
import { isLaterWriter, isNewerThan, isOurs, lastWriter, liveOf } from '../../render/ownership.ts'
import { primaryFollows } from '../../render/primary.ts'
import { putsPortsBack } from '../../render/service-repairs.ts'
import { routingOf } from '../../routers/index.ts'
import { promotedOf, recordedOf, requestedOf } from '../../model/selectors.ts'
import type { State } from '../../model/state.ts'
import { clipped } from '../../text.ts'
import type { Instant } from '../../time.ts'
import { isResting } from '../desired-replicas.ts'
import type { Write } from '../../model/write.ts'
import { inWords, sameTraffic } from '../../model/traffic.ts'

const LONGEST = 512

/** Services, what the provider has of its own, copies of policies and autoscalers, and the primary. */
function isTold(o: Observation, write: Write): boolean {
  if (isOfCopy(o, write) || isOfPrimary(o, write)) return true
  if (!['apply', 'merge', 'patch', 'create', 'delete'].includes(write.verb)) return false
  return write.ref.kind === kinds.Service || routingOf(o).kinds.some(own => own.kind === write.ref.kind)
}

/** The primary is written for what it follows; what others change of it is answered by itself (manual-edits.ts). */
const isOfPrimary = (o: Observation, write: Write): boolean =>
  write.verb === 'replace' && refKey(write.ref) === refKey(o.names.primary) && primaryFollows(o, postureOf(o, o.state))

/** Of the copy of a policy or an autoscaler, which exists in the cluster or is to. */
const isOfCopy = (o: Observation, write: Write): boolean => isOfPolicyCopy(o, write) || isOfScalerCopy(o, write)

function isOfPolicyCopy(o: Observation, write: Write): boolean {
  const object = write.verb === 'create' || write.verb === 'replace' ? write.object : liveOf(o, write.ref)
  return policyKindOf(write.ref.kind) !== null && object !== undefined && isCopy(o, object)
}

/** Its limits also change with a release, which is no news; what others change of it is, and what follows the user's autoscaler. */
function isOfScalerCopy(o: Observation, write: Write): boolean {
  const scaler = scalerOf(o)
  if (scaler === null || write.verb !== 'apply' || refKey(write.ref) !== refKey(scaler.primaryRef)) return false
  const live = liveOf(o, write.ref)
  return live === undefined || isUndone(write, live) || followedBy(o, [write]) !== null
}

/**
 * @param before what this pass began with.
 * @param o with the state and memory that the move leads to.
 */
export function answersToEdits(
  before: Pick<Observation, 'state' | 'memory'>,
  o: Observation,
  writes: readonly Write[],
  now: Instant,
): Announcement[] {
  if (o.memory.handled === null) return []
  const again = writes.filter(write => isUsersServiceAgain(o, write))
  const others = writes.filter(write => !again.includes(write))
  const said = [
    ...again.map(write => createdAgain(o, write)),
    ...(o.writeError === null ? changes(before, o, others) : []),
  ]
  return said
    .map(({ message, writes: about, reason = 'EditReverted' as const }) => {
      const news = { reason, message: clipped(message, LONGEST) }
      const versions = about.flatMap(({ ref }) => liveOf(o, ref)?.metadata.resourceVersion ?? []).join()
      if (versions !== '') return answer(o, news, versions, now)
      return o.writeError === null ? answerToDeletion(o, news, now) : recurringEvent(o, news, now)
    })
    .filter(({ key }) => !o.memory.outbox.some(told => told.key === key))
}

interface Said {
  readonly message: string
  readonly writes: readonly Write[]
  readonly reason?: 'EditReverted' | 'ObjectsUpdated'
}

function changes(
  { state: before, memory }: Pick<Observation, 'state' | 'memory'>,
  o: Observation,
  writes: readonly Write[],
): readonly Said[] {
  const told = writes.filter(write => isTold(o, write))
  const raised = weightRaised(before, o, told)
  const rests = isResting(before) && isResting(o.state) && before.phase === o.state.phase
  // A cookie that has expired at its callers needs no route: nothing that they meet changes.
  const expired = memory.retiredCookie !== null && o.memory.retiredCookie === null
  const others = told.filter(write => raised === null || refKey(write.ref) !== refKey(raised.write.ref))
  return [
    ...(raised === null ? [] : [{ message: raised.message, writes: [raised.write] }]),
    ...(rests && !expired ? edits(o, others) : []),
    ...(rests ? copiesRestored(o, writes) : []),
    ...(isInRun(before) && isInRun(o.state) ? editsInRun(before, o, others) : []),
  ]
}

/** The user's Service, which was deleted: in every phase and whatever was refused: its callers come from anywhere. */
const isUsersServiceAgain = (o: Observation, write: Write): boolean =>
  write.verb === 'apply' &&
  write.ref === o.names.apexService &&
  liveOf(o, write.ref) === undefined &&
  usersService(o) !== null

/** A load balancer is another one, and so is what the API server has refused. */
function createdAgain(o: Observation, write: Write): Said {
  const { type, loadBalancerIP } = recordOf(usersService(o)?.spec)
  const again = `${deleted(write).message} as it was`
  const balanced =
    type === 'LoadBalancer' && loadBalancerIP === undefined
      ? `${again}; its load balancer may get another address`
      : again
  const message = keepsAddresses(o)
    ? balanced
    : `${balanced}, but with another cluster IP and other node ports, because a write failed: ${o.writeError?.message}`
  return { message, writes: [write] }
}

/** What others changed, one by one; and all that follows from the Canary, its surroundings or Sluice itself, together. */
function edits(o: Observation, writes: readonly Write[]): Said[] {
  const reverted = writes.flatMap((write): Said[] => {
    const live = liveOf(o, write.ref)
    if (isRemoval(write) || isOfPrimary(o, write)) return []
    if (live === undefined && isOfScalerCopy(o, write) && !specIsNews(o))
      return [{ message: `${nameOf(write)} was missing; it is created`, writes: [write] }]
    if (live === undefined && (isNew(o, write) || isOfCopy(o, write))) return []
    if (live === undefined) return [deleted(write)]
    if (!isLaterWriter(live) || isAsLeft(write, live) || specIsNews(o) || saysOther(write, live)) return []
    return [{ message: reverts(o, write, live), writes: [write] }]
  })
  const told = new Set(reverted.flatMap(one => one.writes))
  const rest = writes.filter(write => !told.has(write))
  const [copies, others] = [rest.filter(write => isOfPolicyCopy(o, write)), rest.filter(one => !isOfPolicyCopy(o, one))]
  const followed = specIsNews(o) ? 'the Canary' : followedBy(o, others)
  const why = followed === null ? 'to what Sluice derives from the Canary' : `after a change of ${followed}`
  return [
    ...reverted,
    ...updated(others, why),
    ...updated(copies, `after a change of what selects the pods of ${kindAndName(o.names.target)}`),
  ]
}

const deleted = (write: Write): Said => ({
  message: `${nameOf(write)} was deleted; it is created again`,
  writes: [write],
})

/** An object of the user's keeps what the Canary does not speak of. */
const reverts = (o: Observation, write: Write, live: KubeObject): string =>
  isOurs(o, live)
    ? `${lastWriter(live)} changed ${nameOf(write)}; the change is reverted`
    : `${lastWriter(live)} changed ${nameOf(write)}; what the Canary says of it is put back`

/** Beside the steps of a run: what is written again word for word was changed by another client. */
function editsInRun(before: State, o: Observation, writes: readonly Write[]): Said[] {
  if (specIsNews(o)) return []
  const isCarried = 'carriedAt' in before && before.carriedAt !== null
  return writes.flatMap((write): Said[] => {
    const live = liveOf(o, write.ref)
    if (live !== undefined) {
      const isEdit = isUndone(write, live) || isEditOfApex(o, write, live)
      return isEdit ? [{ message: reverts(o, write, live), writes: [write] }] : []
    }
    const isThere = write.verb === 'apply' && (write.ref.kind === kinds.Service || (isCarried && isRoute(o, write)))
    return isThere ? [deleted(write)] : []
  })
}

/** Where the split is between two Services, no step of a run writes the one that callers use. */
const isEditOfApex = (o: Observation, write: Write, live: KubeObject): boolean =>
  write.verb === 'merge' &&
  write.ref === o.names.apexService &&
  topologyOf(o.canary.spec) === 'two services' &&
  isLaterWriter(live) &&
  !isAsLeft(write, live)

const isRoute = (o: Observation, { ref }: Write): boolean => routingOf(o).routes(o).map(refKey).includes(refKey(ref))

/** Copies of configuration that the pods of the primary mount: without one the next of them would not start. */
function copiesRestored(o: Observation, writes: readonly Write[]): Said[] {
  const mounted = recordedOf(o, promotedOf(o.state) ?? '')?.configs ?? {}
  const names = new Set(Object.entries(mounted).map(([key, hash]) => copyRefOf(o.names.namespace, key, hash).name))
  return writes.filter(write => write.verb === 'copy' && names.has(write.ref.name)).map(deleted)
}

/** Whether an object is written as it was written before. */
function isUndone(write: Write, live: KubeObject): boolean {
  if (putsPortsBack(write)) return true
  const before = renderedAs(live)
  return write.verb === 'apply' && before !== undefined && before === renderedAs(write.object)
}

/** Whether an object of ours is to say something else than before: then another client that wrote it is not the reason. */
function saysOther(write: Write, live: KubeObject): boolean {
  return write.verb === 'apply' && renderedAs(live) !== undefined && !isUndone(write, live)
}

const renderedAs = ({ metadata }: KubeObject): string | undefined => metadata.annotations?.[RENDERED_ANNOTATION]

/** Between the first primary and the deletion of the Canary. */
const isInRun = ({ phase }: State): boolean =>
  phase === 'Progressing' || phase === 'WaitingPromotion' || phase === 'Promoting' || phase === 'Finalising'

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

/** What these objects follow that was changed by another client since they were written, in words; null where nothing was. */
function followedBy(o: Observation, writes: readonly Write[]): string | null {
  const changed = writes.flatMap(write => {
    const live = liveOf(o, write.ref)
    return live === undefined ? [] : sourcesOf(o, write).filter(source => isChangedSince(o, source, live))
  })
  return changed.length === 0 ? null : [...new Set(changed.map(kindAndName))].join(' and ')
}

const isChangedSince = (o: Observation, source: Ref, live: KubeObject): boolean => {
  const object = source === o.names.target ? o.target?.object : liveOf(o, source)
  return object !== undefined && !isOurs(o, object) && isNewerThan(object, live)
}

/** Objects of the user's that the one that is written follows. */
function sourcesOf({ names, canary }: Observation, { ref }: Write): Ref[] {
  if (ref === names.primary) return [names.target]
  if (names.scaler !== null && ref === names.primaryScaler) return [names.scaler]
  return canary.spec.service.portDiscovery ? [names.apexService, names.target] : [names.apexService]
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
