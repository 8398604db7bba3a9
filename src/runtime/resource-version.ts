/**
 * Comparing resourceVersions of objects of one kind: decimal numbers of any length that only grow
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions, KEP-5504).
 */

const WELL_FORMED = /^[1-9][0-9]*$/

/** Negative when `a` is older, positive when it is newer, 0 when equal; null when they cannot be compared. */
export function compareVersions(a: string | undefined, b: string | undefined): number | null {
  if (a === undefined || b === undefined || !WELL_FORMED.test(a) || !WELL_FORMED.test(b)) return a === b ? 0 : null
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : a > b ? 1 : 0
}
