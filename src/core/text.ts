/**
 * Texts that have to be short enough, measured as they are stored: in bytes of UTF-8. Half a character, as a cut in UTF-16
 * leaves it, would be stored as another one, found to differ, and written again for ever.
 */

/** Halves of characters that lie outside the first 65,536. */
const HALVES = /\p{Surrogate}/gu
const whole = (text: string): string => text.replace(HALVES, '\ufffd')

/** The most that begins `text` in so many bytes; no character is cut in two. */
export function beginning(text: string, bytes: number): string {
  const all = whole(text)
  let [size, length] = [0, 0]
  for (const character of all) {
    size += sizeOf(character)
    if (size > bytes) return all.slice(0, length)
    length += character.length
  }
  return all
}

/** The text, or its beginning and an ellipsis. */
export function clipped(text: string, bytes: number): string {
  const short = beginning(text, bytes)
  return short.length === text.length ? short : `${beginning(text, bytes - sizeOf('…'))}…`
}

function sizeOf(character: string): number {
  const point = character.codePointAt(0) ?? 0
  if (point < 0x80) return 1
  return point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
}

/** The text with every number and id as 0: errors name the port of a connection, a time, or a request, which is another each time. */
export function withoutNumbers(text: string): string {
  return text.replaceAll(/[\da-f-]+/gi, run => (/\d/.test(run) ? '0' : run))
}
