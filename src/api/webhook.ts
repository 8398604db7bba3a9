/** A webhook: a URL that Sluice calls at one moment of a release, as a gate or a notification. Types and payload are Flagger's. */
import { z } from 'zod'
import { accessFields, ACCESS_RULES } from './credentials.ts'
import { DURATION_PATTERN } from './duration.ts'
import { duration, ruled, texts } from './schema.ts'

/** When each type is called, and what its answer does, is in docs/webhooks.md. */
export const HOOK_TYPES = [
  'confirm-rollout',
  'pre-rollout',
  'rollout',
  'confirm-traffic-increase',
  'confirm-promotion',
  'post-rollout',
  'rollback',
  'event',
] as const
export type HookType = (typeof HOOK_TYPES)[number]

/** Types whose calls wait in `status.pendingEvents`, which has room for so many hooks of each. */
const TOLD = ['post-rollout', 'event'] as const
const MOST_TOLD = 4

const SECOND = 1000
const HOUR = 3_600 * SECOND

const [AUTHORIZATION_RULE] = ACCESS_RULES

const isSecure = (url: string): boolean => /^https:/i.test(url)
const CEL_SECURE = `self.url.matches('(?i)^https:')`

export const WebhookSchema = ruled(
  z.object({
    name: z.string().min(1).max(63).describe('Name of the webhook, once per Canary.'),
    type: z
      .enum(HOOK_TYPES)
      .default('rollout')
      .describe('When it is called, and what its answer does. Left out: `rollout`.'),
    url: ruled(z.string().max(2048), {
      message: 'write a URL with http:// or https:// and a host, such as http://loadtester.test/',
      cel: `self.matches('(?i)^https?://[^/?# ]+[^ ]*$')`,
      holds: url => /^https?:\/\/[^/?# ]+[^ ]*$/i.test(url),
    }).describe('Where the request goes. Its path and query are shown nowhere: they may hold a secret.'),
    timeout: ruled(duration(), {
      message: 'from 100ms to 1h',
      cel: `!self.matches('${DURATION_PATTERN}') || (duration(self) >= duration('100ms') && duration(self) <= duration('1h'))`,
      holds: timeout => Number.isNaN(timeout) || (timeout >= SECOND / 10 && timeout <= HOUR),
    })
      .prefault('10s')
      .describe('How long one attempt may take, from resolving the name to the last byte of the answer.'),
    retries: z
      .int()
      .min(0)
      .max(10)
      .default(0)
      .describe(
        'How often an attempt is repeated that got no answer, or 429 or 5xx; the time between them grows. A call ends after an hour in any case.',
      ),
    metadata: texts({ entries: 32, length: 4096 }).exactOptional().describe('Goes into the payload as it is.'),
    muteAlert: z
      .boolean()
      .default(false)
      .describe('Whether waiting for this webhook is an Event of type Normal instead of a Warning.'),
    disableTLS: z.boolean().default(false).describe('Accepts any certificate.'),
    ...accessFields({ values: 2, length: 2048 }),
  }),
  {
    message: 'disableTLS accepts any certificate, so caSecretRef has no effect: remove one of them',
    cel: '!(has(self.disableTLS) && self.disableTLS && has(self.caSecretRef))',
    holds: hook => !hook.disableTLS || hook.caSecretRef === undefined,
  },
  {
    message: 'caSecretRef goes with a URL that begins with https://',
    cel: `!has(self.caSecretRef) || ${CEL_SECURE}`,
    holds: hook => hook.caSecretRef === undefined || isSecure(hook.url),
  },
  AUTHORIZATION_RULE,
)

export type Webhook = z.output<typeof WebhookSchema>

/** The webhooks of a Canary, none twice. */
export const webhookList = () =>
  ruled(
    z.array(WebhookSchema).max(20),
    {
      message: 'each webhook needs a name of its own',
      cel: 'self.all(one, self.exists_one(other, other.name == one.name))',
      holds: hooks => new Set(hooks.map(hook => hook.name)).size === hooks.length,
    },
    ...TOLD.map(type => ({
      message: `at most ${MOST_TOLD} webhooks can have type ${type}: let one of them call the others`,
      cel: `self.filter(one, has(one.type) && one.type == '${type}').size() <= ${MOST_TOLD}`,
      holds: (hooks: readonly Webhook[]): boolean => hooks.filter(hook => hook.type === type).length <= MOST_TOLD,
    })),
  )
