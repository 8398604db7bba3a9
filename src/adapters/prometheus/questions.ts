/** Questions to a metrics server, and which of them go together. */
import type { Access } from '../../api/credentials.ts'
import type { Finding } from '../../core/model/check.ts'

const MAX_PARTS = 100
/** Of the queries themselves; as a form they may be twice as long. Prometheus takes 10 MiB. */
const MAX_BYTES = 128 * 1024

/** Who asks, and whose words they are. */
export interface Asker {
  readonly namespace: string
  readonly workload: string
  readonly wrote: 'sluice' | 'user'
  /** What the question says about how its server is called; null: as the flags say. */
  readonly access: Access | null
}

/** An access, and the namespace of its Secrets. */
export interface OwnAccess {
  readonly access: Access
  readonly namespace: string
}

export interface Question {
  readonly query: string
  readonly asker: Asker
  readonly signal: AbortSignal
  readonly answer: (finding: Finding) => void
}

/** How the server of these questions, which are of one group, is called. */
export function accessOf([first]: readonly Question[]): OwnAccess | null {
  if (first === undefined || first.asker.access === null) return null
  return { access: first.asker.access, namespace: first.asker.namespace }
}

export const isWanted = ({ signal }: Question): boolean => !signal.aborted
export const ownerOf = ({ namespace, workload, wrote }: Asker): string => `${wrote}/${namespace}/${workload}`
export const byOwner = (questions: readonly Question[]): Question[][] => [
  ...grouped(questions, ({ asker }) => ownerOf(asker)).values(),
]
export const byQuery = (questions: readonly Question[]): Map<string, Question[]> =>
  grouped(questions, ({ query }) => query)

export function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

export const bytesOf = (questions: readonly Question[]): number =>
  [...byQuery(questions).keys()].reduce((sum, query) => sum + Buffer.byteLength(query), 0)

export function chunks(questions: readonly Question[]): Question[][] {
  const all: Question[][] = []
  let [parts, bytes] = [MAX_PARTS, 0]
  for (const [query, same] of byQuery(questions)) {
    const size = Buffer.byteLength(query)
    if (parts >= MAX_PARTS || bytes + size > MAX_BYTES) {
      all.push([])
      parts = 0
      bytes = 0
    }
    all.at(-1)?.push(...same)
    parts += 1
    bytes += size
  }
  return all
}

/** A signal that aborts when the last of these does. */
export function whenAllAbort(given: readonly AbortSignal[]): { signal: AbortSignal; forget: () => void } {
  const signals = [...new Set(given)]
  const all = new AbortController()
  const heard = (): void => {
    if (signals.every(one => one.aborted)) all.abort()
  }
  for (const one of signals) one.addEventListener('abort', heard, { once: true })
  return {
    signal: all.signal,
    forget: () => {
      for (const one of signals) one.removeEventListener('abort', heard)
    },
  }
}
