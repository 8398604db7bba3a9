/** Parts of PromQL that queries are made of. */
import type { Milliseconds } from '../time.ts'

/** A length of time in PromQL (and Go): `30s`, `1500ms`. */
export function promDuration(length: Milliseconds): string {
  return length % 1000 === 0 ? `${length / 1000}s` : `${Math.round(length)}ms`
}

/** A label value as a PromQL string. */
export function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`
}
