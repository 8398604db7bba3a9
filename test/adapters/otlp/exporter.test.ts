/** The exporter against real servers on loopback: what arrives, what is tried again, what is lost, and that nothing waits. */
import { expect } from 'chai'
import { CAPACITY, OtlpExporter } from '../../../src/adapters/otlp/exporter.ts'
import { otlpSettings } from '../../../src/adapters/otlp/settings.ts'
import { isRecord, recordsOf } from '../../../src/core/json.ts'
import type { Span } from '../../../src/core/model/trace.ts'
import type { Log } from '../../../src/core/ports.ts'
import { VirtualClock } from '../../../playground/clock.ts'
import { type Answering, plain, type Served } from '../http/servers.ts'

const span: Span = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentId: null,
  name: 'RUN shop/web',
  kind: 'server',
  startedAt: 1_700_000_000_000,
  endedAt: 1_700_000_001_500,
  attributes: { 'cicd.pipeline.result': 'failure', 'sluice.weight.highest': 10, 'sluice.ok': false },
  links: [{ traceId: 'c'.repeat(32), spanId: 'd'.repeat(16) }],
  error: 'Rolled back',
}
const many = (spans: number): Span[] => Array.from({ length: spans }, () => span)

suite('the exporter of traces', () => {
  const open: { close(within: number): Promise<void> }[] = []
  let lines: string[]
  let dropped: number
  let clock: VirtualClock
  setup(() => {
    lines = []
    dropped = 0
    clock = new VirtualClock()
  })
  teardown(async () => {
    await Promise.all(open.splice(0).map(async one => one.close(0)))
  })

  const line = (message: string, pairs?: object): void => {
    lines.push(`${message} ${JSON.stringify(pairs)}`)
  }
  const log: Log = { debug: line, info: line, warn: line, error: line }

  async function served(answer: Answering): Promise<Served> {
    const server = await plain(answer)
    open.push(server)
    return server
  }

  function exporterTo(url: string, more: Record<string, string> = {}): OtlpExporter {
    const { settings } = otlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: url, ...more })
    if (settings === null) throw new Error('no endpoint')
    const exporter = new OtlpExporter({
      settings,
      environment: null,
      clock,
      random: () => 1,
      log,
      version: '1.2.3',
      instance: 'sluice-0_a1',
      host: 'sluice-0',
      dropped: spans => (dropped += spans),
    })
    open.push(exporter)
    return exporter
  }

  const sent = (exporter: OtlpExporter, spans: readonly Span[] = [span]): Promise<void> =>
    new Promise(resolve => {
      exporter.send(spans, resolve)
    })

  /** Lets the exporter come to its wait after a failure, which it says. */
  async function waits(): Promise<void> {
    while (lines.length === 0) await new Promise(setImmediate)
  }

  test('a span arrives as OTLP has it, with headers, and resource', async () => {
    const server = await served(response => response.end('{}'))
    const more = { OTEL_EXPORTER_OTLP_HEADERS: 'X-Scope-OrgID=shop', OTEL_RESOURCE_ATTRIBUTES: 'k8s.cluster.name=eu' }
    await sent(exporterTo(server.url, more))
    const [{ method, path, headers, body } = { method: '', path: '', headers: {}, body: '' }] = server.asked
    expect([method, path, headers['content-type'], headers['x-scope-orgid']]).to.deep.equal([
      'POST',
      '/v1/traces',
      'application/json',
      'shop',
    ])
    const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
    const schemaUrl = 'https://opentelemetry.io/schemas/1.44.0'
    expect(JSON.parse(body)).to.deep.equal({
      resourceSpans: [
        {
          resource: {
            attributes: [
              text('service.name', 'sluice'),
              text('service.version', '1.2.3'),
              text('service.instance.id', 'sluice-0_a1'),
              text('host.name', 'sluice-0'),
              text('k8s.cluster.name', 'eu'),
            ],
          },
          scopeSpans: [
            {
              scope: { name: 'sluice', version: '1.2.3' },
              spans: [
                {
                  traceId: span.traceId,
                  spanId: span.spanId,
                  flags: 1,
                  name: 'RUN shop/web',
                  kind: 2,
                  startTimeUnixNano: '1700000000000000000',
                  endTimeUnixNano: '1700000001500000000',
                  attributes: [
                    text('cicd.pipeline.result', 'failure'),
                    { key: 'sluice.weight.highest', value: { doubleValue: 10 } },
                    { key: 'sluice.ok', value: { boolValue: false } },
                  ],
                  links: span.links,
                  status: { code: 2, message: 'Rolled back' },
                },
              ],
              schemaUrl,
            },
          ],
          schemaUrl,
        },
      ],
    })
    expect([dropped, lines]).to.deep.equal([0, []])
  })

  for (const [what, answer, said, lost] of [
    [
      'a partial success',
      '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}',
      'rejected some spans: too old',
      2,
    ],
    ['a refusal', 400, 'answered 400: no', 3],
    ['an error that is no passing one', 500, 'answered 500: no', 3],
    ['a page', '<html>', 'answered with a page and is no collector', 3],
    ['a redirect', 302, 'answered with a redirect', 3],
  ] as const) {
    test(`${what} is counted, said once, and not tried again`, async () => {
      const server = await served(response => {
        const isText = typeof answer === 'string'
        response.writeHead(isText ? 200 : answer, {
          'content-type': answer === '<html>' ? 'text/html' : 'application/json',
          location: '/elsewhere',
        })
        response.end(isText ? answer : 'no')
      })
      const exporter = exporterTo(server.url)
      await sent(exporter, many(3))
      expect(dropped).to.equal(lost)
      await sent(exporter, many(3))
      expect(lines).to.have.lengthOf(1)
      expect(lines[0]).to.contain('traces are not delivered').and.contain(said)
      expect(server.asked).to.have.lengthOf(2)
    })
  }

  test('an empty answer, and a partial success that rejects nothing, are successes', async () => {
    const answers = ['', '{"partialSuccess":{"errorMessage":"a warning"}}']
    const server = await served(response => response.end(answers.shift() ?? ''))
    const exporter = exporterTo(server.url)
    await sent(exporter)
    await sent(exporter)
    expect([dropped, lines]).to.deep.equal([0, []])
  })

  for (const status of [429, 502, 503, 504]) {
    test(`${status} is tried again when the server says, and nothing is lost`, async () => {
      let calls = 0
      const server = await served(response => {
        calls += 1
        if (calls === 1) response.writeHead(status, { 'retry-after': '90' })
        response.end()
      })
      const done = sent(exporterTo(server.url))
      await waits()
      await clock.advance(89_000)
      expect(server.asked).to.have.lengthOf(1)
      await clock.advance(1000)
      await done
      expect(dropped).to.equal(0)
      expect(lines.map(one => one.split(' {')[0])).to.deep.equal([
        'traces are not delivered',
        'traces are delivered again',
      ])
    })
  }

  test('a collector that hangs is given up after the timeout, and what waits arrives later, in order', async () => {
    let hangs = true
    const server = await served(response => {
      if (!hangs) response.end()
    })
    const exporter = exporterTo(server.url, { OTEL_EXPORTER_OTLP_TIMEOUT: '30' })
    const first = sent(exporter, [{ ...span, name: 'first' }])
    await waits()
    const second = sent(exporter, [{ ...span, name: 'second' }])
    hangs = false
    await clock.advance(1000)
    await Promise.all([first, second])
    const [scope] = recordsOf(recordsOf(JSON.parse(server.asked.at(-1)?.body ?? '').resourceSpans)[0]?.['scopeSpans'])
    const names = recordsOf(isRecord(scope) ? scope['spans'] : []).map(({ name }) => name)
    expect(names).to.deep.equal(['first', 'second'])
    expect(lines[0]).to.contain('gave no answer in 0.03 s')
  })

  test('while it is down no more than the queue waits; what does not fit is lost whole, counted, and done', async () => {
    const exporter = exporterTo('http://127.0.0.1:1')
    exporter.send(many(CAPACITY - 1))
    let isDone = false
    exporter.send(many(2), () => (isDone = true))
    expect([dropped, isDone]).to.deep.equal([2, true])
    exporter.send(many(1))
    expect(dropped).to.equal(2)
    await exporter.close(0)
    expect(dropped).to.equal(CAPACITY + 2)
  })

  test('what waits at the end of the process is still sent', async () => {
    const server = await served(response => response.end())
    const exporter = exporterTo(server.url)
    exporter.send([span])
    await exporter.close(500)
    expect(server.asked).to.have.lengthOf(1)
    expect(dropped).to.equal(0)
  })

  test('a file of authorities that is missing is said with its path, and read again later', async () => {
    const server = await served(response => response.end())
    const exporter = exporterTo(server.url, { OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere/ca.crt' })
    exporter.send([span])
    await waits()
    expect(lines).to.have.lengthOf(1)
    expect(lines[0]).to.contain('/nowhere/ca.crt cannot be read (ENOENT); spans wait, and are sent later')
    expect(dropped).to.equal(0)
  })

  test('no header and no part of the address is in a log, whatever the server says', async () => {
    const server = await served((response, { headers, path }) => {
      response.writeHead(401)
      response.end(`${String(headers['x-key'])} ${path}`)
    })
    const exporter = exporterTo(`${server.url}/hunter2-path?token=hunter2-query`, {
      OTEL_EXPORTER_OTLP_HEADERS: 'X-Key=hunter2-header',
    })
    await sent(exporter)
    expect(server.asked[0]?.headers['x-key']).to.equal('hunter2-header')
    expect(lines).to.have.lengthOf(1)
    expect(lines[0]).to.contain('answered 401').and.not.contain('hunter2')
  })
})
