/** The AlertProvider: where alerts are sent, and in the words of which service. Fields and keys of its Secret are Flagger's. */
import { z } from 'zod'
import { readAlertTemplate } from './alert-template.ts'
import { secretReference } from './credentials.ts'
import { withoutEmpty } from './empty.ts'
import { jsonSchemaOf } from './json-schema.ts'
import type { KubeObject } from './object.ts'
import { readyStatus } from './ready-status.ts'
import { ruled } from './schema.ts'
import { sentencesOf, wording } from './sentences.ts'

/** Git servers: they get the status of a commit, and no message. */
export const GIT_TYPES = ['github', 'gitlab', 'gitea'] as const
export type GitType = (typeof GIT_TYPES)[number]

export const ALERT_TYPES = ['slack', 'msteams', 'discord', 'rocket', 'gchat', 'generic', ...GIT_TYPES] as const
export type AlertType = (typeof ALERT_TYPES)[number]
/** Types that are sent a message. */
export type ChatType = Exclude<AlertType, GitType>

export const isGitType = (type: AlertType): type is GitType => GIT_TYPES.some(one => one === type)

/** Types that name the channel, and the sender, in the message; the address of the others leads to one channel of one sender. */
const WITH_CHANNEL: readonly AlertType[] = ['slack', 'rocket']
const WITH_USERNAME: readonly AlertType[] = ['slack', 'rocket', 'discord']

const celList = (types: readonly AlertType[]): string => `[${types.map(type => `'${type}'`).join(', ')}]`

const GIT_NAMES = `${GIT_TYPES.slice(0, -1).join(', ')} and ${GIT_TYPES.at(-1)}`

/** `shop/web`, `group/subgroup/project`, or `shop/*` for every repository below. */
const REPO_PATTERN = '^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*/([A-Za-z0-9_.-]+|[*])$'

/** Characters of a template. */
const LONGEST_TEMPLATE = 8192

