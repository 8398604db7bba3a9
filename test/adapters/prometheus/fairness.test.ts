/** Queries that hang, are refused or are many: they cost who wrote them. The server hangs for ever; nothing here waits for time. */
import { expect } from 'chai'
import type { Check, Finding } from '../../../src/core/model/check.ts'
import type { PrometheusOptions, PrometheusSource } from '../../../src/adapters/prometheus/source.ts'
import { question, saying, type Loopback } from './loopback.ts'
import { sourcesOfSuite } from './sources.ts'

suite('what one costs the others at a metrics server', () => {
  const { serving, source: sourceOf } = sourcesOfSuite()

  const patient = (): AbortSignal => new AbortController().signal
  const one: Finding = { kind: 'value', value: 1 }

  /** A server that hangs whenever one of the queries says so, and answers 1 otherwise. */
  function server(): Promise<Loopback> {
    return serving(
      () => ['1'],
      (_request, _response, query) => query.includes('hang'),
    )
  }

  const source = (url: string, more: Partial<PrometheusOptions> = {}): PrometheusSource =>
    sourceOf(url, { deadline: 600_000, ...more })

  const asked = (query: string, namespace: string, workload: string, measure: 'value' | 'requests' = 'value'): Check =>
    question(query, { subject: { measure, side: 'canary', namespace, workload, window: 30_000 } })

  const hanging = (namespace: string, count = 120): Check[] =>
    Array.from({ length: count }, (_, index) => asked(`hang_${index}`, namespace, `web-${index}`))

  test('120 questions of one namespace that hang, and those of another and our own are answered at once', async () => {
    const { url, requests } = await server()
    const from = source(url)
    void from.measure(hanging('slow'), patient())
    const checks = [asked('orders', 'shop', 'web'), asked('requests', 'slow', 'web-1', 'requests')]
    const findings = await from.measure(checks, patient())
    expect(checks.map(({ id }) => findings.get(id))).to.deep.equal([one, one])
    expect(requests.filter(query => query.includes('hang')).length).to.be.at.most(3)
  })

  test('the same where they cannot be merged, from twenty namespaces', async () => {
    const { url } = await server()
    const from = source(url)
    const alone = Array.from({ length: 20 }, (_, namespace) =>
      Array.from({ length: 20 }, (_query, index) => asked(`hang_${index})`, `slow-${namespace}`, `web-${index}`)),
    )
    for (const checks of alone) void from.measure(checks, patient())
    const check = asked('requests', 'shop', 'web', 'requests')
    expect((await from.measure([check], patient())).get(check.id)).to.deep.equal(one)
  })

  test('a slow query is told from its neighbours of one namespace, and from then on waits apart', async () => {
    const { url, requests } = await server()
    const from = source(url, { deadline: 3000 })
    const checks = [asked('hang', 'shop', 'slow'), asked('orders', 'shop', 'web'), asked('stock', 'shop', 'store')]
    const findings = await from.measure(checks, patient())
    expect(checks.map(({ id }) => findings.get(id))).to.deep.equal([
      { kind: 'unavailable', error: `${url} gave no answer in 3 s` },
      one,
      one,
    ])
    requests.length = 0
    void from.measure([asked('hang', 'shop', 'slow')], patient())
    const again = asked('orders', 'shop', 'web')
    expect((await from.measure([again], patient())).get(again.id)).to.deep.equal(one)
    expect(requests.filter(query => query.includes('orders'))).to.deep.equal(['orders'])
  })

  test('a query that the server itself gives up is told from its neighbours, too', async () => {
    const made = await serving(
      () => ['1'],
      (_request, response, query) => {
        if (!query.includes('slow')) return false
        const error = 'query timed out in expression evaluation'
        response.writeHead(503).end(JSON.stringify({ status: 'error', errorType: 'timeout', error }))
        return true
      },
    )
    const checks = [asked('slow', 'shop', 'slow'), asked('orders', 'shop', 'web')]
    const findings = await source(made.url).measure(checks, patient())
    expect(checks.map(({ id }) => findings.get(id))).to.deep.equal([
      { kind: 'unavailable', error: `${made.url} answered 503: query timed out in expression evaluation` },
      one,
    ])
  })

  test('one whose series lie on a store that is away holds alone; ours, which all ask the same stores, are asked once', async () => {
    const partial = saying({ warnings: ['store-b: rpc error: code = Unavailable'] }, '1')
    const { url, requests } = await serving(
      () => ['1'],
      (request, response, query) => query.includes('[1d]') && partial(request, response, query),
    )
    const away: Finding = {
      kind: 'unavailable',
      error: `${url} gave only a part of the answer: store-b: rpc error: code = Unavailable`,
    }
    const users = [asked('rate(a[1d])', 'shop', 'web'), asked('b', 'shop', 'web'), asked('c', 'shop', 'store')]
    const found = await source(url).measure(users, patient())
    expect(users.map(({ id }) => found.get(id))).to.deep.equal([away, one, one])
    requests.length = 0
    const ours = ['rate(a[1d])', 'b'].map(query => asked(query, 'shop', 'web', 'requests'))
    const findings = await source(url).measure(ours, patient())
    expect(ours.map(({ id }) => findings.get(id))).to.deep.equal([away, away])
    expect(requests).to.have.lengthOf(1)
  })

  test('an owner that is answered in time again is merged again', async () => {
    let hangs = true
    const made = await serving(
      () => ['1'],
      (_request, _response, query) => hangs && query.includes('slow'),
    )
    const { url, requests } = made
    const from = source(url, { deadline: 3000 })
    const ask = (): Promise<unknown> =>
      from.measure([asked('slow', 'shop', 'slow'), asked('orders', 'shop', 'web')], patient())
    await ask()
    hangs = false
    await ask()
    requests.length = 0
    await ask()
    expect(requests).to.have.lengthOf(1)
  })

  test('a server that hangs altogether is not asked for each part', async () => {
    const made = await serving(
      () => [],
      () => true,
    )
    const { url, requests } = made
    const checks = Array.from({ length: 50 }, (_, index) => asked(`q_${index}`, 'shop', `web-${index}`, 'requests'))
    const findings = await source(url, { deadline: 3000 }).measure(checks, patient())
    expect(new Set([...findings.values()].map(({ kind }) => kind))).to.deep.equal(new Set(['unavailable']))
    expect(requests.length).to.equal(2)
    expect(requests[1]).to.equal('vector(1)')
  })

  test('checks that are given up leave the queue, and the requests that were under way end', async () => {
    let ended = 0
    let hung = 0
    let begun = (): void => {}
    const under = new Promise<void>(resolve => {
      begun = resolve
    })
    const made = await serving(
      () => ['1'],
      (_request, response, query) => {
        if (!query.includes('hang')) return false
        response.on('close', () => (ended += 1))
        if ((hung += 1) === 3) begun()
        return true
      },
    )
    const { url, requests } = made
    const from = source(url)
    const gone = new AbortController()
    // None can be merged: each closes a parenthesis too many.
    const checks = Array.from({ length: 120 }, (_, index) => asked(`hang_${index})`, 'shop', `web-${index}`))
    const given = from.measure(checks, gone.signal)
    await under
    gone.abort()
    await given
    const check = asked('orders', 'shop', 'web')
    expect((await from.measure([check], patient())).get(check.id)).to.deep.equal(one)
    expect(requests).to.have.lengthOf(4)
    expect(ended).to.equal(3)
  })

  test('a namespace may have 8 MiB of queries waiting, and is told', async () => {
    const { url } = await server()
    const from = source(url)
    const long = 'x'.repeat(60_000)
    const checks = Array.from({ length: 200 }, (_, index) => asked(`hang_${index}${long})`, 'shop', `web-${index}`))
    void from.measure(checks.slice(0, 150), patient())
    const findings = await from.measure(checks.slice(150, 151), patient())
    expect([...findings.values()]).to.deep.equal([
      {
        kind: 'unavailable',
        error:
          'too many queries of namespace shop wait for the metrics server (8 MiB of them); make them fewer or shorter',
      },
    ])
  })

  test('with a tenant header each request is for one namespace, and says which', async () => {
    const { url, requests, headers } = await server()
    const from = source(url, { tenantHeader: 'X-Scope-OrgID' })
    await from.measure(
      [
        asked('a', 'shop', 'web'),
        asked('b', 'bank', 'web'),
        asked('c', 'shop', 'web', 'requests'),
        asked('d', 'bank', 'web', 'requests'),
      ],
      patient(),
    )
    const told = requests.map((query, index) => `${query} for ${String(headers[index]?.['x-scope-orgid'])}`)
    expect(told).to.have.members(['a for shop', 'b for bank', 'c for shop', 'd for bank'])
  })
})
