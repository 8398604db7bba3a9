/** The real Prometheus. It scrapes the proxies every second and gives their counters the names and labels of Istio. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Binaries } from './binaries.ts'
import type { Pki } from './pki.ts'
import { Program } from './program.ts'
import { waitFor } from './wait.ts'

export const prometheusUrl = 'http://127.0.0.1:9090'

interface Relabeling {
  source_labels?: string[]
  regex?: string
  target_label?: string
  replacement?: string
  action?: 'keep' | 'drop' | 'labeldrop'
}

/** Which pods are scraped, and what is known of them: their workload, beside the usual annotations. */
const targets: Relabeling[] = [
  { source_labels: ['__meta_kubernetes_pod_annotation_prometheus_io_scrape'], regex: 'true', action: 'keep' },
  { source_labels: ['__meta_kubernetes_pod_phase'], regex: 'Running', action: 'keep' },
  {
    source_labels: ['__meta_kubernetes_pod_annotation_prometheus_io_path'],
    regex: '(.+)',
    target_label: '__metrics_path__',
  },
  { target_label: '__param_filter', replacement: 'mesh' },
  {
    source_labels: ['__meta_kubernetes_pod_ip', '__meta_kubernetes_pod_annotation_prometheus_io_port'],
    regex: '(.+);(.+)',
    target_label: '__address__',
    replacement: '$1:$2',
  },
  { source_labels: ['__meta_kubernetes_namespace'], target_label: 'own_namespace' },
  {
    source_labels: ['__meta_kubernetes_pod_controller_kind', '__meta_kubernetes_pod_controller_name'],
    regex: 'ReplicaSet;(.+)-[a-z0-9]+',
    target_label: 'own_workload',
  },
  { source_labels: ['__meta_kubernetes_pod_label_app'], target_label: 'own_app' },
  { source_labels: ['__meta_kubernetes_pod_label_version'], target_label: 'own_version' },
  { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
]

/** The pod that reports is the destination of what it received and the source of what it sent. */
const ownSide = (['destination', 'source'] as const).flatMap(reporter =>
  [
    ['workload', 'workload'],
    ['workload_namespace', 'namespace'],
    ['app', 'app'],
    ['version', 'version'],
  ].map(([label, own]) => ({
    source_labels: ['reporter', `own_${own}`],
    regex: `${reporter};(.+)`,
    target_label: `${reporter}_${label}`,
  })),
)

/**
 * Clusters are named `outbound|<port>|<subset>|<host>`, and at a waypoint `inbound-vip|<port>|http|<host>`; the metadata of the endpoint that answered is
 * `<workload>;<namespace>;<app>;<version>;<cluster>`. Where nobody answered, Istio says "unknown".
 */
const farSide: Relabeling[] = [
  ...['destination_workload', 'destination_workload_namespace', 'destination_app', 'destination_version'].flatMap(
    (label, field): Relabeling[] => [
      { source_labels: ['reporter'], regex: 'source|waypoint', target_label: label, replacement: 'unknown' },
      { source_labels: ['upstream_workload'], regex: `(?:[^;]*;){${field}}([^;]+).*`, target_label: label },
    ],
  ),
  // A pod without the label `version` is "latest" as an endpoint, and "unknown" in Istio's telemetry.
  {
    source_labels: ['destination_version'],
    regex: 'latest',
    target_label: 'destination_version',
    replacement: 'unknown',
  },
  {
    source_labels: ['upstream_cluster'],
    regex: '(?:outbound|inbound-vip)\\|\\d+\\|[^|]*\\|([^;]+);?',
    target_label: 'destination_service',
  },
  {
    source_labels: ['upstream_cluster'],
    regex: '(?:outbound|inbound-vip)\\|\\d+\\|[^|]*\\|([^.]+)\\..+',
    target_label: 'destination_service_name',
  },
  {
    source_labels: ['upstream_cluster'],
    regex: '(?:outbound|inbound-vip)\\|\\d+\\|[^|]*\\|[^.]+\\.([^.]+)\\.svc.*',
    target_label: 'destination_service_namespace',
  },
]

/** As Istio's own filter has it: the server knows whether the caller showed a certificate of the mesh, and a caller never does. */
const security: Relabeling[] = [
  { source_labels: ['reporter'], regex: 'source', target_label: 'connection_security_policy', replacement: 'unknown' },
  // Nothing but a tunnel gets in.
  {
    source_labels: ['reporter'],
    regex: 'waypoint',
    target_label: 'connection_security_policy',
    replacement: 'mutual_tls',
  },
  {
    source_labels: ['reporter'],
    regex: 'destination',
    target_label: 'connection_security_policy',
    replacement: 'none',
  },
  {
    source_labels: ['reporter', 'peer'],
    regex: 'destination;spiffe://.+',
    target_label: 'connection_security_policy',
    replacement: 'mutual_tls',
  },
]

const names: Relabeling[] = [
  {
    source_labels: ['__name__'],
    regex: 'envoy_mesh_requests',
    target_label: '__name__',
    replacement: 'istio_requests_total',
  },
  {
    source_labels: ['__name__'],
    regex: 'envoy_mesh_duration_(bucket|sum|count)',
    target_label: '__name__',
    replacement: 'istio_request_duration_milliseconds_$1',
  },
  { source_labels: ['__name__'], regex: 'istio_.*', action: 'keep' },
  { regex: 'own_.*|upstream_.*|peer', action: 'labeldrop' },
]

/** Where controllers under test may listen: the first that a run starts has the first. */
export const controllerPorts: readonly number[] = Array.from({ length: 30 }, (_, index) => 8101 + index)

export class Prometheus {
  readonly program: Program
  readonly #dir: string
  readonly #kubeconfig: string

  constructor(binaries: Binaries, pki: Pki, dir: string) {
    this.#dir = join(dir, 'prometheus')
    this.#kubeconfig = pki.kubeconfig('prometheus')
    this.program = new Program({
      name: 'prometheus',
      command: [
        binaries.path.prometheus,
        `--config.file=${join(this.#dir, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(this.#dir, 'data')}`,
        `--web.listen-address=${new URL(prometheusUrl).host}`,
      ],
      env: {},
      log: join(dir, 'log', 'prometheus.log'),
    })
  }

  async start(): Promise<void> {
    await mkdir(this.#dir, { recursive: true })
    const config = {
      global: { scrape_interval: '1s', query_log_file: join(this.#dir, 'promql.log') },
      scrape_configs: [
        {
          job_name: 'pods',
          honor_labels: true,
          kubernetes_sd_configs: [{ role: 'pod', kubeconfig_file: this.#kubeconfig }],
          relabel_configs: targets,
          metric_relabel_configs: [...ownSide, ...farSide, ...security, ...names],
        },
        {
          // As docs/monitoring.md has it: a canary's namespace is not that of the pod that is scraped.
          job_name: 'sluice',
          honor_labels: true,
          static_configs: [{ targets: controllerPorts.map(port => `127.0.0.1:${port}`) }],
        },
      ],
    }
    await writeFile(join(this.#dir, 'prometheus.yml'), JSON.stringify(config))
    this.program.start()
    await waitFor('Prometheus is ready', 30, async () => {
      this.program.mustRun()
      return (await fetch(`${prometheusUrl}/-/ready`)).ok
    })
  }

  async stop(): Promise<void> {
    await this.program.stop()
  }

  /** Asks an instant query; an empty answer is an empty list. @param at milliseconds since 1970; left out: now */
  async query(query: string, at?: number): Promise<{ labels: Record<string, string>; value: number }[]> {
    const time = at === undefined ? {} : { time: String(at / 1000) }
    const response = await fetch(`${prometheusUrl}/api/v1/query?${String(new URLSearchParams({ query, ...time }))}`)
    const answer = (await response.json()) as {
      error?: string
      data?: { result: { metric: Record<string, string>; value: [number, string] }[] }
    }
    if (answer.data === undefined) throw new Error(`Prometheus refused ${query}: ${answer.error}`)
    return answer.data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
  }
}
