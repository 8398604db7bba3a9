/** Headers that flags give: how they are written, what is wrong with them, and what they are to a client. */
import { InvalidArgumentError } from 'commander'

/** Lines `name: value`, after those that were given before. */
export function headers(text: string, before?: readonly string[]): string[] {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  return [...(before ?? []), ...(lines.length === 0 ? [''] : lines)]
}

/** A name of a header. @throws InvalidArgumentError with what to write. */
export function headerName(text: string): string {
  if (!/^[A-Za-z0-9-]+$/.test(text)) throw new InvalidArgumentError('Write the name of a header such as X-Scope-OrgID.')
  return text
}

/** Said here and not by the parser of the option, whose complaint would show the value: it may be secret. */
export function problemOfHeaders(lines: readonly string[]): string | undefined {
  const wrong = lines.findIndex(line => !/^[A-Za-z0-9-]+:\s*\S/.test(line))
  if (wrong === -1) return undefined
  return `error: option '--metrics-server-header <name: value>': number ${wrong + 1} (not shown, it may be secret) is no header. Write one such as "X-Scope-OrgID: shop".`
}

/** What the lines say, as a client takes it; of those with one name the last. */
export function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map(line => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const
    }),
  )
}
