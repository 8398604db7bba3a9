/** One canary in figures: what the controller's own metrics show of it. */
export interface CanaryFigures {
  readonly namespace: string
  readonly name: string
  readonly phase: string
  /** Workload → percent of requests. */
  readonly weights: Readonly<Record<string, number>>
  /** Workload → percent of requests that the routes were last read to give it; empty where there are none. */
  readonly carried: Readonly<Record<string, number>>
  /** Gate → its last value; null where nothing was measured. */
  readonly checks: Readonly<Record<string, number | null>>
}
