/** Tables as kubectl prints them: columns padded with spaces, headers in capitals. */
import { charactersOf, fitted, printable } from './paint.ts'

export interface Column<Row> {
  readonly header: string
  readonly of: (row: Row) => string
}

/** Between two columns. */
const GAP = 3

/**
 * @param widths of the columns so far: rows that are added to a table later keep its columns.
 * @param columns of the terminal; null: lines have no end. The message is cut first, so that what follows it stays on the line.
 */
export function tableOf<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  layout: { readonly hasHeaders: boolean; readonly columns: number | null; readonly widths?: readonly number[] },
): { readonly lines: string[]; readonly widths: readonly number[] } {
  const cells = rows.map(row => columns.map(({ of }) => printable(of(row)) || '<none>'))
  const headers = columns.map(({ header }) => header)
  const natural = columns.map((_, i) =>
    Math.max(
      layout.widths?.[i] ?? 0,
      ...[...(layout.hasHeaders ? [headers] : []), ...cells].map(row => lengthOf(row[i])),
    ),
  )
  const widths = narrowed(natural, headers.indexOf('MESSAGE'), layout.columns)
  const line = (row: readonly string[]): string =>
    fitted(
      row
        .map((cell, i) => {
          const width = widths[i] ?? 0
          return i === row.length - 1 ? cell : fitted(cell, width).padEnd(width + GAP)
        })
        .join('')
        .trimEnd(),
      layout.columns,
    )
  return { lines: [...(layout.hasHeaders ? [line(headers)] : []), ...cells.map(line)], widths }
}

const lengthOf = (cell = ''): number => charactersOf(cell).length
/** Fewer characters of a message say nothing. */
const SHORTEST_MESSAGE = 20

function narrowed(widths: readonly number[], message: number, columns: number | null): readonly number[] {
  const total = widths.reduce((sum, width) => sum + width + GAP, -GAP)
  if (columns === null || total <= columns || message < 0) return widths
  const left = Math.max(SHORTEST_MESSAGE, (widths[message] ?? 0) - (total - columns))
  return widths.map((width, i) => (i === message ? Math.min(width, left) : width))
}
