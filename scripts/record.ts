/**
 * `npm run record`: plays the demo and writes what a terminal would have shown to docs/demo.svg, an animation without scripts.
 */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { perform } from '../demo/perform.ts'
import type { Out } from '../demo/screen.ts'
import { animation, type Frame } from './terminal-svg.ts'

const COLUMNS = 110
const ESC = String.fromCharCode(27)
/** The cursor goes up, its line is cleared, or all that is below: what the demo does to a terminal beside writing on it. */
const MOVE = new RegExp(`(${ESC}\\[(?:\\d+A|2K|J))`)
/** Frames that are closer together than this are one, in milliseconds. */
const APART = 400

/** A terminal as far as the demo uses one: text, colours, the cursor up, and lines that are cleared. */
class Terminal implements Out {
  readonly isTTY = true
  readonly columns = COLUMNS
  readonly frames: Frame[] = []
  readonly #since = performance.now()
  #lines: string[] = ['']
  #row = 0

  write(text: string): boolean {
    for (const part of text.split(MOVE)) {
      if (!MOVE.test(part)) this.#print(part)
      else if (part.endsWith('A')) this.#row = Math.max(0, this.#row - Number.parseInt(part.slice(2), 10))
      else if (part.endsWith('K')) this.#lines[this.#row] = ''
      else this.#lines.length = this.#row + 1
    }
    const at = performance.now() - this.#since
    const last = this.frames.at(-1)
    const same = last !== undefined && at - last.at < APART
    if (same) this.frames.pop()
    this.frames.push({ at: same ? last.at : at, lines: [...this.#lines] })
    return true
  }

  #print(text: string): void {
    const [first = '', ...more] = text.split('\n')
    this.#lines[this.#row] = (this.#lines[this.#row] ?? '') + first
    for (const line of more) {
      this.#row += 1
      this.#lines[this.#row] = line
    }
  }
}

process.env['FORCE_COLOR'] = '1'
const terminal = new Terminal()
const options = { releases: ['good', 'bad'], keep: false, seed: 1, port: 0 } as const
const well = await perform(options, terminal, new AbortController().signal)
if (!well) throw new Error('The releases did not end as they should; nothing is recorded.')
const file = fileURLToPath(new URL('../docs/demo.svg', import.meta.url))
await writeFile(file, animation(terminal.frames, COLUMNS))
console.log(`${terminal.frames.length} frames are in docs/demo.svg`)
