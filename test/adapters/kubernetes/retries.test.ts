import { assert } from 'chai'
import type { Connection, Credentials } from '../../../src/adapters/kubernetes/credentials.ts'
import { type Answer, config, json, reset, status } from '../../runtime/scripted-server.ts'
import { call, inTurn, ref, thrown, transportsOfSuite } from './transports.ts'

suite('transport: retries and deadlines', () => {
  const { server, transport } = transportsOfSuite()

  test('asks for new credentials once after a 401', async () => {
    const started = await server((response, asked) => {
      const fresh = asked.headers.authorization === 'Bearer new'
      const answer = fresh ? json(200, config('a', 1)) : status(401, 'Unauthorized', 'Unauthorized')
      answer(response, asked)
    })
    let token = 'old'
    let refreshed = 0
    const current = async (): Promise<Connection> => ({
      tls: {},
      proxy: '',
      headers: { authorization: `Bearer ${token}` },
    })
    const credentials: Credentials = {
      server: started.url,
      namespace: '',
      user: '',
      current,
      refresh: () => {
        refreshed += 1
        token = refreshed === 1 ? 'new' : 'worse'
        return current()
      },
    }
    const api = transport(started.url, { credentials })
    assert.isNotNull(await api.get(ref, call()))
    token = 'old'
    assert.include(await thrown(api.get(ref, call())), { code: 401 })
    assert.equal(refreshed, 2)
  })

  test('waits out a 429 with Retry-After, for a create too', async () => {
    const started = await server(
      inTurn(status(429, 'TooManyRequests', 'slow down', { 'retry-after': '0' }), json(201, config('a', 1))),
    )
    const written = await transport(started.url).write({ verb: 'create', ref, object: config('a', 1) }, call())
    assert.equal(written?.metadata.name, 'a')
    assert.lengthOf(started.asked, 2)
  })

  test('gives up after three retries, and at the deadline with the answer that it got', async () => {
    const busy = status(429, 'TooManyRequests', 'slow down', { 'retry-after': '0' })
    const started = await server(busy)
    assert.include(await thrown(transport(started.url).get(ref, call())), { code: 429, retryAfterSeconds: 0 })
    assert.lengthOf(started.asked, 4)

    const later = await server(status(429, 'TooManyRequests', 'slow down', { 'retry-after': '60' }))
    assert.include(await thrown(transport(later.url).get(ref, call(30))), { code: 429, retryAfterSeconds: 60 })
    assert.lengthOf(later.asked, 1)
  })

  test('a 503 is asked again only where repeating is safe', async () => {
    const busy = status(503, 'ServiceUnavailable', 'etcd', { 'retry-after': '0' })
    const reading = await server(inTurn(busy, json(200, config('a', 1))))
    assert.isNotNull(await transport(reading.url).get(ref, call()))
    const creating = await server(busy)
    const create = transport(creating.url).write({ verb: 'create', ref, object: config('a', 1) }, call())
    assert.include(await thrown(create), { code: 503 })
    assert.lengthOf(creating.asked, 1)
  })

  test('a lost connection is tried again for a read and an apply, not for a create', async () => {
    const lost: Answer = response => reset(response)
    const fine = json(200, config('a', 1))
    const reading = await server(inTurn(lost, lost, fine))
    assert.isNotNull(await transport(reading.url).get(ref, call()))
    const applying = await server(inTurn(lost, fine))
    assert.isNotNull(await transport(applying.url).write({ verb: 'apply', ref, object: config('a', 1) }, call()))
    const creating = await server(inTurn(lost, fine))
    const error = await thrown(transport(creating.url).write({ verb: 'create', ref, object: config('a', 1) }, call()))
    assert.match(error.message ?? '', /^The exchange with the API server http:\/\/127\.0\.0\.1:\d+ failed: /)
    assert.lengthOf(creating.asked, 1)
  })

  test('ends a call that hangs by its deadline', async () => {
    const started = await server(() => undefined)
    assert.include(await thrown(transport(started.url).get(ref, call(30))), { name: 'TimeoutError' })
  })
})
