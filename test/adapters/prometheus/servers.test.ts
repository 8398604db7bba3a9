import { expect } from 'chai'
import { question } from './loopback.ts'
import { measured, number, one, sourcesOfSuite } from './sources.ts'

suite('PrometheusSource: which server', () => {
  const { serving, source } = sourcesOfSuite()

  test('a check names its server, with or without a slash at the end', async () => {
    const first = await serving(() => ['1'])
    const second = await serving(() => ['2'])
    const from = source('', { servers: [first.url, second.url] })
    expect(await measured(from, [question('up'), question('up', { server: `${second.url}/` })])).to.deep.equal([
      number(1),
      number(2),
    ])
  })

  test('a server that is not on the list is refused and never asked', async () => {
    const listed = await serving(() => ['1'])
    const other = await serving(() => ['1'])
    expect(await measured(source(listed.url), [question('up', { server: other.url })])).to.deep.equal([
      { kind: 'refused', error: `${other.url} is not on the controller's list of metrics servers` },
    ])
    expect(other.requests).to.deep.equal([])
  })

  test('an address that is no URL is refused at the start', () => {
    expect(() => source('prometheus:9090')).to.throw(
      TypeError,
      'metrics server "prometheus:9090" is not a URL; write one such as http://prometheus.istio-system:9090',
    )
  })

  test('a path before the API is kept, user and password become a header and are in no message', async () => {
    const server = await serving(
      () => [],
      (request, response) => {
        response.writeHead(request.url === '/prom/api/v1/query' ? 403 : 404).end()
        return true
      },
    )
    const address = server.url.replace('//', '//watcher:secret@')
    expect(await one(source(`${address}/prom/`))).to.deep.equal({
      kind: 'unavailable',
      error: `${server.url}/prom answered 403; it does not accept the user and password of its address`,
    })
    expect(server.headers[0]?.authorization).to.equal(`Basic ${Buffer.from('watcher:secret').toString('base64')}`)
  })

  test('how long each request took is told', async () => {
    const server = await serving(() => ['1'])
    const calls: string[] = []
    await one(source(server.url, { observed: call => calls.push(`${call.outcome} ${call.seconds < 2}`) }))
    expect(calls).to.deep.equal(['vector true'])
  })
})
