/**
 * Slack: an incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks), or with a token chat.postMessage
 * (https://docs.slack.dev/reference/methods/chat.postMessage), with secondary attachments for the color and the fields
 * (https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments).
 */
import type { AlertMessage, AlertOutcome } from '../../core/model/alert.ts'
import { at, textOf } from '../../core/json.ts'
import { type Body, COLORS, factsOf, type Style, titleOf, TRACES } from './words.ts'

export const SLACK_API = 'https://slack.com/api/chat.postMessage'

/** The method of the Web API, wherever it is served: it answers 200 to what it refuses, too. */
export const isSlackApi = (url: URL): boolean => url.pathname.endsWith('/api/chat.postMessage')

export function slackBody(alert: AlertMessage, { channel, username, thread, id }: Style): Body {
  const title = escaped(titleOf(alert))
  return {
    ...(channel === '' ? {} : { channel }),
    ...(username === '' ? {} : { username }),
    ...(thread === null ? {} : { thread_ts: thread }),
    text: `*${title}*`,
    unfurl_links: false,
    attachments: [
      {
        color: COLORS[alert.severity],
        fallback: escaped(alert.message),
        text: escaped(alert.message),
        mrkdwn_in: ['text'],
        fields: [
          ...factsOf(alert).map(([name, value]) => ({
            title: name,
            value: escaped(value),
            short: value.length < 40,
          })),
          ...(alert.traceLink === '' ? [] : [{ title: TRACES, value: `<${escaped(alert.traceLink)}>`, short: false }]),
        ],
        ts: Math.floor(alert.at / 1000),
        ...(alert.link === '' ? {} : { title: 'Open the dashboard', title_link: alert.link }),
      },
    ],
    // Tells a repeat from another message (https://docs.slack.dev/messaging/message-metadata).
    metadata: { event_type: 'sluice_alert', event_payload: { id } },
  }
}

/** Slack's own characters (https://docs.slack.dev/messaging/formatting-message-text): without this a text could call everyone. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** A time that names a message: `1503435956.000247`. It is kept in the status, and any server may be called Slack. */
const TIMESTAMP = /^\d{1,12}\.\d{1,12}$/

/** Errors of the method that speak of the message (https://docs.slack.dev/reference/methods/chat.postMessage#errors): it will not be taken later. */
const OF_THE_CONTENT: readonly string[] = [
  'attachment_payload_limit_exceeded',
  'invalid_attachments',
  'invalid_blocks',
  'invalid_blocks_format',
  'invalid_metadata_format',
  'invalid_metadata_schema',
  'markdown_text_conflict',
  'metadata_too_large',
  'msg_blocks_too_long',
  'msg_too_long',
  'no_text',
  'too_many_attachments',
]

/** Errors that speak of the channel, the app or its token: the messages wait until a user has mended them. */
const OF_THE_CALLER: readonly string[] = [
  'access_denied',
  'accesslimited',
  'account_inactive',
  'as_user_not_supported',
  'channel_not_found',
  'ekm_access_denied',
  'enterprise_is_restricted',
  'invalid_auth',
  'is_archived',
  'missing_scope',
  'no_permission',
  'not_allowed_token_type',
  'not_authed',
  'not_in_channel',
  'restricted_action',
  'restricted_action_read_only_channel',
  'restricted_action_thread_locked',
  'restricted_action_thread_only_channel',
  'team_access_not_granted',
  'team_not_found',
  'token_expired',
  'token_revoked',
  'two_factor_setup_required',
]

/**
 * What an answer 200 of the Web API says.
 *
 * @param redact hides in a text what the server was shown.
 */
export function slackOutcome(body: unknown, redact: (text: string) => string): AlertOutcome {
  const thread = textOf(at(body, 'ts'))
  if (at(body, 'ok') === true) return { kind: 'delivered', thread: TIMESTAMP.test(thread) ? thread : null }
  // A word of Slack's, such as channel_not_found.
  const word = redact(textOf(at(body, 'error')))
    .replaceAll(/[^\w.-]/g, '')
    .slice(0, 64)
  const error = `answered ${word === '' ? 'something that is not of Slack' : word}`
  if (OF_THE_CONTENT.includes(word)) return { kind: 'refused', error }
  return OF_THE_CALLER.includes(word) ? { kind: 'rejected', error } : { kind: 'failed', error, after: null }
}
