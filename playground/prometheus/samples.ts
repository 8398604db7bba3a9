/**
 * The samples of an in-memory Prometheus: series by labels, each in order of time, bounded by age. As a scrape of the real one
 * does, `scrape` ends the series that a target no longer exposes with a staleness marker.
 */
import type { Instant, Milliseconds } from '../../src/core/time.ts'
import { inOrder, keyOf, type Labels, NAME } from './labels.ts'
import { type Matcher, matchesAll } from './matcher.ts'

/** A value, or null: the marker that says that the series has ended. */
export interface Point {
  readonly at: Instant
  readonly value: number | null
}

export interface Series {
  readonly labels: Labels
  readonly points: readonly Point[]
}

interface Kept {
  readonly key: string
  readonly labels: Labels
  readonly points: Point[]
}

export class Samples {
  /** How long a sample is kept, counted back from the newest one. */
  readonly retention: Milliseconds
  /** By name, then by all labels. */
  readonly #series = new Map<string, Map<string, Kept>>()
  /** The series of label objects that were given before. */
  readonly #bySight = new WeakMap<Labels, Kept>()
  /** What each target exposed at its last scrape. */
  readonly #exposed = new Map<string, ReadonlySet<Kept>>()
  #sweepAt: Instant | null = null

  constructor(retention: Milliseconds = 15 * 60_000) {
    this.retention = retention
  }

  /**
   * Adds one sample.
   *
   * @param value null ends the series until its next sample.
   * @throws RangeError when the series has no name or has a sample of this time or later; Prometheus refuses both.
   */
  append(labels: Labels, at: Instant, value: number | null): void {
    this.#append(this.#of(labels), at, value)
  }

  /**
   * One scrape of a target: what it exposes is appended, and what it no longer exposes has ended. A target that is down exposes
   * nothing. One that gives the same label objects each time is scraped faster.
   */
  scrape(target: string, exposed: Iterable<readonly [Labels, number]>, at: Instant): void {
    const now = new Set<Kept>()
    for (const [labels, value] of exposed) {
      const series = this.#of(labels)
      this.#append(series, at, value)
      now.add(series)
    }
    for (const series of this.#exposed.get(target) ?? []) if (!now.has(series)) this.#append(series, at, null)
    this.#exposed.set(target, now)
  }

  /** The series that match and have samples within the time, both ends included, with those samples. */
  select(matchers: readonly Matcher[], from: Instant, to: Instant): Series[] {
    const name = matchers.find(({ label, operator }) => label === NAME && operator === '=')
    const those =
      name === undefined ? [...this.#series.values()] : [this.#series.get(name.value) ?? new Map<string, Kept>()]
    const found: Series[] = []
    for (const { labels, points } of those.flatMap(series => [...series.values()])) {
      if (!matchesAll(labels, matchers)) continue
      const within = points.slice(after(points, from - 1), after(points, to))
      if (within.length > 0) found.push({ labels, points: within })
    }
    return found
  }

  #of(given: Labels): Kept {
    const seen = this.#bySight.get(given)
    if (seen !== undefined && this.#series.get(seen.labels[NAME] ?? '')?.get(seen.key) === seen) return seen
    const labels = inOrder(given)
    const { [NAME]: name } = labels
    if (name === undefined) throw new RangeError(`a series needs a name: give ${NAME} beside ${keyOf(labels)}`)
    const key = keyOf(labels)
    const named = this.#series.get(name) ?? new Map<string, Kept>()
    const series = named.get(key) ?? { key, labels, points: [] }
    this.#series.set(name, named.set(key, series))
    this.#bySight.set(given, series)
    return series
  }

  #append({ labels, points }: Kept, at: Instant, value: number | null): void {
    const last = points.at(-1)
    if (last !== undefined && last.at >= at) {
      throw new RangeError(
        `out of order: ${labels[NAME]} has a sample at ${last.at} ms already, so none can be added at ${at} ms`,
      )
    }
    points.push({ at, value })
    this.#sweep(at)
  }

  /** Once in a while, what is too old goes. */
  #sweep(at: Instant): void {
    this.#sweepAt ??= at + this.retention
    if (at < this.#sweepAt) return
    this.#sweepAt = at + this.retention / 10
    for (const named of this.#series.values()) {
      for (const [key, { points }] of named) {
        points.splice(0, after(points, at - this.retention))
        if (points.length === 0) named.delete(key)
      }
    }
  }
}

/** The index of the first point later than `at`; the points are in order. */
function after(points: readonly Point[], at: Instant): number {
  let low = 0
  let high = points.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((points[middle]?.at ?? 0) <= at) low = middle + 1
    else high = middle
  }
  return low
}
