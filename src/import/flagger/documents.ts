/** A stream of YAML documents, taken apart so that what is not changed stays as it is, byte for byte. */

/** A document, and the line that begins it (`---`, with what follows it there), empty for the first one without such a line. */
export interface Chunk {
  readonly marker: string
  readonly text: string
}

/** A marker is at the beginning of a line, where no other part of a document can be (YAML 1.2.2 §9.1.2). */
const MARKER = /^---(?=[ \t\r\n]|$)[ \t]*(?:#[^\n]*)?\r?(?:\n|$)|^---(?=[ \t])/gm

/** The documents of a text; joined, marker and text in turn, they are the text. */
export function chunksOf(text: string): Chunk[] {
  const chunks: Chunk[] = []
  let marker = ''
  let from = 0
  for (const found of text.matchAll(MARKER)) {
    const before = text.slice(from, found.index)
    if (before !== '' || marker !== '') chunks.push({ marker, text: before })
    marker = found[0]
    from = found.index + found[0].length
  }
  chunks.push({ marker, text: text.slice(from) })
  return chunks
}

export const joined = (chunks: readonly Chunk[]): string => chunks.map(({ marker, text }) => marker + text).join('')
