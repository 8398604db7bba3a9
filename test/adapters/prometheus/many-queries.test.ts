import { expect } from 'chai'
import type { Check } from '../../../src/core/model/check.ts'
import { question } from './loopback.ts'
import { measured, number, sourcesOfSuite } from './sources.ts'

suite('PrometheusSource: many questions at once', () => {
  const { serving, source } = sourcesOfSuite()

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
    expect(await measured(source(server.url), [question('large'), question('small')])).to.deep.equal([
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
        }, 60)
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
