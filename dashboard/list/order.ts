/** Which canaries the list shows, and in which order. */
import type { Tone } from '../../src/core/view/view.ts'
import type { CanaryRow } from '../../src/server/dashboard/protocol.ts'

export const SORTS = ['attention', 'name', 'namespace', 'weight', 'started'] as const
export type Sort = (typeof SORTS)[number]

export interface Filter {
  /** Words that have to be in the namespace, the name, the message or an image. */
  readonly text: string
  /** Empty: every namespace. */
  readonly namespace: string
  /** null: every tone. */
  readonly tone: Tone | null
}

export const NO_FILTER: Filter = { text: '', namespace: '', tone: null }

/** What waits for a person or cannot go on comes first. */
export const ATTENTION: readonly Tone[] = ['stalled', 'person', 'failed', 'waiting', 'working', 'unknown', 'good']

/** The rows that pass, in order. */
export function ordered(rows: readonly CanaryRow[], filter: Filter, sort: Sort): CanaryRow[] {
  return rows.filter(row => passes(row, filter)).sort((a, b) => by[sort](a, b) || byName(a, b))
}

function passes(row: CanaryRow, { text, namespace, tone }: Filter): boolean {
  if (namespace !== '' && row.namespace !== namespace) return false
  if (tone !== null && row.view.tone !== tone) return false
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '')
  if (words.length === 0) return true
  const { sides, message } = row.view
  const all = [`${row.namespace}/${row.name}`, message, ...sides.primary.images, ...sides.canary.images]
  const told = all.join(' ').toLowerCase()
  return words.every(word => told.includes(word))
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const byNamespace = (a: CanaryRow, b: CanaryRow): number => compareText(a.namespace, b.namespace)
const byName = (a: CanaryRow, b: CanaryRow): number => compareText(a.name, b.name) || byNamespace(a, b)

const startOf = ({ view }: CanaryRow): number => (view.run === null ? 0 : Date.parse(view.run.startedAt))

const by: Readonly<Record<Sort, (a: CanaryRow, b: CanaryRow) => number>> = {
  attention: (a, b) => ATTENTION.indexOf(a.view.tone) - ATTENTION.indexOf(b.view.tone),
  name: byName,
  namespace: byNamespace,
  weight: (a, b) => b.view.traffic.requested - a.view.traffic.requested,
  started: (a, b) => startOf(b) - startOf(a),
}

/** How many canaries have each tone. */
export function countTones(rows: readonly CanaryRow[]): ReadonlyMap<Tone, number> {
  const counts = new Map<Tone, number>()
  for (const { view } of rows) counts.set(view.tone, (counts.get(view.tone) ?? 0) + 1)
  return counts
}
