/** Which rows of a long table a run tries. */

const isAll = process.env['ALL'] === '1'

/**
 * One row of so many, beginning with the row `first`; all of them with `ALL=1`, as in `.ci/run`. A table that is tried at several
 * moments begins each with another row, so that no row is left out of all of them.
 */
export function sampled<T>(rows: readonly T[], every: number, first = 0): readonly T[] {
  return isAll ? rows : rows.filter((_, index) => index % every === first % every)
}
