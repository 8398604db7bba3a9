/** An object of any kind of ours, as the program reads it. */
import { parseAlertProvider } from '../../src/api/alert-provider.ts'
import type { KubeObject } from '../../src/api/object.ts'
import { parseCanary } from '../../src/api/parse-canary.ts'
import { parseMetricTemplate } from '../../src/api/templates.ts'

export type Reading = { readonly spec: unknown } | { readonly problems: readonly string[] }

export function readingOf(object: KubeObject): Reading {
  if (object.kind === 'MetricTemplate') {
    const parsed = parseMetricTemplate(object)
    return 'problems' in parsed ? parsed : parsed.template
  }
  if (object.kind === 'AlertProvider') {
    const parsed = parseAlertProvider(object)
    return 'problems' in parsed ? parsed : parsed.provider
  }
  const parsed = parseCanary(object)
  return 'problems' in parsed ? parsed : parsed.canary
}
