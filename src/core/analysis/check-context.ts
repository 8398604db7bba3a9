/** What a check reads: whose telemetry, under which labels, over which window. All questions of one check share it. */
import type { Vantage } from '../../api/status.ts'
import type { Milliseconds } from '../time.ts'

/** How callers' telemetry names one side of the split: by Service, and by subset where one Service has both sides. */
export interface CallerView {
  /** Names of Services; more than one where the apex counts as the primary. */
  readonly services: readonly string[]
  /** Version of the pods, when the split is by subsets of one Service. */
  readonly version?: string
}

export type Side = 'canary' | 'primary'

export interface CheckContext {
  /** Unique to the canary and the check; every id of a question starts with it. */
  readonly checkId: string
  readonly namespace: string
  /** Name of the resource Canary. */
  readonly canary: string
  /** Name of the workload that runs the candidate. */
  readonly target: string
  /** Name of the workload that runs the promoted revision. */
  readonly primary: string
  /** Name of the apex Service. */
  readonly service: string
  /** Name of the Ingress, or of the target where the Canary has none, as in Flagger. */
  readonly ingress: string
  /** Hosts beside the Service's own names by which callers know it. */
  readonly hosts: readonly string[]
  /** Other namespaces with routes of their own for the Service: what their callers meet may be those, and not ours. */
  readonly strangers: readonly string[]
  /**
   * Whose telemetry tells of the requests: the proxies of the pods (`destination`), the waypoint before them, or gateways and callers
   * (`source`). A request is reported by several of them, so a Canary has one.
   */
  readonly vantage: Vantage
  readonly canaryCallers: CallerView
  readonly primaryCallers: CallerView
  /** Since the candidate was first routed: no window reaches further back. */
  readonly routedFor: Milliseconds
  /** Since the present weight was carried. */
  readonly carriedFor: Milliseconds
}

/** The window of a question with this interval, in this scene. */
export function windowOf(scene: CheckContext, interval: Milliseconds): Milliseconds {
  return Math.max(1, Math.floor(Math.min(interval, scene.routedFor)))
}
