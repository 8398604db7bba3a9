/** The condition of MetricTemplates, on the whole controller: what is wrong with one is said on it, by the rules by which a Canary stalls. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { at, recordsOf } from '../../src/core/json.ts'
import { World } from './world.ts'

const minute = 60_000

suite('the condition of a MetricTemplate, in virtual time', () => {
  let world: World
  setup(async () => {
    world = new World()
    world.start()
    await world.clock.advance(1000)
  })
  teardown(() => world.close())

  const write = (provider: Record<string, unknown>, query = 'vector(1)'): void => {
    world.user.apply({
      apiVersion: 'sluice.dev/v1beta1',
      kind: 'MetricTemplate',
      metadata: { name: 'orders', namespace: 'shop' },
      spec: { provider: { type: 'prometheus', ...provider }, query },
    })
  }
  const secret = (data: Record<string, string>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'prom', namespace: 'shop' },
    data,
  })
  const template = (): KubeObject | null => world.object(kinds.MetricTemplate, 'orders')
  const condition = (): Record<string, unknown> => recordsOf(at(template()?.['status'], 'conditions'))[0] ?? {}
  const said = (): string => `${String(condition()['reason'])}: ${String(condition()['message'])}`

  const rows: Readonly<Record<string, readonly [sentence: string, Record<string, unknown>, string?]>> = {
    'a query': ['Ready: The query could be asked as it is', {}],
    'variables, which a Canary gives': [
      'Ready: The query could be asked as it is',
      {},
      'sum(x{tier="{{ variables.tier }}"})',
    ],
    'a name that is none': [
      'Invalid: spec.query cannot be asked: {{ cluster }} is not known; use one of: name, namespace, target, service, ingress, route, interval.',
      {},
      'sum(x{cluster="{{ cluster }}"})',
    ],
    'braces that do not close': [
      'Invalid: spec.query cannot be asked: The query has {{ without }}; close it or remove it.',
      {},
      'sum(x{name="{{ name"})',
    ],
    'a server that is not allowed': [
      "MetricsServerNotAllowed: spec.provider.address is http://elsewhere:9090, which is not on the controller's list of metrics servers. Write one of http://prometheus:9090, or have it added with --allowed-metrics-server.",
      { address: 'http://elsewhere:9090' },
    ],
    'a Secret that is not there': [
      'SecretNotUsable: Secret shop/prom does not exist; create it with the key token, or with the keys username and password',
      { secretRef: { name: 'prom' } },
    ],
  }
  for (const [name, [sentence, provider, query]] of Object.entries(rows)) {
    test(`${name}: ${sentence.split(':')[0]}`, async () => {
      write(provider, query)
      await world.clock.advance(1000)
      expect(said()).to.equal(sentence)
      const isReady = sentence.startsWith('Ready')
      expect(condition()).to.include({ type: 'Ready', status: isReady ? 'True' : 'False', observedGeneration: 1 })
      expect(at(template()?.['status'], 'observedGeneration')).to.equal(1)
    })
  }

  test('it goes when the spec is mended, and is written for that alone', async () => {
    write({}, '{{ cluster }}')
    await world.clock.advance(1000)
    const wrong = template()
    await world.clock.advance(30 * minute)
    expect(template()).to.deep.equal(wrong)
    write({}, '{{ name }}')
    await world.clock.advance(1000)
    expect(condition()).to.include({ status: 'True', observedGeneration: 2 })
    const mended = template()
    await world.clock.advance(30 * minute)
    expect(template()).to.deep.equal(mended)
  })

  test('a Secret that is created later is found, and nothing of it is shown', async () => {
    write({ secretRef: { name: 'prom' } })
    await world.clock.advance(1000)
    expect(condition()['reason']).to.equal('SecretNotUsable')
    world.user.create(secret({ token: Buffer.from('canary-token').toString('base64') }))
    await world.clock.advance(minute)
    expect(condition()).to.include({ status: 'True', reason: 'Ready' })
    expect(JSON.stringify(template())).not.to.include('canary-token')
  })

  test('a new leader leaves it as it is', async () => {
    write({}, '{{ cluster }}')
    await world.clock.advance(1000)
    const before = template()
    world.processes.at(-1)?.kill()
    world.start()
    await world.clock.advance(minute)
    expect(template()).to.deep.equal(before)
  })
})
