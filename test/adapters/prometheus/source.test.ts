import { expect } from 'chai'
import type { Check, Finding } from '../../../src/core/model/check.ts'
import { PrometheusSource, type PrometheusOptions } from '../../../src/adapters/prometheus/source.ts'
import { keptLog, loopback, question, saying, type Interference, type Loopback, type Scripted } from './loopback.ts'

suite('PrometheusSource', () => {
  const open: { close(): void | Promise<void> }[] = []
  teardown(async () => {
    for (const opened of open.splice(0)) await opened.close()
  })

  const patient = new AbortController().signal

  async function serving(script: (query: string) => Scripted, interfere?: Interference): Promise<Loopback> {
    const server = await loopback(script, interfere)
    open.push(server)
    return server
  }

  function source(server: string, more: Partial<PrometheusOptions> = {}): PrometheusSource {
    const made = new PrometheusSource({ servers: [server], log: keptLog(), deadline: 2000, ...more })
    open.push(made)
    return made
  }

  /** The findings in the order of the questions. */
  async function measured(from: PrometheusSource, checks: readonly Check[]): Promise<(Finding | undefined)[]> {
    const findings = await from.measure(checks, patient)
    return checks.map(check => findings.get(check.id))
  }

  async function one(from: PrometheusSource, query = 'up'): Promise<Finding | undefined> {
    const [finding] = await measured(from, [question(query)])
    return finding
  }

  const number = (value: number): Finding => ({ kind: 'value', value })

  suite('what an answer means', () => {
    test('one series is a value', async () => {
      const server = await serving(() => ['0.5'])
      expect(await one(source(server.url))).to.deep.equal(number(0.5))
    })

    test('nothing, NaN and infinity are no data', async () => {
      const server = await serving(query => (query === 'empty' ? [] : [query]))
      expect(
        await measured(
          source(server.url),
          ['empty', 'NaN', '+Inf', '-Inf'].map(query => question(query)),
        ),
      ).to.deep.equal([
        { kind: 'no-data', because: 'the query returned no data' },
        { kind: 'no-data', because: 'the query gave NaN' },
        { kind: 'no-data', because: 'the query gave +Inf' },
        { kind: 'no-data', because: 'the query gave -Inf' },
      ])
    })

    test('a scalar is a value, although it cannot be merged', async () => {
      const server = await serving(query => (query === '42' ? { scalar: '42' } : ['1']))
      const from = source(server.url)
      expect(await measured(from, [question('42'), question('a'), question('b')])).to.deep.equal([42, 1, 1].map(number))
      const before = server.requests.length
      expect(await measured(from, [question('42'), question('a'), question('b')])).to.deep.equal([42, 1, 1].map(number))
      expect(server.requests.length - before, 'the scalar is asked alone from then on').to.equal(2)
    })

    test('more than one series is refused with the way out', async () => {
      const server = await serving(() => ['1', '2', '3'])
      expect(await one(source(server.url))).to.deep.equal({
        kind: 'refused',
        error: 'the query returned 3 series; aggregate it to one, as in sum(…)',
      })
    })

    test('a range, a text and a histogram are refused with the way out', async () => {
      const data: Record<string, unknown> = {
        range: { resultType: 'matrix', result: [] },
        text: { resultType: 'string', result: [0, 'hello'] },
        histogram: { resultType: 'vector', result: [{ metric: {}, histogram: [0, {}] }] },
      }
      const server = await serving(
        () => [],
        (_request, response, query) => {
          response.end(JSON.stringify({ status: 'success', data: data[query] }))
          return true
        },
      )
      const from = source(server.url)
      const errors = []
      for (const query of Object.keys(data)) errors.push(await one(from, query))
      expect(errors).to.deep.equal([
        { kind: 'refused', error: 'the query returned a range of samples; wrap it, as in sum(rate(…[1m]))' },
        { kind: 'refused', error: 'the query returned a string; it must return one number' },
        {
          kind: 'refused',
          error: 'the query returned a histogram; take a number of it, as in histogram_quantile(0.99, …)',
        },
      ])
    })

    test('a value with an annotation of PromQL counts, and the annotation is logged once', async () => {
      const warning = 'PromQL warning: quantile value should be between 0 and 1, got 99'
      const server = await serving(() => [], saying({ warnings: [warning] }, '7'))
      const log = keptLog()
      const from = source(server.url, { log })
      expect([await one(from), await one(from)]).to.deep.equal([number(7), number(7)])
      expect(log.lines).to.deep.equal([`metrics server warns {"server":"${server.url}","warning":"${warning}"}`])
    })

    for (const sample of ['', ' ', 'NaN', '+Inf', '-Inf', '0x10', 'none']) {
      test(`a sample that is ${JSON.stringify(sample)} is no data`, async () => {
        const server = await serving(() => [sample])
        expect(await one(source(server.url))).to.have.property('kind', 'no-data')
      })
    }

    for (const sample of ['0', '-0', '1e-07', '1.5E+3', '+2', '.5', '3.']) {
      test(`a sample that is ${sample} is that number`, async () => {
        const server = await serving(() => [sample])
        expect(await one(source(server.url))).to.deep.equal(number(Number(sample)))
      })
    }
  })

  suite('many questions at once', () => {
    test('questions of one moment become one request, and each gets its own answer', async () => {
      const server = await serving(query => [String(query.length)])
      const from = source(server.url)
      const [first, second] = await Promise.all([
        measured(from, [question('a'), question('bb # with a comment')]),
        measured(from, [question('ccc')]),
      ])
      expect([...first, ...second]).to.deep.equal([number(1), number(19), number(3)])
      expect(server.requests).to.have.lengthOf(1)
    })

    test('an equal query is asked once for all who ask it', async () => {
      const server = await serving(() => ['5'])
      const checks = [question('same'), question('same'), question('same')]
      expect(await measured(source(server.url), checks)).to.deep.equal([number(5), number(5), number(5)])
      expect(server.requests).to.deep.equal(['same'])
    })

    test('250 queries are three requests', async () => {
      const server = await serving(query => [query])
      const checks = Array.from({ length: 250 }, (_, index) => question(String(index)))
      expect(await measured(source(server.url), checks)).to.deep.equal(checks.map((_, index) => number(index)))
      expect(server.requests).to.have.lengthOf(3)
    })

    test('long queries make smaller requests', async () => {
      const server = await serving(query => [String(query.length)])
      const checks = ['a', 'b', 'c', 'd'].map(letter => question(letter.repeat(60 * 1024)))
      expect(await measured(source(server.url), checks)).to.deep.equal(checks.map(() => number(60 * 1024)))
      expect(server.requests.every(request => request.length < 256 * 1024)).to.equal(true)
    })

    test('a refused query does not take its neighbours with it, and is asked alone the next time', async () => {
      const server = await serving(query => (query === 'bad' ? { error: 'parse error: unexpected "}"' } : [query]))
      const from = source(server.url)
      const checks = ['1', '2', 'bad', '4', '5', '6', '7'].map(query => question(query))
      const wanted = [
        ...[1, 2].map(number),
        { kind: 'refused', error: 'parse error: unexpected "}"' },
        ...[4, 5, 6, 7].map(number),
      ]
      expect(await measured(from, checks)).to.deep.equal(wanted)
      const before = server.requests.length
      expect(await measured(from, checks)).to.deep.equal(wanted)
      expect(server.requests.length - before).to.equal(2)
    })

    test('a query that would close the parentheses around it is asked alone, and answers for nobody else', async () => {
      const forged = 'vector(1)), "sluice_check", "1", "", "") or label_replace((vector(0)'
      const server = await serving(query => (query === forged ? { error: 'unexpected )' } : [query]))
      expect(await measured(source(server.url), [question(forged), question('1'), question('2')])).to.deep.equal([
        { kind: 'refused', error: 'unexpected )' },
        number(1),
        number(2),
      ])
      expect(server.requests.filter(request => request.includes(forged))).to.deep.equal([forged])
    })

    test("what users wrote is not merged with another namespace's, built-in questions are merged with all", async () => {
      const server = await serving(() => ['1'])
      const of = (namespace: string, measure: 'value' | 'requests', query: string): Check =>
        question(query, { subject: { measure, side: 'canary', namespace, workload: 'web', window: 1000 } })
      await measured(source(server.url), [
        of('shop', 'value', 'template of shop'),
        of('bank', 'value', 'template of bank'),
        of('shop', 'requests', 'requests of shop'),
        of('bank', 'requests', 'requests of bank'),
      ])
      const together = server.requests.map(request =>
        ['shop', 'bank'].filter(name => request.includes(`template of ${name}`)),
      )
      expect(together.sort((a, b) => a.length - b.length || String(a).localeCompare(String(b)))).to.deep.equal([
        [],
        ['bank'],
        ['shop'],
      ])
      expect(server.requests.filter(request => request.includes('requests of shop'))[0]).to.include('requests of bank')
    })

    test('a merged answer beyond its limit is asked in parts, and only the large one is refused', async () => {
      const many = Array.from({ length: 250_000 }, () => '1')
      const server = await serving(query => (query === 'large' ? many : ['1']))
      expect(
        await measured(source(server.url, { deadline: 10_000 }), [question('large'), question('small')]),
      ).to.deep.equal([
        { kind: 'refused', error: 'its answer is larger than 1 MiB; aggregate it to one series, as in sum(…)' },
        number(1),
      ])
    })

    test('no more than eight requests for what users wrote are under way at once, and three of one namespace', async () => {
      const under = new Map<string, number>()
      let most: readonly number[] = [0, 0]
      const server = await serving(
        () => ['1'],
        (_request, response, query) => {
          const namespace = query.slice(0, 1)
          under.set(namespace, (under.get(namespace) ?? 0) + 1)
          const now = [...under.values()]
          most = [
            Math.max(
              most[0] ?? 0,
              now.reduce((sum, count) => sum + count),
            ),
            Math.max(most[1] ?? 0, ...now),
          ]
          setTimeout(() => {
            under.set(namespace, (under.get(namespace) ?? 0) - 1)
            const data = { resultType: 'scalar', result: [0, query.replace(/\D/g, '')] }
            response.end(JSON.stringify({ status: 'success', data }))
          }, 20)
          return true
        },
      )
      // Each closes a parenthesis too many, so none can be merged.
      const checks = ['a', 'b', 'c', 'd'].flatMap(namespace =>
        Array.from({ length: 10 }, (_, index) => {
          const check = question(`${namespace}${index})`)
          return { ...check, subject: { ...check.subject, namespace } }
        }),
      )
      const wanted = checks.map((_, index) => number(index % 10))
      expect(await measured(source(server.url), checks)).to.deep.equal(wanted)
      expect(most).to.deep.equal([8, 3])
    })
  })

  suite('trouble', () => {
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

  suite('which server', () => {
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
})
