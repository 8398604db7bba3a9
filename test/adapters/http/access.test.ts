/** What a user's object says about how its server is called, by rows; and that a call shows it, and nothing else. */
import { expect } from 'chai'
import { callCredentials, type ReadSecret } from '../../../src/adapters/http/access.ts'
import { HttpClient } from '../../../src/adapters/http/client.ts'
import type { Access } from '../../../src/api/credentials.ts'
import type { KubeObject } from '../../../src/api/object.ts'
import { ApiError } from '../../../src/core/errors.ts'
import { closingOfSuite } from '../../closing.ts'
import { selfSigned } from './certificate.ts'
import { plain, secure, type Served } from './servers.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

function secret(texts: Record<string, string>, type = 'Opaque'): KubeObject {
  const data = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, base64(text)]))
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'prom', namespace: 'shop' }, type, data }
}

const has =
  (found: KubeObject | null): ReadSecret =>
  async () =>
    found

const failing =
  (error: Error): ReadSecret =>
  async () =>
    Promise.reject(error)

const read = (access: Access, readSecret: ReadSecret) =>
  callCredentials(access, 'shop', readSecret, new AbortController().signal)

const secretRef = { name: 'prom' }
const caSecretRef = { name: 'prom' }
const { cert, key } = selfSigned()
const setting = (error: string) => ({ why: 'setting', error })

