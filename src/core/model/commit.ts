/**
 * Which commit Git says it has applied: the annotation `sluice.dev/commit` of a Canary. A push changes the target and not the Canary, so
 * this alone tells a tool that reads the Canary that there was one.
 */
import type { KubeObject } from '../../api/object.ts'
import { ANNOTATION_PREFIX } from './command.ts'

export const COMMIT_ANNOTATION = `${ANNOTATION_PREFIX}commit`

/** Characters that are read; status repeats them. */
export const LONGEST_COMMIT = 512

/** null: none is said, or one that is too long. */
export function commitOf({ metadata }: KubeObject): string | null {
  const commit = metadata.annotations?.[COMMIT_ANNOTATION] ?? ''
  return commit === '' || commit.length > LONGEST_COMMIT ? null : commit
}
