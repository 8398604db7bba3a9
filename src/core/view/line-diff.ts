/** The difference of two texts by lines: the longest common subsequence (https://en.wikipedia.org/wiki/Longest_common_subsequence). */

export interface DiffLine {
  readonly mark: ' ' | '-' | '+' | '…'
  readonly text: string
}

/** Every line of both texts, in order; what is common once. Costs time and memory by the product of the changed middles. */
export function lineDiff(before: readonly string[], after: readonly string[]): DiffLine[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1
  let end = 0
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) {
    end += 1
  }
  const same = (text: string): DiffLine => ({ mark: ' ', text })
  return [
    ...before.slice(0, start).map(same),
    ...middle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(same),
  ]
}

function middle(before: readonly string[], after: readonly string[]): DiffLine[] {
  const width = after.length + 1
  /** Longest common subsequence of `before` from i and `after` from j. */
  const Lengths = Math.min(before.length, after.length) < 2 ** 16 ? Uint16Array : Uint32Array
  const lengths = new Lengths((before.length + 1) * width)
  const lengthAt = (i: number, j: number): number => lengths[i * width + j] ?? 0
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        before[i] === after[j] ? lengthAt(i + 1, j + 1) + 1 : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1))
    }
  }
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]]
    if (old !== undefined && old === fresh) {
      lines.push({ mark: ' ', text: old })
      i += 1
      j += 1
    } else if (old !== undefined && (fresh === undefined || lengthAt(i + 1, j) >= lengthAt(i, j + 1))) {
      lines.push({ mark: '-', text: old })
      i += 1
    } else {
      lines.push({ mark: '+', text: fresh ?? '' })
      j += 1
    }
  }
  return lines
}

/** Only so many lines around each change; what is left out becomes one line `…` that says how many they were. */
export function folded(lines: readonly DiffLine[], context: number): DiffLine[] {
  const isNear = lines.map((_, index) =>
    lines.slice(Math.max(0, index - context), index + context + 1).some(({ mark }) => mark !== ' '),
  )
  const shown: DiffLine[] = []
  let hidden = 0
  const fold = (): void => {
    if (hidden > 0) shown.push({ mark: '…', text: `${hidden} equal ${hidden === 1 ? 'line' : 'lines'}` })
    hidden = 0
  }
  lines.forEach((line, index) => {
    if (isNear[index] === true) {
      fold()
      shown.push(line)
    } else hidden += 1
  })
  fold()
  return shown
}
