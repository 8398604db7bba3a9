/** What a caller may do with one Canary, and which namespaces a caller may see: asked of the API server, never guessed. */
import { kinds, type Ref } from '../../api/object.ts'
import { isForbidden } from '../../core/errors.ts'
import { commands } from '../../core/model/command-line.ts'
import type { Call } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'
import type { CallerApi } from './ports.ts'
import { problemOf } from './problems.ts'
import type { Namespaces, Rights } from './protocol.ts'
import { ownSignal, within } from './waits.ts'

const DEADLINE: Milliseconds = 10_000
/** Reviews at most for one caller, and how many at once. */
const MOST_REVIEWS = 100
const AT_ONCE = 8

const { group, plural: resource } = kinds.Canary

/** A command is an annotation of the Canary, so `patch` is the right to give one. */
export async function rightsOf(
  api: CallerApi,
  { namespace, name }: Pick<Ref, 'namespace' | 'name'>,
  isReadOnly: boolean,
  signal: AbortSignal,
): Promise<Rights> {
  if (isReadOnly) return { commands: [], whyNone: 'This server runs with --read-only' }
  const permission = { verb: 'patch', group, resource, namespace, name }
  // Where reviews of oneself are not open to all, the API server says it when a command is given.
  const isAllowed = await api.may(permission, within(DEADLINE, signal)).catch((error: unknown) => {
    if (isForbidden(error)) return true
    throw error
  })
  if (isAllowed) return { commands }
  const whyNone = `You have no right to patch Canary ${name} in namespace ${namespace}; ClusterRole sluice-canary-editor has it`
  return { commands: [], whyNone }
}

/**
 * The namespaces whose Canaries a caller may list: those that the address names; all; or those of the cluster that the caller may
 * list, each asked for, up to a bound.
 *
 * @throws what the API server or the network answered, except for missing rights.
 */
export async function namespacesOf(api: CallerApi, named: readonly string[], signal: AbortSignal): Promise<Namespaces> {
  const inTime = within(DEADLINE, signal)
  if (named.length > 0) {
    const allowed = await allowedOf(api, named, inTime)
    if (allowed.length > 0) return { kind: 'some', names: allowed, more: 0 }
    return { kind: 'unknown', sentence: `You have no right to list Canaries in ${named.join(', ')}` }
  }
  if (await mayList(api, '', inTime)) return { kind: 'all' }
  const names = await namesOfNamespaces(api, { lane: 'normal', signal: inTime })
  if (names === null) {
    return {
      kind: 'unknown',
      sentence:
        'You may neither list Canaries of all namespaces nor namespaces. Name a namespace, or open the page with ?ns=NAME',
    }
  }
  const asked = names.slice(0, MOST_REVIEWS)
  const allowed = await allowedOf(api, asked, inTime)
  const more = names.length - asked.length
  if (allowed.length > 0) return { kind: 'some', names: allowed, more }
  const others = more === 0 ? '' : `; ${more} more were not asked for: open the page with ?ns=NAME`
  return {
    kind: 'unknown',
    sentence: `You have no right to list Canaries in any of ${asked.length} namespaces${others}`,
  }
}

async function allowedOf(api: CallerApi, namespaces: readonly string[], signal: AbortSignal): Promise<string[]> {
  const allowed = new Set<string>()
  const waiting = [...namespaces]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (await mayList(api, next, ownSignal(signal))) allowed.add(next)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return namespaces.filter(one => allowed.has(one))
}

/** @param namespace empty: all. */
async function mayList(api: CallerApi, namespace: string, signal: AbortSignal): Promise<boolean> {
  try {
    return await api.may({ verb: 'list', group, resource, namespace }, signal)
  } catch (error) {
    if (!isForbidden(error)) throw error
  }
  // Where reviews of oneself are not open to all, a list of one tells as much.
  try {
    await api.list(kinds.Canary, { namespace, limit: 1, form: 'metadata' }, { lane: 'normal', signal })
    return true
  } catch (error) {
    if (!isForbidden(error)) throw error
    return false
  }
}

/** null: they may not be listed. */
async function namesOfNamespaces(api: CallerApi, call: Call): Promise<string[] | null> {
  try {
    const { items } = await api.list(kinds.Namespace, { namespace: '', limit: 500, form: 'metadata' }, call)
    return items.map(({ metadata }) => metadata.name).toSorted()
  } catch (error) {
    if (isForbidden(error)) return null
    throw error
  }
}

/** A sentence where a kind may not be read; anything else that was thrown is thrown again. */
export function unreadSentence(error: unknown, what: string): string {
  if (!isForbidden(error)) throw error
  return problemOf(error, what).sentence
}
