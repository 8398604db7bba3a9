/**
 * Frames of a terminal as one animated SVG: each frame is a group that is visible for its time (SMIL, no scripts). A viewer that
 * does not animate shows the last one.
 */

export interface Frame {
  /** Milliseconds since the start. */
  readonly at: number
  /** Lines with the colours of ECMA-48 (`ESC [ 32 m`). */
  readonly lines: readonly string[]
}

const CHARACTER = 8.4
const LINE = 18
const MARGIN = 16
/** How long the last frame stays before it all begins again, in milliseconds. */
const REST = 6000

const colours: Readonly<Record<string, string>> = { 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341', 36: '#79c0ff' }
const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[(\\d+)m`)
const INK = '#c9d1d9'
const GROUND = '#0d1117'

/** @param columns of the terminal; the picture is as high as its highest frame. */
export function animation(frames: readonly Frame[], columns: number): string {
  const end = (frames.at(-1)?.at ?? 0) + REST
  const width = Math.ceil(columns * CHARACTER + 2 * MARGIN)
  const height = Math.max(...frames.map(({ lines }) => lines.length)) * LINE + 2 * MARGIN
  const groups = frames.map(({ at, lines }, i) => {
    const still = i === frames.length - 1 ? 'visible' : 'hidden'
    return group(lines, still, animate(at / end, (frames[i + 1]?.at ?? end) / end, end))
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">
<rect width="100%" height="100%" rx="8" fill="${GROUND}"/>
${groups.join('\n')}
</svg>
`
}

/** @param still whether the frame is visible where nothing is animated. */
function group(lines: readonly string[], still: 'visible' | 'hidden', animated: string): string {
  const text = lines
    .map((line, row) =>
      line === '' ? '' : `<text x="${MARGIN}" y="${MARGIN + (row + 1) * LINE - 4}">${spans(line)}</text>`,
    )
    .join('')
  return `<g xml:space="preserve" fill="${INK}" visibility="${still}">${animated}${text}</g>`
}

/** @param from the share of the whole time at which the frame appears; `to` when it goes. */
function animate(from: number, to: number, end: number): string {
  const times = from === 0 ? `0;${part(to)}` : `0;${part(from)};${part(to)}`
  const values = from === 0 ? 'visible;hidden' : 'hidden;visible;hidden'
  return `<animate attributeName="visibility" values="${values}" keyTimes="${times}" dur="${Math.round(end)}ms" calcMode="discrete" repeatCount="indefinite"/>`
}

const part = (share: number): string => String(Math.min(1, Number(share.toFixed(5))))

/** A line with its colours as spans. */
function spans(line: string): string {
  let style = ''
  return line
    .split(COLOUR)
    .map((piece, i) => {
      if (i % 2 === 0) return piece === '' ? '' : `<tspan${style}>${escaped(piece)}</tspan>`
      style = styleOf(piece)
      return ''
    })
    .join('')
}

function styleOf(code: string): string {
  if (code === '1') return ' font-weight="bold"'
  if (code === '2') return ' opacity="0.6"'
  return colours[code] === undefined ? '' : ` fill="${colours[code]}"`
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
