/** Alerts against real servers on loopback: what each service gets, what its answer means, and what is shown of a call. */
import { expect } from 'chai'
import type { HttpAlerts, HttpAlertsOptions } from '../../../src/adapters/alerts/sender.ts'
import type { AlertProviderSpec, AlertType } from '../../../src/api/alert-provider.ts'
import { ApiError } from '../../../src/core/errors.ts'
import type { AlertCall, AlertMessage, AlertOutcome } from '../../../src/core/model/alert.ts'
import { selfSigned } from '../http/certificate.ts'
import { type Answering, plain, proxy, type Served } from '../http/servers.ts'
import { alert, ca, Open, providerOf, secretOf } from './given.ts'
import * as schemas from './schemas.ts'

/** As much as can be in an alert, and what services could take for something else. */
const hostile: AlertMessage = {
  ...alert,
  message: '@everyone <!channel> <users/all> [a](http://evil.test) ' + '"\\\n'.repeat(80),
  image: '@here'.repeat(24),
  next: '<@U1>'.repeat(40),
}

suite('an alert that is sent', () => {
  const open = new Open()
  const server = (answer: Answering): Promise<Served> => open.server(answer)

  interface Given {
    readonly spec?: Partial<AlertProviderSpec>
    readonly secret?: Record<string, string> | null
    readonly options?: Partial<HttpAlertsOptions>
    readonly told?: Partial<AlertMessage>
    readonly thread?: string
  }

  const senderOf = ({ secret = {}, options }: Given): HttpAlerts => open.sender(secret, options)

  const CA = { caSecretRef: { name: 'ca' } }

  async function send(type: AlertType, given: Given): Promise<AlertOutcome> {
    const call: AlertCall = {
      id: 'a1b2c3d4',
      namespace: 'shop',
      provider: providerOf('on-call', { type, secretRef: { name: 'chat' }, ...CA, ...given.spec }),
      alert: { ...alert, ...given.told },
      thread: given.thread ?? null,
      commit: null,
    }
    return senderOf(given).send(call, new AbortController().signal)
  }

  const documented = {
    slack: schemas.slack,
    rocket: schemas.rocket,
    discord: schemas.discord,
    msteams: schemas.msteams,
    gchat: schemas.gchat,
  } as const

  for (const [type, schema] of Object.entries(documented) as [keyof typeof documented, typeof schemas.slack][]) {
    test(`${type} gets what it documents, with everything that is known, under one id`, async () => {
      const chat = await server(response => response.writeHead(type === 'discord' ? 204 : 200).end())
      for (const told of [alert, { ...alert, link: '', run: '', traceId: '', traceLink: '' }, hostile]) {
        const outcome = await send(type, { secret: { address: `${chat.url}/hook?sig=1` }, told })
        expect(outcome).to.deep.equal({ kind: 'delivered', thread: null })
      }
      for (const { body, headers } of chat.asked) {
        schema.parse(JSON.parse(body))
        expect(Buffer.byteLength(body), 'the 20 KB of Teams').to.be.below(20_000)
        expect(headers).to.include({ 'idempotency-key': 'a1b2c3d4', 'user-agent': 'sluice/1' })
        expect(headers['content-type']).to.match(/^application\/json/)
      }
      const [first = '', , nasty = ''] = chat.asked.map(({ body }) => body)
      for (const part of ['87.7 %', '≥ 99 %', '10 %', '790dc1af77', 'web:2.0.0', 'b5db799a80', 'ThresholdReached'])
        expect(first).to.include(part)
      expect(first).to.include(alert.link).and.to.include(alert.traceId)
      expect(first.replaceAll('&amp;', '&')).to.include(alert.traceLink)
      // No text calls anyone, or leads elsewhere.
      if (type === 'slack' || type === 'gchat') expect(nasty).not.to.match(/<!channel>|<users\/all>|<@U1>/)
      if (type === 'rocket') expect(nasty).not.to.match(/@everyone|@here/)
      if (type === 'discord') expect(nasty).to.include('"allowed_mentions":{"parse":[]}')
      if (type === 'discord' || type === 'msteams') expect(nasty).not.to.include('[a](')
    })
  }

  test("Flagger's address of Discord, with /slack, is that of the webhook", async () => {
    const chat = await server(response => response.writeHead(204).end())
    await send('discord', { secret: { address: `${chat.url}/api/webhooks/1/abc/slack` } })
    expect(chat.asked[0]?.path).to.equal('/api/webhooks/1/abc')
  })

  test('Google Chat keeps a run in one thread', async () => {
    const chat = await server(response => response.end('{}'))
    await send('gchat', { secret: { address: `${chat.url}/v1/spaces/A/messages?key=k&token=t` } })
    expect(chat.asked[0]?.path).to.match(/\?key=k&token=t&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD$/)
    expect(JSON.parse(chat.asked[0]?.body ?? '')).to.deep.include({ thread: { threadKey: 'shop/web/r1' } })
  })

  test('Slack with a token: a thread a run, and a refusal within an answer 200', async () => {
    let answer = '{"ok": true, "ts": "1700.5"}'
    const chat = await server(response => response.end(answer))
    const given = { spec: { channel: 'C1' }, secret: { address: `${chat.url}/api/chat.postMessage`, token: 'xoxb-1' } }
    expect(await send('slack', given)).to.deep.equal({ kind: 'delivered', thread: '1700.5' })
    await send('slack', { ...given, thread: '1700.5' })
    const refusal = async (error: string) => {
      answer = JSON.stringify({ ok: false, error })
      return send('slack', given)
    }
    expect(await refusal('channel_not_found')).to.deep.equal({ kind: 'rejected', error: 'answered channel_not_found' })
    expect(await refusal('msg_too_long')).to.deep.equal({ kind: 'refused', error: 'answered msg_too_long' })
    expect(await refusal('fatal_error')).to.deep.equal({ kind: 'failed', error: 'answered fatal_error', after: null })
    answer = '<html>'
    expect(await send('slack', given)).to.include({ kind: 'failed', error: 'answered something that is not of Slack' })
    const [first, second] = chat.asked.map(({ body }) => schemas.slack.parse(JSON.parse(body)))
    expect([first?.thread_ts, second?.thread_ts, first?.channel]).to.deep.equal([undefined, '1700.5', 'C1'])
    expect(chat.asked[0]?.headers.authorization).to.equal('Bearer xoxb-1')
  })

  test('what only says that it is Slack neither fills the status, nor has the token shown', async () => {
    let answer = JSON.stringify({ ok: true, ts: '1'.repeat(10_000) })
    const chat = await server(response => response.end(answer))
    const secret = { address: `${chat.url}/api/chat.postMessage`, token: 'xoxb-secret' }
    expect(await send('slack', { spec: { channel: 'C1' }, secret })).to.deep.equal({ kind: 'delivered', thread: null })
    answer = '{"ok": false, "error": "no xoxb-secret"}'
    expect(await send('slack', { spec: { channel: 'C1' }, secret })).to.include({ error: 'answered noredacted' })
  })

  test('a generic server gets its template, in which no text can end a text, or all there is', async () => {
    const chat = await server(response => response.writeHead(202).end())
    const secret = { address: chat.url, token: 't' }
    const template = '{"summary": "{{name}}: {{ message }}", "tags": ["{{ metric }}"], "n": 1}'
    await send('generic', { secret, spec: { template }, told: { message: '", "admin": true, "x": "{{ link }}' } })
    await send('generic', { secret })
    const [filled, whole] = chat.asked.map(({ body }) => JSON.parse(body) as Record<string, unknown>)
    expect(filled).to.deep.equal({
      summary: 'web: ", "admin": true, "x": "{{ link }}',
      tags: ['request-success-rate'],
      n: 1,
    })
    expect(whole).to.include({ id: 'a1b2c3d4', severity: 'error', weight: 10, value: '87.7 %', limit: '≥ 99 %' })
    expect(whole).to.include({
      time: '2023-11-14T22:13:20.000Z',
      link: alert.link,
      traceId: alert.traceId,
      traceLink: alert.traceLink,
    })
  })

  const failures: Readonly<Record<string, { answer?: Answering; given?: Given; outcome: RegExp | AlertOutcome }>> = {
    'a redirect is not followed': {
      answer: response => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
      outcome: /^failed answered with a redirect, which is not followed$/,
    },
    'Retry-After in seconds is when it is asked again': {
      answer: response => response.writeHead(429, { 'retry-after': '30' }).end('slow down'),
      outcome: { kind: 'failed', error: 'answered 429: slow down', after: 30_000 },
    },
    'a message that the server does not take': {
      answer: response => response.writeHead(400).end('invalid_payload'),
      outcome: { kind: 'refused', error: 'answered 400: invalid_payload' },
    },
    'a webhook that was revoked may be made again': {
      answer: response => response.writeHead(404).end('no_service'),
      outcome: { kind: 'rejected', error: 'answered 404: no_service' },
    },
    'a link-local address': {
      given: { secret: { address: 'http://169.254.169.254/latest' } },
      outcome: /^failed must not be called: 169\.254\.169\.254 is a link-local address$/,
    },
    'a proxy at a link-local address': {
      given: {
        secret: { address: 'https://chat.test/x' },
        spec: { proxy: 'http://169.254.169.254:3128' },
        options: { targets: { allow: [], deny: [] } },
      },
      outcome: /^failed must not be called: the proxy 169\.254\.169\.254 is a link-local address$/,
    },
    'a proxy by a name that leads to this machine': {
      given: {
        secret: { address: 'http://chat.test/x' },
        spec: { proxy: 'http://localhost:1' },
        options: { targets: { allow: [], deny: [] } },
      },
      outcome: /^failed must not be called: the proxy localhost leads to the loopback address 127\.0\.0\.1$/,
    },
    'a host that is denied': {
      given: { secret: { address: 'https://127.0.0.1/x' }, options: { targets: { allow: [], deny: ['127.0.0.1'] } } },
      outcome: /^failed must not be called: 127\.0\.0\.1 is a denied address$/,
    },
    'no Secret': {
      given: { secret: null },
      outcome: /^failed was not called: Secret shop\/chat does not exist; create it with the key address$/,
    },
    'a Secret without its key': {
      given: { secret: { url: 'https://chat.test' } },
      outcome: /^failed was not called: Secret shop\/chat has no key address; write the URL there$/,
    },
    'an address that is no URL': {
      given: { secret: { address: 'chat.test/secret' } },
      outcome: /^failed was not called: Secret shop\/chat: address is no URL; write one that begins with https:\/\/$/,
    },
    'a token with a line break': {
      given: { secret: { address: 'https://chat.test', token: 'a\nb' } },
      outcome: /^failed was not called: Secret shop\/chat: token has characters that no header can carry$/,
    },
    'Secrets that may not be read': {
      given: {
        options: {
          readSecret: async () => {
            throw new ApiError({ code: 403, reason: 'Forbidden', message: 'no' })
          },
        },
      },
      outcome:
        /^failed was not called: Sluice may not read Secrets of namespace shop; allow it: kubectl -n shop create rolebinding/,
    },
  }
  for (const [name, { answer, given = {}, outcome }] of Object.entries(failures)) {
    test(`not: ${name}`, async () => {
      const chat = answer === undefined ? null : await server(answer)
      const secret = chat === null ? {} : { secret: { address: `${chat.url}/hook` } }
      const got = await send('rocket', { ...secret, ...given })
      if (outcome instanceof RegExp) expect(`${got.kind} ${'error' in got ? got.error : ''}`).to.match(outcome)
      else expect(got).to.deep.equal(outcome)
    })
  }

  test('not: a connector of Office 365 in a Secret, Slack without a channel, and without a token', async () => {
    const said = async (type: AlertType, given: Given): Promise<string> => {
      const got = await send(type, given)
      return 'error' in got ? got.error : got.kind
    }
    const address = 'https://acme.webhook.office.com/webhookb2/secret'
    expect(await said('msteams', { secret: { address } })).to.match(
      /Secret shop\/chat: connectors of Office 365 are retired/,
    )
    expect(await said('slack', { secret: { token: 'x' } })).to.match(/a token of Slack needs spec\.channel/)
    const method = { address: 'https://slack.com/api/chat.postMessage' }
    expect(await said('slack', { secret: method })).to.match(/chat\.postMessage of Slack needs a token/)
  })

  test('goes through a proxy that the AlertProvider names', async () => {
    const way = await proxy()
    open.add(way)
    const chat = await server(response => response.end('ok'))
    // The name of the server is all that is known behind a proxy.
    const options = { targets: { allow: ['127.0.0.0/8', '127.0.0.1'], deny: [] } }
    const outcome = await send('slack', { secret: { address: `${chat.url}/hook` }, spec: { proxy: way.url }, options })
    expect(outcome.kind).to.equal('delivered')
    expect(way.asked[0]).to.include({ method: 'CONNECT', path: `127.0.0.1:${chat.port}` })
  })

  test('a rotated Secret counts from the next alert on', async () => {
    const chat = await server(response => response.end('ok'))
    let token = 'first'
    const readSecret = async () => secretOf('chat', { address: `${chat.url}/hook`, token, 'ca.crt': ca })
    await send('rocket', { options: { readSecret } })
    token = 'second'
    await send('rocket', { options: { readSecret } })
    expect(chat.asked.map(({ headers }) => headers.authorization)).to.deep.equal(['Bearer first', 'Bearer second'])
  })

  test('nothing of the path, the query or the token is shown, whatever the server says', async () => {
    const chat = await server((response, { path, headers }) =>
      response.writeHead(500).end(`no such hook: ${path} ${headers.authorization}`),
    )
    const address = `${chat.url}/services/canary-in-path?sig=canary-in-query`
    const got = await send('rocket', { secret: { address, token: 'canary-in-token' } })
    expect(chat.asked[0]?.path).to.equal('/services/canary-in-path?sig=canary-in-query')
    expect(chat.asked[0]?.headers.authorization).to.equal('Bearer canary-in-token')
    expect(JSON.stringify(got)).not.to.include('canary-in')
    expect(JSON.stringify(got)).to.include('answered 500: no such hook: [redacted]')
  })

  test('a server that is not trusted is not told', async () => {
    const chat = await server(response => response.end('ok'))
    const other = selfSigned()
    const got = await send('rocket', { secret: { address: chat.url, 'ca.crt': other.cert } })
    expect('error' in got ? got.error : '').to.match(/^has a certificate that is not trusted/)
    expect(chat.asked).to.deep.equal([])
  })

  test('what is wrong with a provider is known before an alert is sent', async () => {
    const problem = async (given: Given, spec: Partial<AlertProviderSpec> = {}): Promise<string> => {
      const provider = providerOf('on-call', { type: 'rocket', secretRef: { name: 'chat' }, ...spec })
      const found = await senderOf(given).problemOf(provider, new AbortController().signal)
      return found === null ? 'ready' : `${found.reason}: ${found.message}`
    }
    const chat = await plain(response => response.end())
    open.add(chat)
    expect(await problem({ secret: { address: chat.url } })).to.equal('ready')
    expect(chat.asked, 'nothing is sent').to.deep.equal([])
    expect(await problem({ secret: null })).to.match(/^SecretNotUsable: Secret shop\/chat does not exist/)
    expect(await problem({ secret: { address: 'http://169.254.169.254/x' } })).to.equal(
      'AddressRefused: the address is never called: 169.254.169.254 is a link-local address',
    )
    const options = {
      readSecret: async () => {
        throw new Error('connect ECONNREFUSED')
      },
    }
    expect(await problem({ options })).to.match(/^SecretNotReadable: Secret shop\/chat cannot be read/)
  })
})
