/** Changes of a YAML text that leave everything else in it as it was written: comments, order, quotes, indentation. */
import { isMap, isScalar, type Node, type Pair, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml'

/** Replaces the characters from `start` up to `end`. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** @param edits that do not overlap. */
export function edited(text: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((a, b) => b.start - a.start)
    .reduce((result, { start, end, text: by }) => result.slice(0, start) + by + result.slice(end), text)
}

export type Entry = Pair<Node, Node | null>

/** The entry of a map under a key; undefined when there is none. */
export function entryIn(map: Node | null | undefined, key: string): Entry | undefined {
  if (!isMap(map)) return undefined
  return (map as YAMLMap<Node, Node | null>).items.find(({ key: own }) => (own as Scalar).value === key)
}

/** The value at a path of keys; undefined when the way ends before. */
export function nodeAt(root: Node | null | undefined, ...keys: readonly string[]): Node | null | undefined {
  return keys.reduce<Node | null | undefined>((node, key) => entryIn(node, key)?.value, root)
}

const rangeOf = (node: Node): [start: number, end: number] => [node.range?.[0] ?? 0, node.range?.[1] ?? 0]

/** Replaces a value, or a key, by a word, in the quotes that there were: JSON needs them. */
export function replacing(node: Node, word: string): Edit {
  const [start, end] = rangeOf(node)
  const quote = isScalar(node) ? (QUOTES[node.type ?? ''] ?? '') : ''
  return { start, end, text: `${quote}${word}${quote}` }
}

const QUOTES: Readonly<Record<string, string>> = { QUOTE_DOUBLE: '"', QUOTE_SINGLE: "'" }

/**
 * Removes entries of a map, not all of them: whole lines where the map is written in lines, with their commas where it is in braces.
 *
 * @param text in which the map was found.
 */
export function removing(text: string, map: YAMLMap<Node, Node | null>, entries: readonly Entry[]): Edit[] {
  const edits: Edit[] = []
  let first: Entry | undefined
  let kept: Entry | undefined
  for (const entry of map.items) {
    if (entries.includes(entry)) {
      first ??= entry
      continue
    }
    if (first !== undefined) edits.push(removingUpTo(text, map, first, entry))
    first = undefined
    kept = entry
  }
  const last = map.items.at(-1)
  if (first === undefined || last === undefined) return edits
  if (map.flow === true)
    return [...edits, { start: kept === undefined ? startOf(first) : endOf(kept), end: endOf(last), text: '' }]
  return [...edits, { start: lineStart(text, startOf(first)), end: lineEnd(text, endOf(last)), text: '' }]
}

/** Removes an item of a list, not the only one: its line, or between its commas where the list is in brackets. */
export function removingItem(text: string, list: YAMLSeq<Node>, item: Node): Edit {
  const [start, end] = rangeOf(item)
  if (list.flow !== true) return { start: lineStart(text, start), end: lineEnd(text, end), text: '' }
  const place = list.items.indexOf(item)
  const [before, next] = [list.items[place - 1], list.items[place + 1]]
  if (next !== undefined) return { start, end: rangeOf(next)[0], text: '' }
  return { start: before === undefined ? start : rangeOf(before)[1], end, text: '' }
}

/** Removes from an entry up to one that stays, whose comments stay with it. */
function removingUpTo(text: string, map: YAMLMap<Node, Node | null>, first: Entry, next: Entry): Edit {
  const start = startOf(first)
  const line = lineStart(text, start)
  // Behind a dash the next entry takes the place of the first; in braces, too.
  if (map.flow === true || text.slice(line, start).trim() !== '') return { start, end: startOf(next), text: '' }
  const removed = map.items.slice(map.items.indexOf(first), map.items.indexOf(next))
  return { start: line, end: lineEnd(text, endOf(removed.at(-1) ?? first)), text: '' }
}

const startOf = ({ key }: Entry): number => rangeOf(key)[0]
const endOf = ({ key, value }: Entry): number => (value === null ? rangeOf(key)[1] : rangeOf(value)[1])
const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1
/** The end of a block is at the end of its last line, or at the beginning of the next one. */
const lineEnd = (text: string, at: number): number => {
  if (text[at - 1] === '\n') return at
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end + 1
}
