/** What names a series: its labels, sorted by name, without empty ones; `__name__` is the metric. */

export type Labels = Readonly<Record<string, string>>

export const NAME = '__name__'

/** Labels in Prometheus' order. A label without a value is no label. */
export function labelsOf(entries: Iterable<readonly [string, string]>): Labels {
  const kept = [...entries].filter(([, value]) => value !== '')
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Equal for equal labels, and in the order in which Prometheus sorts series. */
export function keyOf(labels: Labels): string {
  return Object.entries(labels).flat().join('\0')
}

export function keep(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name)))
}

export function drop(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)))
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
