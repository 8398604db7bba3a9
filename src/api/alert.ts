/** An alert: an AlertProvider that is told of a release, from a severity on. */
import { z } from 'zod'
import { objectName, ruled } from './schema.ts'

/** From the least to the gravest. */
export const SEVERITIES = ['info', 'warn', 'error'] as const
export type Severity = (typeof SEVERITIES)[number]

/** Each alert of a Canary has an entry in `status.pendingEvents` for what it is told, which has room for so many. */
const MOST = 4

const AlertSchema = z.object({
  name: z.string().min(1).max(63).describe('Name of the alert, once per Canary.'),
  severity: z
    .enum(SEVERITIES)
    .default('info')
    .describe(
      'The least severity that is sent: `info` everything, `warn` what may need manual intervention, `error` only releases that failed. Left out: `info`.',
    ),
  providerRef: z
    .object({
      name: objectName().describe('Name of the AlertProvider.'),
      namespace: objectName().exactOptional().describe("If written, the Canary's own namespace."),
    })
    .describe('An AlertProvider of the same namespace.'),
})

export type Alert = z.output<typeof AlertSchema>

/** The alerts of a Canary, none twice. */
export const alertList = () =>
  ruled(z.array(AlertSchema).max(MOST), {
    message: 'each alert needs a name of its own',
    cel: 'self.all(one, self.exists_one(other, other.name == one.name))',
    holds: alerts => new Set(alerts.map(({ name }) => name)).size === alerts.length,
  })
