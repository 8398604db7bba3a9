/**
 * Trouble at the edges, as the API server reports it (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/).
 */

/** What a Status object says, as far as we act on it. */
export interface StatusDetails {
  readonly code: number
  readonly reason: string
  readonly message: string
  /** Seconds the server asks us to wait, from Retry-After or details. */
  readonly retryAfterSeconds?: number
  /** Reasons of `details.causes`, such as FieldValueInvalid. */
  readonly causes?: readonly string[]
}

/** An answer of the API server that is not a success. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: number
  readonly reason: string
  readonly retryAfterSeconds: number | undefined
  readonly causes: readonly string[]

  constructor(details: StatusDetails) {
    super(details.message)
    this.code = details.code
    this.reason = details.reason
    this.retryAfterSeconds = details.retryAfterSeconds
    this.causes = details.causes ?? []
  }
}

/** An answer of the API server is longer than Sluice reads: `limit` bytes. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge'
  readonly limit: number

  constructor(asked: string, limit: number) {
    super(`${asked}: the answer is larger than ${limit / 1024 / 1024} MiB, the most that Sluice reads`)
    this.limit = limit
  }
}

export const isTooLarge = (error: unknown): boolean => error instanceof AnswerTooLarge

const is = (error: unknown, code: number, reason: string): boolean =>
  error instanceof ApiError && error.code === code && (reason === '' || error.reason === reason)

/** The object, or the kind, does not exist. */
export const isNotFound = (error: unknown): boolean => is(error, 404, '')
/**
 * The namespace is being deleted, or gone: nothing can be made in it any more. The API server says the first with the cause
 * `NamespaceTerminating` (https://github.com/kubernetes/kubernetes/pull/84123), and in words since ever.
 */
export const isNamespaceGoing = (error: unknown): boolean => isNotFound(error) || isNamespaceTerminating(error)

export const isNamespaceTerminating = (error: unknown): boolean =>
  error instanceof ApiError &&
  error.code === 403 &&
  (error.causes.includes('NamespaceTerminating') || error.message.includes('being terminated'))
/** Another client wrote first: drop the write, and observe again. */
export const isConflict = (error: unknown): boolean => is(error, 409, 'Conflict')
export const isAlreadyExists = (error: unknown): boolean => is(error, 409, 'AlreadyExists')
/** The resourceVersion is older than what the server keeps: list again. */
export const isGone = (error: unknown): boolean => is(error, 410, '')
export const isForbidden = (error: unknown): boolean => is(error, 403, '')
/** The object itself is refused (schema, CEL, webhook): the same write will be refused again. */
export const isInvalid = (error: unknown): boolean => is(error, 422, '') || is(error, 400, '')