suite('the access of an object', () => {
  const rows: { name: string; access: Access; secret?: ReadSecret; becomes: object }[] = [
    {
      name: 'headers, with several values of one in a list',
      access: { headers: { 'X-Scope-OrgID': ['shop'], Cookie: ['a=1', 'b=2'], 'X-Many': ['1', '2'] } },
      becomes: {
        headers: { 'x-scope-orgid': 'shop', cookie: 'a=1; b=2', 'x-many': '1, 2' },
        ca: null,
        insecureSkipVerify: false,
      },
    },
    {
      name: 'a token, without the line break at its end',
      access: { secretRef },
      secret: has(secret({ token: 'abc\n' })),
      becomes: { headers: { authorization: 'Bearer abc' }, ca: null, insecureSkipVerify: false },
    },
    {
      name: 'a token before user and password',
      access: { secretRef, insecureSkipVerify: true },
      secret: has(secret({ token: 'abc', username: 'kim', password: 'x' })),
      becomes: { headers: { authorization: 'Bearer abc' }, ca: null, insecureSkipVerify: true },
    },
    {
      name: 'user and password',
      access: { secretRef },
      secret: has(secret({ username: 'kim', password: 'p:w' }, 'kubernetes.io/basic-auth')),
      becomes: { headers: { authorization: `Basic ${base64('kim:p:w')}` }, ca: null, insecureSkipVerify: false },
    },
    {
      name: 'a CA',
      access: { caSecretRef },
      secret: has(secret({ 'ca.crt': cert })),
      becomes: { headers: {}, ca: cert.trim(), insecureSkipVerify: false },
    },
    {
      name: 'a Secret that does not exist',
      access: { secretRef },
      secret: has(null),
      becomes: setting(
        'Secret shop/prom does not exist; create it with the key token, or with the keys username and password',
      ),
    },
    {
      name: 'a Secret without the keys',
      access: { secretRef },
      secret: has(secret({ TOKEN: 'abc', password: '' })),
      becomes: setting(
        'Secret shop/prom has neither token nor username and password; write the key token, or both username and password',
      ),
    },
    {
      name: 'a user without a password',
      access: { secretRef },
      secret: has(secret({ username: 'kim' })),
      becomes: setting(
        'Secret shop/prom has username and password not both; write the key token, or both username and password',
      ),
    },
    {
      name: 'a token that would begin another header',
      access: { secretRef },
      secret: has(secret({ token: 'abc\r\nx-admin: yes' })),
      becomes: setting('Secret shop/prom: token has characters that no header can carry'),
    },
    {
      name: 'a token of a megabyte',
      access: { secretRef },
      secret: has(secret({ token: 'a'.repeat(1_000_000) })),
      becomes: setting('Secret shop/prom: token is longer than 8192 characters'),
    },
    {
      name: 'the token of a ServiceAccount',
      access: { secretRef },
      secret: has(secret({ token: 'abc' }, 'kubernetes.io/service-account-token')),
      becomes: setting(
        'Secret shop/prom is the token of a ServiceAccount, which is not sent; name a Secret of another type',
      ),
    },
    {
      name: 'a CA that is none',
      access: { caSecretRef },
      secret: has(secret({ 'ca.crt': 'not PEM' })),
      becomes: setting('Secret shop/prom: ca.crt holds no certificate in PEM'),
    },
    {
      name: 'a CA under another key',
      access: { caSecretRef },
      secret: has(secret({ ca: cert })),
      becomes: setting('Secret shop/prom has no key ca.crt; write the authorities there, in PEM'),
    },
    {
      name: 'no right to read Secrets',
      access: { secretRef },
      secret: failing(new ApiError({ code: 403, reason: 'Forbidden', message: 'secrets "prom" is forbidden' })),
      becomes: setting(
        'Sluice may not read Secrets of namespace shop; allow it: kubectl -n shop create rolebinding sluice-credentials --clusterrole=sluice-credentials --serviceaccount=sluice-system:sluice',
      ),
    },
    {
      name: 'no right to read Secrets, where Sluice is installed elsewhere',
      access: { secretRef },
      secret: failing(
        new ApiError({
          code: 403,
          reason: 'Forbidden',
          message:
            'secrets "prom" is forbidden: User "system:serviceaccount:releases:canaries" cannot get resource "secrets"',
        }),
      ),
      becomes: setting(
        'Sluice may not read Secrets of namespace shop; allow it: kubectl -n shop create rolebinding sluice-credentials --clusterrole=sluice-credentials --serviceaccount=releases:canaries',
      ),
    },
    {
      name: 'an API server that is away',
      access: { secretRef },
      secret: failing(new Error('connect ECONNREFUSED')),
      becomes: { why: 'outage', error: 'Secret shop/prom cannot be read: connect ECONNREFUSED' },
    },
  ]
  for (const row of rows) {
    test(row.name, async () => {
      expect(await read(row.access, row.secret ?? has(null))).to.deep.equal(row.becomes)
    })
  }

  suite('in a call', () => {
    const closing = closingOfSuite()

    const served = async (server: Promise<Served>): Promise<Served> => closing(await server)

    function client(options = {}): HttpClient {
      return closing(new HttpClient({ environment: null, ...options }))
    }

    async function send(from: HttpClient, url: string, access: Access, found: KubeObject | null = null) {
      const credentials = await read(access, has(found))
      if ('error' in credentials) throw new Error(credentials.error)
      return from.send({ method: 'GET', url: new URL(url), deadline: 60_000, sizeLimit: 1000, credentials })
    }

    test('is shown instead of what the client shows others', async () => {
      const server = await served(plain(response => response.end()))
      const from = client({ headers: { authorization: 'Bearer ours', 'x-ours': '1' } })
      await send(from, server.url, { headers: { 'x-own': ['2'] } })
      await send(from, server.url, { secretRef }, secret({ token: 'theirs' }))
      const [first, second] = server.asked
      expect(first?.headers).to.include({ 'x-own': '2' }).and.not.have.any.keys('authorization', 'x-ours')
      expect(second?.headers).to.include({ authorization: 'Bearer theirs' }).and.not.have.any.keys('x-ours', 'x-own')
    })

    test('is hidden where the server repeats it', async () => {
      const server = await served(plain((response, { headers }) => response.end(`no ${headers.authorization}`)))
      const outcome = await send(client(), server.url, { secretRef }, secret({ token: 'abc' }))
      if (outcome.kind !== 'answer') throw new Error(outcome.error)
      expect(outcome.redact(outcome.body ?? '')).to.equal('no [redacted]')
      const basic = await send(client(), server.url, { secretRef }, secret({ username: 'kim', password: 'p:w' }))
      if (basic.kind !== 'answer') throw new Error(basic.error)
      expect(basic.redact(`${basic.body} kim:p:w, for p:w`)).to.equal('no [redacted] [redacted], for [redacted]')
    })

    test('a certificate that one call accepts is not accepted for another', async () => {
      const server = await served(secure({ key, cert }, response => response.end('x')))
      const from = client()
      const kinds = []
      for (const access of [{ insecureSkipVerify: true }, { headers: {} }, { caSecretRef }, { headers: {} }] as const) {
        const outcome = await send(from, server.url, access, secret({ 'ca.crt': cert }))
        kinds.push(outcome.kind === 'answer' ? outcome.body : outcome.why)
      }
      expect(kinds).to.deep.equal(['x', 'certificate', 'x', 'certificate'])
    })
  })
})
