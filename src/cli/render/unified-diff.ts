/**
 * The difference of two texts in the unified format (https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html), by
 * the longest common subsequence of their lines.
 */

type Mark = ' ' | '-' | '+'
type Line = readonly [Mark, string]

/** Lines around a change that are shown. */
const CONTEXT = 3

/** @returns the lines of the diff; none where the texts are equal. */
export function unifiedDiff(before: string, after: string, names: readonly [from: string, to: string]): string[] {
  const lines = linesOf(before.trimEnd().split('\n'), after.trimEnd().split('\n'))
  const changed = lines.flatMap(([mark], i) => (mark === ' ' ? [] : [i]))
  if (changed.length === 0) return []
  const hunks: [from: number, to: number][] = []
  for (const i of changed) {
    const last = hunks.at(-1)
    if (last !== undefined && i - CONTEXT <= last[1]) last[1] = Math.min(lines.length, i + CONTEXT + 1)
    else hunks.push([Math.max(0, i - CONTEXT), Math.min(lines.length, i + CONTEXT + 1)])
  }
  return [`--- ${names[0]}`, `+++ ${names[1]}`, ...hunks.flatMap(([from, to]) => hunkOf(lines, from, to))]
}

function hunkOf(lines: readonly Line[], from: number, to: number): string[] {
  const counted = (part: readonly Line[], other: Mark): number => part.filter(([mark]) => mark !== other).length
  const [ahead, hunk] = [lines.slice(0, from), lines.slice(from, to)]
  const range = (other: Mark): string => `${counted(ahead, other) + 1},${counted(hunk, other)}`
  return [`@@ -${range('+')} +${range('-')} @@`, ...hunk.map(([mark, text]) => `${mark}${text}`)]
}

function linesOf(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1
  /** Longest common subsequence of what is left of both. */
  const common = new Uint32Array((before.length + 1) * width)
  const at = (i: number, j: number): number => common[i * width + j] ?? 0
  for (let i = before.length - 1; i >= 0; i -= 1)
    for (let j = after.length - 1; j >= 0; j -= 1)
      common[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const lines: Line[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push([' ', before[i] ?? ''])
      i += 1
      j += 1
    } else if (i < before.length && (j === after.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(['-', before[i] ?? ''])
      i += 1
    } else {
      lines.push(['+', after[j] ?? ''])
      j += 1
    }
  }
  return lines
}
