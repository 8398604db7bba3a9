/** The API server's refusals, in its own words, codes and reasons. */
import { kindKey, type Ref } from '../api/object.ts'
import { ApiError } from '../core/errors.ts'
import type { Contested } from './fields.ts'

export const expired = (message: string): ApiError => new ApiError({ code: 410, reason: 'Expired', message })
const named = (ref: Ref): string => `${kindKey(ref.kind)} "${ref.name}"`
export const notFound = (ref: Ref): ApiError =>
  new ApiError({ code: 404, reason: 'NotFound', message: `${named(ref)} not found` })
export const alreadyExists = (ref: Ref): ApiError =>
  new ApiError({ code: 409, reason: 'AlreadyExists', message: `${named(ref)} already exists` })
export const conflict = (ref: Ref, because: string): ApiError =>
  new ApiError({ code: 409, reason: 'Conflict', message: `Operation cannot be fulfilled on ${named(ref)}: ${because}` })
export function invalid(ref: Ref, because: string): ApiError {
  const kind = ref.kind.group === '' ? ref.kind.kind : `${ref.kind.kind}.${ref.kind.group}`
  return new ApiError({ code: 422, reason: 'Invalid', message: `${kind} "${ref.name}" is invalid: ${because}` })
}
/** A server-side apply without force that meets others' fields. */
export function applyConflict(conflicts: readonly Contested[]): ApiError {
  const [first] = conflicts
  const owners = [...new Set(conflicts.map(({ owner }) => owner))].sort()
  const lines = owners.flatMap(owner => [
    `conflicts with ${owner}:`,
    ...conflicts.filter(one => one.owner === owner).map(({ field }) => `- ${field}`),
  ])
  const message =
    conflicts.length === 1
      ? `Apply failed with 1 conflict: conflict with ${first?.owner}: ${first?.field}`
      : `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`
  return new ApiError({ code: 409, reason: 'Conflict', message })
}

export const badRequest = (message: string): ApiError => new ApiError({ code: 400, reason: 'BadRequest', message })
export const forbidden = (what: string, because: string): ApiError =>
  new ApiError({ code: 403, reason: 'Forbidden', message: `${what} is forbidden: ${because}` })
