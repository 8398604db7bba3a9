/** JSON lines out of pieces of text: a piece may end within a line. */

export class LineReader {
  #rest = ''

  /** @returns the lines that are whole now. @throws SyntaxError for a line that is no JSON. */
  read(piece: string): unknown[] {
    const parts = (this.#rest + piece).split('\n')
    this.#rest = parts.pop() ?? ''
    return parts.filter(line => line.trim() !== '').map(parsed)
  }
}

/** Characters that turn the direction of what follows them, and so could show a text as another one (https://trojansource.codes). */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g

/** One JSON text of the server, without characters that turn the direction of texts. @throws SyntaxError */
export const parsed = (text: string): unknown => JSON.parse(text.replaceAll(TURNING, '\ufffd')) as unknown
