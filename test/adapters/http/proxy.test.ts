/** Which proxy stands before a URL, and that requests take it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { HttpClient, type HttpOptions, type HttpOutcome } from '../../../src/adapters/http/client.ts'
import { type Environment, proxyOf } from '../../../src/adapters/http/proxy.ts'
import { until } from '../../runtime/scripted-server.ts'
import { closingOfSuite } from '../../closing.ts'
import { selfSigned } from './certificate.ts'
import { plain, proxy, secure, type Served, silent } from './servers.ts'

const hrefOf = (url: string, env: Environment): string | null => proxyOf(new URL(url), env)?.href ?? null

suite('the proxy before a URL', () => {
  const both = { HTTP_PROXY: 'http://plain:3128', HTTPS_PROXY: 'https://secure:3129' }
  const byScheme: [string, Environment, string | null][] = [
    ['http://a.example', {}, null],
    ['http://a.example', both, 'http://plain:3128/'],
    ['https://a.example', both, 'https://secure:3129/'],
    ['https://a.example', { HTTP_PROXY: 'http://plain:3128' }, null],
    ['http://a.example', { http_proxy: 'lower:3128' }, 'http://lower:3128/'],
    ['http://a.example', { HTTP_PROXY: 'upper', http_proxy: 'lower' }, 'http://upper/'],
    ['http://a.example', { HTTP_PROXY: '', http_proxy: 'lower' }, 'http://lower/'],
    ['http://localhost:9090', both, null],
    ['http://127.0.0.5', both, null],
    ['http://[::1]', both, null],
  ]
  for (const [url, env, proxied] of byScheme) {
    test(`${url} with ${JSON.stringify(env)}: ${proxied ?? 'none'}`, () => {
      expect(hrefOf(url, env)).to.equal(proxied)
    })
  }

  const exceptions: [string, string, boolean][] = [
    ['*', 'http://a.example', true],
    ['example.com', 'http://example.com', true],
    ['example.com', 'http://a.example.com.', true],
    ['example.com', 'http://badexample.com', false],
    ['.example.com', 'http://a.example.com', true],
    ['.example.com', 'http://example.com', false],
    ['*.example.com', 'http://a.example.com', true],
    ['*.example.com', 'http://example.com', false],
    ['EXAMPLE.com', 'http://a.Example.com', true],
    ['example.com:8080', 'http://example.com:8080', true],
    ['example.com:8080', 'http://example.com', false],
    ['example.com:443', 'https://example.com', true],
    ['a.b, .svc,.cluster.local', 'http://prometheus.istio-system.svc:9090', true],
    ['10.0.0.0/8', 'http://10.1.2.3', true],
    ['10.0.0.0/8', 'http://11.1.2.3', false],
    ['10.0.0.0/8', 'http://name.example', false],
    ['10.0.0.0/33', 'http://10.0.0.1', false],
    ['10.1.2.3', 'http://10.1.2.3:9090', true],
    ['10.1.2.3:9090', 'http://10.1.2.3', false],
    ['10.1.2.3', 'http://10.1.2.30', false],
    ['fd00::/8', 'http://[fd12::1]', true],
    ['fd12::1', 'http://[fd12::1]:80', true],
    ['[fd12::1]:81', 'http://[fd12::1]:81', true],
    ['[fd12::1]:81', 'http://[fd12::1]:80', false],
    ['', 'http://a.example', false],
    [' , ,', 'http://a.example', false],
  ]
  for (const [list, url, isExcepted] of exceptions) {
    test(`NO_PROXY="${list}" ${isExcepted ? 'excepts' : 'does not except'} ${url}`, () => {
      const env = { HTTP_PROXY: 'http://proxy', HTTPS_PROXY: 'http://proxy', NO_PROXY: list }
      expect(hrefOf(url, env)).to.equal(isExcepted ? null : 'http://proxy/')
    })
  }

  test('that is none is refused with a sentence that does not show it, unless it is not needed', () => {
    const env = { HTTPS_PROXY: 'socks5://user:password@proxy', NO_PROXY: 'internal' }
    expect(() => hrefOf('https://a.example/x', env)).to.throw(
      'HTTPS_PROXY is not the URL of an HTTP proxy; write one such as http://proxy.example.com:3128, or except a.example with NO_PROXY',
    )
    expect(hrefOf('https://internal', env)).to.equal(null)
  })

  suite('on real connections', () => {
    const closing = closingOfSuite()
    // A name that is resolved by nobody but the proxy of the test, which connects to 127.0.0.1 as the address in it says.
    const identity = selfSigned()
    let folder: string

    setup(async () => {
      folder = await mkdtemp(join(tmpdir(), 'http-proxy-'))
    })

    teardown(async () => {
      await rm(folder, { recursive: true })
    })

    const served = async (server: Promise<Served>): Promise<Served> => closing(await server)

    function call(url: string, options: HttpOptions, deadline = 5000): Promise<HttpOutcome> {
      const client = closing(new HttpClient(options))
      return client.send({ method: 'GET', url: new URL(url), deadline, sizeLimit: 100 })
    }

    test('a plain request is handed to it, with its user and password and the token of the server', async () => {
      const between = await served(proxy())
      const environment = { HTTP_PROXY: between.url.replace('//', '//us%40er:pass@') }
      const outcome = await call('http://name.invalid:81/path?a=b', { environment, headers: { 'x-key': '1' } })
      expect(outcome).to.include({ kind: 'answer', body: 'from the proxy' })
      const [asked] = between.asked
      expect(asked?.path).to.equal('http://name.invalid:81/path?a=b')
      expect(asked?.headers).to.include({ host: 'name.invalid:81', 'x-key': '1' })
      expect(asked?.headers['proxy-authorization']).to.equal(`Basic ${Buffer.from('us@er:pass').toString('base64')}`)
    })

    test('HTTPS goes through it unread, and the CA file still decides', async () => {
      const server = await served(secure(identity, response => response.end('secure')))
      const between = await served(proxy())
      const caFile = join(folder, 'ca')
      await writeFile(caFile, identity.cert)
      // Addresses of the machine itself are never proxied, so the proxy is asked for another name of it.
      const url = `https://0.0.0.0:${server.port}`
      const environment = { HTTPS_PROXY: between.url }
      const headers = { 'x-key': 'secret' }
      expect(await call(url, { environment, headers })).to.include({ kind: 'failed', why: 'certificate' })
      expect(await call(url, { environment, headers, insecureSkipVerify: true })).to.include({ body: 'secure' })
      expect(await call(url, { environment, headers, caFile })).to.deep.equal({
        kind: 'failed',
        why: 'certificate',
        error: 'has a certificate that is not trusted (ERR_TLS_CERT_ALTNAME_INVALID)',
      })
      expect(between.asked.map(({ method }) => method)).to.deep.equal(['CONNECT', 'CONNECT', 'CONNECT'])
      expect(JSON.stringify(between.asked)).to.not.contain('secret')
      expect(server.asked).to.have.lengthOf(1)
    })

    test('what it answers to CONNECT is said', async () => {
      const between = await served(proxy())
      const environment = { HTTPS_PROXY: between.url }
      expect(await call('https://name.invalid:1', { environment })).to.deep.equal({
        kind: 'failed',
        why: 'network',
        error: `cannot be reached through the proxy ${between.url}: it answered 502 to CONNECT`,
      })
    })

    test('the environment of the process is not looked at', async () => {
      const between = await served(proxy())
      const server = await served(plain(response => response.end('direct')))
      const before = process.env['HTTP_PROXY']
      process.env['HTTP_PROXY'] = between.url
      try {
        expect(await call(`http://0.0.0.0:${server.port}`, { environment: null })).to.include({ body: 'direct' })
        expect(await call(`http://0.0.0.0:${server.port}`, { environment: {} })).to.include({ body: 'direct' })
      } finally {
        if (before === undefined) delete process.env['HTTP_PROXY']
        else process.env['HTTP_PROXY'] = before
      }
      expect(between.accepted()).to.equal(0)
    })

    for (const scheme of ['http', 'https']) {
      test(`that wants a password says so for ${scheme}, without showing one`, async () => {
        const between = await served(proxy(() => false))
        const address = between.url.replace('//', '//user:password@')
        const environment = { HTTP_PROXY: address, HTTPS_PROXY: address }
        expect(await call(`${scheme}://name.invalid`, { environment })).to.deep.equal({
          kind: 'failed',
          why: 'network',
          error: `cannot be reached through the proxy ${between.url}: it wants a user and a password`,
        })
      })

      test(`that has a certificate nobody knows is not trusted for ${scheme}, whatever is trusted of the server`, async () => {
        const between = await served(secure(identity, response => response.end('from the proxy')))
        const environment = { HTTP_PROXY: between.url, HTTPS_PROXY: between.url }
        const caFile = join(folder, 'ca')
        await writeFile(caFile, identity.cert)
        expect(await call(`${scheme}://name.invalid`, { environment, caFile, insecureSkipVerify: true })).to.deep.equal(
          {
            kind: 'failed',
            why: 'network',
            error: `cannot be reached through the proxy ${between.url}: self-signed certificate`,
          },
        )
        expect(between.asked).to.deep.equal([])
      })

      test(`that cannot be reached is named for ${scheme}`, async () => {
        const gone = await proxy()
        await gone.close()
        const environment = { HTTP_PROXY: gone.url, HTTPS_PROXY: gone.url }
        expect(await call(`${scheme}://name.invalid`, { environment })).to.deep.equal({
          kind: 'failed',
          why: 'network',
          error: `cannot be reached through the proxy ${gone.url}: connect ECONNREFUSED 127.0.0.1:${gone.port}`,
        })
      })

      test(`that accepts and is silent ends by the deadline for ${scheme}, and leaves no connection`, async () => {
        const between = await served(silent('http'))
        const environment = { HTTP_PROXY: between.url, HTTPS_PROXY: between.url }
        expect(await call(`${scheme}://name.invalid`, { environment }, 300)).to.deep.equal({
          kind: 'failed',
          why: 'deadline',
          error: 'gave no answer in 0.3 s',
        })
        await until(() => between.connections() === 0)
      })
    }
  })
})
