/** Rows about alerts and AlertProviders. */
import { alertProvider, bad, type Case, good, type Json, malformed } from './given.ts'

const alerts = (...all: readonly Json[]): Json => ({ analysis: { alerts: all } })
const onCall = { name: 'on-call', providerRef: { name: 'slack' } }

const git: Json = { type: 'github', address: null, secretRef: { name: 'git' }, repos: ['shop/web'] }
const provider = (name: string, patch: Json, sentence: string | null): Case => ({
  name,
  object: alertProvider(patch),
  sentence,
})
/** CEL has no JSON: only the controller reads a template. */
const template = (name: string, text: string, sentence: string): Case => ({
  ...provider(name, { type: 'generic', template: text }, sentence),
  unseenByServer: true,
})

export const alertCases: readonly Case[] = [
  good('alerts', alerts(onCall, { ...onCall, name: 'errors', severity: 'error' })),
  good(
    'an alert as Flagger has it',
    alerts({ ...onCall, severity: '', providerRef: { name: 'slack', namespace: '' } }),
  ),
  bad('two alerts of one name', alerts(onCall, onCall), 'each alert needs a name of its own', 'spec.analysis.alerts'),
  malformed(
    'an alert of a severity that is none',
    alerts({ ...onCall, severity: 'fatal' }),
    'must be one of info, warn, error',
    'Unsupported value',
    'spec.analysis.alerts[0].severity',
  ),
  malformed(
    'more alerts than there is room for',
    alerts(...[1, 2, 3, 4, 5].map(number => ({ ...onCall, name: `n${number}` }))),
    'must have at most 4 entries',
    'must have at most 4 items',
    'spec.analysis.alerts',
  ),
  {
    ...bad(
      'an AlertProvider of another namespace',
      alerts({ name: 'on-call', providerRef: { name: 'slack', namespace: 'ops' } }),
      'a Canary refers to AlertProviders of its own namespace only',
      'spec.analysis.alerts[0].providerRef.namespace',
    ),
    unseenByServer: true,
  },
  provider('an AlertProvider', {}, null),
  provider('an AlertProvider with a Secret', { address: null, secretRef: { name: 'chat' }, channel: 'ops' }, null),
  provider(
    'an AlertProvider with everything',
    { channel: 'ops', username: 'sluice', proxy: 'http://proxy:3128', caSecretRef: { name: 'ca' } },
    null,
  ),
  provider('an AlertProvider without an address', { address: null }, 'write either address, or secretRef'),
  provider(
    'an AlertProvider with two addresses',
    { secretRef: { name: 'chat' } },
    'write either address, or secretRef',
  ),
  provider('an address that is no URL', { address: 'chat.example.com' }, 'write a URL with http:// or https://'),
  provider('a proxy that is no URL', { proxy: 'socks5://proxy' }, 'write a URL with http:// or https://'),
  provider('a channel of Discord', { type: 'discord', channel: 'ops' }, 'channel goes with the types slack and rocket'),
  provider('a user name of Teams', { type: 'msteams', username: 'x' }, 'username goes with the types slack, rocket'),
  provider('a template of Slack', { template: '{}' }, 'template goes with the type generic'),
  provider(
    'a connector of Office 365',
    { type: 'msteams', address: 'https://acme.webhook.office.com/webhookb2/1@2/IncomingWebhook/3/4' },
    'connectors of Office 365 are retired',
  ),
  provider(
    'a workflow of Teams',
    { type: 'msteams', address: 'https://prod-1.westus.logic.azure.com/workflows/1?sig=2' },
    null,
  ),
  provider('a Git server', { ...git }, null),
  provider('a Git server with an address', { ...git, type: 'gitea', address: 'https://git.example.com' }, null),
  provider('a Git server with groups', { ...git, type: 'gitlab', repos: ['shop/teams/web', 'shop/*'] }, null),
  provider('a Git server without a Secret', { ...git, secretRef: null }, 'github, gitlab and gitea need secretRef'),
  provider('a Git server without repositories', { ...git, repos: [] }, 'github, gitlab and gitea need repos'),
  provider('a repository without an owner', { ...git, repos: ['web'] }, 'write a repository as owner/name'),
  provider('any repository', { ...git, repos: ['*'] }, 'write a repository as owner/name'),
  provider('repositories of a chat', { repos: ['shop/web'] }, 'repos goes with the types github, gitlab and gitea'),
  template('a template that is no JSON', '{"text": {{ message }}}', 'is no JSON'),
  template(
    'a template with a name that is none',
    '{"text": "{{ massage }}"}',
    '{{ massage }} is not known; use one of',
  ),
  template(
    'a template that grows',
    `{"text": "${'{{ message }}'.repeat(100)}"}`,
    'may be longer than 20000 characters when it is filled in',
  ),
]
