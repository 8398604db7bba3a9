/** Trouble as the page receives it: a code, a status, a sentence. What the API server says of a token or a right is told apart from its own trouble. */
import { ApiError } from '../../core/errors.ts'
import type { Problem, ProblemCode } from './protocol.ts'

const statuses: Readonly<Record<ProblemCode, number>> = {
  'no-token': 401,
  'token-refused': 401,
  forbidden: 403,
  'not-found': 404,
  'not-installed': 404,
  conflict: 409,
  invalid: 422,
  'api-server': 502,
  'read-only': 403,
  'link-used': 410,
  'bad-request': 400,
  'other-site': 403,
  'plain-http': 403,
  method: 405,
  'content-type': 415,
  'too-large': 413,
  'too-many': 429,
  internal: 500,
}

/** An answer that is no success, on its way to the page. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly problem: Problem

  constructor(code: ProblemCode, sentence: string) {
    super(sentence)
    this.problem = { code, sentence }
  }
}

/** HTTP status of a problem. */
export const statusOf = ({ code }: Problem): number => statuses[code]

/** Whether the stream ends: the caller has to do something first. */
export const isFinal = ({ code }: Problem): boolean => code !== 'api-server' && code !== 'internal'

/**
 * What was thrown by a call to the API server, as a problem.
 *
 * @param what was asked for: `Canary shop/web`, `Canaries of namespace shop`.
 */
export function problemOf(error: unknown, what: string): Problem {
  if (error instanceof Refusal) return error.problem
  if (error instanceof TypeError || error instanceof RangeError)
    return { code: 'internal', sentence: `This server has a mistake: ${error.message}` }
  if (error instanceof ApiError) return ofAnswer(error, what)
  const said = error instanceof Error && error.name !== 'TimeoutError' ? error.message : 'no answer in time'
  return { code: 'api-server', sentence: `The API server could not be asked for ${what}: ${said}` }
}

function ofAnswer({ code, message }: ApiError, what: string): Problem {
  // A proxy or a load balancer before the API server answers without a Status, and knows nothing of tokens.
  const isOfApiServer = !message.includes(`: the server answered ${code}`)
  if (code === 401 && isOfApiServer) {
    return {
      code: 'token-refused',
      sentence: 'The API server does not accept the token, or no longer: it may have expired. Give another one',
    }
  }
  if (code === 403 && isOfApiServer) return { code: 'forbidden', sentence: `${what}: ${message}` }
  if (code === 404) return { code: 'not-found', sentence: `${what}: not found` }
  if (code === 409)
    return { code: 'conflict', sentence: `${what} was changed by another client in this moment. Try again` }
  if (code === 400 || code === 422) return { code: 'invalid', sentence: `${what}: ${message}` }
  return {
    code: 'api-server',
    sentence: `The API server is in trouble: it answered ${code} to a request for ${what}: ${message}`,
  }
}
