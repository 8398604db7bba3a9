/** Rows for webhooks: what is accepted, and what makes no sense. */
import { HOOK_TYPES } from '../../src/api/webhook.ts'
import { bad, type Case, good, type Json, malformed } from './given.ts'

const gate = { name: 'gate', type: 'confirm-promotion', url: 'https://gate.test/check?team=shop' }
const hooks = (...webhooks: readonly Json[]): Json => ({ analysis: { webhooks } })
const of = (more: Json): Json => hooks({ ...gate, ...more })

export const webhooks: readonly Case[] = [
  good('a webhook of each type', {
    analysis: {
      webhooks: HOOK_TYPES.map(type => ({ ...gate, name: type, type })),
    },
  }),
  good(
    'everything that a webhook may say',
    of({
      timeout: '1m30s',
      retries: 3,
      metadata: { type: 'bash', cmd: 'curl -s http://web-canary/' },
      muteAlert: true,
      headers: { 'X-Team': ['shop'] },
      secretRef: { name: 'gate' },
      caSecretRef: { name: 'gate-ca' },
    }),
  ),
  good('a webhook without a type, which is rollout', hooks({ name: 'load-test', url: 'http://loadtester.test/' })),
  good('any certificate', of({ disableTLS: true })),
  malformed('a webhook without a URL', hooks({ name: 'gate' }), 'is required', 'Required value'),
  malformed('an unknown type', of({ type: 'confirm' }), 'must be one of confirm-rollout', 'Unsupported value'),
  bad('two webhooks of one name', hooks(gate, { ...gate, type: 'rollback' }), 'each webhook needs a name of its own'),
  bad('a URL without a scheme', of({ url: 'gate.test/check' }), 'write a URL with http:// or https://'),
  bad('a URL without a host', of({ url: 'http:///check' }), 'write a URL with http:// or https://'),
  bad('another scheme', of({ url: 'ftp://gate.test/' }), 'write a URL with http:// or https://'),
  bad('a timeout that is none', of({ timeout: '10' }), 'write a duration with its unit'),
  bad('no time at all', of({ timeout: '0s' }), 'from 100ms to 1h'),
  bad('a timeout of hours', of({ timeout: '2h' }), 'from 100ms to 1h'),
  malformed('too many retries', of({ retries: 11 }), 'must be at most 10', 'should be less than or equal to 10'),
  malformed('metadata that is no text', of({ metadata: { count: 1 } }), 'must be text', 'must be of type string'),
  malformed(
    'metadata without end',
    of({ metadata: { long: 'x'.repeat(4097) } }),
    'must have at most 4096 characters',
    'may not be more than 4096 bytes',
  ),
  bad('a header of our own', of({ headers: { 'Idempotency-Key': ['1'] } }), 'are set by Sluice: remove them'),
  bad('a header of two lines', of({ headers: { 'X-Team': ['shop\r\nX-Admin: true'] } }), 'without line breaks'),
  bad(
    'two ways to say who calls',
    of({ secretRef: { name: 'gate' }, headers: { Authorization: ['Bearer x'] } }),
    'secretRef and a header Authorization both say who calls',
  ),
  bad(
    'authorities beside any certificate',
    of({ disableTLS: true, caSecretRef: { name: 'ca' } }),
    'disableTLS accepts any certificate, so caSecretRef has no effect',
  ),
  bad(
    'authorities without TLS',
    of({ url: 'http://gate.test/', caSecretRef: { name: 'ca' } }),
    'caSecretRef goes with a URL that begins with https://',
  ),
  bad(
    'more that is told than the status has room for',
    hooks(...['a', 'b', 'c', 'd', 'e'].map(name => ({ ...gate, name, type: 'event' }))),
    'at most 4 webhooks can have type event',
  ),
]
