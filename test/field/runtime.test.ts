/** Inputs from the field about tenants beside each other: sizes, hung calls, older API versions. */
import { expect } from 'chai'
import { type Kind, kindKey, kinds } from '../../src/api/object.ts'
import { at, recordsOf } from '../../src/core/json.ts'
import { definitionsOf } from '../../playground/definitions.ts'
import { resourceOf } from '../../playground/schema/custom.ts'
import { pause } from '../../src/runtime/timing.ts'
import { World } from '../scenarios/world.ts'
import { abortBeside, type Hostility } from './hostile.ts'
import { Tenants } from './tenants.ts'

const MiB = 1024 * 1024

suite('Field: a namespace with much configuration', () => {
  let world: Tenants
  setup(async () => {
    world = await Tenants.begin()
  })
  teardown(() => world.close())

  const configMap = (name: string, bytes: number, metadata = {}): void => {
    world.user.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'shop', ...metadata },
      data: { content: name.padEnd(bytes, 'x') },
    })
  }

  test('S1: one of 260 ConfigMaps of 900 kB is mounted: that Canary runs, and one content is read', async () => {
    world.user.namespace('shop')
    for (let n = 0; n < 260; n += 1) configMap(`config-${n}`, 900_000)
    world.app('shop', 'web', { envFrom: [{ configMapRef: { name: 'config-7' } }] })
    world.start()
    await world.until(() => world.status('shop', 'web').phase === 'Initialized')
    // The mounted one is read to be judged and to be copied, and comes back as the copy.
    expect(world.received).to.be.lessThan(8 * MiB)
    expect(world.user.list(kinds.ConfigMap, 'shop')).to.have.lengthOf(261)
  })

  test('S1, other values: 90 Secrets whose annotations hold 250 kB of their content, two are mounted', async () => {
    world.user.namespace('shop')
    const applied = { 'kubectl.kubernetes.io/last-applied-configuration': 'x'.repeat(250_000) }
    for (let n = 0; n < 90; n += 1) {
      world.user.create({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: `secret-${n}`, namespace: 'shop', annotations: applied },
        data: { content: Buffer.from(`${n}`.padEnd(700_000, 'x')).toString('base64') },
      })
    }
    const mounted = [{ secretRef: { name: 'secret-3' } }, { secretRef: { name: 'secret-88' } }]
    world.app('shop', 'web', { envFrom: mounted })
    world.app('shop', 'plain')
    world.start()
    await world.until(() => ['web', 'plain'].every(name => world.status('shop', name).phase === 'Initialized'))
    expect(world.received).to.be.lessThan(64 * MiB)
    expect(world.user.list(kinds.Secret, 'shop')).to.have.lengthOf(92)
  })

  test('S1, other values: a Canary of 400 kB is said to be too large, and the one beside it runs', async () => {
    world.user.namespace('shop')
    world.app('shop', 'web')
    const headers = { request: { set: { 'x-long': 'x'.repeat(400_000) } } }
    world.app('shop', 'large', {}, { service: { port: 80, targetPort: 8080, headers } })
    world.start()
    await world.until(() => world.status('shop', 'web').phase === 'Initialized')
    await world.until(() => world.status('shop', 'large').reason !== undefined)
    expect(world.status('shop', 'large').message).to.match(/^Canary shop\/large: it has \d+ KiB, and .* 256 KiB/)
    expect(world.ready).to.equal(true)
  })
})

suite('Field: a namespace with objects that would fill the memory', () => {
  let world: Tenants
  setup(async () => {
    world = await Tenants.begin(20 * MiB)
  })
  teardown(() => world.close())

  test('S1, other values: 12 VirtualServices of 1 MB: the Canaries of that namespace say it, those of another run', async () => {
    for (const namespace of ['shop', 'evil']) world.user.namespace(namespace)
    for (let n = 0; n < 12; n += 1) {
      const uri = { exact: `/${n}`.padEnd(1_000_000, 'x') }
      world.user.create({
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { name: `routes-${n}`, namespace: 'evil' },
        spec: { hosts: ['evil.example.com'], http: [{ match: [{ uri }], route: [{ destination: { host: 'web' } }] }] },
      })
    }
    world.app('shop', 'web')
    world.app('evil', 'web')
    world.start()
    await world.until(() => world.status('shop', 'web').phase === 'Initialized')
    await world.until(() => world.status('evil', 'web').reason !== undefined)
    const { reason, message } = world.status('evil', 'web')
    expect([reason, message]).to.deep.equal([
      'WatchUnavailable',
      '8 objects of namespace evil cannot be read: the large objects of its namespace take more than 4 MiB, the most that Sluice keeps of one namespace. Make its largest objects smaller (env, annotations, routes), or give the controller more memory',
    ])
    expect(world.ready).to.equal(true)
  })
})

