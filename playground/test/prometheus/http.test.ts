/** The HTTP API of the in-memory Prometheus, over a real socket: forms, methods, limits, health, and our own client. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { PrometheusSource } from '../../../src/adapters/prometheus/source.ts'
import type { Check, Finding } from '../../../src/core/model/check.ts'
import { prometheusApi } from '../../prometheus/http.ts'
import { Samples } from '../../prometheus/samples.ts'

suite('the HTTP API of the in-memory Prometheus', () => {
  let server: Server
  let url: string
  const samples = new Samples()

  suiteSetup(async () => {
    for (let second = 0; second <= 60; second++)
      samples.append({ __name__: 'hits_total', pod: 'a' }, second * 1000, 2 * second)
    server = createServer(prometheusApi(samples, () => 60_000))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  suiteTeardown(() => {
    server.close()
    server.closeAllConnections()
  })

  async function ask(path: string, init: RequestInit = {}): Promise<[code: number, body: unknown]> {
    const response = await fetch(`${url}${path}`, init)
    const text = await response.text()
    return [response.status, text.startsWith('{') ? JSON.parse(text) : text]
  }

  test('a query without a time is answered as of now, by GET and by a POSTed form', async () => {
    const data = { resultType: 'vector', result: [{ metric: { pod: 'a' }, value: [60, '2'] }] }
    const query = 'rate(hits_total[30s])'
    expect(await ask(`/api/v1/query?query=${query}`)).to.deep.equal([200, { status: 'success', data }])
    const body = new URLSearchParams({ query })
    expect(await ask('/api/v1/query', { method: 'POST', body })).to.deep.equal([200, { status: 'success', data }])
  })

  test('health and build are told', async () => {
    expect(await ask('/-/ready')).to.deep.equal([200, 'Prometheus Server is Ready.\n'])
    expect(await ask('/-/healthy')).to.deep.equal([200, 'Prometheus Server is Healthy.\n'])
    const [code, build] = await ask('/api/v1/status/buildinfo')
    expect(code).to.equal(200)
    expect(build).to.have.nested.property('data.version', '3.13.5')
  })

  test('what is not played is not found, and what is not allowed says so', async () => {
    for (const path of ['/', '/api/v1/rules', '/api/v1/query/x', '//', '/api/v1/']) {
      expect(await ask(path), path).to.deep.equal([404, '404 page not found\n'])
    }
    expect(await ask('/api/v1/query', { method: 'DELETE' })).to.deep.equal([405, 'Method Not Allowed\n'])
  })

  test('a form of more than 10 MiB is refused', async () => {
    const [code, body] = await ask('/api/v1/query', { method: 'POST', body: `query=${'1'.repeat(11 * 1024 * 1024)}` })
    expect([code, body]).to.deep.equal([
      400,
      { status: 'error', errorType: 'bad_data', error: 'error parsing form values: http: request body too large' },
    ])
  })

  test('our client takes it for a Prometheus: merged queries, values, no data, refusals', async () => {
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
    const source = new PrometheusSource({ servers: [url], log })
    const wanted: [query: string, finding: Finding][] = [
      ['sum(rate(hits_total[30s]))', { kind: 'value', value: 2 }],
      ['sum(nothing) # a comment', { kind: 'no-data', because: 'the query returned no data' }],
      ['42', { kind: 'value', value: 42 }],
      ['sum(hits_total', { kind: 'refused', error: '1:15: parse error: unexpected end of input' }],
      [
        'hits_total[1m]',
        { kind: 'refused', error: 'the query returned a range of samples; wrap it, as in sum(rate(…[1m]))' },
      ],
    ]
    const checks = wanted.map(
      ([query], index): Check => ({
        id: String(index),
        query,
        server: null,
        subject: { measure: 'value', side: 'canary', namespace: 'shop', workload: 'web', window: 60_000 },
      }),
    )
    const findings = await source.measure(checks, new AbortController().signal)
    source.close()
    expect(wanted.map((_, index) => findings.get(String(index)))).to.deep.equal(wanted.map(([, finding]) => finding))
  })
})
