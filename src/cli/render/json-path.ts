/**
 * Templates of `-o jsonpath=`, as kubectl reads them (https://kubernetes.io/docs/reference/kubectl/jsonpath/): text, paths in braces, text in
 * quotes, and `range` … `end`. A package would read another dialect: those of npm are of RFC 9535, or of Goessner's proposal, without `range`.
 * What a path leads to nowhere is empty, as for `kubectl get`.
 */
import { pathIn, Reader, select, type Step } from './json-path-steps.ts'

type Piece =
  | { readonly text: string }
  | { readonly path: readonly Step[] }
  | { readonly range: readonly Step[]; readonly body: readonly Piece[] }

/** @returns the text. @throws Error with a sentence for a template that is not understood. */
export function jsonPath(template: string, value: unknown): string {
  return printed(parsed(template), value, value)
}

function printed(pieces: readonly Piece[], root: unknown, current: unknown): string {
  return pieces
    .map(piece => {
      if ('text' in piece) return piece.text
      if ('path' in piece) return select(piece.path, root, current).map(wordOf).join(' ')
      return select(piece.range, root, current)
        .map(one => printed(piece.body, root, one))
        .join('')
    })
    .join('')
}

const wordOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

function parsed(template: string): Piece[] {
  const reader = new Reader(template)
  const pieces = piecesIn(reader, false)
  if (!reader.isAtEnd) throw reader.trouble('there is no range before {end}')
  return pieces
}

/** Up to the end, or to the `end` of a range. */
function piecesIn(reader: Reader, isInRange: boolean): Piece[] {
  const pieces: Piece[] = []
  for (;;) {
    const text = reader.eat(/[^{]+/y)
    if (text !== null) pieces.push({ text })
    if (reader.isAtEnd) {
      if (isInRange) throw reader.trouble('{end} is missing')
      return pieces
    }
    if (/^\{\s*end\s*\}/.test(reader.rest)) {
      if (isInRange) reader.eat(/\{\s*end\s*\}/y)
      return pieces
    }
    reader.eat(/\{\s*/y)
    if (reader.eat(/range\s+/y) === null) pieces.push(...wordsIn(reader))
    else {
      const range = pathIn(reader)
      close(reader)
      pieces.push({ range, body: piecesIn(reader, true) })
    }
  }
}

/** Quoted texts and paths, up to the brace. */
function wordsIn(reader: Reader): Piece[] {
  const pieces: Piece[] = []
  while (reader.eat(/\s*\}/y) === null) {
    reader.eat(/\s+/y)
    const quoted = reader.eat(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/y)
    pieces.push(quoted === null ? { path: pathIn(reader) } : { text: unquoted(quoted) })
  }
  if (pieces.length === 0) throw reader.trouble('nothing is between { and }')
  return pieces
}

function close(reader: Reader): void {
  if (reader.eat(/\s*\}/y) === null) throw reader.trouble('} is missing')
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }

const unquoted = (quoted: string): string =>
  quoted.slice(1, -1).replaceAll(/\\(.)/gs, (_, letter: string) => escapes[letter] ?? letter)
