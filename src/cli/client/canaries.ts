/** Finds Canaries by the names that people type. */
import { type KubeObject, kinds, type Kind } from '../../api/object.ts'
import { isForbidden, isNotFound } from '../../core/errors.ts'
import { StartupError } from '../startup-error.ts'
import { noKindSentence } from './errors.ts'
import type { Session } from './session.ts'

const FLAGGER: Kind = { ...kinds.Canary, group: 'flagger.app' }

/** `web`, or as kubectl writes it: `canary/web`, `canaries.sluice.dev/web`. */
export const nameIn = (argument: string): string =>
  argument.replace(/^(?:canary|canaries|sluice)(?:\.sluice\.dev)?\//, '')

/**
 * The Canary of a name.
 *
 * @throws StartupError with a sentence when there is none: what there is instead, and where.
 */
export async function findCanary(session: Session, argument: string): Promise<KubeObject> {
  const name = nameIn(argument)
  const { api, namespace } = session
  const found = await api.get({ kind: kinds.Canary, namespace, name }, session.call())
  if (found !== null) return found
  throw new StartupError(await missing(session, name))
}

/** Names of a page of Canaries: enough to find one that is meant. */
const MOST = 500

async function missing(session: Session, name: string): Promise<string> {
  const { api, server, namespace } = session
  let names: string[]
  try {
    const { items } = await api.list(kinds.Canary, { namespace, limit: MOST }, session.call())
    names = items.map(one => one.metadata.name)
  } catch (error) {
    if (isNotFound(error)) return unserved(session)
    if (isForbidden(error)) return `There is no Canary ${name} in namespace ${namespace}`
    throw error
  }
  const near = nearest(name, names)
  if (near !== null) return `There is no Canary ${name} in namespace ${namespace}. Did you mean ${near}?`
  const elsewhere = await namespacesWith(session, name)
  if (elsewhere.length > 0)
    return `There is no Canary ${name} in namespace ${namespace}. There is one in ${elsewhere.join(', ')}: add -n ${elsewhere[0]}`
  if (await isFlaggers(session, name))
    return `Canary ${name} in namespace ${namespace} is Flagger's (flagger.app). Rewrite it with: sluice import flagger -f FILE`
  if (names.length === 0)
    return `There is no Canary ${name} in namespace ${namespace} at ${server}, and no other. Choose a namespace with -n`
  return `There is no Canary ${name} in namespace ${namespace}. There are: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`
}

/** The kind is not served as this program reads it. */
async function unserved(session: Session): Promise<string> {
  const { api, server } = session
  const versions = await api.served(kinds.Canary, session.call())
  if (versions.length > 0)
    return `The cluster at ${server} serves Canaries of sluice.dev as ${versions.join(', ')}, and this program reads ${kinds.Canary.version}. Use the sluice of the version that is installed there`
  const flaggers = await api.served(FLAGGER, session.call())
  if (flaggers.length > 0)
    return `The cluster at ${server} has Flagger's Canaries (flagger.app), and none of Sluice's. Install Sluice with \`sluice install --image IMAGE | kubectl apply -f -\`, and rewrite manifests with: sluice import flagger -f FILE`
  return noKindSentence(server)
}

async function namespacesWith(session: Session, name: string): Promise<string[]> {
  try {
    const { items } = await session.api.list(kinds.Canary, { namespace: '', name, limit: 5 }, session.call())
    return items.map(one => one.metadata.namespace ?? '')
  } catch (error) {
    if (isForbidden(error)) return []
    throw error
  }
}

async function isFlaggers(session: Session, name: string): Promise<boolean> {
  try {
    return (await session.api.get({ kind: FLAGGER, namespace: session.namespace, name }, session.call())) !== null
  } catch (error) {
    if (isForbidden(error)) return false
    throw error
  }
}

/**
 * The names to list, or the sentence that says why there are none.
 *
 * @throws StartupError where the kind is not served.
 */
export async function orUnserved<T>(session: Session, asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (isNotFound(error)) throw new StartupError(await unserved(session))
    throw error
  }
}

/** The name that is meant by a misspelled one, or null. */
export function nearest(name: string, names: readonly string[]): string | null {
  const [best] = names
    .map(one => ({ one, distance: distanceOf(name, one) }))
    .toSorted((a, b) => a.distance - b.distance || a.one.localeCompare(b.one))
  return best !== undefined && best.distance <= Math.max(1, Math.floor(name.length / 3)) ? best.one : null
}

/** Characters to add, remove, replace, or exchange with their neighbor (optimal string alignment). */
function distanceOf(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, j) => j)]
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? 0
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = cell(i - 1, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1)
      const isExchanged = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      const exchanged = isExchanged ? cell(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY
      row.push(Math.min(replaced, exchanged, cell(i - 1, j) + 1, cell(i, j - 1) + 1))
    }
  }
  return cell(from.length, to.length)
}
