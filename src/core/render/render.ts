/** A posture in objects: every write that brings the world nearer to it, safe in any order and subset. */
import { kinds } from '../../api/object.ts'
import { FINALIZER } from '../model/names.ts'
import type { Observation } from '../model/observation.ts'
import { postureOf } from '../machine/postures.ts'
import { renderPrimary } from './primary.ts'
import { renderRevisions } from './revisions.ts'
import { renderServices } from './services.ts'
import { renderTarget } from './target.ts'
import { routingOf } from '../routers/index.ts'
import type { Write } from '../model/write.ts'

/**
 * @param o with the state and memory that the move leads to.
 * @param halted a person has to put something right before anything is touched.
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
  if (halted) return []
  const posture = postureOf(o, o.state)
  const writes = [
    ...routingOf(o).render(o, posture),
    ...renderServices(o, posture),
    ...renderPrimary(o, posture),
    ...renderTarget(o, posture),
    ...renderRevisions(o, posture),
  ]
  if (posture.remove === 'nothing') return writes
  // Who never got to serve has nothing to give back: what others own is not touched.
  const served = o.state.phase === 'Terminating' && o.state.promoted !== null
  const removals = served ? writes : writes.filter(write => write.verb === 'delete')
  if (removals.length > 0) return removals
  return [
    finalizer(
      o,
      finalizers.filter(one => one !== FINALIZER),
    ),
  ]
}

function finalizer(o: Observation, finalizers: readonly string[]): Write {
  const { resourceVersion = '' } = o.canary.metadata
  const ref = { kind: kinds.Canary, namespace: o.names.namespace, name: o.names.canary }
  return { verb: 'merge', ref, patch: { metadata: { resourceVersion, finalizers } } }
}
