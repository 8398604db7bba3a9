/** The images of the playground, and how containers of them behave: the one place that says so. */
import type { Milliseconds } from '../core/time.ts'

/** Response times in milliseconds, log-normal through these two points. */
export interface Latency {
  readonly median: Milliseconds
  readonly p99: Milliseconds
}

export interface Behaviour {
  /** From the start of the container to Ready; null: never. */
  readonly readyAfter: Milliseconds | null
  /** From the start of the container to its crash, after which it stays down; null: never. */
  readonly crashAfter: Milliseconds | null
  /** Share of requests answered with 500, from 0 to 1. */
  readonly errorRate: number
  readonly latency: Latency
}

const healthy: Behaviour = { readyAfter: 1000, crashAfter: null, errorRate: 0, latency: { median: 20, p99: 90 } }

/** By the suffix of the tag: `demo/web:2.0.0-errors`. */
const bySuffix: Readonly<Record<string, Behaviour>> = {
  '': healthy,
  errors: { ...healthy, errorRate: 0.1 },
  'few-errors': { ...healthy, errorRate: 0.005 },
  slow: { ...healthy, latency: { median: 400, p99: 1500 } },
  'slow-start': { ...healthy, readyAfter: 30_000 },
  'never-ready': { ...healthy, readyAfter: null },
  crash: { ...healthy, readyAfter: null, crashAfter: 500 },
  'crash-later': { ...healthy, crashAfter: 90_000 },
}

export class Images {
  readonly #own = new Map<string, Behaviour>()
  readonly #listeners = new Set<() => void>()

  /** How an image behaves; null for one that nobody can pull. */
  behaviour(image: string): Behaviour | null {
    const own = this.#own.get(image)
    if (own) return own
    const [, suffix = ''] = /^demo\/[a-z-]+:\d+\.\d+\.\d+(?:-([a-z-]+))?$/.exec(image) ?? [null, 'none']
    return bySuffix[suffix] ?? null
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
