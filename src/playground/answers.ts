/** The API server's refusals, in its own words, codes and reasons. */
import { kindKey, type Ref } from '../api/object.ts'
import { ApiError } from '../core/errors.ts'

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
export const badRequest = (message: string): ApiError => new ApiError({ code: 400, reason: 'BadRequest', message })
export const forbidden = (what: string, because: string): ApiError =>
  new ApiError({ code: 403, reason: 'Forbidden', message: `${what} is forbidden: ${because}` })
