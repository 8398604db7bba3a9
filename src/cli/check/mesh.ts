/** What the cluster has for splitting traffic, and for measuring it. Pure. */
import type { KubeObject } from '../../api/object.ts'
import { kindKey } from '../../api/object.ts'
import { listOf, isRecord, textOf, textsOf } from '../../core/json.ts'
import { routing } from '../../core/routers/index.ts'
import type { ProviderKind } from '../../core/routers/provider.ts'
import { failed, type Finding, listed, ok, unchecked, warning } from './finding.ts'

/** The versions in which a kind is served, by `kindKey`. */
export type Served = ReadonlyMap<string, readonly string[]>

/** Kinds without which a provider cannot work. */
export const neededKinds: readonly ProviderKind[] = Object.values(routing).flatMap(({ kinds }) =>
  kinds.filter(({ optional }) => !optional),
)

export function providersFinding(served: Served): Finding {
  const parts = Object.entries(routing).map(([name, { kinds }]) => {
    const lacking = kinds
      .filter(({ optional }) => !optional)
      .find(({ kind }) => served.get(kindKey(kind))?.includes(kind.version) !== true)
    if (lacking === undefined) return `${name}: yes`
    const versions = served.get(kindKey(lacking.kind)) ?? []
    const is = versions.length === 0 ? 'is not served' : `is served as ${versions.join(', ')} only`
    return `${name}: no (${kindKey(lacking.kind)} ${is})`
  })
  return ok('providers', parts.join('; '))
}

/** @param namespaces those that may be read. @param isAll whether they are all. */
export function meshFinding(hasIstio: boolean, namespaces: readonly KubeObject[], isAll: boolean): Finding {
  if (!hasIstio) return ok('mesh-mode', 'none: Istio is not installed')
  if (namespaces.length === 0)
    return unchecked('mesh-mode', 'Istio is installed; its mode is not known, because namespaces may not be read')
  const labelled = (is: (labels: Readonly<Record<string, string>>) => boolean): number =>
    namespaces.filter(({ metadata }) => is(textsOf(metadata.labels))).length
  const ambient = labelled(labels => labels['istio.io/dataplane-mode'] === 'ambient')
  const sidecar = labelled(
    labels =>
      labels['istio-injection'] === 'enabled' ||
      (labels['istio.io/rev'] !== undefined && labels['istio-injection'] === undefined),
  )
  const of = (count: number): string => (count === 1 ? '1 namespace' : `${count} namespaces`)
  const [only] = namespaces
  const where = isAll || only === undefined ? '' : ` (namespace ${only.metadata.name} alone was read)`
  const modes = [
    ...(sidecar > 0 ? [`sidecar in ${of(sidecar)}`] : []),
    ...(ambient > 0 ? [`ambient in ${of(ambient)}`] : []),
  ]
  return ok(
    'mesh-mode',
    `${modes.length === 0 ? 'no namespace is in the mesh by its labels' : modes.join(', ')}${where}`,
  )
}

/** Which labels the built-in metrics select by (src/core/routers/istio/promql.ts). */
export const NEEDED_LABELS: Readonly<Record<string, readonly string[]>> = {
  istio_requests_total: [
    'reporter',
    'destination_workload',
    'destination_workload_namespace',
    'destination_service',
    'response_code',
    'response_flags',
    'connection_security_policy',
  ],
  istio_request_duration_milliseconds_bucket: [
    'le',
    'reporter',
    'destination_workload',
    'destination_workload_namespace',
    'destination_service',
  ],
}

/** The names in an answer of `/api/v1/labels`; null where it is none of a Prometheus. */
export function labelsIn(body: unknown): readonly string[] | null {
  if (!isRecord(body) || body['status'] !== 'success') return null
  // Thanos and older releases write null for none.
  return listOf(body['data']).map(textOf)
}

/** @param found metric → the labels that its series have; none: there are no series. */
export function labelsFinding(found: ReadonlyMap<string, readonly string[]>): Finding {
  const metrics = Object.keys(NEEDED_LABELS)
  const absent = metrics.filter(metric => (found.get(metric) ?? []).length === 0)
  if (absent.length > 0)
    return warning(
      'metrics-labels',
      `Prometheus has no ${listed(absent)} of the last hour: no request came, or the proxies of Istio are not scraped`,
    )
  const lacking = metrics.flatMap(metric => {
    const missing = (NEEDED_LABELS[metric] ?? []).filter(label => found.get(metric)?.includes(label) !== true)
    return missing.length === 0 ? [] : [`${metric} lacks ${listed(missing)}`]
  })
  return lacking.length === 0
    ? ok('metrics-labels', 'Prometheus has the metrics of Istio with the labels of the built-in metrics')
    : failed(
        'metrics-labels',
        `${lacking.join('; ')}: the built-in metrics would count nothing. Remove the Telemetry or the relabeling that drops them`,
      )
}
