/** Calls to the server of the page. The token is in the memory of this tab alone. */
import type { Problem } from '../../src/server/dashboard/protocol.ts'
import { parsed } from './lines.ts'

/** `unreachable`: the server of the page did not answer, or what answered is not this server. */
export type Trouble = Problem | { readonly code: 'unreachable'; readonly sentence: string }

export type Answer<T> = { readonly value: T } | { readonly trouble: Trouble }

let token: string | null = null

/** @param given null: forget it. */
export function useToken(given: string | null): void {
  token = given
}

/** Calls the server. Never rejects, except when `signal` aborts. */
export async function call<T>(
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer<T>> {
  const answer = await send(method, path, body, signal)
  if ('trouble' in answer) return answer
  try {
    return { value: parsed(await answer.value.text()) as T }
  } catch (error) {
    if (signal?.aborted === true) throw error
    return { trouble: { code: 'unreachable', sentence: `The answer of the server ended early (${String(error)})` } }
  }
}

/** The answer before its body is read; one that is no success is a trouble. */
export async function send(
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer<Response>> {
  const headers: Record<string, string> = {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
  }
  try {
    const response = await fetch(path, {
      method,
      headers,
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'error',
      ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
      ...(signal === undefined ? {} : { signal }),
    })
    return response.ok ? { value: response } : { trouble: await troubleOf(response) }
  } catch (error) {
    if (signal?.aborted === true) throw error
    return { trouble: { code: 'unreachable', sentence: 'The server of this page does not answer' } }
  }
}

/** What a proxy before the server says is no Problem. */
async function troubleOf(response: Response): Promise<Trouble> {
  const sentence = `The server of this page answered ${response.status} without saying why: something before it may be in trouble`
  const unknown: Trouble = { code: 'unreachable', sentence }
  try {
    const said = parsed(await response.text())
    return isProblem(said) ? said : unknown
  } catch {
    return unknown
  }
}

function isProblem(said: unknown): said is Problem {
  if (typeof said !== 'object' || said === null) return false
  return 'code' in said && typeof said.code === 'string' && 'sentence' in said && typeof said.sentence === 'string'
}
