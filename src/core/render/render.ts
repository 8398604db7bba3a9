/** A posture in objects: every write that brings the world nearer to it, safe in any order and subset. */
import { kinds } from '../../api/object.ts'
import { sameJson } from '../json.ts'
import { FINALIZER } from '../model/names.ts'
import type { Observation } from '../model/observation.ts'
import type { Posture } from '../model/posture.ts'
import { postureOf } from '../machine/postures.ts'
import { isGivenBack, renderAutoscalers } from './autoscalers.ts'
import { isOurs } from './ownership.ts'
import { primaryBeforeCopies, renderPolicies } from './policies.ts'
import { renderPrimary } from './primary.ts'
import { renderRevisions } from './revisions.ts'
import { renderServiceRecord } from './service-record.ts'
import { renderServices } from './services.ts'
import { renderTarget } from './target.ts'
import { routingOf } from '../routers/index.ts'
import type { Write } from '../model/write.ts'

/**
 * @param o with the state and memory that the move leads to.
 * @param halted the user has to change something before anything but copies of policies is touched.
 */
export function render(o: Observation, halted: boolean): Write[] {
  const finalizers = o.canary.metadata.finalizers ?? []
  const { deletionTimestamp } = o.canary.metadata
  if (!finalizers.includes(FINALIZER))
    return deletionTimestamp === undefined ? [finalizer(o, [...finalizers, FINALIZER])] : []
  // While a kind cannot be watched, traffic is only moved back, never forward.
  if (o.unseen !== null && o.state.phase !== 'Terminating') {
    return o.state.phase === 'Failed' ? routingOf(o).render(o, postureOf(o, o.state)) : []
  }
  if (o.hidden !== null && !o.surroundings.namespaceTerminating) return []
  const posture = postureOf(o, o.state)
  // A primary that serves all the same, as where the status was lost, goes on being covered.
  if (halted) return o.primary !== null && isOurs(o, o.primary.object) ? renderPolicies(o, posture) : []
  const writes = isUnchanged(o, posture) ? [] : renderAll(o, posture)
  if (writes.length === 0) nothingToWrite.set(o.live, { o, key: keyOf(o, posture) })
  if (posture.remove === 'nothing') return writes
  // Who never got to serve has nothing to give back: what others own is not touched.
  const served = o.state.phase === 'Terminating' && o.state.promoted !== null
  const removals = served ? writes : writes.filter(write => write.verb === 'delete')
  if (removals.length > 0) return removals
  // The primary's goes once there is nothing left for it to scale.
  const scalers = renderAutoscalers(o, posture)
  if (scalers.length > 0) return scalers
  const policies = renderPolicies(o, posture)
  if (policies.length > 0) return policies
  if (!isGivenBack(posture) || primaryBeforeCopies(o) !== null) return []
  return [
    finalizer(
      o,
      finalizers.filter(one => one !== FINALIZER),
    ),
  ]
}

/** Every write of a posture; when all is removed, of all but the autoscalers and policies. */
export function renderAll(o: Observation, posture: Posture): Write[] {
  return [
    ...routingOf(o).render(o, posture),
    ...renderServices(o, posture),
    ...renderPrimary(o, posture),
    ...renderTarget(o, posture),
    ...renderRevisions(o, posture),
    ...renderServiceRecord(o, posture),
    ...(posture.remove === 'nothing' ? [...renderAutoscalers(o, posture), ...renderPolicies(o, posture)] : []),
  ]
}

/** By the objects of an observation: that nothing was to be written, and for what. Most passes change nothing of either. */
const nothingToWrite = new WeakMap<Observation['live'], { readonly o: Observation; readonly key: unknown }>()

/** Whether the same objects were found to be as the same posture wants them. */
function isUnchanged(o: Observation, posture: Posture): boolean {
  const known = nothingToWrite.get(o.live)
  if (known === undefined) return false
  const isSame = (Object.keys(o) as (keyof Observation)[]).every(
    field => unread.has(field) || known.o[field] === o[field],
  )
  return isSame && known.o.canary.spec === o.canary.spec && sameJson(known.key, keyOf(o, posture))
}

/** What no renderer reads as a whole: of the first three `keyOf` has what is read, and its spec is compared. */
const unread: ReadonlySet<keyof Observation> = new Set(['state', 'memory', 'canary', 'findings', 'sight', 'writeError'])

/** Of the state, the memory and the metadata of the Canary what renderers read. */
function keyOf({ state, memory, canary }: Observation, posture: Posture): unknown {
  return [
    posture,
    state.phase,
    'promoted' in state ? state.promoted : null,
    'candidate' in state ? state.candidate : null,
    'rejected' in state ? state.rejected : null,
    memory.previous,
    memory.labels,
    memory.provider,
    memory.replicas.desired,
    memory.replicas.ignoredManager,
    memory.replicas.primaryFloor,
    canary.metadata.uid,
  ]
}

function finalizer(o: Observation, finalizers: readonly string[]): Write {
  const { resourceVersion = '' } = o.canary.metadata
  const ref = { kind: kinds.Canary, namespace: o.names.namespace, name: o.names.canary }
  return { verb: 'merge', ref, patch: { metadata: { resourceVersion, finalizers } } }
}
