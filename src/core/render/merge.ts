/** JSON merge patches (RFC 7396): only what changed is sent. */
import { entryOf, isRecord, type Json, sameJson } from '../json.ts'

/** The merge patch that turns `before` into `after`; null where they are the same. Lists are replaced whole. */
export function mergePatch(before: Json, after: Json): Json | null {
  const patch: [key: string, value: unknown][] = []
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was, is] = [entryOf(before, key), entryOf(after, key)]
    if (is === undefined || is === null) {
      if (was !== undefined && was !== null) patch.push([key, null])
    } else if (isRecord(is) && isRecord(was)) {
      const inner = mergePatch(was, is)
      if (inner !== null) patch.push([key, inner])
    } else if (!sameJson(was, is)) {
      patch.push([key, is])
    }
  }
  return patch.length === 0 ? null : Object.fromEntries(patch)
}
