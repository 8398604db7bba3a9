/** What names a series: its labels, sorted by name, without empty ones; `__name__` is the metric. */

export type Labels = Readonly<Record<string, string>>

export const NAME = '__name__'

/** Labels in Prometheus' order. A label without a value is no label. */
export function labelsOf(entries: Iterable<readonly [string, string]>): Labels {
  const kept = [...entries].filter(([, value]) => value !== '')
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The same labels in Prometheus' order; the same object, if they are in it. */
export function inOrder(labels: Labels): Labels {
  let last = ''
  for (const name in labels) {
    if (name <= last || labels[name] === '') return labelsOf(Object.entries(labels))
    last = name
  }
  return labels
}

/** Equal for equal labels, and in the order in which Prometheus sorts series. */
export function keyOf(labels: Labels): string {
  return remembered(keys, labels, () => Object.entries(labels).flat().join('\0'))
}

export function keep(labels: Labels, names: readonly string[]): Labels {
  return part(labels, `keep ${names.join()}`, name => names.includes(name))
}

export function drop(labels: Labels, names: readonly string[]): Labels {
  return part(labels, `drop ${names.join()}`, name => !names.includes(name))
}

const keys = new WeakMap<Labels, string>()
const parts = new WeakMap<Labels, Map<string, Labels>>()

/** The labels of a series are the same object in every query, and so are its parts: most of the work is done once. */
function part(labels: Labels, which: string, stays: (name: string) => boolean): Labels {
  const own = remembered(parts, labels, () => new Map<string, Labels>())
  return remembered(own, which, () => Object.fromEntries(Object.entries(labels).filter(([name]) => stays(name))))
}

interface Memory<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): unknown
}

function remembered<K, V>(memory: Memory<K, V>, key: K, make: () => V): V {
  const known = memory.get(key)
  if (known !== undefined) return known
  const made = make()
  memory.set(key, made)
  return made
}

/** Labels with some of them set; '' removes one. */
export function withLabels(labels: Labels, set: Labels): Labels {
  return labelsOf(Object.entries({ ...labels, ...set }))
}

/** As Prometheus prints labels: `{a="b", c="d"}`. */
export function shown(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(', ')}}`
}
