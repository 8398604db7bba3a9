/**
 * Users' queries, each asked once before a release needs it: a query that does not parse, or gives several series, is a setting to
 * put right at rest, and not what a release finds out at its first check.
 */
import type { Access } from '../../api/credentials.ts'
import type { Metric } from '../../api/metric.ts'
import type { Check } from '../model/check.ts'
import { entryOf, fingerprint } from '../json.ts'
import type { Observation } from '../model/observation.ts'
import { promDuration } from './promql.ts'
import { fillIn, type Rendered, type TemplateNames, templateOf } from './templates.ts'

/** A metric with a query, as it is asked over its whole interval. */
export interface AskedMetric {
  /** The path by which sentences name it. */
  readonly path: string
  readonly metric: Metric
  readonly rendered: Rendered
  /** Id of the check by which it is tried. */
  readonly id: string
  readonly server: string | null
  readonly access: Access | null
}

/** No metric decides where the analysis is skipped, or was approved in full: what is wrong with one delays no hotfix. */
export const isUnjudged = ({ canary, state }: Observation): boolean =>
  canary.spec.skipAnalysis || ('approved' in state && state.approved === 'full')

/** Every metric that may decide, with the path by which sentences name it. */
export function metricsOf(o: Observation): { readonly path: string; readonly metric: Metric }[] {
  if (isUnjudged(o)) return []
  const { metrics, steps } = o.canary.spec.analysis
  return [
    ...metrics.map((metric, i) => ({ path: `spec.analysis.metrics[${i}]`, metric })),
    ...(steps ?? []).flatMap((step, s) =>
      step.metrics.map((metric, i) => ({ path: `spec.analysis.steps[${s}].metrics[${i}]`, metric })),
    ),
  ]
}

/** The metrics with a query; those whose MetricTemplate is not there are left out. */
export function askedMetrics(o: Observation): AskedMetric[] {
  const { namespace, canary: name } = o.names
  const [target, service] = [o.names.target.name, o.names.apexService.name]
  return metricsOf(o).flatMap(({ path, metric }) => {
    const template = metric.templateRef === undefined ? undefined : entryOf(o.templates, metric.templateRef.name)
    const text = metric.query ?? template?.spec.query
    if (text === undefined) return []
    const interval = promDuration(metric.interval)
    const names: TemplateNames = { name, namespace, target, service, ingress: target, route: target, interval }
    const rendered = fillIn(templateOf(metric, text), names)
    const server = template?.spec.provider.address ?? o.canary.spec.metricsServer ?? null
    const access = template?.spec.provider.access ?? null
    return [{ path, metric, rendered, server, access, id: trialId(rendered, server, access) }]
  })
}

/** URLs of the metrics servers that a Canary's metrics are read from; those that want credentials of a MetricTemplate are left out. */
export function metricsServersOf(o: Observation): string[] {
  if (o.state.phase === 'Terminating') return []
  const own = o.canary.spec.metricsServer ?? o.settings.metricsServers[0]
  const servers = metricsOf(o).flatMap(({ metric: { templateRef } }) => {
    const provider = templateRef === undefined ? undefined : entryOf(o.templates, templateRef.name)?.spec.provider
    return provider?.access ? [] : (provider?.address ?? own ?? [])
  })
  return [...new Set(servers)]
}

const trialId = (rendered: Rendered, server: string | null, access: Access | null): string =>
  `trial/${fingerprint(access === null ? [rendered, server] : [rendered, server, access])}`

/** What there is to try; nothing while the Canary is being deleted. */
export function trialQuestions(o: Observation): Check[] {
  if (o.state.phase === 'Terminating') return []
  const { namespace, target } = o.names
  const checks = new Map<string, Check>()
  for (const { id, metric, rendered, server, access } of askedMetrics(o)) {
    if ('problem' in rendered) continue
    const subject = {
      measure: 'value',
      side: 'canary',
      namespace,
      workload: target.name,
      window: metric.interval,
    } as const
    checks.set(id, { id, query: rendered.query, server, ...(access === null ? {} : { access }), subject })
  }
  return [...checks.values()]
}