const URL_PATTERN = '(?i)^https?://[^/?# ]+[^ ]*$'
/** CEL cannot tell that a port is too large, or a name of a host is none. */
const isUrl = (url: string): boolean => /^https?:\/\/[^/?# ]+[^ ]*$/i.test(url) && URL.canParse(url)

/**
 * Addresses of the connectors of Office 365, which Microsoft retired
 * (https://devblogs.microsoft.com/microsoft365dev/retirement-of-office-365-connectors-within-microsoft-teams/).
 */
const CONNECTOR_PATTERN = '(?i)^https?://([^/]*\\.)?(webhook\\.office\\.com|outlook\\.office(365)?\\.com)([:/?#]|$)'
export const CONNECTOR_SENTENCE =
  'connectors of Office 365 are retired: create the workflow "Send webhook alerts to a channel" in Teams, and write its URL'
export const isConnector = (url: string): boolean => new RegExp(CONNECTOR_PATTERN.replace('(?i)', ''), 'i').test(url)

const url = (example: string) =>
  ruled(z.string().max(2048), {
    message: `write a URL with http:// or https:// and a host, such as ${example}`,
    cel: `self.matches('${URL_PATTERN}')`,
    holds: isUrl,
  })

/** The schema of `spec`. */
export const AlertProviderSpecSchema = ruled(
  z.object({
    type: z
      .enum(ALERT_TYPES)
      .describe(
        `The service whose messages are sent; \`generic\` is any server that takes JSON. ${GIT_NAMES} get the status of the commit that is released.`,
      ),
    channel: z
      .string()
      .max(80)
      .exactOptional()
      .describe(
        'Channel of slack or rocket. Left out: the one of the address. With a token of Slack it is required: the id, or the name.',
      ),
    username: z
      .string()
      .max(80)
      .exactOptional()
      .describe('Who the message says that it is from, of slack, rocket or discord. Left out: what the service shows.'),
    address: url('https://hooks.slack.com/services/…')
      .exactOptional()
      .describe(
        'Where messages are sent. Who has it can send messages, too: write it in a Secret, unless it needs no secret. Its path and query are shown nowhere. Of a Git server it is the URL of the server; left out: that of GitHub or GitLab.',
      ),
    proxy: url('http://proxy.example.com:3128')
      .exactOptional()
      .describe("HTTP proxy that leads there. Left out: that of the controller's environment, if any."),
    secretRef: secretReference()
      .exactOptional()
      .describe(
        'Secret of this namespace with `address`, and if the server wants one `token`, which is sent as a bearer token. A Git server needs `token`. Of Slack a token alone is enough: it is that of an app with the scope `chat:write`, and the messages of a run are one thread. It is read each time a message is sent.',
      ),
    caSecretRef: secretReference()
      .exactOptional()
      .describe(
        "Secret of this namespace whose `ca.crt` holds, in PEM, the authorities that may have signed the server's certificate. It is read each time a message is sent.",
      ),
    repos: z
      .array(
        ruled(z.string().max(255), {
          message: 'write a repository as owner/name, or owner/* for all of an owner or a group',
          cel: `self.matches('${REPO_PATTERN}')`,
          holds: repo => new RegExp(REPO_PATTERN).test(repo),
        }),
      )
      .max(20)
      .exactOptional()
      .describe(
        'Repositories of a Git server whose commits may get a status, such as `shop/web`, or `shop/*` for all of an owner or a group. Case does not matter.',
      ),
    template: z
      .string()
      .max(LONGEST_TEMPLATE)
      // Only the program can read it: CEL has no JSON.
      .superRefine((text, context) => {
        const read = readAlertTemplate(text)
        if ('problem' in read) context.addIssue({ code: 'custom', message: read.problem })
      })
      .exactOptional()
      .describe(
        'JSON that a generic server gets, in which `{{ message }}` and the other names of docs/alerts.md are replaced within texts. Left out: all of them, as one object.',
      ),
  }),
  {
    message: 'write either address, or secretRef with the name of a Secret that has the key address',
    cel: `self.type in ${celList(GIT_TYPES)} || has(self.address) != has(self.secretRef)`,
    holds: spec => isGitType(spec.type) || (spec.address === undefined) !== (spec.secretRef === undefined),
  },
  {
    message: `${GIT_NAMES} need secretRef: write the name of a Secret that has the key token`,
    cel: `!(self.type in ${celList(GIT_TYPES)}) || has(self.secretRef)`,
    holds: spec => !isGitType(spec.type) || spec.secretRef !== undefined,
  },
  {
    message: `${GIT_NAMES} need repos: write the repositories whose commits may get a status, such as shop/web`,
    cel: `!(self.type in ${celList(GIT_TYPES)}) || has(self.repos)`,
    holds: spec => !isGitType(spec.type) || spec.repos !== undefined,
  },
  {
    message: `repos goes with the types ${GIT_NAMES}: remove it`,
    cel: `!has(self.repos) || self.type in ${celList(GIT_TYPES)}`,
    holds: spec => spec.repos === undefined || isGitType(spec.type),
  },
  {
    message: `channel goes with the types ${WITH_CHANNEL.join(' and ')}: remove it, the address leads to one channel`,
    cel: `!has(self.channel) || self.type in ${celList(WITH_CHANNEL)}`,
    holds: spec => spec.channel === undefined || WITH_CHANNEL.includes(spec.type),
  },
  {
    message: 'username goes with the types slack, rocket and discord: remove it',
    cel: `!has(self.username) || self.type in ${celList(WITH_USERNAME)}`,
    holds: spec => spec.username === undefined || WITH_USERNAME.includes(spec.type),
  },
  {
    message: 'template goes with the type generic: remove it',
    cel: `!has(self.template) || self.type == 'generic'`,
    holds: spec => spec.template === undefined || spec.type === 'generic',
  },
  {
    message: CONNECTOR_SENTENCE,
    cel: `self.type != 'msteams' || !has(self.address) || !self.address.matches('${CONNECTOR_PATTERN.replaceAll('\\', '\\\\')}')`,
    holds: spec => spec.type !== 'msteams' || spec.address === undefined || !isConnector(spec.address),
  },
)

/** `status` of an AlertProvider: whether alerts can be sent, and else why not. */
export const AlertProviderStatusSchema = readyStatus(
  '`Ready`: whether an alert could be sent as it is, and else what is wrong.',
)

const SPEC_JSON_SCHEMA = jsonSchemaOf(AlertProviderSpecSchema)

export type AlertProviderSpec = z.output<typeof AlertProviderSpecSchema>

/** An AlertProvider that was read. */
export interface AlertProvider extends KubeObject {
  readonly spec: AlertProviderSpec
}

/** One that was read, or one sentence a problem, each opening with the path of the field. */
export type ReadAlertProvider = { readonly provider: AlertProvider } | { readonly problems: readonly string[] }

/** Reads an AlertProvider as the API server has it. */
export function parseAlertProvider(object: KubeObject): ReadAlertProvider {
  const written = { ...object, spec: withoutEmpty(object['spec'], SPEC_JSON_SCHEMA) }
  const parsed = z.object({ spec: AlertProviderSpecSchema }).safeParse(written, { error: wording })
  return parsed.success ? { provider: { ...object, spec: parsed.data.spec } } : { problems: sentencesOf(parsed.error) }
}
