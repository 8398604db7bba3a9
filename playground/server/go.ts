/** What shows that the API server is written in Go: how it prints maps, and what its parser says of bad JSON. */
import { isRecord } from '../json.ts'

/** `map[a:1 b:[x y]]`, keys sorted. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (!isRecord(value)) return `${value as string | number | boolean}`
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${members.map(([key, member]) => `${key}:${goText(member)}`).join(' ')}]`
}

/** @throws SyntaxError in the words of Go's JSON parser. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new SyntaxError(inGo((error as Error).message, text), { cause: error })
  }
}

/** What V8 finds wrong, and what Go calls it. */
const wordings: readonly (readonly [RegExp, string])[] = [
  [/property name/, 'looking for beginning of object key string'],
  [/':' after/, 'after object key'],
  [/after property value/, 'after object key:value pair'],
  [/after array element/, 'after array element'],
  [/after JSON/, 'after top-level value'],
]

function inGo(message: string, text: string): string {
  const [, at] = /at position (\d+)/.exec(message) ?? []
  const place = at === undefined ? text.search(/\S/) : Number(at)
  const character = text[place]
  const ends = /end of JSON|Unterminated/.test(message) || character === undefined
  if (ends) return 'unexpected end of JSON input'
  const [, where = 'looking for beginning of value'] = wordings.find(([pattern]) => pattern.test(message)) ?? []
  const shown = character.replace(/\p{C}/u, `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `invalid character '${shown}' ${where}`
}
