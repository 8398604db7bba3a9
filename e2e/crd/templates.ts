/** Rows about MetricTemplates. */
import { type Case, template } from './given.ts'

type Json = Readonly<Record<string, unknown>>

const provider = (patch: Json): { provider: Json } => ({ provider: patch })
const good = (name: string, patch: Json): Case => template(name, provider(patch), null)
const bad = (name: string, patch: Json, sentence: string): Case => template(name, provider(patch), sentence)
/** Refused by the schema itself: the API server has words of its own. */
const malformed = (name: string, patch: Json, sentence: string, server: string): Case => ({
  ...bad(name, patch, sentence),
  server,
})

const named = { name: 'prom' }
const many = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`x-${i}`, ['1']]))

export const templates: readonly Case[] = [
  template('a template', {}, null),
  good('a template with an address', { address: 'http://prometheus:9090' }),
  bad('a template of Datadog', { type: 'datadog' }, 'only the type prometheus is supported so far'),
  bad('a template without an URL', { address: 'prometheus:9090' }, 'write the URL of a Prometheus'),
  bad('region', { region: 'eu-central-1' }, 'region belongs to CloudWatch'),
  good('headers of a template', { headers: { 'X-Scope-OrgID': ['a', 'b'], Authorization: ['Bearer x'] } }),
  good('a template with everything', {
    address: 'https://prometheus:9090',
    headers: { 'X-Scope-OrgID': ['a'] },
    secretRef: named,
    caSecretRef: named,
  }),
  good('a template that accepts any certificate', { address: 'https://prometheus:9090', insecureSkipVerify: true }),
  good('a template that says nothing about its server', {
    address: 'http://prometheus:9090',
    headers: {},
    secretRef: { name: '' },
    caSecretRef: {},
    insecureSkipVerify: false,
  }),
  bad('a header with a colon', { headers: { 'X-Scope:': ['a'] } }, 'a name of a header has at most 100 letters'),
  bad('a header of ours', { headers: { HOST: ['a'] } }, 'are set by Sluice: remove them'),
  bad('a header that is two', { headers: { 'x-a': ['b\r\nx-c: d'] } }, 'values of headers are printable ASCII'),
  malformed('a header of one text', { headers: { 'x-a': 'b' } }, 'must be a list of texts', 'must be of type array'),
  malformed('too many headers', { headers: many }, 'must have at most 20 entries', 'must have at most 20'),
  malformed('a header of a megabyte', { headers: { 'x-a': ['a'.repeat(5000)] } }, 'must have at most 4096', 'Too long'),
  malformed('a secretRef of text', { secretRef: 'prom' }, 'must be an object', 'must be of type object'),
  bad(
    'a token and a header Authorization',
    { secretRef: named, headers: { authorization: ['Bearer x'] } },
    'secretRef and a header Authorization both say who calls',
  ),
  bad(
    'a CA, and any certificate',
    { caSecretRef: named, insecureSkipVerify: true },
    'insecureSkipVerify accepts any certificate',
  ),
  bad(
    'a CA without TLS',
    { address: 'http://prometheus:9090', caSecretRef: named },
    'a server of http has no certificate',
  ),
  bad(
    'a password in the address',
    { address: 'https://kim:secret@prometheus:9090' },
    'a user and a password in address are not used',
  ),
]
