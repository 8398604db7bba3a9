/**
 * What each service documents that it takes, as far as an alert uses it: unknown fields are wrong, and each text has its limit. Where
 * a service says no limit, none is written.
 */
import { z } from 'zod'

const url = z.url()
const color = z.string().regex(/^#[0-9a-f]{6}$/)

/** https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments */
const slackAttachment = z.strictObject({
  color,
  fallback: z.string(),
  text: z.string().max(8000),
  title: z.string().optional(),
  title_link: url.optional(),
  mrkdwn_in: z.array(z.enum(['text', 'pretext', 'fields'])),
  fields: z.array(z.strictObject({ title: z.string(), value: z.string(), short: z.boolean() })),
  ts: z.int(),
})

/**
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and https://docs.slack.dev/reference/methods/chat.postMessage
 */
export const slack = z.strictObject({
  channel: z.string().optional(),
  username: z.string().optional(),
  thread_ts: z
    .string()
    .regex(/^\d+\.\d+$/)
    .optional(),
  text: z.string().max(40_000),
  unfurl_links: z.boolean(),
  attachments: z.array(slackAttachment).max(100),
  metadata: z.strictObject({
    event_type: z.string().regex(/^[a-z_]+$/),
    event_payload: z.record(z.string(), z.string()),
  }),
})

/** https://docs.rocket.chat/docs/integrations, https://developer.rocket.chat/apidocs/post-message */
export const rocket = z.strictObject({
  channel: z.string().optional(),
  alias: z.string().optional(),
  text: z.string(),
  attachments: z.array(
    z.strictObject({
      color,
      title: z.string(),
      title_link: url.optional(),
      text: z.string(),
      ts: z.iso.datetime(),
      fields: z.array(z.strictObject({ title: z.string(), value: z.string(), short: z.boolean() })),
    }),
  ),
})

/** https://discord.com/developers/docs/resources/webhook#execute-webhook, https://discord.com/developers/docs/resources/message#embed-object */
export const discord = z.strictObject({
  username: z.string().min(1).max(80).optional(),
  allowed_mentions: z.strictObject({ parse: z.array(z.enum(['roles', 'users', 'everyone'])) }),
  embeds: z
    .array(
      z.strictObject({
        title: z.string().max(256),
        description: z.string().max(4096),
        url: url.optional(),
        timestamp: z.iso.datetime(),
        color: z.int().min(0).max(0xffffff),
        fields: z
          .array(
            z.strictObject({
              name: z.string().min(1).max(256),
              value: z.string().min(1).max(1024),
              inline: z.boolean(),
            }),
          )
          .max(25),
      }),
    )
    .max(10),
})

/** https://adaptivecards.io/explorer/TextBlock.html, FactSet.html, Action.OpenUrl.html */
const cardElement = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('TextBlock'),
    text: z.string(),
    wrap: z.boolean(),
    size: z.enum(['Default', 'Small', 'Medium', 'Large', 'ExtraLarge']).optional(),
    weight: z.enum(['Default', 'Lighter', 'Bolder']).optional(),
    color: z.enum(['Default', 'Dark', 'Light', 'Accent', 'Good', 'Warning', 'Attention']).optional(),
  }),
  z.strictObject({
    type: z.literal('FactSet'),
    facts: z.array(z.strictObject({ title: z.string(), value: z.string() })).min(1),
  }),
])

/** https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using */
export const msteams = z.strictObject({
  type: z.literal('message'),
  attachments: z
    .array(
      z.strictObject({
        contentType: z.literal('application/vnd.microsoft.card.adaptive'),
        contentUrl: z.null(),
        content: z.strictObject({
          $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
          type: z.literal('AdaptiveCard'),
          version: z.literal('1.4'),
          body: z.array(cardElement),
          actions: z
            .array(z.strictObject({ type: z.literal('Action.OpenUrl'), title: z.string(), url }))
            .max(6)
            .optional(),
        }),
      }),
    )
    .length(1),
})

const button = z.strictObject({ text: z.string(), onClick: z.strictObject({ openLink: z.strictObject({ url }) }) })

/** https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages, …/cards#card */
export const gchat = z.strictObject({
  cardsV2: z.array(
    z.strictObject({
      cardId: z.string(),
      card: z.strictObject({
        header: z.strictObject({ title: z.string() }),
        sections: z.array(
          z.strictObject({
            widgets: z.array(
              z.union([
                z.strictObject({ textParagraph: z.strictObject({ text: z.string() }) }),
                z.strictObject({
                  decoratedText: z.strictObject({ topLabel: z.string(), text: z.string(), wrapText: z.boolean() }),
                }),
                z.strictObject({ buttonList: z.strictObject({ buttons: z.array(button) }) }),
              ]),
            ),
          }),
        ),
      }),
    }),
  ),
  thread: z.strictObject({ threadKey: z.string().max(4000) }).optional(),
})
