/**
 * What an annotation on a route of the user's remembers of the weights in it, for as long as there is one of ours: by the name of each
 * rule where that is its own, else by its place. Both may be edited meanwhile, so a rule that is not found by its key is looked for among
 * those that have the canary's destination: nothing but a run puts it there.
 */
import type { KubeObject } from '../../api/object.ts'
import { type Json, recordOf, textOf } from '../json.ts'
import { ORIGINAL_ANNOTATION } from '../model/names.ts'
import type { PatchOperation } from '../model/write.ts'

/** The weight of the primary before our destination came, null: it had none; or the destination is the user's own, and stays. */
export type Before = number | null | 'own destination'

/** By key. */
export type Remembered = Readonly<Record<string, Before>>

/** What is remembered of one rule. */
export interface Recalled {
  readonly key: string
  readonly before: Before
}

/** Of a live object; nothing where the annotation is not ours, or was edited to something else. */
export function rememberedIn(live: KubeObject): Remembered {
  try {
    const parsed: unknown = JSON.parse(live.metadata.annotations?.[ORIGINAL_ANNOTATION] ?? '{}')
    return Object.fromEntries(
      Object.entries(recordOf(parsed)).filter((entry): entry is [string, Before] => isBefore(entry[1])),
    )
  } catch {
    return {}
  }
}

const isBefore = (value: unknown): boolean => typeof value === 'number' || value === null || value === 'own destination'

/** How each rule is remembered, by its place. */
export function keysOf(rules: readonly Json[]): readonly string[] {
  const names = rules.map(rule => textOf(rule['name']))
  // Counted once: a user may write thousands of rules.
  const uses = new Map<string, number>()
  for (const name of names) uses.set(name, (uses.get(name) ?? 0) + 1)
  return names.map((name, index) => (name !== '' && uses.get(name) === 1 ? name : `#${index}`))
}

/**
 * What is remembered of the rules that have the canary's destination, by their place.
 *
 * @param holding places of these rules, in their order.
 */
export function recall(
  remembered: Remembered,
  rules: readonly Json[],
  holding: readonly number[],
): ReadonlyMap<number, Recalled> {
  const found = new Map<number, Recalled>()
  const note = (index: number, key: string): void => {
    found.set(index, { key, before: remembered[key] ?? null })
  }
  const keys = keysOf(rules)
  const lost = holding.filter(index => {
    const key = keys[index] ?? `#${index}`
    if (!Object.hasOwn(remembered, key)) return true
    note(index, key)
    return false
  })
  const taken = new Set([...found.values()].map(({ key }) => key))
  const names = new Set(keys.filter(key => !key.startsWith('#')))
  const left = Object.keys(remembered).filter(key => !taken.has(key) && !names.has(key))
  for (const [place, index] of lost.entries()) {
    const key = left[place]
    if (key !== undefined) note(index, key)
  }
  return found
}

/** What another Canary remembers of its own rules in the same object. */
export function rememberedOfOthers(
  remembered: Remembered,
  rules: readonly Json[],
  own: ReadonlySet<string>,
): Remembered {
  const there = new Set(keysOf(rules))
  return Object.fromEntries(Object.entries(remembered).filter(([key]) => there.has(key) && !own.has(key)))
}

/** Keeps the annotation as long as there is something to remember. */
export function remember(live: KubeObject, remembered: Remembered): PatchOperation[] {
  const { annotations } = live.metadata
  const path = `/metadata/annotations/${ORIGINAL_ANNOTATION.replaceAll('~', '~0').replaceAll('/', '~1')}`
  const before = annotations?.[ORIGINAL_ANNOTATION]
  if (Object.keys(remembered).length === 0) return before === undefined ? [] : [{ op: 'remove', path }]
  const value = JSON.stringify(remembered)
  if (before === value) return []
  const container: PatchOperation[] =
    annotations === undefined ? [{ op: 'add', path: '/metadata/annotations', value: {} }] : []
  return [...container, { op: before === undefined ? 'add' : 'replace', path, value }]
}
