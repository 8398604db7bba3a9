/** The images of the playground, and how containers of them behave: the one place that says so. */
import type { Milliseconds } from '../../src/core/time.ts'
import { at, listOf, textOf } from '../json.ts'
import type { Latency } from './latency.ts'

/** How requests are answered. */
export interface Answers {
  /** Share of requests answered with 500, from 0 to 1. */
  readonly errorRate: number
  readonly latency: Latency
}

export interface Behaviour extends Answers {
  /** From the start of the container to Ready; null: never. */
  readonly readyAfter: Milliseconds | null
  /** From the start of the container to its crash, after which it stays down; null: never. */
  readonly crashAfter: Milliseconds | null
  /** What becomes of its answers with age, counted from the start of the container. */
  readonly ages: readonly (Answers & { readonly after: Milliseconds })[]
}

const healthy: Behaviour = {
  readyAfter: 1000,
  crashAfter: null,
  errorRate: 0,
  latency: { median: 20, p99: 90 },
  ages: [],
}

/** By the suffix of the tag: `demo/web:2.0.0-errors`. */
const bySuffix: Readonly<Record<string, Behaviour>> = {
  '': healthy,
  errors: { ...healthy, errorRate: 0.1 },
  'few-errors': { ...healthy, errorRate: 0.005 },
  slow: { ...healthy, latency: { median: 400, p99: 1500 } },
  leak: {
    ...healthy,
    ages: [
      { after: 15_000, errorRate: 0, latency: { median: 60, p99: 250 } },
      { after: 25_000, errorRate: 0.005, latency: { median: 150, p99: 700 } },
      { after: 35_000, errorRate: 0.05, latency: { median: 400, p99: 2000 } },
    ],
  },
  'slow-start': { ...healthy, readyAfter: 30_000 },
  'never-ready': { ...healthy, readyAfter: null },
  crash: { ...healthy, readyAfter: null, crashAfter: 500 },
  'crash-later': { ...healthy, crashAfter: 90_000 },
}

/** Suffixes of images that do not behave well. */
export const suffixes: readonly string[] = Object.keys(bySuffix).filter(suffix => suffix !== '')

/** Names with their tags; podinfo is the README's. Every other image cannot be pulled. */
const names = [/^demo\/[a-z-]+:\d+\.\d+\.\d+(?:-([a-z-]+))?$/, /^(?:ghcr\.io\/)?stefanprodan\/podinfo:\d+\.\d+\.\d+()$/]

/** The environment variable by which podinfo answers a third of its requests with errors. */
const RANDOM_ERROR = 'PODINFO_RANDOM_ERROR'

export class Images {
  readonly #own = new Map<string, Behaviour>()
  readonly #listeners = new Set<() => void>()

  /** How an image behaves; null for one that nobody can pull. */
  behaviour(image: string): Behaviour | null {
    const own = this.#own.get(image)
    if (own) return own
    const named = names.map(name => name.exec(image)).find(match => match !== null)
    return named === undefined ? null : (bySuffix[named[1] ?? ''] ?? null)
  }

  /** How a container, as a pod's spec has it, answers at an age. */
  answers(container: unknown, age: Milliseconds): Answers {
    const behaviour = this.behaviour(textOf(at(container, 'image'))) ?? healthy
    const { errorRate, latency } = behaviour.ages.findLast(({ after }) => after <= age) ?? behaviour
    const errs = listOf(at(container, 'env')).some(
      one => at(one, 'name') === RANDOM_ERROR && at(one, 'value') === 'true',
    )
    return { errorRate: errs ? Math.max(errorRate, 1 / 3) : errorRate, latency }
  }

  /** Makes an image behave otherwise from now on; what it does not say stays as it was. */
  set(image: string, behaviour: Partial<Behaviour>): void {
    this.#own.set(image, { ...(this.behaviour(image) ?? healthy), ...behaviour })
    for (const listener of this.#listeners) listener()
  }

  subscribe(listener: () => void): void {
    this.#listeners.add(listener)
  }
}
