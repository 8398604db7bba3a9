/** Calls of the API, counted. */
import type { ApiCall } from '../e2e/lab/audit.ts'

const reads = new Set(['get', 'list', 'watch'])

export interface Counted {
  /** Without watches. */
  readonly requests: number
  readonly writes: number
  /** Watches that were begun: each lives for minutes, whatever the number of canaries. */
  readonly watches: number
  /** Answered with an error. */
  readonly refused: number
}

export function counted(calls: readonly ApiCall[]): Counted {
  const watches = calls.filter(({ verb }) => verb === 'watch').length
  return {
    requests: calls.length - watches,
    writes: calls.filter(({ verb }) => !reads.has(verb)).length,
    watches,
    refused: calls.filter(({ code }) => code >= 400).length,
  }
}

/** How often each verb was used on each resource, the most frequent first; an error is a kind of its own. */
export function byVerb(calls: readonly ApiCall[]): [call: string, times: number][] {
  const times = new Map<string, number>()
  for (const { verb, resource, code } of calls) {
    if (verb === 'watch') continue
    const call = `${verb} ${resource}${code >= 400 ? ` → ${code}` : ''}`
    times.set(call, (times.get(call) ?? 0) + 1)
  }
  return [...times].sort(([, a], [, b]) => b - a)
}
