/** The controller checks its own rights, at start and hourly, so that a missing one is known before a release needs it. */
import type { Call, Clock, KubeApi } from '../core/ports.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import { missingOf, rightText } from '../runtime/access-review.ts'
import { neededRoles, type RequiredRight, requiredRights, type RightsSettings } from './required-rights.ts'

/** One that the API server denies. */
export interface MissingRight {
  /** `list secrets`. */
  readonly right: string
  /** Empty: in all namespaces. */
  readonly namespace: string
  readonly role: string
  readonly manifest: string
  readonly isOptional: boolean
}

/** What the last check has found. */
export interface RightsReport {
  /** null: none has ended yet. */
  readonly checkedAt: Instant | null
  readonly checked: number
  readonly missing: readonly MissingRight[]
  /** Why the last check came to no end; null: it did. */
  readonly problem: string | null
}

export interface RightsCheckOptions {
  readonly api: Pick<KubeApi, 'write'>
  readonly settings: RightsSettings
  readonly clock: Clock
  /** Receives the number of missing rights of each role that the flags call for. */
  readonly counted: (role: string, missing: number) => void
}

const EVERY: Milliseconds = 3_600_000
const DEADLINE: Milliseconds = 10_000

export class RightsCheck {
  readonly #options: RightsCheckOptions
  #report: RightsReport = { checkedAt: null, checked: 0, missing: [], problem: null }
  #isRunning = false

  constructor(options: RightsCheckOptions) {
    this.#options = options
  }

  report(): RightsReport {
    return this.#report
  }

  /** Checks, if the last check is an hour old or came to no end. Never rejects. */
  async whenDue(stop: AbortSignal): Promise<void> {
    const { clock } = this.#options
    const { checkedAt, problem } = this.#report
    const isDue = checkedAt === null || problem !== null || clock.now() - checkedAt >= EVERY
    if (!isDue || this.#isRunning) return
    this.#isRunning = true
    try {
      await this.#check(stop)
    } catch (error) {
      this.#report = { ...this.#report, problem: error instanceof Error ? error.message : String(error) }
    } finally {
      this.#isRunning = false
    }
  }

  async #check(stop: AbortSignal): Promise<void> {
    const { api, settings, clock, counted } = this.#options
    const rights = requiredRights(settings)
    const call = (): Call => ({
      lane: 'background',
      signal: AbortSignal.any([stop, AbortSignal.timeout(DEADLINE)]),
    })
    const missing = await missingOf(api, rights, call)
    for (const role of neededRoles(settings)) counted(role, missing.filter(one => one.role === role).length)
    this.#report = {
      checkedAt: clock.now(),
      checked: rights.length,
      missing: missing.map(missingRight),
      problem: null,
    }
  }
}

const missingRight = (right: RequiredRight): MissingRight => ({
  right: rightText(right),
  namespace: right.namespace,
  role: right.role,
  manifest: right.manifest,
  isOptional: right.isOptional,
})
