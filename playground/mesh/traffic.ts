/** All of the cluster that is about requests: clients, the mesh, its telemetry and the Prometheus that has it. */
import type { RequestListener } from 'node:http'
import type { Milliseconds } from '../../src/core/time.ts'
import type { Images } from '../workloads/images.ts'
import { type Load, Mesh } from './mesh.ts'
import { prometheusApi } from '../prometheus/http.ts'
import type { Samples } from '../prometheus/samples.ts'
import type { ApiServer } from '../server/server.ts'
import { Telemetry, type TelemetryOptions } from './telemetry.ts'

export interface TrafficOptions extends TelemetryOptions {
  readonly loads?: readonly Load[]
  /** From a change in the cluster until the proxies act on it. Default 50 ms. */
  readonly propagation?: Milliseconds
}

export interface Traffic {
  readonly mesh: Mesh
  readonly telemetry: Telemetry
  readonly samples: Samples
  /** The HTTP API of Prometheus, for a server of its own or a path of another. */
  readonly prometheus: RequestListener
}

/** Starts the clients on a cluster, by the clock of its server: wall-clock or virtual. */
export function runTraffic(server: ApiServer, images: Images, options: TrafficOptions = {}): Traffic {
  const mesh = new Mesh(server, images, options.propagation ?? 50)
  const telemetry = new Telemetry(mesh, server.clock, options)
  for (const load of options.loads ?? []) mesh.load(load)
  const { samples } = telemetry
  return { mesh, telemetry, samples, prometheus: prometheusApi(samples, () => telemetry.upToDate()) }
}
