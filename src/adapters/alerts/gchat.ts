/** Google Chat: an incoming webhook (https://developers.google.com/workspace/chat/quickstart/webhooks) with a card, one thread a run. */
import type { AlertMessage } from '../../core/model/alert.ts'
import { type Body, COLORS, factsOf, linksOf, type Style, titleOf } from './words.ts'

export function chatBody(alert: AlertMessage, { id }: Style): Body {
  const facts = factsOf(alert).map(([topLabel, text]) => ({
    decoratedText: { topLabel, text: escaped(text), wrapText: true },
  }))
  const message = `<font color="${COLORS[alert.severity]}">${escaped(alert.message)}</font>`
  const buttons = linksOf(alert).map(([title, url]) => ({ text: title, onClick: { openLink: { url } } }))
  return {
    cardsV2: [
      {
        cardId: id,
        card: {
          header: { title: titleOf(alert) },
          sections: [
            {
              widgets: [
                { textParagraph: { text: message } },
                ...facts,
                ...(buttons.length === 0 ? [] : [{ buttonList: { buttons } }]),
              ],
            },
          ],
        },
      },
    ],
    ...(alert.run === '' ? {} : { thread: { threadKey: `${alert.namespace}/${alert.canary}/${alert.run}` } }),
  }
}

/** With this a message whose thread is not there begins it (https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create). */
export function chatUrl(url: URL, { run }: AlertMessage): URL {
  const own = new URL(url)
  if (run !== '') own.searchParams.set('messageReplyOption', 'REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD')
  return own
}

/** Texts of cards are HTML. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
