/** Istio's standard metrics: which series a request is counted in, and under which labels (https://istio.io/latest/docs/reference/config/metrics/). */
import type { Backend, Try } from './courses.ts'
import { BOUNDS } from '../workloads/latency.ts'
import type { Flow } from './mesh.ts'
import { inOrder, type Labels, NAME } from '../prometheus/labels.ts'

/** Who has the series at its proxy, and is scraped for it. */
export interface Target {
  readonly namespace: string
  readonly pod: string
  readonly labels: Readonly<Record<string, string>>
}

/** The requests of one reporter that have all labels in common. */
export class Requests {
  readonly #labels: readonly Labels[]
  /** Total, sum, count, then the buckets. */
  readonly #values: number[]

  constructor(labels: Labels) {
    const bucket = 'istio_request_duration_milliseconds_bucket'
    // A member that is there already keeps its place, so all are in order when these two are.
    const [plain, bounded] = [{}, { le: '+Inf' }].map(more => inOrder({ [NAME]: bucket, ...labels, ...more }))
    const named = (name: string): Labels => ({ ...plain, [NAME]: name })
    this.#labels = [
      named('istio_requests_total'),
      named('istio_request_duration_milliseconds_sum'),
      named('istio_request_duration_milliseconds_count'),
      ...[...BOUNDS, '+Inf'].map(bound => ({ ...bounded, le: String(bound) })),
    ]
    this.#values = this.#labels.map(() => 0)
  }

  /** @param buckets how many fell into each bucket; a bucket stands for the middle of it. */
  add(buckets: readonly number[]): void {
    const values = this.#values
    let count = 0
    let sum = 0
    for (const [index, part] of buckets.entries()) {
      const low = BOUNDS[index - 1] ?? 0
      count += part
      sum += (part * (low + (BOUNDS[index] ?? low))) / 2
      values[3 + index] = (values[3 + index] ?? 0) + count
    }
    for (const [index, growth] of [count, sum, count].entries()) values[index] = (values[index] ?? 0) + growth
  }

  *exposed(): Iterable<readonly [Labels, number]> {
    for (const [index, labels] of this.#labels.entries()) yield [labels, this.#values[index] ?? 0]
  }
}

const UNKNOWN = 'unknown'
const NAMES = ['service.istio.io/canonical-name', 'app.kubernetes.io/name', 'app'] as const
const REVISIONS = ['service.istio.io/canonical-revision', 'app.kubernetes.io/version', 'version'] as const

/** What tells the series of one pod apart, in short. */
export function seriesKey(flow: Flow, backend: Backend | null, code: number, flag: string): string {
  const { service, namespace, load } = flow
  const { pod } = sourceOf(flow)
  const labels = [...NAMES, ...REVISIONS].map(name => backend?.labels[name])
  const to = service === '' ? [load.host] : [service, namespace, backend?.namespace, backend?.workload, ...labels]
  return [load.namespace, pod, ...to, code, flag].join('\0')
}

/** The pod that sends a flow's requests: one for each client. */
export function sourceOf({ load }: Flow): Target {
  const gateway = load.gateway !== undefined && load.gateway !== 'mesh'
  const client = load.client ?? (gateway ? 'istio-ingressgateway' : 'load')
  return { namespace: load.namespace, pod: `${client}-0`, labels: { app: client, ...load.labels } }
}

/** The labels at the caller's proxy. */
export function sentLabels(flow: Flow): Labels {
  const { service, namespace, load, backend, code, flag } = flow
  // Without a cluster Istio has nothing but the Host header.
  const known = service !== ''
  return {
    ...scrapedFrom(sourceOf(flow)),
    reporter: 'source',
    ...clientLabels(flow),
    ...sideLabels('destination', backend),
    destination_service: known ? `${service}.${namespace}.svc.cluster.local` : load.host,
    destination_service_name: known ? service : UNKNOWN,
    destination_service_namespace: known ? namespace : UNKNOWN,
    ...answerLabels(code, flag),
    connection_security_policy: UNKNOWN,
  }
}

/** The labels at the proxy of the pod that was tried. */
export function receivedLabels(flow: Flow, { backend, code, flag }: Try, pod: string): Labels {
  const { service, namespace } = flow
  return {
    ...scrapedFrom({ namespace: backend.namespace, pod, labels: backend.labels }),
    reporter: 'destination',
    ...clientLabels(flow),
    ...sideLabels('destination', backend),
    destination_service: `${service}.${namespace}.svc.cluster.local`,
    destination_service_name: service,
    destination_service_namespace: namespace,
    ...answerLabels(code, flag),
    connection_security_policy: 'mutual_tls',
  }
}

/** What Prometheus adds to what it scrapes, with the labels of the pod, as in Istio's own sample configuration. */
function scrapedFrom({ namespace, pod, labels }: Target): Labels {
  const mapped = Object.entries(labels).map(([name, value]) => [name.replace(/\W/g, '_'), value])
  return { ...Object.fromEntries(mapped), job: 'kubernetes-pods', instance: `${pod}:15020`, namespace, pod } as Labels
}

function clientLabels(flow: Flow): Labels {
  const { namespace, labels } = sourceOf(flow)
  const workload = labels['app'] ?? ''
  return sideLabels('source', { namespace, workload, labels, serviceAccount: workload })
}

type Side = Pick<Backend, 'namespace' | 'workload' | 'labels' | 'serviceAccount'>

function sideLabels(side: 'source' | 'destination', about: Side | null): Labels {
  const labels = about?.labels ?? {}
  const workload = about?.workload ?? UNKNOWN
  const first = (names: readonly string[], otherwise: string): string =>
    names.map(name => labels[name]).find(value => value !== undefined) ?? otherwise
  return {
    [`${side}_workload`]: workload,
    [`${side}_workload_namespace`]: about?.namespace ?? UNKNOWN,
    [`${side}_principal`]: about ? `spiffe://cluster.local/ns/${about.namespace}/sa/${about.serviceAccount}` : UNKNOWN,
    [`${side}_app`]: labels['app'] ?? UNKNOWN,
    [`${side}_version`]: labels['version'] ?? UNKNOWN,
    [`${side}_canonical_service`]: first(NAMES, workload),
    [`${side}_canonical_revision`]: first(REVISIONS, about ? 'latest' : UNKNOWN),
    [`${side}_cluster`]: about ? 'Kubernetes' : UNKNOWN,
  }
}

/** A request of HTTP has no gRPC status, and a label without a value is no label. */
const answerLabels = (code: number, flag: string): Labels => ({
  request_protocol: 'http',
  response_code: String(code),
  response_flags: flag === '' ? '-' : flag,
  grpc_response_status: '',
})
