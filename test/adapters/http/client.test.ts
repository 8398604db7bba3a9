/** The HTTP client against real servers that hang, trickle, overflow, redirect, refuse and change their keys. */
import { rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { HttpClient, type HttpOptions, type HttpOutcome, type HttpRequest } from '../../../src/adapters/http/client.ts'
import { until } from '../../runtime/scripted-server.ts'
import { closingOfSuite } from '../../closing.ts'
import { selfSigned } from './certificate.ts'
import { plain, secure, type Served, silent } from './servers.ts'

suite('the HTTP client', () => {
  const closing = closingOfSuite()
  let folder: string

  setup(async () => {
    folder = await mkdtemp(join(tmpdir(), 'http-client-'))
  })

  teardown(async () => {
    await rm(folder, { recursive: true })
  })

  const served = async (server: Promise<Served>): Promise<Served> => closing(await server)

  function client(options: Partial<HttpOptions> = {}): HttpClient {
    return closing(new HttpClient({ environment: null, ...options }))
  }

  const send = (from: HttpClient, url: string, more: Partial<HttpRequest> = {}): Promise<HttpOutcome> =>
    from.send({ method: 'GET', url: new URL(url), deadline: 60_000, sizeLimit: 1000, ...more })

  const failed = (why: string, error: string): unknown => ({ kind: 'failed', why, error })
  const bodyOf = (outcome: HttpOutcome): string | null | undefined =>
    outcome.kind === 'answer' ? outcome.body : undefined

  async function file(name: string, text: string): Promise<string> {
    const path = join(folder, name)
    await writeFile(path, text)
    return path
  }

  suite('an answer', () => {
    test('has status, type and body, whatever the status', async () => {
      const server = await served(
        plain(response => response.writeHead(503, { 'content-type': 'text/plain' }).end('busy')),
      )
      const outcome = await send(client(), `${server.url}/path?a=b`)
      expect(outcome).to.include({ kind: 'answer', status: 503, contentType: 'text/plain', body: 'busy' })
      expect(server.asked[0]).to.include({ method: 'GET', path: '/path?a=b' })
    })

    test('a body arrives byte for byte, with the headers of client and request', async () => {
      const server = await served(plain(response => response.end()))
      const headers = { 'content-type': 'application/json', 'x-request': '2' }
      await send(client({ headers: { 'x-client': '1' } }), server.url, {
        method: 'POST',
        headers,
        body: ' {"a" : 1}\n ',
      })
      const [asked] = server.asked
      expect(asked).to.include({ method: 'POST', body: ' {"a" : 1}\n ' })
      expect(asked?.headers).to.include({ 'x-client': '1', ...headers })
    })

    test('connections are kept between requests, and closed with the client', async () => {
      const server = await served(plain(response => response.end('x')))
      const from = client()
      for (let i = 0; i < 3; i += 1) await send(from, server.url)
      expect([server.asked.length, server.accepted()]).to.deep.equal([3, 1])
      from.close()
      await until(() => server.connections() === 0)
    })
  })

  suite('a deadline', () => {
    for (const scheme of ['http', 'https'] as const) {
      test(`ends a call to a server of ${scheme} that accepts and is silent`, async () => {
        const server = await served(silent(scheme))
        const from = performance.now()
        expect(await send(client(), server.url, { deadline: 300 })).to.deep.equal(
          failed('deadline', 'gave no answer in 0.3 s'),
        )
        expect(performance.now() - from).to.be.within(290, 30_000)
        await until(() => server.connections() === 0)
      })
    }

    test('ends an answer that trickles, although each of its bytes is in time', async () => {
      let written = 0
      const server = await served(
        plain(response => {
          const drops = setInterval(() => {
            response.write('.')
            written += 1
          }, 20)
          response.on('close', () => clearInterval(drops))
        }),
      )
      expect(await send(client(), server.url, { deadline: 1000 })).to.deep.equal(
        failed('deadline', 'gave no answer in 1 s'),
      )
      expect(written).to.be.greaterThan(2)
      await until(() => server.connections() === 0)
    })

    test('has a deadline in whole milliseconds, whatever is left of a longer one', async () => {
      const server = await served(silent('http'))
      expect(await send(client(), server.url, { deadline: -0.5 })).to.include({ kind: 'failed', why: 'deadline' })
    })

    test('is not waited for by a caller who gives up', async () => {
      const server = await served(silent('http'))
      const stop = new AbortController()
      const asking = send(client(), server.url, { signal: stop.signal })
      await until(() => server.connections() === 1)
      stop.abort()
      expect(await asking).to.deep.equal(failed('canceled', 'was not waited for'))
      await until(() => server.connections() === 0)
    })
  })

  suite('an answer that is too large', () => {
    const zeros = Buffer.alloc(50_000_000)
    const bodies: Record<string, (response: Parameters<Parameters<typeof plain>[0]>[0]) => void> = {
      'by its announced length': response => response.writeHead(200, { 'content-length': zeros.length }).end(zeros),
      'without an announced length': response => {
        const pour = (): void => {
          while (response.write(zeros.subarray(0, 100_000)));
        }
        response.on('drain', pour)
        pour()
      },
      'once it is decompressed': response =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(zeros.subarray(0, 5_000_000))),
    }
    for (const [how, answer] of Object.entries(bodies)) {
      test(`${how} is not read to its end`, async () => {
        const server = await served(plain(answer))
        const outcome = await send(client(), server.url, { sizeLimit: 1000 })
        expect(outcome).to.include({ kind: 'answer', status: 200, body: null })
        await until(() => server.connections() === 0)
      })
    }

    test('is one byte more than the limit', async () => {
      const server = await served(plain((response, { path }) => response.end('x'.repeat(Number(path.slice(1))))))
      const from = client()
      expect(bodyOf(await send(from, `${server.url}/1000`))).to.have.lengthOf(1000)
      expect(bodyOf(await send(from, `${server.url}/1001`))).to.equal(null)
    })
  })

  test('a redirect is not followed, and nothing is shown to where it leads', async () => {
    const other = await served(plain(response => response.end()))
    const server = await served(plain(response => response.writeHead(307, { location: other.url }).end()))
    const tokenFile = await file('token', 'secret-token')
    expect(await send(client({ tokenFile }), server.url, { method: 'POST', body: 'x' })).to.deep.equal(
      failed('redirect', 'answered with a redirect, which is not followed'),
    )
    expect(other.accepted()).to.equal(0)
  })

  suite('a token', () => {
    const guarded = (accepted: () => string): Promise<Served> =>
      served(
        plain((response, { headers }) => {
          response.writeHead(headers.authorization === `Bearer ${accepted()}` ? 200 : 401).end('said')
        }),
      )

    test('that was rotated costs no call: the file is read again, and the request is sent once more', async () => {
      let accepted = 'first'
      const server = await guarded(() => accepted)
      const from = client({ tokenFile: await file('token', 'first\n') })
      expect(await send(from, server.url)).to.include({ status: 200 })
      accepted = 'second'
      await file('token', 'second\n')
      expect(await send(from, server.url)).to.include({ status: 200 })
      expect(server.asked.map(({ headers }) => headers.authorization)).to.deep.equal([
        'Bearer first',
        'Bearer first',
        'Bearer second',
      ])
    })

    test('that is not accepted and has not changed is sent once', async () => {
      const server = await guarded(() => 'another')
      expect(await send(client({ tokenFile: await file('token', 'mine') }), server.url)).to.include({ status: 401 })
      expect(server.asked).to.have.lengthOf(1)
    })

    test('that is not accepted, and whose file cannot be read again, leaves the answer of the server as it was', async () => {
      const server = await guarded(() => {
        rmSync(join(folder, 'token'), { force: true })
        return 'another'
      })
      expect(await send(client({ tokenFile: await file('token', 'mine') }), server.url)).to.include({ status: 401 })
    })

    test('whose file cannot be read ends the call before the server is asked', async () => {
      const server = await guarded(() => 'x')
      const tokenFile = join(folder, 'missing')
      expect(await send(client({ tokenFile }), server.url)).to.deep.equal(
        failed('file', `was not asked: ${tokenFile} cannot be read (ENOENT)`),
      )
      expect(server.accepted()).to.equal(0)
    })
  })

  suite('certificates', () => {
    const ours = selfSigned()
    const others = selfSigned()

    test('of the authority in the file are trusted, and no other', async () => {
      const server = await served(secure(ours, response => response.end('secure')))
      expect(bodyOf(await send(client({ caFile: await file('ca', ours.cert) }), server.url))).to.equal('secure')
      for (const caFile of [await file('other', others.cert), undefined]) {
        expect(await send(client(caFile === undefined ? {} : { caFile }), server.url)).to.deep.equal(
          failed('certificate', 'has a certificate that is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)'),
        )
      }
      expect(bodyOf(await send(client({ insecureSkipVerify: true }), server.url))).to.equal('secure')
      expect(server.asked).to.have.lengthOf(2)
    })

    test('for another name are not trusted', async () => {
      const server = await served(secure(ours, response => response.end()))
      const caFile = await file('ca', ours.cert)
      expect(await send(client({ caFile }), `https://localhost:${server.port}`)).to.deep.equal(
        failed('certificate', 'has a certificate that is not trusted (ERR_TLS_CERT_ALTNAME_INVALID)'),
      )
    })

    test('of an authority that was rotated cost no call, and a request under way ends on its connection', async () => {
      let finish = (): void => {}
      const before = await served(secure(others, response => (finish = () => response.end('slow'))))
      const after = await served(secure(ours, response => response.end('secure')))
      const from = client({ caFile: await file('ca', others.cert) })
      const slow = send(from, before.url)
      await until(() => before.asked.length === 1)
      await file('ca', ours.cert)
      expect(bodyOf(await send(from, after.url))).to.equal('secure')
      finish()
      expect(bodyOf(await slow)).to.equal('slow')
      await until(() => before.connections() === 0)
    })

    test('whose file holds no certificate trust nobody', async () => {
      const server = await served(secure(ours, response => response.end()))
      const outcome = await send(client({ caFile: await file('ca', 'not PEM') }), server.url)
      expect(outcome).to.include({ kind: 'failed' })
      expect(server.asked).to.deep.equal([])
    })
  })

  suite('secrets', () => {
    test('user and password of a URL become a header', async () => {
      const server = await served(plain(response => response.end()))
      await send(client(), server.url.replace('//', '//us%40er:pass%3Aword@'))
      const { authorization = '' } = server.asked[0]?.headers ?? {}
      expect(Buffer.from(authorization.replace('Basic ', ''), 'base64').toString()).to.equal('us@er:pass:word')
    })

    test('are in no failure', async () => {
      const closed = await plain(() => {})
      await closed.close()
      const url = `http://user:password-1@127.0.0.1:${closed.port}/hook?key=query-secret`
      const tokenFile = await file('token', 'token-secret')
      const invalid = await file('invalid', 'token-\u0001-secret')
      const outcomes = [
        await send(client({ tokenFile }), url),
        await send(client({ tokenFile: invalid }), url),
        await send(client({ headers: { 'x-key': 'header-\n-secret' } }), url),
        await send(client(), url.replace('127.0.0.1', 'name.invalid')),
      ]
      for (const outcome of outcomes) {
        expect(outcome).to.include({ kind: 'failed', why: 'network' })
        expect(JSON.stringify(outcome)).to.not.match(/secret|password-1|user|Basic|Bearer/)
      }
      expect(outcomes[0]).to.deep.equal(
        failed('network', `cannot be reached: connect ECONNREFUSED 127.0.0.1:${closed.port}`),
      )
    })

    test('that a server quotes are hidden where its words are handed on', async () => {
      const server = await served(
        plain((response, { headers, path }) =>
          response.end(`${headers.authorization} ${String(headers['x-key'])} ${path}`),
        ),
      )
      const from = client({ tokenFile: await file('token', 'token-secret'), headers: { 'x-key': 'header-secret' } })
      const outcome = await send(from, `${server.url}/?key=query-secret`)
      if (outcome.kind !== 'answer') throw new Error(outcome.error)
      expect(outcome.body).to.contain('token-secret')
      expect(outcome.redact(outcome.body ?? '')).to.equal('[redacted] [redacted] /?[redacted]')
    })

    test('are known by the names of their headers in any case, without their scheme, and however short; a request has words of its own', async () => {
      const headers = { Authorization: 'Bearer abc12', 'X-Api-Key': 'k-1', 'X-Trace': 'on' }
      const server = await served(plain(response => response.end('bad token abc12 (k-1): application/json is on')))
      const outcome = await send(client({ headers }), server.url, { headers: { accept: 'application/json' } })
      if (outcome.kind !== 'answer') throw new Error(outcome.error)
      expect(outcome.redact(outcome.body ?? '')).to.equal('bad token [redacted] ([redacted]): application/json is on')
    })
  })
})
