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
}

/** An answer of the API server that is not a success. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: number
  readonly reason: string
  readonly retryAfterSeconds: number | undefined

  constructor(details: StatusDetails) {
    super(details.message)
    this.code = details.code
    this.reason = details.reason
    this.retryAfterSeconds = details.retryAfterSeconds
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
/** Somebody else wrote first: drop, and observe again. */
export const isConflict = (error: unknown): boolean => is(error, 409, 'Conflict')
export const isAlreadyExists = (error: unknown): boolean => is(error, 409, 'AlreadyExists')
/** The resourceVersion is older than what the server keeps: list again. */
export const isGone = (error: unknown): boolean => is(error, 410, '')
export const isForbidden = (error: unknown): boolean => is(error, 403, '')
/** The object itself is refused (schema, CEL, webhook): the same write will be refused again. */
export const isInvalid = (error: unknown): boolean => is(error, 422, '') || is(error, 400, '')