suite('Field: tenants whose API calls hang or are refused', () => {
  const inputs: readonly (readonly [string, Hostility])[] = [
    [
      'N5: 40 Canaries whose writes are held for 15 s, events refused, Secrets not to be watched',
      { canaries: 40, writes: 'hangs', events: 'is forbidden', secrets: 'may not be watched', after: 20 },
    ],
    [
      'N5, other values: 90 Canaries whose events hang',
      { canaries: 90, writes: 'is taken', events: 'hangs', secrets: 'may be watched', after: 5 },
    ],
    [
      'N5, other values: 60 Canaries whose writes fail, and their events',
      { canaries: 60, writes: 'fails', events: 'fails', secrets: 'may not be watched', after: 1 },
    ],
  ]
  for (const [title, hostility] of inputs) {
    test(`${title}: an abort elsewhere takes a second, its events five`, async () => {
      const { weight, event, ready } = await abortBeside(hostility)
      expect(weight, 'seconds to weight 0').to.be.at.most(1)
      expect(event, 'seconds to the event').to.be.at.most(5)
      expect(ready).to.equal(true)
    })
  }
})

suite('Field: a tenant who makes passes long', () => {
  test('N5, other values: a pass whose every write waits for two minutes and conflicts ends before it counts as hanging', async () => {
    const world = new World()
    const { clock, user } = world
    const { controller } = world.start({}, {}, api => ({
      get: api.get.bind(api),
      list: api.list.bind(api),
      watch: api.watch.bind(api),
      served: api.served.bind(api),
      write: async (write, call) => {
        if (write.verb !== 'status') return api.write(write, call)
        call.turn?.waits()
        await pause(clock, 110_000, call.signal)
        call.signal.throwIfAborted()
        call.turn?.comes()
        // Another client is faster each time.
        user.merge(kinds.Canary, 'shop', 'web', { metadata: { annotations: { at: String(clock.now()) } } })
        return api.write(write, call)
      },
    }))
    world.deploy()
    await clock.advance(5000)
    world.canary()
    let longest = 0
    for (let seconds = 0; seconds < 900; seconds += 5) {
      await clock.advance(5000)
      longest = Math.max(longest, controller.longestPass()?.milliseconds ?? 0)
    }
    expect(longest / 1000, 'seconds of a pass').to.be.within(200, 245)
    await world.close()
  })
})

suite("Field: Istio's kinds in older versions only", () => {
  let world: World
  setup(() => {
    world = new World()
  })
  teardown(() => world.close())

  /** Serves a kind of Istio in these versions, and in no other. */
  const serve = (kind: Kind, versions: readonly string[]): void => {
    const definition = structuredClone(definitionsOf('istio').find(({ metadata }) => metadata.name === kindKey(kind)))
    if (definition === undefined) throw new Error(`Istio has no ${kindKey(kind)}.`)
    for (const version of recordsOf(at(definition.spec, 'versions')) as { name: string; served: boolean }[]) {
      version.served = versions.includes(version.name)
    }
    world.api.server.resources.install(resourceOf(definition))
  }

  const inputs = {
    'F16: v1beta1 and v1alpha3': ['v1alpha3', 'v1beta1'],
    'F16, other values: v1beta1 alone': ['v1beta1'],
  }
  for (const [title, versions] of Object.entries(inputs)) {
    test(`${title} are served: the sentence names them, and the one that is needed`, async () => {
      for (const kind of [kinds.VirtualService, kinds.DestinationRule]) serve(kind, versions)
      const { controller } = world.start()
      world.deploy()
      world.canary()
      await world.clock.advance(60_000)
      const sentence = (kind: Kind): string =>
        `${kindKey(kind)} is served as ${versions.join(' and ')}; Sluice needs v1, that is Istio 1.22 or newer`
      const all = [kinds.VirtualService, kinds.DestinationRule].map(sentence).join('. ')
      expect(controller.unseen()).to.equal(all)
      expect([world.status.reason, world.status.message]).to.deep.equal(['WatchUnavailable', all])
      for (const kind of [kinds.VirtualService, kinds.DestinationRule]) serve(kind, [...versions, 'v1'])
      await world.until('Initialized')
    })
  }
})
