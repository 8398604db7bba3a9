/** Any server that takes JSON: the template of its AlertProvider, or all that is known. */
import { type AlertName, filledTemplate, readAlertTemplate } from '../../api/alert-template.ts'
import type { AlertMessage } from '../../core/model/alert.ts'
import type { Style } from './words.ts'

/** @param template that was read with the AlertProvider; undefined: none is written. */
export function genericBody(alert: AlertMessage, { id }: Style, template: string | undefined): unknown {
  const { canary, metric, at, weight, namespace, severity, reason, message, ...rest } = alert
  const { phase, revision, image, promoted, next, run, link, traceId, traceLink } = rest
  const time = new Date(at).toISOString()
  const told = { id, namespace, name: canary, severity, reason, message, phase }
  const failed = { metric: metric?.name ?? '', value: metric?.value ?? '', limit: metric?.limit ?? '' }
  const traced = { time, link, traceId, traceLink }
  const values = { ...told, weight: String(weight), revision, image, promoted, ...failed, next, run, ...traced }
  const read = template === undefined ? null : readAlertTemplate(template)
  if (read === null || 'problem' in read) return { ...values, weight }
  return filledTemplate(read.template, values satisfies Readonly<Record<AlertName, string>>)
}
