import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { ServerOptions } from '../../../src/adapters/prometheus/server.ts'
import type { PrometheusSource } from '../../../src/adapters/prometheus/source.ts'
import { selfSigned } from '../http/certificate.ts'
import { one, sourcesOfSuite } from './sources.ts'

suite('what a metrics server is shown', () => {
  const { closing, serving, source: sourceOf } = sourcesOfSuite()
  let dir: string
  setup(async () => {
    dir = await mkdtemp(join(tmpdir(), 'credentials-'))
  })
  teardown(async () => {
    await rm(dir, { recursive: true })
  })

  const source = (url: string, connection: ServerOptions): PrometheusSource =>
    sourceOf(url, { connections: { [url]: connection } })

  /** A server that accepts one token, until it is told another. */
  async function guarded(): Promise<{ url: string; token: string }> {
    const state = { url: '', token: 'first' }
    const server = await serving(
      () => ['1'],
      (request, response) => {
        if (request.headers.authorization === `Bearer ${state.token}`) return false
        response.writeHead(401).end()
        return true
      },
    )
    state.url = server.url
    return state
  }

  test('a token that is not accepted is said with its flag', async () => {
    const server = await guarded()
    const tokenFile = join(dir, 'token')
    await writeFile(tokenFile, 'another\n')
    expect(await one(source(server.url, { tokenFile }))).to.deep.equal({
      kind: 'unavailable',
      error: `${server.url} answered 401; it does not accept the token of --metrics-server-token-file`,
    })
  })

  test('a token file that cannot be read is named', async () => {
    const server = await guarded()
    const tokenFile = join(dir, 'missing')
    expect(await one(source(server.url, { tokenFile }))).to.deep.equal({
      kind: 'unavailable',
      error: `${server.url} was not asked: ${tokenFile} cannot be read (ENOENT)`,
    })
  })

  test('headers are sent along', async () => {
    const server = await serving(() => ['1'])
    await one(source(server.url, { headers: { 'x-scope-orgid': 'shop' } }))
    expect(server.headers[0]?.['x-scope-orgid']).to.equal('shop')
  })

  suite('over TLS', () => {
    let url: string
    let caFile: string

    setup(async () => {
      const { key, cert } = selfSigned()
      caFile = join(dir, 'ca.pem')
      await writeFile(caFile, cert)
      const server = createServer({ key, cert }, (_request, response) => {
        const data = { resultType: 'vector', result: [{ metric: {}, value: [0, '1'] }] }
        response.end(JSON.stringify({ status: 'success', data }))
      })
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      closing({
        close: () =>
          new Promise<void>(resolve => {
            server.close(() => resolve())
            server.closeAllConnections()
          }),
      })
      url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    })

    test('the authority of its file is trusted', async () => {
      expect(await one(source(url, { caFile }))).to.deep.equal({ kind: 'value', value: 1 })
    })

    test('without it the certificate is refused, and the flag named', async () => {
      expect(await one(source(url, {}))).to.deep.equal({
        kind: 'unavailable',
        error: `${url} has a certificate that is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT); give the authority that signed it with --metrics-server-ca-file`,
      })
    })

    test('insecureSkipVerify trusts anything', async () => {
      expect(await one(source(url, { insecureSkipVerify: true }))).to.deep.equal({ kind: 'value', value: 1 })
    })
  })
})
