/** Rocket.Chat: an incoming integration (https://docs.rocket.chat/docs/integrations). */
import type { AlertMessage } from '../../core/model/alert.ts'
import { type Body, COLORS, factsOf, type Style, titleOf, TRACES } from './words.ts'

export function rocketBody(alert: AlertMessage, { channel, username }: Style): Body {
  return {
    ...(channel === '' ? {} : { channel }),
    ...(username === '' ? {} : { alias: username }),
    text: quiet(titleOf(alert)),
    attachments: [
      {
        color: COLORS[alert.severity],
        title: alert.link === '' ? quiet(alert.reason) : 'Open the dashboard',
        ...(alert.link === '' ? {} : { title_link: alert.link }),
        text: quiet(alert.message),
        ts: new Date(alert.at).toISOString(),
        fields: [
          ...factsOf(alert).map(([name, value]) => ({ title: name, value: quiet(value), short: value.length < 40 })),
          ...(alert.traceLink === '' ? [] : [{ title: TRACES, value: alert.traceLink, short: false }]),
        ],
      },
    ],
  }
}

/** A space without width after each @, so that a text calls no one. */
const quiet = (text: string): string => text.replaceAll('@', '@\u200b')
