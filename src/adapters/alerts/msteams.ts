/**
 * Microsoft Teams: the URL of a workflow that starts "when a Teams webhook request is received", with an Adaptive Card
 * (https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using,
 * https://adaptivecards.io/explorer/). The card of an alert has some 3 KB, of the 28 KB that Teams takes.
 */
import type { AlertMessage } from '../../core/model/alert.ts'
import { type Body, factsOf, linksOf, titleOf } from './words.ts'

const COLORS = { info: 'Good', warn: 'Warning', error: 'Attention' } as const

export function teamsBody(alert: AlertMessage): Body {
  const links = linksOf(alert)
  const text = (words: string, more: Body = {}): Body => ({
    type: 'TextBlock',
    text: escaped(words),
    wrap: true,
    ...more,
  })
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            text(titleOf(alert), { size: 'Medium', weight: 'Bolder', color: COLORS[alert.severity] }),
            text(alert.message),
            { type: 'FactSet', facts: factsOf(alert).map(([title, value]) => ({ title, value: escaped(value) })) },
          ],
          ...(links.length === 0
            ? {}
            : { actions: links.map(([title, url]) => ({ type: 'Action.OpenUrl', title, url })) }),
        },
      },
    ],
  }
}

/** Without a meaning in the Markdown of cards, such as that of a link. */
const escaped = (text: string): string => text.replaceAll(/([\\*_[\]])/g, '\\$1')
