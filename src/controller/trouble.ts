/** A write that failed, as a sentence for the person who has to mend it. */
import type { Ref } from '../api/object.ts'
import { ApiError, isForbidden, isInvalid } from '../core/errors.ts'
import type { Trouble } from '../core/observation.ts'
import type { Write } from '../core/write.ts'

/** Another writer keeps undoing the write. */
export class Contested extends Error {
  override readonly name = 'Contested'
}

const nameOf = (ref: Ref): string => `${ref.kind.kind} ${ref.namespace}/${ref.name}`

export function writeTrouble(write: Write, error: unknown): Trouble {
  const reason = error instanceof Contested ? 'Contested' : 'WriteRefused'
  return { reason, message: sentence(write, error) }
}

function sentence(write: Write, error: unknown): string {
  const what = nameOf(write.ref)
  if (error instanceof Contested) {
    return `${what} is changed back by another writer again and again; Sluice leaves it alone for 30 seconds at a time. Find who writes it with \`kubectl get --show-managed-fields -o yaml\`, and take it out there.`
  }
  const said = error instanceof Error ? error.message : String(error)
  if (isForbidden(error))
    return `${what} may not be written: ${said}. Apply manifests/rbac.yaml, or add the right that is missing.`
  if (isInvalid(error)) return `${what} was refused: ${said}`
  if (error instanceof ApiError) return `${what} could not be written, and is tried again: ${said}`
  return `${what} could not be written, and is tried again: the API server did not answer (${said})`
}
