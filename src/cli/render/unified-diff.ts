/** The difference of two texts in the unified format (https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html). */
import { type DiffLine, lineDiff } from '../../core/view/line-diff.ts'

/** Lines around a change that are shown. */
const CONTEXT = 3

/** @returns the lines of the diff; none where the texts are equal. */
export function unifiedDiff(before: string, after: string, names: readonly [from: string, to: string]): string[] {
  const lines = lineDiff(before.trimEnd().split('\n'), after.trimEnd().split('\n'))
  const changed = lines.flatMap(({ mark }, i) => (mark === ' ' ? [] : [i]))
  if (changed.length === 0) return []
  const hunks: [from: number, to: number][] = []
  for (const i of changed) {
    const last = hunks.at(-1)
    if (last !== undefined && i - CONTEXT <= last[1]) last[1] = Math.min(lines.length, i + CONTEXT + 1)
    else hunks.push([Math.max(0, i - CONTEXT), Math.min(lines.length, i + CONTEXT + 1)])
  }
  return [`--- ${names[0]}`, `+++ ${names[1]}`, ...hunks.flatMap(([from, to]) => hunkOf(lines, from, to))]
}

function hunkOf(lines: readonly DiffLine[], from: number, to: number): string[] {
  const counted = (part: readonly DiffLine[], other: '-' | '+'): number =>
    part.filter(({ mark }) => mark !== other).length
  const [ahead, hunk] = [lines.slice(0, from), lines.slice(from, to)]
  const range = (other: '-' | '+'): string => `${counted(ahead, other) + 1},${counted(hunk, other)}`
  return [`@@ -${range('+')} +${range('-')} @@`, ...hunk.map(({ mark, text }) => `${mark}${text}`)]
}
