/** The MetricTemplates that a Canary names, each version parsed once. */
import { kinds, type KubeObject } from '../api/object.ts'
import type { Canary } from '../api/canary.ts'
import { parseMetricTemplate, type MetricTemplate } from '../api/templates.ts'
import type { Observation } from '../core/model/observation.ts'
import { refusalOf } from '../runtime/object-limits.ts'
import type { TrackedReader } from './reader.ts'

const parsedTemplates = new WeakMap<KubeObject, ReturnType<typeof parseMetricTemplate>>()

/** The MetricTemplates that the analysis names, and what is wrong with those that cannot be read. */
export function readMetricTemplates(
  reader: TrackedReader,
  canary: Canary,
): Pick<Observation, 'templates' | 'unreadableTemplates'> {
  const { metrics, steps = [] } = canary.spec.analysis
  const templates: Record<string, MetricTemplate> = {}
  const unreadableTemplates: Record<string, readonly string[]> = {}
  for (const { templateRef } of [...metrics, ...steps.flatMap(step => step.metrics)]) {
    if (templateRef === undefined) continue
    const object = reader.get({
      kind: kinds.MetricTemplate,
      namespace: canary.metadata.namespace ?? '',
      name: templateRef.name,
    })
    if (object === undefined) continue
    const refusal = refusalOf(object)
    const parsed =
      refusal === null ? (parsedTemplates.get(object) ?? parseMetricTemplate(object)) : { problems: [refusal] }
    parsedTemplates.set(object, parsed)
    if ('template' in parsed) templates[templateRef.name] = parsed.template
    else unreadableTemplates[templateRef.name] = parsed.problems
  }
  return { templates, unreadableTemplates }
}
