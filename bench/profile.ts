/** Where CPU went, out of a profile that `node --cpu-prof` wrote: the functions themselves, and the parts of the program. */
import { readFileSync } from 'node:fs'

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const idle = new Set(['(idle)', '(root)'])

/** Self and total CPU-milliseconds of every function, by name; a recursive function counts once in its total. */
export function readProfile(file: string): { name: string; self: number; total: number }[] {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile
  const nodes = new Map(profile.nodes.map(node => [node.id, node]))
  const parents = new Map(profile.nodes.flatMap(node => (node.children ?? []).map(child => [child, node.id] as const)))
  const nameOf = (id: number): string => {
    const { functionName, url, lineNumber } = nodes.get(id)?.callFrame ?? { functionName: '?', url: '', lineNumber: 0 }
    const place = url.startsWith('node:') ? ` (${url})` : ''
    return functionName === '' ? `anonymous:${lineNumber}${place}` : `${functionName}${place}`
  }
  const found = new Map<string, { self: number; total: number }>()
  const add = (name: string, kind: 'self' | 'total', ms: number): void => {
    const one = found.get(name) ?? { self: 0, total: 0 }
    one[kind] += ms
    found.set(name, one)
  }
  for (const [index, sample] of profile.samples.entries()) {
    const ms = (profile.timeDeltas[index] ?? 0) / 1000
    if (idle.has(nameOf(sample))) continue
    add(nameOf(sample), 'self', ms)
    const stack = new Set<string>()
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) stack.add(nameOf(id))
    for (const name of stack) add(name, 'total', ms)
  }
  return [...found].map(([name, times]) => ({ name, ...times }))
}
