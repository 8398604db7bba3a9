import { expect } from 'chai'
import { keptLog, question, saying } from './loopback.ts'
import { measured, number, one, sourcesOfSuite } from './sources.ts'

suite('PrometheusSource: what an answer means', () => {
  const { serving, source } = sourcesOfSuite()

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
