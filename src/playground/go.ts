/** Values as Go prints them: some of the API server's sentences show maps so. */
import { isRecord } from './json.ts'

/** `map[a:1 b:[x y]]`, keys sorted. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (!isRecord(value)) return `${value as string | number | boolean}`
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${members.map(([key, member]) => `${key}:${goText(member)}`).join(' ')}]`
}
