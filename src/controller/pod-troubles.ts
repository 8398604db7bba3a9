/**
 * Why pods are not ready. Pods are not watched: while a canary waits for some, at most ten of them are listed, every ten seconds at
 * most, and the reasons are kept alone. A canary that waits for none costs no request.
 */
import { kinds } from '../api/object.ts'
import { isForbidden } from '../core/errors.ts'
import { sameJson } from '../core/json.ts'
import type { Observation } from '../core/model/observation.ts'
import type { AwaitedPods } from '../core/model/selectors.ts'
import type { Clock, KubeApi } from '../core/ports.ts'
import type { Milliseconds } from '../core/time.ts'
import { troublesOf } from '../core/workloads/pod-troubles.ts'
import { LARGEST_PAGE } from '../runtime/list-pages.ts'
import { pause, withDeadline } from '../runtime/timing.ts'

type Troubles = Observation['podTroubles']

/** Reads them for an observer. */
export interface PodTroubleReader {
  /** What is known of these pods, which are followed from now on, and no others of the canary; null: none. */
  of(canary: string, awaited: AwaitedPods | null): Troubles
  /** The canary is gone. */
  forget(canary: string): void
  close(): void
}

/** With `--pod-reasons=false`, and for commands, which read pods themselves. */
export const NO_POD_TROUBLES: PodTroubleReader = { of: () => [], forget: () => {}, close: () => {} }

export interface PodTroublePorts {
  readonly api: Pick<KubeApi, 'list'>
  /** Should be one that does not jump. */
  readonly clock: Clock
  /** Wakes a canary of whose pods something else is known. */
  readonly wake: (canary: string) => void
}

/** Pods of one template fail alike: so many tell why. */
const MOST_PODS = 10
const EVERY: Milliseconds = 10_000
/** A missing permission is seldom granted within a wait. */
const EVERY_REFUSED: Milliseconds = 60_000
const DEADLINE: Milliseconds = 5000

interface Followed {
  readonly awaited: AwaitedPods
  readonly stop: AbortController
  known: Troubles
}

export class PodTroubles implements PodTroubleReader {
  readonly #ports: PodTroublePorts
  readonly #followed = new Map<string, Followed>()

  constructor(ports: PodTroublePorts) {
    this.#ports = ports
  }

  of(canary: string, awaited: AwaitedPods | null): Troubles {
    const before = this.#followed.get(canary)
    if (before !== undefined && sameJson(before.awaited, awaited)) return before.known
    this.forget(canary)
    if (awaited === null) return []
    const followed: Followed = { awaited, stop: new AbortController(), known: [] }
    this.#followed.set(canary, followed)
    void this.#follow(canary, followed)
    return []
  }

  forget(canary: string): void {
    this.#followed.get(canary)?.stop.abort()
    this.#followed.delete(canary)
  }

  close(): void {
    for (const canary of this.#followed.keys()) this.forget(canary)
  }

  async #follow(canary: string, followed: Followed): Promise<void> {
    const { clock, wake } = this.#ports
    const { signal } = followed.stop
    while (!signal.aborted) {
      const found = await this.#list(followed)
      if (!signal.aborted && !sameJson(found, followed.known)) {
        followed.known = found
        wake(canary)
      }
      await pause(clock, found === 'hidden' ? EVERY_REFUSED : EVERY, signal)
    }
  }

  /** What they are waiting for; what was known, where the API server did not answer. */
  async #list({ awaited: { namespace, labels }, stop, known }: Followed): Promise<Troubles> {
    const { api, clock } = this.#ports
    const labelSelector = Object.entries(labels)
      .map(([name, value]) => `${name}=${value}`)
      .join(',')
    const query = { namespace, labelSelector, limit: MOST_PODS, largest: LARGEST_PAGE }
    try {
      const { items } = await withDeadline(
        clock,
        DEADLINE,
        stop.signal,
        `The list of pods in ${namespace}`,
        (signal, turn) => api.list(kinds.Pod, query, { lane: 'background', signal, turn }),
      )
      const found = troublesOf(items).map(({ reason, count, image }) => ({ reason, count, image }))
      // A container that is started once more has no trouble for a moment.
      return found.length === 0 && known !== 'hidden' ? known : found
    } catch (error) {
      return isForbidden(error) ? 'hidden' : known
    }
  }
}
