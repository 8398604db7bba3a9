/** What the checks said, one after the other, since the page was opened: the status has only the last finding of each gate. */
import type { GateView, View } from '../../src/core/view/view.ts'

export interface LogEntry {
  readonly key: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** The gate; '' for what the controller says of the release. */
  readonly gate: string
  readonly verdict: GateView['verdict']
  readonly sentence: string
}

const MOST_ENTRIES = 200

/** The log, the newest first, after a view came. @param before null: it is the first one. */
export function withView(log: readonly LogEntry[], before: View | null, view: View, now: number): readonly LogEntry[] {
  const added = [...sentenceOf(before, view, now), ...view.gates.flatMap(gate => findingOf(gate, before))]
  if (added.length === 0) return log
  return [...added.toSorted((a, b) => b.at - a.at), ...log].slice(0, MOST_ENTRIES)
}

/** At the first view it is not known since when the message is there. */
function sentenceOf(before: View | null, view: View, now: number): LogEntry[] {
  if (before === null || view.message === '' || view.message === before.message) return []
  return [{ key: `${now} ${view.message}`, at: now, gate: '', verdict: null, sentence: view.message }]
}

function findingOf(gate: GateView, before: View | null): LogEntry[] {
  if (gate.at === null || gate.message === '') return []
  const known = before?.gates.find(one => one.name === gate.name && one.kind === gate.kind)
  if (known?.at === gate.at && known.message === gate.message) return []
  const at = Date.parse(gate.at)
  return [{ key: `${gate.at} ${gate.name}`, at, gate: gate.name, verdict: gate.verdict, sentence: gate.message }]
}
