/** Inputs of the field that lead to a port which no container declares. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { type Json, recordsOf } from '../../src/core/json.ts'
import { expectConditions, expectStalled } from '../scenarios/witness.ts'
import { World } from '../scenarios/world.ts'
import { containers, deployed, F1_PORTS, portsOf, reached, TWO } from './ports.given.ts'

suite('a port that no container declares', () => {
  let world: World
  setup(() => {
    world = new World()
  })
  teardown(async () => world.close())

  const named = [{ name: 'http', containerPort: 8080 }]

  /** A refused edit: said, and every request is answered as before. */
  async function expectRefused(edit: Json, sentence: string): Promise<void> {
    const kept = [kinds.Service, kinds.VirtualService].flatMap(kind => world.user.list(kind, 'shop'))
    const since = world.clock.now()
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: edit } })
    await world.clock.advance(30_000)
    expectConditions(world, { reason: 'TargetInvalid', sentence }, 'Stalled')
    expect(world.events()).to.include(`TargetInvalid: ${sentence}`)
    expect([kinds.Service, kinds.VirtualService].flatMap(kind => world.user.list(kind, 'shop'))).to.deep.equal(kept)
    expect(world.mesh.failures(since)).to.equal(0)
  }

  test('N2: an edit at rest that leads to a port which no container declares is refused, and traffic stays as it is', async () => {
    world.deploy()
    world.user.delete(kinds.Service, 'shop', 'web')
    await world.clock.advance(5000)
    world.canary({ service: { port: 80, targetPort: 'http' } })
    world.start()
    await world.until('Initialized')
    await world.clock.advance(20_000)
    await expectRefused(
      { targetPort: null },
      'spec.service has no targetPort, so it is 80, but no container of Deployment shop/web-primary declares that port; there are http (8080). Write one of them as spec.service.targetPort, or declare the port 80.',
    )
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { targetPort: 8080 } } })
    await world.clock.advance(5000)
    expect(world.status.conditions?.find(({ type }) => type === 'Ready')?.status).to.equal('True')
    expect(recordsOf(portsOf(world, 'web-primary'))[0]).to.include({ targetPort: 8080 })
  })

  test('N2, other values: from the start, by name, and in the middle of a run, which still goes back', async () => {
    await deployed(world, named, {}, { service: { port: 80, targetPort: 9999 } })
    const before = world.object(kinds.Service, 'web')
    world.start()
    await world.clock.runUntil(() => world.status.reason === 'TargetInvalid', 60_000)
    expectStalled(world, {
      reason: 'TargetInvalid',
      sentence:
        'spec.service.targetPort is 9999, but no container of Deployment shop/web declares that port; there are http (8080). Write one of them, or declare the port 9999.',
    })
    expect(world.object(kinds.Service, 'web')).to.deep.equal(before)

    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { targetPort: 'http' } } })
    await world.until('Initialized')
    await world.clock.advance(20_000)
    await expectRefused(
      { targetPort: 'https', timeout: '5s' },
      'spec.service.targetPort is https, but no container of Deployment shop/web-primary has a port of that name; there are http (8080). Write one of them, or name the port https.',
    )

    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { targetPort: 'http', timeout: null } } })
    world.user.merge(kinds.Deployment, 'shop', 'web', containers('demo/web:1.1.0', named))
    await world.until('Progressing 10')
    await world.clock.advance(2000)
    const since = world.clock.now()
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { targetPort: 9999 } } })
    await world.clock.advance(60_000)
    expect([world.stand, world.status.reason]).to.deep.equal(['Progressing 10', 'TargetInvalid'])
    expect(reached(world, 'web')).to.deep.equal(['web-primary 90 → http', 'web-canary 10 → http'])
    world.annotate('abort', '1 enough')
    await world.until('Failed')
    expect(reached(world, 'web')).to.deep.equal(['web-primary 100 → http'])
    expect(world.mesh.failures(since)).to.equal(0)
  })

  test("N2, other values: an edit of the user's Service, which the Canary follows, leads nowhere", async () => {
    const begun = await deployed(
      world,
      named,
      { ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
      { service: { port: 80 } },
    )
    world.start()
    await world.until('Initialized')
    await world.clock.advance(20_000)
    world.user.merge(kinds.Service, 'shop', 'web', { spec: { ports: [{ name: 'http', port: 80, targetPort: 9999 }] } })
    await world.clock.advance(30_000)
    expectStalled(world, {
      reason: 'TargetInvalid',
      sentence:
        'Service shop/web leads from port 80 to 9999, but no container of Deployment shop/web-primary declares that port; there are http (8080). Write one of them, or declare the port 9999.',
    })
    expect(reached(world, 'web')).to.deep.equal(['web-primary 100 → http'])
    expect(world.mesh.failures(begun)).to.equal(0)
  })

  test('N2, other values: another port gets another number with its container port, and is led there by its name', async () => {
    const admin = (containerPort: number): readonly object[] => [...named, { name: 'admin', containerPort }]
    const to = (targetPort: unknown): Json => ({ ports: [F1_PORTS[0], { ...F1_PORTS[1], targetPort }] })
    const begun = await deployed(world, admin(9091), to(9091), { service: { port: 80 } })
    world.mesh.load({ host: 'web:9090', namespace: 'shop', perSecond: 10 })
    world.start()
    await world.until('Initialized')
    await world.clock.advance(20_000)
    const [says, there] = ['Service shop/web leads from port 9090 to 9092', 'http (8080) and admin (9091)']
    world.user.merge(kinds.Service, 'shop', 'web', { spec: to(9092) })
    await world.clock.advance(5000)
    expectStalled(world, {
      reason: 'TargetInvalid',
      sentence: `${says}, but no container of Deployment shop/web-primary declares that port; there are ${there}. Write one of them, or declare the port 9092.`,
    })
    world.user.merge(kinds.Deployment, 'shop', 'web', containers('demo/web:1.1.0', admin(9092)))
    await world.clock.advance(30_000)
    expect(world.stand).to.equal('Progressing 0')
    expect(world.status.message).to.equal(
      `${says}, but no container of Deployment shop/web-primary declares that port; there are ${there}. Deployment shop/web has that number under the name admin: write targetPort: admin, by which the pods of both are reached, each at its own number.`,
    )
    expect(reached(world, 'web:9090')).to.deep.equal(['web-primary 100 → 9091'])
    world.user.merge(kinds.Service, 'shop', 'web', { spec: to('admin') })
    await world.until('Succeeded')
    expect(world.mesh.failures(begun)).to.equal(0)
  })

  test('N2, other values: a port that comes with the candidate is no edit of one that is served', async () => {
    const begun = await deployed(world, named, {}, { service: { port: 80 } })
    world.start()
    await world.until('Initialized')
    await world.clock.advance(20_000)
    world.user.merge(kinds.Service, 'shop', 'web', { spec: { ports: F1_PORTS } })
    world.user.merge(kinds.Deployment, 'shop', 'web', containers('demo/web:1.1.0', TWO))
    await world.until('Succeeded')
    expect(reached(world, 'web:9090')).to.deep.equal(['web-primary 100 → 9091'])
    expect(world.mesh.failures(begun)).to.equal(0)
  })

  test('N2, other values: a Canary whose edit is refused is deleted, and the target takes over at the port that served', async () => {
    const begun = await deployed(
      world,
      TWO,
      { ports: F1_PORTS },
      { service: { port: 80, gateways: ['public', 'mesh'] } },
    )
    world.mesh.load({ host: 'web:9090', namespace: 'shop', perSecond: 10 })
    world.start()
    await world.until('Initialized')
    await world.clock.advance(20_000)
    await expectRefused(
      { port: 81, targetPort: 'web' },
      'spec.service.targetPort is web, but no container of Deployment shop/web-primary has a port of that name; there are 8080 and 9091. Write one of them, or name the port web.',
    )
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, 120_000)
    expect([reached(world, 'web'), reached(world, 'web:9090')]).to.deep.equal([['web 100 → 8080'], ['web 100 → 9091']])
    expect(world.mesh.failures(begun)).to.equal(0)
  })
})

