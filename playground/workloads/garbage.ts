/**
 * What disappears by itself: objects whose owners are gone, owners whose foreground deletion waits for their dependents,
 * and everything in a namespace that is being deleted (https://kubernetes.io/docs/concepts/architecture/garbage-collection/).
 */
import { type Kind, kindKey, kinds, type KubeObject, refOf } from '../../src/api/object.ts'
import { reconcileOn } from './reconcile.ts'
import { FOREGROUND, ORPHAN } from '../server/deletion.ts'
import type { ApiServer } from '../server/server.ts'

const BY = { manager: 'kube-controller-manager' }

/** Collects garbage from now on. */
export function collectGarbage(server: ApiServer): void {
  const { store } = server
  const everything = (): [Kind, KubeObject][] =>
    store.kinds().flatMap(kind => store.all(kind).map((object): [Kind, KubeObject] => [kind, object]))

  const sweepOwned = (): void => {
    const objects = everything()
    const byUid = new Map(objects.map(([, object]) => [object.metadata.uid, object]))
    const blocked = new Set<string>()
    for (const [kind, object] of objects) {
      const references = object.metadata.ownerReferences ?? []
      if (references.length === 0) continue
      const kept = references.filter(({ uid }) => !isGoing(byUid.get(uid), ORPHAN))
      if (kept.length < references.length) {
        const forget = (now: KubeObject): KubeObject => ({
          ...now,
          metadata: { ...now.metadata, ownerReferences: kept },
        })
        server.patch(refOf(kind, object), forget, BY)
        continue
      }
      const owners = references.map(reference => byUid.get(reference.uid))
      const going = references.filter(({ uid }) => isGoing(byUid.get(uid), FOREGROUND))
      const blocking = going.filter(reference => reference.blockOwnerDeletion === true)
      for (const { uid } of blocking) blocked.add(uid)
      const lost = owners.every(owner => owner === undefined || isGoing(owner, FOREGROUND))
      if (object.metadata.deletionTimestamp !== undefined) continue
      if (!lost) {
        const solid = references.filter((_, i) => owners[i] !== undefined && !isGoing(owners[i], FOREGROUND))
        const rest = (now: KubeObject): KubeObject => ({
          ...now,
          metadata: { ...now.metadata, ownerReferences: solid },
        })
        if (solid.length < references.length) server.patch(refOf(kind, object), rest, BY)
        continue
      }
      const isOwner = objects.some(([, one]) =>
        one.metadata.ownerReferences?.some(({ uid }) => uid === object.metadata.uid),
      )
      const propagation = going.length > 0 && isOwner ? 'Foreground' : 'Background'
      server.delete(refOf(kind, object), { propagation, uid: object.metadata.uid ?? '' }, BY)
    }
    for (const [kind, object] of objects) {
      const isDone = isGoing(object, FOREGROUND) && !blocked.has(object.metadata.uid ?? '')
      if (!isDone && !isGoing(object, ORPHAN)) continue
      const finalizers = object.metadata.finalizers?.filter(one => one !== FOREGROUND && one !== ORPHAN) ?? []
      server.patch(refOf(kind, object), now => ({ ...now, metadata: { ...now.metadata, finalizers } }), BY)
    }
  }

  const sweepNamespace = (name: string): void => {
    const namespace = store.get(kinds.Namespace, '', name)
    if (namespace?.metadata.deletionTimestamp === undefined) return
    const content = everything().filter(([, object]) => object.metadata.namespace === name)
    if (content.length === 0) store.drop(kinds.Namespace, namespace)
    for (const [kind, object] of content) {
      if (object.metadata.deletionTimestamp === undefined) server.delete(refOf(kind, object), {}, BY)
    }
  }

  reconcileOn(
    server,
    ({ before, after }) => {
      const marked = after?.metadata.deletionTimestamp !== undefined
      const bornOwned = before === null && after?.metadata.ownerReferences !== undefined
      return after === null || marked || bornOwned ? ['all'] : []
    },
    sweepOwned,
  )
  reconcileOn(
    server,
    ({ kind, after, before }) => {
      if (kindKey(kind) === kindKey(kinds.Namespace))
        return after?.metadata.deletionTimestamp ? [after.metadata.name] : []
      return after === null && before?.metadata.namespace !== undefined ? [before.metadata.namespace] : []
    },
    sweepNamespace,
  )
}

/** Whether an object is being deleted, and this is how. */
function isGoing(object: KubeObject | undefined, how: typeof FOREGROUND | typeof ORPHAN): boolean {
  return object?.metadata.deletionTimestamp !== undefined && object.metadata.finalizers?.includes(how) === true
}
