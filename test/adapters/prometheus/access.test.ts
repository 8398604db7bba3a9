/** Queries that name credentials of their own: read at the query, for their own queries alone, and never shown. */
import { expect } from 'chai'
import type { PrometheusOptions, PrometheusSource } from '../../../src/adapters/prometheus/source.ts'
import type { Access } from '../../../src/api/credentials.ts'
import type { KubeObject } from '../../../src/api/object.ts'
import type { Check, Finding } from '../../../src/core/model/check.ts'
import { question, type Loopback } from './loopback.ts'
import { measured, number, sourcesOfSuite } from './sources.ts'

const byToken: Access = { secretRef: { name: 'prom' } }

/** Secrets of a cluster, by namespace and name; each holds a token. */
type Tokens = Record<string, string>

suite('queries with credentials of their own', () => {
  const { serving, source: sourceOf } = sourcesOfSuite()

  function source(server: Loopback, tokens: Tokens, more: Partial<PrometheusOptions> = {}): PrometheusSource {
    const readSecret = async (namespace: string, name: string): Promise<KubeObject | null> => {
      const token = tokens[`${namespace}/${name}`]
      const metadata = { namespace, name }
      const data = { token: Buffer.from(token ?? '').toString('base64') }
      return token === undefined ? null : { apiVersion: 'v1', kind: 'Secret', metadata, data }
    }
    return sourceOf(server.url, { readSecret, ...more })
  }

  const of = (namespace: string, query: string, access?: Access): Check => {
    const check = question(query, access === undefined ? {} : { access })
    return { ...check, subject: { ...check.subject, namespace } }
  }

  const shown = (server: Loopback): string[] =>
    server.headers.map(({ authorization = '' }, i) => `${authorization} asked ${queriesIn(server.requests[i] ?? '')}`)

  /** The queries of a request, without what merges them. */
  const queriesIn = (text: string): string =>
    [...text.matchAll(/\(\n(.*)\n\)/g)].map(([, query]) => query).join(' and ') || text

  test('are merged with queries of the same namespace and the same credentials alone', async () => {
    const server = await serving(() => ['7'])
    const tokens = { 'shop/prom': 'token-1', 'shop/other': 'token-2', 'bank/prom': 'token-3' }
    const found = await measured(source(server, tokens), [
      of('shop', 'a', byToken),
      of('shop', 'b', byToken),
      of('shop', 'a', { secretRef: { name: 'other' } }),
      of('shop', 'a'),
      of('shop', 'b'),
      of('bank', 'a', byToken),
      of('shop', 'a', { ...byToken, headers: { 'x-scope-orgid': ['bank'] } }),
    ])
    expect(found).to.deep.equal(Array.from({ length: 7 }, () => number(7)))
    expect(shown(server).toSorted()).to.deep.equal([
      ' asked a and b',
      'Bearer token-1 asked a',
      'Bearer token-1 asked a and b',
      'Bearer token-2 asked a',
      'Bearer token-3 asked a',
    ])
  })

  test('show a token that was rotated from the next query on', async () => {
    const server = await serving(() => ['7'])
    const tokens: Tokens = { 'shop/prom': 'first' }
    const from = source(server, tokens)
    await measured(from, [of('shop', 'a', byToken)])
    tokens['shop/prom'] = 'second'
    await measured(from, [of('shop', 'a', byToken)])
    expect(shown(server)).to.deep.equal(['Bearer first asked a', 'Bearer second asked a'])
  })

  test('show nothing of what the flags give, and the tenant that Sluice says', async () => {
    const server = await serving(() => ['7'])
    const connection = { headers: { authorization: 'Bearer admin', 'x-admin': '1' } }
    const options = { connections: { [server.url]: connection }, tenantHeader: 'X-Scope-OrgID' }
    const access: Access = { headers: { 'x-scope-orgid': ['bank'], 'x-own': ['1'] } }
    await measured(source(server, {}, options), [of('shop', 'a', access), of('shop', 'b')])
    const [own, flags] = server.headers[0]?.['x-own'] === undefined ? server.headers.toReversed() : server.headers
    expect(own).to.include({ 'x-own': '1', 'x-scope-orgid': 'shop' }).and.not.have.any.keys('authorization', 'x-admin')
    expect(flags).to.include({ authorization: 'Bearer admin', 'x-scope-orgid': 'shop' })
  })

  test('are not sent where the Secret is missing, and the others are answered', async () => {
    const server = await serving(() => ['7'])
    const found = await measured(source(server, {}), [
      of('shop', 'a', byToken),
      of('shop', 'b', byToken),
      of('shop', 'c'),
    ])
    const missing: Finding = {
      kind: 'not-asked',
      error: 'Secret shop/prom does not exist; create it with the key token, or with the keys username and password',
    }
    expect(found).to.deep.equal([missing, missing, number(7)])
    expect(server.requests).to.deep.equal(['c'])
  })

  test('that are not accepted say where the credentials are from, and not what they are', async () => {
    const server = await serving(
      () => [],
      (request, response) => {
        const { authorization = '', 'x-fails': fails } = request.headers
        if (fails === undefined) response.writeHead(401).end()
        else
          response.writeHead(500).end(JSON.stringify({ status: 'error', errorType: 'internal', error: authorization }))
        return true
      },
    )
    const found = await measured(source(server, { 'shop/prom': 'token-1' }), [
      of('shop', 'a', byToken),
      of('shop', 'a', { headers: { authorization: ['Bearer token-2'] } }),
      of('shop', 'a', { headers: { 'x-team': ['shop'] } }),
      of('shop', 'a', { ...byToken, headers: { 'x-fails': ['1'] } }),
    ])
    expect(found.map(finding => (finding !== undefined && 'error' in finding ? finding.error : ''))).to.deep.equal([
      `${server.url} answered 401; it does not accept what Secret shop/prom holds`,
      `${server.url} answered 401; it does not accept the header Authorization`,
      `${server.url} answered 401; it wants a token or a password: write provider.secretRef`,
      `${server.url} answered 500: [redacted]`,
    ])
  })
})
