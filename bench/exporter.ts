/**
 * The telemetry of a mesh that carries the same requests always: 50 a second for every workload, whatever its weight, with
 * the metrics and labels of Istio's standard telemetry (https://istio.io/latest/docs/reference/config/metrics/). A workload
 * can be told to answer everything with 500.
 */
import { createServer, type Server } from 'node:http'

export const exporterAddress = { host: '127.0.0.1', port: 9400 } as const

const RATE = 50 // requests a second

/** Istio's buckets in ms, and the share of requests that was answered within each. Its p99 lies below 100 ms. */
const buckets: readonly (readonly [le: string, share: number])[] = [
  ['0.5', 0],
  ['1', 0.01],
  ['5', 0.2],
  ['10', 0.5],
  ['25', 0.9],
  ['50', 0.97],
  ['100', 0.995],
  ...['250', '500', '1000', '2500', '5000', '10000', '30000', '60000', '300000', '600000', '1800000', '3600000'].map(
    le => [le, 1] as const,
  ),
  ['+Inf', 1],
]

interface Workload {
  readonly namespace: string
  readonly name: string
  failing: boolean
  since: number
  good: number
  bad: number
}

export class Exporter {
  readonly #workloads = new Map<string, Workload>()
  #server: Server | undefined

  async start(): Promise<void> {
    const server = createServer((_, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4')
      response.end(this.#page())
    })
    this.#server = server
    await new Promise<void>(resolve => server.listen(exporterAddress.port, exporterAddress.host, resolve))
  }

  stop(): void {
    this.#server?.close()
    this.#server?.closeAllConnections()
  }

  add(namespace: string, name: string): void {
    const workload = { namespace, name, failing: false, since: performance.now(), good: 0, bad: 0 }
    this.#workloads.set(`${namespace}/${name}`, workload)
  }

  remove(namespace: string): void {
    for (const [key, workload] of this.#workloads) if (workload.namespace === namespace) this.#workloads.delete(key)
  }

  /** From now on all requests of the workload fail, or none. */
  setFailing(namespace: string, name: string, failing: boolean): void {
    const workload = this.#workloads.get(`${namespace}/${name}`)
    if (workload === undefined) throw new Error(`The exporter does not know ${namespace}/${name}.`)
    count(workload)
    workload.failing = failing
  }

  #page(): string {
    const requests = ['# TYPE istio_requests_total counter']
    const durations = ['# TYPE istio_request_duration_milliseconds histogram']
    for (const workload of this.#workloads.values()) {
      count(workload)
      for (const [code, exact] of [
        ['200', workload.good],
        ['500', workload.bad],
      ] as const) {
        const value = Math.floor(exact)
        if (value === 0) continue // Envoy makes a series with its first request.
        const labels = labelsOf(workload, code)
        requests.push(`istio_requests_total{${labels}} ${value}`)
        for (const [le, share] of buckets) {
          const within = Math.floor(value * share)
          durations.push(`istio_request_duration_milliseconds_bucket{${labels},le="${le}"} ${within}`)
        }
        durations.push(`istio_request_duration_milliseconds_sum{${labels}} ${value * 12}`)
        durations.push(`istio_request_duration_milliseconds_count{${labels}} ${value}`)
      }
    }
    return `${[...requests, ...durations].join('\n')}\n`
  }
}

/** Adds the requests since it was last counted. */
function count(workload: Workload): void {
  const now = performance.now()
  const requests = (RATE * (now - workload.since)) / 1000
  if (workload.failing) workload.bad += requests
  else workload.good += requests
  workload.since = now
}

function labelsOf({ namespace, name }: Workload, code: string): string {
  const app = name.replace(/-primary$/, '')
  const labels = {
    reporter: 'destination',
    source_workload: 'client',
    source_workload_namespace: 'clients',
    source_app: 'client',
    source_version: 'unknown',
    destination_workload: name,
    destination_workload_namespace: namespace,
    destination_app: app,
    destination_version: 'unknown',
    destination_service: `${app}.${namespace}.svc.cluster.local`,
    destination_service_name: app,
    destination_service_namespace: namespace,
    request_protocol: 'http',
    response_code: code,
    grpc_response_status: '',
    response_flags: '-',
    connection_security_policy: 'mutual_tls',
  }
  return Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(',')
}
