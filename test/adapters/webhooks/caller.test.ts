/** Calls of webhooks against real servers on loopback: what is sent, what an answer means, what is shown of it. */
import { randomBytes } from 'node:crypto'
import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { monotonicClock, systemClock } from '../../../src/adapters/clock.ts'
import { HttpWebhooks, type HttpWebhooksOptions } from '../../../src/adapters/webhooks/caller.ts'
import type { Webhook } from '../../../src/api/webhook.ts'
import type { Finding } from '../../../src/core/model/check.ts'
import { pause } from '../../../src/runtime/timing.ts'
import { callOf, hookPayload } from '../../receivers.ts'
import { until } from '../../runtime/scripted-server.ts'
import { selfSigned } from '../http/certificate.ts'
import { type Answering, plain, secure, type Served, silent } from '../http/servers.ts'
import { closingOfSuite } from '../../closing.ts'

const { cert, key } = selfSigned()
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
/** In bytes, of what is still referred to. */
function heapUsed(): number {
  collect()
  return process.memoryUsage().heapUsed
}
const secret = (texts: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'gate', namespace: 'shop' },
  data: Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString('base64')])),
})

suite('a webhook that is called', () => {
  const closing = closingOfSuite()

  function caller(more: Partial<HttpWebhooksOptions> = {}): HttpWebhooks {
    return closing(
      new HttpWebhooks({
        readSecret: async () => null,
        targets: { allow: ['127.0.0.0/8'], deny: [] },
        environment: null,
        wall: systemClock,
        clock: monotonicClock,
        pause: (wait, signal) => pause(monotonicClock, wait, signal),
        random: () => 0,
        userAgent: 'sluice/1',
        ...more,
      }),
    )
  }

  const call = (
    url: string,
    more: Partial<Webhook> = {},
    options: Partial<HttpWebhooksOptions> = {},
  ): Promise<Finding> => caller(options).call(callOf({ url, ...more }), new AbortController().signal)

  const server = async (answer: Answering): Promise<Served> => closing(await plain(answer))

  const said = (finding: Finding): string =>
    finding.kind === 'answer'
      ? `${finding.status} ${finding.said}`
      : `${finding.kind} ${'error' in finding ? finding.error : ''}`

  test('gets the payload, its id, and what it is to be shown', async () => {
    const gate = await server(response => response.end('Approved'))
    const finding = await call(`${gate.url}/check?team=shop`, { headers: { 'X-Team': ['shop'] } })
    expect(said(finding)).to.equal('200 answered 200: Approved')
    const [asked] = gate.asked
    expect(asked?.method).to.equal('POST')
    expect(asked?.path).to.equal('/check?team=shop')
    expect(JSON.parse(asked?.body ?? '')).to.deep.equal(hookPayload)
    expect(asked?.headers).to.include({
      'content-type': 'application/json',
      'idempotency-key': 'id-1',
      'user-agent': 'sluice/1',
      'x-team': 'shop',
    })
  })

  const rows: { name: string; answer: Answering; is: RegExp }[] = [
    { name: 'a closed gate', answer: r => r.writeHead(403).end('Forbidden'), is: /^403 answered 403: Forbidden$/ },
    {
      name: 'an error of its own',
      answer: r => r.writeHead(500).end('test failed\n  at line 3'),
      is: /^500 answered 500: test failed at line 3$/,
    },
    { name: 'one that is overloaded', answer: r => r.writeHead(503).end(), is: /^unavailable answered 503$/ },
    { name: 'too many requests', answer: r => r.writeHead(429).end(), is: /^unavailable answered 429$/ },
    {
      name: 'a redirect',
      answer: r => r.writeHead(302, { location: '/' }).end(),
      is: /^null answered with a redirect, which is not followed$/,
    },
    {
      name: 'a connection that is reset',
      answer: r => r.socket?.destroy(),
      is: /^unavailable cannot be reached: socket hang up$/,
    },
    {
      name: 'a web page',
      answer: r => r.end('<!doctype html>\u001b[2J'.padEnd(9000, '.')),
      is: /^200 answered 200: <!doctype html>.\[2J\.{1,200}$/u,
    },
    {
      name: 'an answer without end',
      answer: r => {
        const more = (): boolean => r.write('x'.repeat(4096), () => !r.destroyed && setImmediate(more))
        more()
      },
      is: /^200 answered 200 with more than 16 KiB$/,
    },
    {
      name: 'one that quotes the request',
      answer: (r, { path, headers }) => r.writeHead(404).end(`no route ${path} for ${String(headers['x-team-key'])}`),
      is: /^404 answered 404: no route \[redacted\] for \[redacted\]$/,
    },
  ]
  for (const { name, answer, is } of rows) {
    test(`${name}: ${is.source}`, async () => {
      const gate = await server(answer)
      const finding = await call(`${gate.url}/services/T0123/B456?sig=abcdefghij`, {
        headers: { 'X-Team-Key': ['abc'] },
      })
      expect(said(finding)).to.match(is)
    })
  }

  test('one that hangs has its timeout, and an attempt more with retries', async () => {
    const gate = closing(await silent('http'))
    const finding = await call(gate.url, { timeout: 100, retries: 1 })
    expect(said(finding)).to.equal('null gave no answer in 0.1 s')
    await until(() => gate.accepted() === 2)
  })

  test('what is repeated has one id, and the last answer counts', async () => {
    let attempts = 0
    const gate = await server(response => response.writeHead((attempts += 1) === 1 ? 502 : 202).end())
    expect(said(await call(gate.url, { retries: 2 }))).to.equal('202 answered 202')
    expect(gate.asked.map(({ headers }) => headers['idempotency-key'])).to.deep.equal(['id-1', 'id-1'])
  })

  test('a closed port cannot be reached', async () => {
    const gate = await server(() => {})
    await gate.close()
    expect(said(await call(gate.url))).to.match(/^unavailable cannot be reached: connect ECONNREFUSED/)
  })

  test('a call that is over holds nothing until its timeout', async () => {
    const gate = await server(response => response.writeHead(403).end())
    const asks = caller()
    const signal = new AbortController().signal
    const callOnce = (): Promise<Finding> => {
      const metadata = { cmd: randomBytes(64 * 1024).toString('hex') }
      const large = callOf({ url: gate.url, timeout: 3_600_000 })
      return asks.call({ ...large, payload: { ...hookPayload, metadata } }, signal)
    }
    await callOnce()
    const before = heapUsed()
    // The server's record of what it was asked is not the matter.
    for (let n = 0; n < 100; n += 1) await callOnce().then(() => gate.asked.splice(0))
    expect(heapUsed() - before).to.be.below(4_000_000)
    expect(getEventListeners(signal, 'abort')).to.have.length(0)
  })

  test('outcomes are counted by class, and what was given up as that', async () => {
    const outcomes: string[] = []
    const observed = ({ outcome }: { outcome: string }): unknown => outcomes.push(outcome)
    for (const status of [204, 418, 500, 503, 799]) {
      const gate = await server(response => response.writeHead(status).end())
      await call(gate.url, {}, { observed })
    }
    const gate = closing(await silent('http'))
    await call(gate.url, { timeout: 50 }, { observed })
    const made = caller({ observed })
    await made.call(callOf({ url: gate.url }), AbortSignal.abort())
    expect(outcomes).to.deep.equal(['2xx', '4xx', '5xx', 'unavailable', 'other', 'no answer', 'canceled'])
  })

  test('a password of a Secret is not shown, in neither form', async () => {
    const gate = await server((r, { headers }) =>
      r.writeHead(401).end(`wrong password hunter2, ${String(headers.authorization)}`),
    )
    const readSecret = async () => secret({ username: 'web', password: 'hunter2' })
    expect(said(await call(gate.url, { secretRef: { name: 'gate' } }, { readSecret }))).to.equal(
      '401 answered 401: wrong password [redacted], [redacted]',
    )
  })

  const refused: { name: string; url: string; targets: HttpWebhooksOptions['targets']; is: RegExp }[] = [
    {
      name: 'loopback',
      url: 'http://127.0.0.1:1/',
      targets: { allow: [], deny: [] },
      is: /127\.0\.0\.1 is a loopback address/,
    },
    {
      name: 'a name that leads there',
      url: 'http://localhost:1/',
      targets: { allow: [], deny: [] },
      is: /localhost leads to the loopback address/,
    },
    {
      name: 'everything allowed is not loopback',
      url: 'http://127.0.0.1:1/',
      targets: { allow: ['0.0.0.0/0', 'localhost'], deny: [] },
      is: /loopback/,
    },
    {
      name: 'the metadata service',
      url: 'http://169.254.169.254/',
      targets: { allow: [], deny: [] },
      is: /link-local/,
    },
    { name: 'a denied range', url: 'http://10.1.2.3:1/', targets: { allow: [], deny: ['10.0.0.0/8'] }, is: /denied/ },
    {
      name: 'a denied range behind NAT64',
      url: 'http://[64:ff9b::a01:203]:1/',
      targets: { allow: [], deny: ['10.0.0.0/8'] },
      is: /denied/,
    },
    {
      name: 'a denied name with the dot of a whole name',
      url: 'http://LOCALHOST.:1/',
      targets: { allow: ['127.0.0.0/8'], deny: ['localhost'] },
      is: /denied/,
    },
    {
      name: 'what is not on the list',
      url: 'http://10.1.2.3:1/',
      targets: { allow: ['192.168.0.0/16', '*.test'], deny: [] },
      is: /unlisted/,
    },
  ]
  for (const { name, url, targets, is } of refused) {
    test(`${name} is refused`, async () => {
      expect(said(await call(url, {}, { targets }))).to.match(is)
    })
  }

  test('behind a proxy the name alone is checked', async () => {
    const environment = { HTTP_PROXY: 'http://127.0.0.1:1' }
    const targets = { allow: ['10.0.0.0/8', '*.test'], deny: ['bad.test'] }
    for (const url of ['http://bad.test/', 'http://Bad.test./']) {
      expect(said(await call(url, {}, { targets, environment }))).to.match(/bad\.test\.? is denied/)
    }
    expect(said(await call('http://other.example/', {}, { targets, environment }))).to.match(
      /other\.example is not allowed/,
    )
    expect(said(await call('http://good.test/', {}, { targets, environment }))).to.match(/through the proxy/)
  })

  test('TLS: an unknown authority is refused, that of the Secret is trusted, and so is any with disableTLS', async () => {
    const gate = closing(await secure({ cert, key }, response => response.end()))
    const readSecret = async () => secret({ 'ca.crt': cert, token: 'abc' })
    expect(said(await call(gate.url))).to.match(/^unavailable has a certificate that is not trusted/)
    expect(
      said(await call(gate.url, { caSecretRef: { name: 'gate' }, secretRef: { name: 'gate' } }, { readSecret })),
    ).to.equal('200 answered 200')
    expect(gate.asked[0]?.headers.authorization).to.equal('Bearer abc')
    expect(said(await call(gate.url, { disableTLS: true }))).to.equal('200 answered 200')
  })

  test('a Secret that is not there is said, and nothing is called', async () => {
    const gate = await server(response => response.end())
    expect(said(await call(gate.url, { secretRef: { name: 'gate' } }))).to.equal(
      'unavailable was not called: Secret shop/gate does not exist; create it with the key token, or with the keys username and password',
    )
    expect(gate.asked).to.deep.equal([])
  })
})
