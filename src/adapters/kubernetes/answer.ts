/** Answers of the API server that are not a success, as `ApiError`. */
import { ApiError } from '../../core/errors.ts'

/** Reasons for answers that carry no Status: proxies, load balancers, paths that no API serves. */
const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  410: 'Gone',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

/** As much of a body without a Status as goes into a message. */
const QUOTED = 200

/** The error for an answer with this code and body; `retryAfter` is the header's seconds. */
export function errorOf(code: number, body: string, retryAfter: number | undefined, asked: string): ApiError {
  return statusError(parsed(body), code, retryAfter) ?? plainError(code, body, retryAfter, asked)
}

/** The error of a Status object, or null when it is none. */
export function statusError(status: unknown, code: number, retryAfter?: number): ApiError | null {
  if (!isRecord(status) || status['kind'] !== 'Status') return null
  const details = isRecord(status['details']) ? status['details'] : {}
  const wait = retryAfter ?? numberOr(details['retryAfterSeconds'], undefined)
  const causes = (Array.isArray(details['causes']) ? details['causes'] : []).flatMap((cause: unknown) =>
    isRecord(cause) && typeof cause['reason'] === 'string' ? [cause['reason']] : [],
  )
  const realCode = numberOr(status['code'], code) ?? code
  return new ApiError({
    code: realCode,
    reason: typeof status['reason'] === 'string' ? status['reason'] : (REASONS[realCode] ?? 'Unknown'),
    message: typeof status['message'] === 'string' ? status['message'] : `The API server answered ${realCode}.`,
    ...(wait === undefined ? {} : { retryAfterSeconds: wait }),
    ...(causes.length === 0 ? {} : { causes }),
  })
}

function plainError(code: number, body: string, retryAfter: number | undefined, asked: string): ApiError {
  const quote = body.slice(0, QUOTED).replaceAll(/\s+/g, ' ').trim()
  return new ApiError({
    code,
    reason: REASONS[code] ?? 'Unknown',
    message: `${asked}: the server answered ${code}${quote === '' ? '' : `: ${quote}`}`,
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }),
  })
}

/** The JSON value of a text, or undefined. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function numberOr<T>(value: unknown, otherwise: T): number | T {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise
}
