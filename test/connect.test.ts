/** Connections out of flags, as a command uses them: no cache, no election, nothing asked before the first call. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { StartupError } from '../src/cli/startup-error.ts'
import { connect, connectCollector, type Connected, type ConnectFlags } from '../src/connect.ts'
import { kinds } from '../src/api/object.ts'
import { startCluster } from '../playground/cluster.ts'
import { Hand } from '../playground/server/hand.ts'
import { systemClock } from '../src/adapters/clock.ts'
import { closingOfSuite } from './closing.ts'
import { plain, type Served } from './adapters/http/servers.ts'
import { keptLog, question } from './adapters/prometheus/loopback.ts'

suite('connections out of flags', () => {
  const closing = closingOfSuite()
  let folder: string

  setup(async () => {
    folder = await mkdtemp(join(tmpdir(), 'connect-'))
  })

  teardown(async () => {
    await rm(folder, { recursive: true })
  })

  async function prometheus(): Promise<Served> {
    const result = { status: 'success', data: { resultType: 'vector', result: [{ metric: {}, value: [0, '7'] }] } }
    return closing(await plain(response => response.end(JSON.stringify(result))))
  }

  const flagsOf = (more: Partial<ConnectFlags>): ConnectFlags => ({
    kubeApiQps: 300,
    kubeApiBurst: 600,
    metricsServer: 'http://prometheus.istio-system:9090',
    allowedMetricsServer: [],
    metricsServerHeader: [],
    webhookAllow: [],
    webhookDeny: [],
    clusterName: 'in-cluster',
    kubeconfig: join(folder, 'kubeconfig'),
    ...more,
  })

  function connected(flags: Partial<ConnectFlags>, options = {}): Connected {
    return closing(connect(flagsOf(flags), { version: '1', log: keptLog(), environment: {}, ...options }))
  }

  async function cluster(): Promise<Hand> {
    const started = closing(await startCluster({ clock: systemClock, port: 0, kubeconfig: join(folder, 'kubeconfig') }))
    const user = new Hand(started.server, 'kubectl')
    user.namespace('shop')
    return user
  }

  test('objects are read live, and each call is told', async () => {
    const user = await cluster()
    const calls: string[] = []
    const { api, server } = connected(
      {},
      {
        called: ({ verb, kind, code }: { verb: string; kind: string; code: number }) =>
          calls.push(`${verb} ${kind} ${code}`),
      },
    )
    expect(calls).to.deep.equal([])
    user.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'shop', name: 'a' }, data: { b: 'c' } })
    const ref = { kind: kinds.ConfigMap, namespace: 'shop', name: 'a' }
    const found = await api.get(ref, { lane: 'normal', signal: new AbortController().signal })
    expect(found?.['data']).to.deep.equal({ b: 'c' })
    expect(calls).to.deep.equal(['get configmaps 200'])
    expect(server).to.match(/^http:\/\/127\.0\.0\.1:\d+/)
  })

  test('what is secret goes to the metrics server of the flag, and to no other', async () => {
    await cluster()
    const [own, other] = [await prometheus(), await prometheus()]
    const tokenFile = join(folder, 'token')
    await writeFile(tokenFile, 'token-1')
    const outcomes: string[] = []
    const { metrics } = connected(
      {
        metricsServer: own.url,
        allowedMetricsServer: [other.url],
        metricsServerTokenFile: tokenFile,
        metricsServerHeader: ['X-Key: value: with colons'],
        metricsServerTenantHeader: 'X-Scope-OrgID',
      },
      { queried: ({ outcome }: { outcome: string }) => outcomes.push(outcome) },
    )
    const checks = [question('up'), question('up', { server: other.url })]
    const findings = await metrics.measure(checks, new AbortController().signal)
    expect([...findings.values()]).to.deep.equal([
      { kind: 'value', value: 7 },
      { kind: 'value', value: 7 },
    ])
    expect(outcomes).to.deep.equal(['vector', 'vector'])
    expect(own.asked[0]?.headers).to.include({
      authorization: 'Bearer token-1',
      'x-key': 'value: with colons',
      'x-scope-orgid': 'shop',
    })
    expect(other.asked[0]?.headers).to.include({ 'x-scope-orgid': 'shop', 'user-agent': 'sluice/1' })
    expect(other.asked[0]?.headers).to.not.have.any.keys('authorization', 'x-key')
  })

  test('what cannot be right is said in a sentence before anything is asked', async () => {
    expect(() => connected({})).to.throw(StartupError, 'kubeconfig')
    await cluster()
    expect(() => connected({ allowedMetricsServer: ['ftp://user:password@a'] })).to.throw(
      StartupError,
      'metrics server "ftp://a" is not a URL; write one such as http://prometheus.istio-system:9090',
    )
  })

  for (const [variables, sentences] of [
    [{}, []],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, [/ENDPOINT is not a URL of http or https: nothing is traced/]],
    [
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.test:4318',
        OTEL_EXPORTER_OTLP_TIMEOUT: 'soon',
        OTEL_RESOURCE_ATTRIBUTES: 'eu',
      },
      [/TIMEOUT is not a number of milliseconds/, /ATTRIBUTES is not a list of attributes/],
    ],
  ] as const) {
    test(`variables of OpenTelemetry that make no sense are ${sentences.length} sentences in the log, and stop nothing`, async () => {
      const log = keptLog()
      const collector = connectCollector(variables, {
        version: '1',
        log,
        instance: 'sluice-0',
        host: 'sluice',
        dropped: () => {},
      })
      expect(collector !== null).to.equal(sentences.length === 2)
      expect(log.lines).to.have.lengthOf(sentences.length)
      for (const [i, sentence] of sentences.entries()) expect(log.lines[i]).to.match(sentence)
      await collector?.close(0)
    })
  }
})
