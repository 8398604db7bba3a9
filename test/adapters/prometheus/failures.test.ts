import { expect } from 'chai'
import { loopback, question } from './loopback.ts'
import { number, one, sourcesOfSuite } from './sources.ts'

suite('PrometheusSource: trouble', () => {
  const { serving, source } = sourcesOfSuite()

  test('a server that refuses connections is unavailable', async () => {
    const server = await loopback(() => [])
    await server.close()
    expect(await one(source(server.url))).to.deep.equal({
      kind: 'unavailable',
      error: `${server.url} cannot be reached: connect ECONNREFUSED ${server.url.slice('http://'.length)}`,
    })
  })

  test('a server that accepts and never answers is unavailable after the deadline', async () => {
    const server = await serving(
      () => [],
      () => true,
    )
    expect(await one(source(server.url, { deadline: 100 }))).to.deep.equal({
      kind: 'unavailable',
      error: `${server.url} gave no answer in 0.1 s`,
    })
  })

  test('a server that stops in the middle of its answer is unavailable after the deadline', async () => {
    const server = await serving(
      () => [],
      (_request, response) => response.writeHead(200).write('{"status":'),
    )
    expect(await one(source(server.url, { deadline: 100 }))).to.deep.equal({
      kind: 'unavailable',
      error: `${server.url} gave no answer in 0.1 s`,
    })
  })

  const said: readonly (readonly [error: string, type: string, kind: 'unavailable' | 'refused'])[] = [
    // Thanos without partial answers, Mimir, VictoriaMetrics.
    [
      'expanding series: proxy Series(): rpc error: code = Aborted desc = fetch series for store-b: rpc error: code = Unavailable',
      'execution',
      'unavailable',
    ],
    ['expanding series: too many unhealthy instances in the ring', 'execution', 'unavailable'],
    [
      'cannot fetch query results from vmstorage nodes: cannot dial 10.1.2.3:8401: dial tcp4: i/o timeout',
      '422',
      'unavailable',
    ],
    ['cannot return full response, since some of vmstorage nodes are unavailable', '422', 'unavailable'],
    ['expanding series: context deadline exceeded', 'execution', 'unavailable'],
    ['cannot execute funcName="search_v7" on vmstorage "10.1.2.3:8401": EOF', '422', 'unavailable'],
    ['rpc error: code = Aborted desc = exceeded series limit: 5000', 'execution', 'refused'],
    ['query processing would load too many samples into memory in query execution', 'execution', 'refused'],
    ['found duplicate series for the match group on the right hand-side', 'execution', 'refused'],
    ['found duplicate series for the match group {zone="unavailable"}', 'execution', 'refused'],
    ['cannot perform search on vmstorage 10.1.2.3: matching timeseries exceeds 300000', '422', 'refused'],
    ['1:5: parse error: unexpected identifier "unavailable"', 'bad_data', 'refused'],
  ]
  for (const [error, errorType, kind] of said) {
    test(`422 with "${error}" is ${kind}`, async () => {
      const { url } = await serving(
        () => [],
        (_request, response) => {
          response.writeHead(422).end(JSON.stringify({ status: 'error', errorType, error }))
          return true
        },
      )
      const told = kind === 'refused' ? error : `${url} answered 422: ${error}`
      expect(await one(source(url))).to.deep.equal({ kind, error: told })
    })
  }

  test('a long query before the cause is left out', async () => {
    const quoted = JSON.stringify(`sum(${'rate(requests_total{code="500"}[1m]) + '.repeat(20)})`)
    const cause = 'cannot return full response, since some of vmstorage nodes are unavailable'
    const error = `error when executing query=${quoted} for (time=1, step=2): cannot evaluate ${quoted}: ${cause}`
    const { url } = await serving(
      () => [],
      (_request, response) => {
        response.writeHead(422).end(JSON.stringify({ status: 'error', errorType: '422', error }))
        return true
      },
    )
    expect(await one(source(url))).to.deep.equal({
      kind: 'unavailable',
      error: `${url} answered 422: error when executing query="…" for (time=1, step=2): cannot evaluate "…": ${cause}`,
    })
  })

  test('a web page is unavailable', async () => {
    const server = await serving(
      () => [],
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>Sign in</html>')
        return true
      },
    )
    expect(await one(source(server.url))).to.deep.equal({
      kind: 'unavailable',
      error: `${server.url} answered 200 with a web page, not as a Prometheus does; check the address`,
    })
  })

  test('a megabyte of some other JSON is refused by its size', async () => {
    const server = await serving(
      () => [],
      (_request, response) => {
        response.end(JSON.stringify({ junk: 'x'.repeat(1024 * 1024) }))
        return true
      },
    )
    expect(await one(source(server.url))).to.deep.equal({
      kind: 'refused',
      error: 'its answer is larger than 1 MiB; aggregate it to one series, as in sum(…)',
    })
  })

  test('some other JSON is unavailable', async () => {
    const server = await serving(
      () => [],
      (_request, response) => {
        response.end('{"ok":true}')
        return true
      },
    )
    expect(await one(source(server.url))).to.deep.equal({
      kind: 'unavailable',
      error: `${server.url} answered, but not as a Prometheus does; check the address`,
    })
  })

  test('401 names the token that is missing or wrong', async () => {
    const server = await serving(
      () => [],
      (_request, response) => {
        response.writeHead(401).end('no')
        return true
      },
    )
    expect(await one(source(server.url))).to.deep.equal({
      kind: 'unavailable',
      error: `${server.url} answered 401; it wants a token: give one with --metrics-server-token-file`,
    })
  })

  test('a redirect is not followed', async () => {
    const elsewhere = await serving(() => ['1'])
    const server = await serving(
      () => [],
      (_request, response) => {
        response.writeHead(307, { location: `${elsewhere.url}/api/v1/query` }).end()
        return true
      },
    )
    expect(await one(source(server.url))).to.deep.equal({
      kind: 'unavailable',
      error: `${server.url} answered with a redirect, which is not followed; write the address that it leads to`,
    })
    expect(elsewhere.requests).to.deep.equal([])
  })

  test('503 is tried once more', async () => {
    let failures = 1
    const server = await serving(
      () => ['1'],
      (_request, response) => {
        if (failures-- <= 0) return false
        response.writeHead(503).end()
        return true
      },
    )
    expect(await one(source(server.url))).to.deep.equal(number(1))
  })

  test('a second 503 is unavailable, with what the server said', async () => {
    const server = await serving(
      () => [],
      (_request, response) => {
        response.writeHead(503).end(JSON.stringify({ status: 'error', error: 'query timed out' }))
        return true
      },
    )
    expect(await one(source(server.url))).to.deep.equal({
      kind: 'unavailable',
      error: `${server.url} answered 503: query timed out`,
    })
    expect(server.requests).to.have.lengthOf(2)
  })

  test('a connection that is reset is tried once more', async () => {
    let resets = 1
    const server = await serving(
      () => ['1'],
      request => {
        if (resets-- <= 0) return false
        request.socket.resetAndDestroy()
        return true
      },
    )
    expect(await one(source(server.url))).to.deep.equal(number(1))
  })

  test('who gives up gets an answer at once', async () => {
    const server = await serving(
      () => [],
      () => true,
    )
    const gone = new AbortController()
    const check = question('up')
    const findings = source(server.url, { deadline: 500 }).measure([check], gone.signal)
    gone.abort()
    expect((await findings).get(check.id)).to.deep.equal({
      kind: 'unavailable',
      error: 'the check was given up before the metrics server answered',
    })
  })
})
