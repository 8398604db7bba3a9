/** The API server's refusals, in its own words, codes and reasons, and the `Status` objects that carry them. */
import { kindKey, type KubeObject, type Ref } from '../src/api/object.ts'
import { ApiError, type StatusDetails } from '../src/core/errors.ts'
import type { Json } from './json.ts'
import type { Cause } from './resource.ts'

/** A field that an apply would take from another manager, in the API server's words. */
export interface Contested {
  /** `"argocd"`, or `"kubectl" using v1` for one that does not apply. */
  readonly owner: string
  /** `.spec.ports[port=80,protocol="TCP"].name` */
  readonly field: string
}

/** What a Status says for programs (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/). */
export interface Details {
  readonly name?: string
  readonly group?: string
  /** The plural where an object is named; the Kind where its content is refused. */
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly (Partial<Cause> & { readonly message: string })[]
}

/** An answer that is no success, with all that its Status says. */
export class Refusal extends ApiError {
  readonly details: Details
  /** Of a list that has expired: where it may go on all the same. */
  readonly continue: string | undefined

  constructor(status: StatusDetails, details: Details = {}, token?: string) {
    super(status)
    this.details = details
    this.continue = token
  }
}

/** The Status object of an error; what is none of the API's is an internal error, in its own words. */
export function statusOf(error: unknown): Json & { readonly code: number } {
  const known = error instanceof ApiError ? error : internal(error instanceof Error ? error.message : String(error))
  const { code, reason, message, retryAfterSeconds } = known
  const details = {
    ...(known instanceof Refusal ? known.details : {}),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  }
  const token = known instanceof Refusal ? known.continue : undefined
  const isTold = Object.keys(details).length > 0 || (known instanceof Refusal && token === undefined)
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: token === undefined ? {} : { continue: token },
    status: 'Failure',
    message,
    ...(reason === '' ? {} : { reason }),
    ...(isTold ? { details } : {}),
    code,
  }
}

const named = (ref: Ref): string => `${kindKey(ref.kind)} "${ref.name}"`
const about = ({ kind, name }: Ref): Details => ({
  ...(name === '' ? {} : { name }),
  ...(kind.group === '' ? {} : { group: kind.group }),
  kind: kind.plural,
})

export const internal = (message: string): ApiError => new ApiError({ code: 500, reason: 'InternalError', message })
export const badRequest = (message: string): ApiError => new ApiError({ code: 400, reason: 'BadRequest', message })
/** @param token where a list may go on, inconsistent as that is. */
export const expired = (message: string, token?: string): ApiError => {
  const status = { code: 410, reason: 'Expired', message }
  return token === undefined ? new ApiError(status) : new Refusal(status, {}, token)
}
/** A version that no write has reached yet. */
export const tooLarge = (asked: string, current: number): ApiError =>
  new Refusal(
    {
      code: 504,
      reason: 'Timeout',
      message: `Timeout: Too large resource version: ${asked}, current: ${current}`,
      retryAfterSeconds: 1,
    },
    { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] },
  )
export const notFound = (ref: Ref): ApiError =>
  new Refusal({ code: 404, reason: 'NotFound', message: `${named(ref)} not found` }, about(ref))
export function alreadyExists(ref: Ref, { metadata }: KubeObject): ApiError {
  const going = metadata.deletionTimestamp === undefined ? '' : 'object is being deleted: '
  return new Refusal(
    { code: 409, reason: 'AlreadyExists', message: `${going}${named(ref)} already exists` },
    about(ref),
  )
}
export function conflict(ref: Ref, because: string): ApiError {
  const message = `Operation cannot be fulfilled on ${named(ref)}: ${because}`
  return new Refusal({ code: 409, reason: 'Conflict', message }, about(ref))
}
/** As the preconditions of a deletion put it: by Kind. */
export function conflictOfKind({ kind, name }: Ref, because: string): ApiError {
  const what = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`
  const details = { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.kind }
  const message = `Operation cannot be fulfilled on ${what} "${name}": ${because}`
  return new Refusal({ code: 409, reason: 'Conflict', message }, details)
}
/** A creation in a namespace that is going. */
export function terminating(ref: Ref, because: string): ApiError {
  const message = `namespace ${ref.namespace} is being terminated`
  const causes = [{ reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }]
  return new Refusal(
    { code: 403, reason: 'Forbidden', message: `${named(ref)} is forbidden: ${because}` },
    { ...about(ref), causes },
  )
}
/** @param what the resource and the name, as the message has them. */
export const forbidden = (what: string, because: string, ref?: Ref): ApiError =>
  new Refusal(
    { code: 403, reason: 'Forbidden', message: `${what} is forbidden: ${because}` },
    ref === undefined ? {} : about(ref),
  )

/** @param because one sentence, or the causes: `field: message` each, in brackets when there are several. */
export function invalid(ref: Ref, because: string | readonly Cause[]): ApiError {
  const kind = ref.kind.group === '' ? ref.kind.kind : `${ref.kind.kind}.${ref.kind.group}`
  const causes = typeof because === 'string' ? [] : because
  const lines = [...new Set(causes.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`)))]
  const all = typeof because === 'string' ? because : lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`
  const group = ref.kind.group === '' ? {} : { group: ref.kind.group }
  return new Refusal(
    { code: 422, reason: 'Invalid', message: `${kind} "${ref.name}" is invalid: ${all}` },
    {
      ...(ref.name === '' ? {} : { name: ref.name }),
      ...group,
      ...(ref.kind.kind === '' ? {} : { kind: ref.kind.kind }),
      ...(causes.length > 0 ? { causes } : {}),
    },
  )
}

/** An object that cannot be applied, whatever fieldValidation says. */
export function untyped({ kind }: Ref, { metadata }: KubeObject, because: string): ApiError {
  const what = `${metadata.namespace ?? ''}/${metadata.name}; ${kind.group}/${kind.version}, Kind=${kind.kind}`
  return new ApiError({ code: 500, reason: '', message: `failed to create typed patch object (${what}): ${because}` })
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
  const causes = conflicts.map(({ owner, field }) => {
    return { reason: 'FieldManagerConflict', message: `conflict with ${owner}`, field }
  })
  return new Refusal({ code: 409, reason: 'Conflict', message }, { causes })
}

/** An object that is not the one that was meant; the real server lets its storage speak. */
export function otherUid(ref: Ref, given: string, real: string): ApiError {
  const group = /^(apps|policy|autoscaling|)$|\.k8s\.io$/.test(ref.kind.group) ? '' : `${ref.kind.group}/`
  const key = `/registry/${group}${ref.kind.plural}/${ref.namespace}/${ref.name}`
  const failed = `Precondition failed: UID in precondition: ${given}, UID in object meta: ${real}`
  const error = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0`
  return conflict(ref, `${error}, AdditionalErrorMsg: ${failed}`)
}

/** A version that is not the present one, or none at all. */
export function stale(ref: Ref, { metadata: { resourceVersion = '' } }: KubeObject): ApiError {
  if (/^\d+$/.test(resourceVersion)) return conflict(ref, STALE)
  const message = `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`
  return new ApiError({ code: 500, reason: '', message })
}

const STALE = 'the object has been modified; please apply your changes to the latest version and try again'
