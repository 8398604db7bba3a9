/** One canary in figures: what the controller's own metrics show of it. */
import type { Instant } from '../time.ts'
import type { CheckRecord } from './memory.ts'

export interface CanaryFigures {
  readonly namespace: string
  readonly name: string
  readonly phase: string
  /** Of the closed list in docs/events.md. */
  readonly reason: string
  /** Since when only a user can help; null where that is not so. */
  readonly stalledSince: Instant | null
  /** Since when a release waits for something other than the time of its step; null where it does not. */
  readonly waitStartedAt: Instant | null
  /** When the release under way began; null at rest. */
  readonly startedAt: Instant | null
  /** Workload → percent of requests. */
  readonly weights: Readonly<Record<string, number>>
  /** Workload → percent of requests that the routes were last read to give it; empty where there are none. */
  readonly carried: Readonly<Record<string, number>>
  /** Checks that were counted as failed, and how many roll back. */
  readonly failedChecks: number
  readonly threshold: number
  readonly checks: readonly Pick<CheckRecord, 'name' | 'verdict' | 'value' | 'min' | 'max' | 'requests'>[]
}
