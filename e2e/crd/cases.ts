/**
 * What the API must accept and refuse, as a table: one row a rule and one a refused field. The unit tests hold
 * `parseCanary` to it, the end-to-end tests a real API server, and so the two to each other.
 */
import { accepted } from './accepted.ts'
import { alertCases } from './alerts.ts'
import { autoscalers } from './autoscalers.ts'
import { changes } from './changes.ts'
import { durations } from './durations.ts'
import { gatewayApi } from './gateway-api.ts'
import type { Case } from './given.ts'
import { metrics } from './metrics.ts'
import { nginx } from './nginx.ts'
import { notAvailable } from './refused.ts'
import { services } from './services.ts'
import { steps } from './steps.ts'
import { strategies } from './strategies.ts'
import { templates } from './templates.ts'
import { webhooks } from './webhooks.ts'

export type { Case } from './given.ts'

export const cases: readonly Case[] = [
  ...accepted,
  ...notAvailable,
  ...gatewayApi,
  ...nginx,
  ...strategies,
  ...webhooks,
  ...alertCases,
  ...steps,
  ...durations,
  ...metrics,
  ...services,
  ...autoscalers,
  ...changes,
  ...templates,
]
