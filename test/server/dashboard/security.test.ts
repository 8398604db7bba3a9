/** What the page's server refuses, whoever asks: other sites, other hosts, plain HTTP from afar, bodies that are too large, tokens in the wrong place. */
import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { guard } from '../../../src/server/dashboard/guard.ts'
import { Refusal } from '../../../src/server/dashboard/problems.ts'
import { Sessions } from '../../../src/server/dashboard/sessions.ts'
import { call, release, tab, TOKENS, type World, world } from './world.ts'

interface Sent {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** By Node's own client, which sets Host as it is told, where fetch does not. */
function raw(port: number, { method = 'GET', path = '/api/whoami', headers = {}, body = '' }: Sent): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers }, response => {
      let text = ''
      response.on('data', (piece: Buffer) => (text += piece.toString()))
      response.on('end', () => {
        const code = /"code":"([^"]+)"/.exec(text)?.[1]
        resolve(`${response.statusCode}${code === undefined ? '' : ` ${code}`}`)
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

suite('the security of the page', () => {
  let w: World
  let port: number
  const authorization = `Bearer ${TOKENS.admin}`
  const json = 'application/json'
  const command = '/api/canaries/shop/web/commands'
  const abort = JSON.stringify({ command: 'abort' })

  suiteSetup(async () => {
    w = await world()
    release(w)
    port = Number(new URL(w.url).port)
  })
  suiteTeardown(() => w.close())

  const own = { authorization, host: 'localhost' }
  const rows: Readonly<Record<string, readonly [Sent, string]>> = {
    'a browser on this machine': [{ headers: { ...own, 'sec-fetch-site': 'same-origin' } }, '200'],
    'a host that is allowed': [{ headers: { ...own, host: 'Sluice.example.com:8443' } }, '200'],
    'another site that was given our address (DNS rebinding)': [
      { headers: { ...own, host: 'evil.example' } },
      '403 other-site',
    ],
    'a host that begins like ours': [{ headers: { ...own, host: 'localhost.evil.example' } }, '403 other-site'],
    'rebinding for the page itself': [{ path: '/', headers: { host: 'evil.example' } }, '403 other-site'],
    'another origin': [{ headers: { ...own, origin: 'https://evil.example' } }, '403 other-site'],
    'an origin without a name': [{ headers: { ...own, origin: 'null' } }, '403 other-site'],
    'another port of this machine': [
      { headers: { ...own, host: 'localhost:8080', origin: 'http://localhost:3000' } },
      '403 other-site',
    ],
    'a form of another site': [
      {
        method: 'POST',
        path: command,
        headers: { ...own, 'content-type': 'text/plain', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
        body: abort,
      },
      '403 other-site',
    ],
    'a script of a sibling domain': [
      {
        method: 'POST',
        path: command,
        headers: { ...own, 'content-type': json, 'sec-fetch-site': 'same-site' },
        body: abort,
      },
      '403 other-site',
    ],
    'a form without Fetch metadata': [
      {
        method: 'POST',
        path: command,
        headers: { ...own, 'content-type': 'application/x-www-form-urlencoded' },
        body: abort,
      },
      '415 content-type',
    ],
    'a preflight': [
      { method: 'OPTIONS', path: command, headers: { host: 'localhost', 'access-control-request-method': 'POST' } },
      '401 no-token',
    ],
    'a command by GET': [{ path: command, headers: own }, '404 not-found'],
    'a link on another site to the page': [
      { path: '/', headers: { host: 'localhost', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' } },
      '200',
    ],
    'our script, used by another site': [
      {
        path: '/assets/main-ABCDEFGH.js',
        headers: { host: 'localhost', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
      },
      '403 other-site',
    ],
    'a body without end': [
      {
        method: 'POST',
        path: command,
        headers: { ...own, 'content-type': json },
        body: JSON.stringify({ why: 'x'.repeat(40_000) }),
      },
      '413 too-large',
    ],
    'no JSON': [
      { method: 'POST', path: command, headers: { ...own, 'content-type': json }, body: '{' },
      '400 bad-request',
    ],
    'a command that is none': [
      { method: 'POST', path: command, headers: { ...own, 'content-type': json }, body: '{"command":"delete"}' },
      '400 bad-request',
    ],
    'a reason of several lines': [
      {
        method: 'POST',
        path: command,
        headers: { ...own, 'content-type': json },
        body: '{"command":"abort","why":"a\\nb"}',
      },
      '400 bad-request',
    ],
    'a name that leads elsewhere': [
      { path: '/api/canaries/shop/..%2f..%2fsecrets/pods', headers: own },
      '404 not-found',
    ],
    'a namespace that leads elsewhere': [{ path: '/api/whoami?ns=shop/secrets', headers: own }, '400 bad-request'],
    'a token in the address': [
      { path: `/api/whoami?token=${TOKENS.admin}`, headers: { host: 'localhost' } },
      '401 no-token',
    ],
    'a token in a cookie': [{ headers: { host: 'localhost', cookie: `token=${TOKENS.admin}` } }, '401 no-token'],
    'another kind of credentials': [{ headers: { host: 'localhost', authorization: 'Basic YTpi' } }, '401 no-token'],
    'a file of the server': [{ path: '/assets/../../../etc/passwd', headers: { host: 'localhost' } }, '404 not-found'],
    'a probe of the kubelet': [{ path: '/healthz', headers: { host: '10.1.2.3:8080' } }, '200'],
  }
  for (const [what, [sent, wanted]] of Object.entries(rows)) {
    test(`${what}: ${wanted}`, async () => {
      expect(await raw(port, sent)).to.equal(wanted)
    })
  }

  test('no command of those arrived', () => {
    expect(w.api.requests.filter(({ method }) => method !== 'GET' && method !== 'POST')).to.deep.equal([])
  })

  test('impersonation is not handed on', async () => {
    const answer = await call(w, 'GET /api/whoami', { token: TOKENS.viewer, headers: { 'impersonate-user': 'admin' } })
    expect(answer.body['user']).to.equal('vera')
  })

  test('every answer forbids what a page could be tricked into', async () => {
    for (const path of ['/', '/assets/main-ABCDEFGH.js', '/api/about', '/nowhere']) {
      const { headers } = await call(w, `GET ${path}`)
      expect(headers.get('content-security-policy'), path).to.include("default-src 'none'; script-src 'self'")
      expect(headers.get('x-content-type-options'), path).to.equal('nosniff')
      expect(headers.get('access-control-allow-origin'), path).to.equal(null)
    }
    const cached = await Promise.all(
      ['/', '/assets/main-ABCDEFGH.js', '/api/about'].map(async path =>
        (await call(w, `GET ${path}`)).headers.get('cache-control'),
      ),
    )
    expect(cached).to.deep.equal(['no-cache', 'public, max-age=31536000, immutable', 'no-store'])
  })

  test('nothing of a token, and no query, is in the log', async () => {
    await call(w, 'GET /api/canaries/shop/none/pods?secret=in-a-query', { token: TOKENS.admin })
    w.api.weather = 'broken'
    await call(w, 'GET /api/canaries/shop/web/pods?secret=in-a-query', { token: TOKENS.admin })
    w.api.weather = 'well'
    const said = w.log.join('\n')
    expect(said).to.include('/api/canaries/shop/none/pods')
    expect(said).to.include('/api/canaries/shop/web/pods')
    for (const secret of [...Object.values(TOKENS), 'in-a-query']) expect(said).to.not.include(secret)
  })

  test('an API server in trouble is never shown as a token that is refused', async () => {
    const heard: unknown[] = []
    for (const weather of ['away', 'broken', 'garbage'] as const) {
      w.api.weather = weather
      const answers = await Promise.all([
        call(w, 'GET /api/canaries/shop/web/diff', { token: TOKENS.editor }),
        call(w, 'GET /api/whoami', { token: `new-${weather}` }),
      ])
      heard.push(...answers.map(({ status, body }) => `${status} ${String(body['code'])}`))
    }
    w.api.weather = 'well'
    expect(new Set(heard)).to.deep.equal(new Set(['502 api-server']))
  })

  test('so many tabs of one, and no more', async () => {
    const tabs = await Promise.all(Array.from({ length: 20 }, () => tab(w, TOKENS.admin, { namespaces: ['shop'] })))
    const refused = await call(w, 'POST /api/stream', { token: TOKENS.admin, body: { namespaces: ['shop'] } })
    const other = await tab(w, TOKENS.viewer, { namespaces: ['shop'] })
    expect([refused.status, refused.body['code']]).to.deep.equal([429, 'too-many'])
    for (const one of [...tabs, other]) one.close()
  })

  test('a thousand connections that say nothing keep nobody out', async () => {
    const idle: Socket[] = []
    for (let batch = 0; batch < 10; batch += 1) {
      idle.push(
        ...(await Promise.all(
          Array.from(
            { length: 100 },
            () =>
              new Promise<Socket>((resolve, reject) => {
                const socket = connect(port, '127.0.0.1', () => resolve(socket))
                socket.once('error', reject)
              }),
          ),
        )),
      )
    }
    expect(await raw(port, { headers: own })).to.equal('200')
    for (const socket of idle) socket.destroy()
  })

  test('plain HTTP is taken on loopback alone, unless something else encrypts', () => {
    const refusal = (remoteAddress: string, encrypted: boolean, plainHttp: 'on loopback' | 'from anywhere'): string => {
      const socket = { remoteAddress, ...(encrypted ? { encrypted } : {}) }
      const sent = { headers: { host: 'sluice.example.com' }, socket } as unknown as Parameters<typeof guard>[0]
      try {
        guard(sent, '/api/whoami', { allowedHosts: ['sluice.example.com'], plainHttp })
        return 'taken'
      } catch (error) {
        return error instanceof Refusal ? error.problem.code : String(error)
      }
    }
    expect(refusal('127.0.0.1', false, 'on loopback')).to.equal('taken')
    expect(refusal('::ffff:127.0.0.1', false, 'on loopback')).to.equal('taken')
    // A sidecar of Istio, for callers from anywhere.
    expect(refusal('127.0.0.6', false, 'on loopback')).to.equal('plain-http')
    expect(refusal('127.0.0.6', false, 'from anywhere')).to.equal('taken')
    expect(refusal('::1', false, 'on loopback')).to.equal('taken')
    expect(refusal('10.0.0.7', false, 'on loopback')).to.equal('plain-http')
    expect(refusal('10.0.0.7', true, 'on loopback')).to.equal('taken')
    expect(refusal('10.0.0.7', false, 'from anywhere')).to.equal('taken')
  })
})

suite('the page on a laptop', () => {
  let w: World
  let sessions: Sessions
  let used: number

  suiteSetup(async () => {
    sessions = new Sessions()
    used = 0
    const mode = { kind: 'laptop', sessions, server: 'test', linkUsed: () => void (used += 1) } as const
    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
    w = await world({ mode, sha256 })
  })
  suiteTeardown(() => w.close())

  const exchange = (link: unknown) => call(w, 'POST /api/session', { body: { link } })

  test('a link works once, the one before it not at all, and a token of the API server is none of the page', async () => {
    const before = sessions.newLink()
    const link = sessions.newLink()
    const first = await exchange(link)
    const answers = [first, await exchange(link), await exchange(before), await exchange(''), await exchange(7)]
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 410, 410, 410, 410])
    expect(used).to.equal(1)
    const asked = await Promise.all(
      [String(first.body['token']), link, TOKENS.admin].map(async token => {
        const { status, body } = await call(w, 'GET /api/whoami', { token })
        return `${status} ${String(body['code'])}`
      }),
    )
    // The API server of the test knows no user of this laptop: what arrives there is not the session's token.
    expect(asked).to.deep.equal(['401 token-refused', '401 token-refused', '401 token-refused'])
    const arrived = new Set(w.api.requests.map(({ authorization }) => authorization))
    expect([...arrived]).to.deep.equal(['Bearer laptop'])
  })

  test('there is no session in the cluster', async () => {
    const cluster = await world()
    try {
      const { status } = await call(cluster, 'POST /api/session', { body: { link: 'x' } })
      expect(status).to.equal(401)
    } finally {
      await cluster.close()
    }
  })
})