suite('hosts and gateways by which no request would come', () => {
  const served = { gateways: ['istio-system/public'], hosts: ['shop.example.com'] }
  const edits: readonly [string, Json, RegExp][] = [
    ['a Gateway that does not exist', { gateways: ['istio-system/pubilc'] }, /^ReferenceMissing: .*does not exist/],
    [
      'a Gateway for other hosts',
      { gateways: ['istio-system/other'] },
      /^Conflict: .*for other\.example\.org and not for/,
    ],
    ['a host that no server has', { hosts: ['shop.example.net'] }, /^Conflict: .*not for shop\.example\.net/],
  ]
  for (const [what, edit, says] of edits) {
    test(`N2, other values: an edit at rest to ${what} is refused, and callers at the gateway are served as before`, async () => {
      const world = new World()
      world.user.namespace('istio-system')
      for (const [name, host] of Object.entries({ public: '*.example.com', other: 'other.example.org' })) {
        const servers = [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: [host] }]
        world.user.create({
          apiVersion: 'networking.istio.io/v1',
          kind: 'Gateway',
          metadata: { name, namespace: 'istio-system' },
          spec: { selector: { istio: 'ingressgateway' }, servers },
        })
      }
      world.start()
      world.deploy()
      await world.clock.advance(5000)
      world.canary({ service: { port: 80, targetPort: 8080, ...served } })
      await world.until('Initialized')
      await world.clock.advance(20_000)
      const routes = world.object(kinds.VirtualService, 'web')
      const service = { ...served, ...edit }
      world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service } })
      await world.clock.advance(30_000)
      expect(`${String(world.status.reason)}: ${String(world.status.message)}`).to.match(says)
      expect(world.status.conditions?.find(({ type }) => type === 'Stalled')?.status).to.equal('True')
      expect(world.object(kinds.VirtualService, 'web')).to.deep.equal(routes)
      world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { ...served, timeout: '5s' } } })
      await world.clock.advance(5000)
      expect(world.status.conditions?.find(({ type }) => type === 'Ready')?.status).to.equal('True')
      await world.close()
    })
  }
})
