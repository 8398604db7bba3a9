/**
 * Slack: an incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks), or with a token chat.postMessage
 * (https://docs.slack.dev/reference/methods/chat.postMessage), with secondary attachments for the color and the fields
 * (https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments).
 */
import type { AlertMessage, AlertOutcome } from '../../core/model/alert.ts'
import { at, textOf } from '../../core/json.ts'
import { type Body, COLORS, factsOf, type Style, titleOf } from './words.ts'

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
        fields: factsOf(alert).map(([name, value]) => ({
          title: name,
          value: escaped(value),
          short: value.length < 40,
        })),
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

/**
 * What an answer 200 of the Web API says.
 *
 * @param redact hides in a text what the server was shown.
 */
export function slackOutcome(body: unknown, redact: (text: string) => string): AlertOutcome {
  const thread = textOf(at(body, 'ts'))
  if (at(body, 'ok') === true) return { kind: 'delivered', thread: TIMESTAMP.test(thread) ? thread : null }
  // A word of Slack's, such as channel_not_found.
  const error = redact(textOf(at(body, 'error')))
    .replaceAll(/[^\w.-]/g, '')
    .slice(0, 64)
  return { kind: 'failed', error: `answered ${error === '' ? 'something that is not of Slack' : error}`, after: null }
}
