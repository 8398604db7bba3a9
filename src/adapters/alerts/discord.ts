/** Discord: a webhook that is executed (https://discord.com/developers/docs/resources/webhook#execute-webhook). */
import type { AlertMessage } from '../../core/model/alert.ts'
import { type Body, COLORS, factsOf, type Style, titleOf, TRACES } from './words.ts'

export function discordBody(alert: AlertMessage, { username }: Style): Body {
  return {
    ...(username === '' ? {} : { username }),
    // No text calls anyone.
    allowed_mentions: { parse: [] },
    embeds: [
      {
        title: titleOf(alert).slice(0, 256),
        description: escaped(alert.message),
        color: Number.parseInt(COLORS[alert.severity].slice(1), 16),
        timestamp: new Date(alert.at).toISOString(),
        fields: [
          ...factsOf(alert).map(([name, value]) => ({ name, value: escaped(value), inline: value.length < 40 })),
          ...(alert.traceLink === '' ? [] : [{ name: TRACES, value: `<${alert.traceLink}>`, inline: false }]),
        ],
        ...(alert.link === '' ? {} : { url: alert.link }),
      },
    ],
  }
}

/** Without a meaning in Markdown, such as that of a link. */
const escaped = (text: string): string => text.replaceAll(/([\\*_~`|>[\]()])/g, '\\$1')

/** Flagger's users write the address of Discord's imitation of Slack; the webhook itself is in front of it. */
export function discordUrl(url: URL): URL {
  const own = new URL(url)
  own.pathname = own.pathname.replace(/\/slack\/?$/, '')
  return own
}
