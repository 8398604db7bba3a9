import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { assert } from 'chai'
import { kinds, type Ref } from '../../../src/api/object.ts'
import type { RequestReport } from '../../../src/adapters/kubernetes/exchange.ts'
import { ApiError, isConflict } from '../../../src/core/errors.ts'
import type { Sha256 } from '../../../src/core/ports.ts'
import { hashOfContent } from '../../../src/core/render/content.ts'
import {
  type Answer,
  config,
  event,
  json,
  page,
  plainCredentials,
  status,
  stream,
} from '../../runtime/scripted-server.ts'
import { call, inTurn, ref, thrown, transportsOfSuite } from './transports.ts'

// A self-signed certificate for 127.0.0.1 that serves these tests only, valid for a century.
const tls = {
  key: readFileSync(new URL('loopback.key', import.meta.url), 'utf8'),
  cert: readFileSync(new URL('loopback.crt', import.meta.url), 'utf8'),
}
const sha256: Sha256 = text => createHash('sha256').update(text).digest('hex')

suite('transport', () => {
  const { server, transport } = transportsOfSuite()

  test('200 requests over TLS share two connections, and few more when a namespace makes forty at a time', async () => {
    const started = await server(json(200, config('a', 1)), tls)
    const api = transport(started.url, { credentials: plainCredentials(started.url, { ca: tls.cert }) })
    for (let n = 0; n < 200; n++) await api.get(ref, call())
    assert.isAtMost(started.connections(), 2)
    for (let n = 0; n < 5; n++) await Promise.all(Array.from({ length: 40 }, () => api.get(ref, call())))
    assert.isAtMost(started.connections(), 16)
    assert.lengthOf(started.asked, 400)
  })

  test('an urgent call passes those that hang in its namespace, and a call in another namespace does', async () => {
    const started = await server((response, asked) => {
      if (!asked.path.endsWith('/hangs')) json(200, config('urgent', 1))(response, asked)
    })
    const api = transport(started.url)
    const over = Array.from({ length: 40 }, () => new AbortController())
    const hanging = over.map(({ signal }) => api.get({ ...ref, name: 'hangs' }, { lane: 'normal', signal }))
    const urgent = await api.get({ ...ref, name: 'urgent' }, { lane: 'urgent', signal: AbortSignal.timeout(60_000) })
    assert.equal(urgent?.metadata.name, 'urgent')
    assert.isNotNull(await api.get({ ...ref, namespace: 'pay' }, call()))
    for (const controller of over) controller.abort(new Error('enough'))
    assert.isTrue((await Promise.allSettled(hanging)).every(each => each.status === 'rejected'))
  })

  test('keeps every field as it came, and asks as itself', async () => {
    const raw = { ...config('a', 1), futureField: { deep: [1, { x: null }] } }
    const started = await server(json(200, raw))
    const got = await transport(started.url).get(ref, call())
    assert.deepEqual(got, raw)
    const [asked] = started.asked
    assert.equal(asked?.path, '/api/v1/namespaces/shop/configmaps/a')
    assert.equal(asked?.headers.authorization, 'Bearer token-1')
    assert.equal(asked?.headers['user-agent'], 'sluice/test')
  })

  test('a missing object is null; another refusal is an ApiError with the sentence of the server', async () => {
    const answers = inTurn(
      status(404, 'NotFound', 'configmaps "a" not found'),
      status(403, 'Forbidden', 'configmaps "a" is forbidden'),
    )
    const api = transport((await server(answers)).url)
    assert.isNull(await api.get(ref, call()))
    const error: unknown = await thrown(api.get(ref, call()))
    assert.instanceOf(error, ApiError)
    assert.deepInclude(error, { code: 403, reason: 'Forbidden', message: 'configmaps "a" is forbidden' })
  })

  test('what finalizers keep is there after its DELETE, and nothing else', async () => {
    const metadata = { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z' }
    const kept = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, finalizers: ['example.com/backup'] } }
    const gone = [
      { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Success' },
      { ...kept, metadata },
    ]
    const { url } = await server(inTurn(...[kept, ...gone].map(answer => json(200, answer))))
    const api = transport(url)
    const remove = (): Promise<unknown> => api.write({ verb: 'delete', ref }, call())
    assert.deepEqual([await remove(), await remove(), await remove()], [kept, null, null])
  })

  test('an answer without a Status is quoted', async () => {
    const html: Answer = response => {
      response.statusCode = 502
      response.end('<html>\n  bad   gateway</html>')
    }
    const error = await thrown(transport((await server(html)).url).get(ref, call()))
    assert.equal(
      error.message,
      'GET /api/v1/namespaces/shop/configmaps/a: the server answered 502: <html> bad gateway</html>',
    )
  })

  test('says of every list item what it is', async () => {
    const started = await server(page(7, [config('a', 1)], 'more'))
    const list = await transport(started.url).list(kinds.ConfigMap, { namespace: 'shop', name: 'a', limit: 1 }, call())
    const { size, ...said } = list
    assert.deepEqual(said, { resourceVersion: '7', items: [config('a', 1)], continue: 'more' })
    assert.isAbove(size ?? 0, JSON.stringify(config('a', 1)).length)
    assert.deepEqual(started.asked[0]?.query, { fieldSelector: 'metadata.name=a', limit: '1' })
  })

  test('an abort ends a watch in peace; nothing is told afterwards', async () => {
    const started = await server(stream([event('ADDED', config('a', 1))]))
    const over = new AbortController()
    const seen: string[] = []
    await transport(started.url).watch(
      kinds.ConfigMap,
      { namespace: '', resourceVersion: '1', timeout: 300_000 },
      each => {
        seen.push(each.type)
        over.abort()
      },
      { lane: 'normal', signal: over.signal },
    )
    assert.deepEqual(seen, ['ADDED'])
  })

  test('says whether somebody else was first when a guarded patch is refused', async () => {
    const write = { verb: 'patch', ref, resourceVersion: '5', operations: [] } as const
    const refused = status(422, 'Invalid', 'the server rejected our request due to an error in our request')
    const raced = transport((await server(inTurn(refused, json(200, config('a', 6))))).url)
    assert.include(await thrown(raced.write(write, call())), { code: 409, reason: 'Conflict' })
    const wrong = transport((await server(inTurn(refused, json(200, config('a', 5))))).url)
    assert.include(await thrown(wrong.write(write, call())), { code: 422 })
  })

  test('an apply of a field that the schema does not have is an invalid object, not a broken server', async () => {
    const said = 'failed to create typed patch object (shop/a; v1, Kind=X): .spec.bogus: field not declared in schema'
    const api = transport((await server(status(500, '', said))).url)
    const error = await thrown(api.write({ verb: 'apply', ref, object: config('a', 1) }, call()))
    assert.include(error, { code: 422, reason: 'Invalid', message: said })
  })

  test('gives up what it owns, and starts over when somebody writes in between', async () => {
    const owned = (version: number) => ({
      ...config('a', version),
      metadata: { ...config('a', version).metadata, managedFields: [{ manager: 'x' }, { manager: 'sluice' }] },
    })
    const refused = status(422, 'Invalid', 'test failed')
    const started = await server(
      inTurn(
        json(200, owned(5)),
        refused,
        json(200, owned(6)), // who was first?
        json(200, owned(6)),
        json(200, config('a', 7)),
      ),
    )
    const after = await transport(started.url).write({ verb: 'disown', ref }, call())
    assert.equal(after?.metadata.resourceVersion, '7')
    assert.deepEqual(JSON.parse(started.asked.at(-1)?.body ?? ''), [
      { op: 'test', path: '/metadata/resourceVersion', value: '6' },
      { op: 'remove', path: '/metadata/managedFields/1' },
    ])
  })

  test('copies a Secret whole, under our name and labels, immutable; what is there already is a success', async () => {
    const source = {
      ...config('a', 1, { password: 'eA==' }),
      kind: 'Secret',
      type: 'kubernetes.io/service-account-token',
      metadata: { ...config('a', 1).metadata, annotations: { secret: 'note' }, labels: { theirs: '1' } },
    }
    const name = `a-${hashOfContent(source, sha256).slice(0, 10)}`
    const copy = { ...config(name, 2), kind: 'Secret' }
    const exists = status(409, 'AlreadyExists', `secrets "${name}" already exists`)
    const started = await server(inTurn(json(200, source), exists, json(200, copy)))
    const from: Ref = { kind: kinds.Secret, namespace: 'shop', name: 'a' }
    const written = await transport(started.url).write(
      { verb: 'copy', from, ref: { ...from, name }, labels: { ours: '1' } },
      call(),
    )
    assert.deepEqual(written, copy)
    assert.deepEqual(JSON.parse(started.asked[1]?.body ?? ''), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'shop', labels: { ours: '1' } },
      immutable: true,
      data: { password: 'eA==' },
      type: 'Opaque',
    })
  })

  test('copies nothing that has changed since it was judged: the name of the copy says what that was', async () => {
    const judged = { ...config('a', 1, { password: 'eA==' }), kind: 'Secret' }
    const name = `a-${hashOfContent(judged, sha256).slice(0, 10)}`
    const started = await server(inTurn(json(200, { ...judged, data: { password: 'eQ==' } })))
    const from: Ref = { kind: kinds.Secret, namespace: 'shop', name: 'a' }
    const copy = { verb: 'copy', from, ref: { ...from, name }, labels: {} } as const
    const error: unknown = await transport(started.url)
      .write(copy, call())
      .catch((reason: unknown) => reason)
    assert.equal(String(error), `ApiError: Secret shop/a was changed before it could be copied as ${name}.`)
    assert.isTrue(isConflict(error))
    assert.deepEqual(
      started.asked.map(({ method }) => method),
      ['GET'],
    )
  })

  test('reports every request with its verb, kind, code and warnings', async () => {
    const reports: RequestReport[] = []
    const warned = json(200, config('a', 1), { warning: '299 - "unknown field \\"spec.x\\""' })
    const started = await server(inTurn(status(404, 'NotFound', 'gone'), warned))
    const api = transport(started.url, { report: report => reports.push(report) })
    await api.get(ref, call())
    await api.write({ verb: 'apply', ref, object: config('a', 1) }, call())
    assert.deepEqual(
      reports.map(({ verb, kind, code, lane, warnings }) => ({ verb, kind, code, lane, warnings })),
      [
        { verb: 'get', kind: 'configmaps', code: 404, lane: 'normal', warnings: [] },
        { verb: 'apply', kind: 'configmaps', code: 200, lane: 'normal', warnings: ['"unknown field \\"spec.x\\""'] },
      ],
    )
  })
})
