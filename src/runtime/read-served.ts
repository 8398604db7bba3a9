/** Reads a kind in whichever of its versions a server has, without asking first which one that is. */
import { type Kind, type KubeObject, type Ref, versionsOf } from '../api/object.ts'
import { isNotFound } from '../core/errors.ts'
import type { Call, KubeApi, ListQuery, ObjectList } from '../core/ports.ts'

/** An object in the first version of its kind in which there is one; null where there is none. Throws what `KubeApi.get` throws. */
export async function getServed(api: Pick<KubeApi, 'get'>, ref: Ref, call: Call): Promise<KubeObject | null> {
  for (const kind of versionsOf(ref.kind)) {
    const object = await api.get({ ...ref, kind }, call)
    if (object !== null) return object
  }
  return null
}

/** A page in the first version in which the kind is served. Throws what `KubeApi.list` throws: of a kind in no version, that it is not found. */
export async function listServed(
  api: Pick<KubeApi, 'list'>,
  kind: Kind,
  query: ListQuery,
  call: Call,
): Promise<ObjectList> {
  const versions = versionsOf(kind)
  for (const one of versions.slice(0, -1)) {
    try {
      return await api.list(one, query, call)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  return api.list(versions.at(-1) ?? kind, query, call)
}
