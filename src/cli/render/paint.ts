/** Colors, and lines that fit a terminal. */
import { styleText } from 'node:util'
import type { Tone } from '../../core/view/view.ts'

export type Color = 'green' | 'blue' | 'yellow' | 'magenta' | 'red' | 'dim' | 'bold'
export type Paint = (color: Color, text: string) => string

/** @param hasColors without it texts stay plain. */
export const painter = (hasColors: boolean): Paint =>
  hasColors ? (color, text) => styleText(color, text, { validateStream: false }) : (_, text) => text

export const colorOfTone: Readonly<Record<Tone, Color>> = {
  good: 'green',
  working: 'blue',
  waiting: 'yellow',
  person: 'magenta',
  failed: 'red',
  stalled: 'red',
  unknown: 'dim',
}

/** Its code points: what a terminal shows as one character, for all texts but combined ones. */
export const charactersOf = (text: string): string[] => Array.from(text)

/** The text, or as much of it as so many characters hold. @param columns null: any length. */
export function fitted(text: string, columns: number | null): string {
  const characters = charactersOf(text)
  if (columns === null || characters.length <= columns) return text
  return columns < 2
    ? characters.slice(0, Math.max(0, columns)).join('')
    : `${characters.slice(0, columns - 1).join('')}…`
}

/** Control characters of a message would move the cursor, or hide what follows. */
export const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')

/** Fewest columns in which words are wrapped; in less they are cut by the terminal. */
const NARROWEST = 20

/** Lines of at most so many characters, broken between words; words that are longer stay whole. */
export function wrapped(text: string, columns: number | null): string[] {
  if (columns === null) return [text]
  const limit = Math.max(NARROWEST, columns)
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > limit) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
