/** What commands are given by main.ts: where they read and write, the clock, and a way to a cluster. */
import type { Json } from '../core/json.ts'
import type { Call, Clock, KubeApi, Sha256 } from '../core/ports.ts'
import type { ClientFlags } from './client/flags.ts'

/** Where a command reads and writes. */
export interface Streams {
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: (text: string) => Promise<void>
  readonly stderr: (text: string) => Promise<void>
}

/** What standard output is. */
export interface Terminal {
  /** It shows to a person, and what was written can be written over. */
  readonly isInteractive: boolean
  readonly hasColors: boolean
  /** Characters in a line; null: lines have no end. */
  readonly columns: () => number | null
  readonly rows: () => number
}

/** One cluster, as the caller of a command. */
export interface Client {
  readonly api: KubeApi
  /** URL of the API server. */
  readonly server: string
  /** Of the flag, else of the context, else `default`. */
  readonly namespace: string
  /** What the kubeconfig calls its user, or empty. */
  readonly user: string
  /** GET of a path of the API server, such as one behind its proxy to a Service. @throws as `KubeApi` does. */
  read(path: string, call: Call): Promise<Json>
  close(): Promise<void>
}

/** How a server is reached that is not the API server. */
export interface HttpAddress {
  readonly url: string
  readonly caFile?: string
  readonly tokenFile?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Such a server. */
export interface HttpReader {
  /** GET of a path below the address. @throws Error with a clause that follows the name of the server. */
  read(path: string, signal: AbortSignal): Promise<Json>
  close(): void
}

export const SCENARIOS = ['good', 'errors', 'slow', 'outage'] as const
export type Scenario = (typeof SCENARIOS)[number]

/** A release of a Canary in a file. */
export interface Simulation {
  /** YAML. */
  readonly text: string
  readonly scenario: Scenario
  readonly seed: number
  /** Receives each line of the timeline. */
  readonly say: (line: string) => void
  readonly stop: AbortSignal
}

/** How it ended, as `sluice status` would say it. */
export interface Simulated {
  readonly how: 'promoted' | 'error' | 'rolledBack' | 'person' | 'stalled' | 'timeout'
  readonly sentence: string
}

export interface Tools extends Streams {
  readonly version: string
  readonly terminal: Terminal
  /** Time on the wall. */
  readonly clock: Clock
  /** One that does not jump. */
  readonly steady: Clock
  readonly sha256: Sha256
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Aborts with Ctrl-C, and when the program is told to end. */
  readonly stop: AbortSignal
  /** @throws StartupError with a sentence when the kubeconfig is not as it must be. */
  readonly connect: (flags: ClientFlags) => Client
  readonly http: (address: HttpAddress) => HttpReader
  /** What `sluice install` prints. @throws StartupError with a sentence where it is not installed. */
  readonly manifests: () => Promise<string>
  /** @throws StartupError with a sentence where the demo is not installed. */
  readonly simulate: (simulation: Simulation) => Promise<Simulated>
  /** Receives the exit code of the program. */
  readonly exit: (code: number) => void
}

/** Exit codes of commands; seen.md of `sluice status` are in release/outcome.ts. */
export const FAILED = 1
