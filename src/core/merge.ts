/** JSON merge patches (RFC 7396): only what changed is sent. */
import { isRecord, type Json, sameJson } from './json.ts'

/** The merge patch that turns `before` into `after`; null where they are the same. Lists are replaced whole. */
export function mergePatch(before: Json, after: Json): Json | null {
  const patch: Record<string, unknown> = {}
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was, is] = [before[key], after[key]]
    if (is === undefined || is === null) {
      if (was !== undefined && was !== null) patch[key] = null
    } else if (isRecord(is) && isRecord(was)) {
      const inner = mergePatch(was, is)
      if (inner !== null) patch[key] = inner
    } else if (!sameJson(was, is)) {
      patch[key] = is
    }
  }
  return Object.keys(patch).length === 0 ? null : patch
}
