/** The MetricTemplates that a Canary names, each version parsed once. */
import { kinds, type KubeObject } from '../api/object.ts'
import type { Canary } from '../api/canary.ts'
import { parseMetricTemplate, type MetricTemplate } from '../api/templates.ts'
import { isRecord } from '../core/json.ts'
import type { Observation } from '../core/model/observation.ts'
import { refusalOf } from '../runtime/object-limits.ts'
import type { TrackedReader } from './reader.ts'

type ReadMetricTemplate = ReturnType<typeof parseMetricTemplate>

/** By spec, which an object in the cache shares with the versions before that had the same: its status, or a label, makes no other one. */
const parsedTemplates = new WeakMap<object, ReadMetricTemplate>()

/** A MetricTemplate as it is kept, read; or what is wrong with it. The same value for as long as its spec is the same. */
export function readMetricTemplate(object: KubeObject): ReadMetricTemplate {
  const { spec } = object
  const version = isRecord(spec) ? spec : object
  const known = parsedTemplates.get(version)
  if (known !== undefined) return known
  const refusal = refusalOf(object)
  const parsed = refusal === null ? parseMetricTemplate(object) : { problems: [refusal] }
  parsedTemplates.set(version, parsed)
  return parsed
}

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
    const parsed = readMetricTemplate(object)
    if ('template' in parsed) templates[templateRef.name] = parsed.template
    else unreadableTemplates[templateRef.name] = parsed.problems
  }
  return { templates, unreadableTemplates }
}
