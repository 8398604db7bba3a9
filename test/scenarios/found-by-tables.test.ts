/** What the tables of bad input and trouble once found wrong; each stays right. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { troubles } from '../../playground/test/metrics.ts'
import { minute } from './witness.ts'
import { World } from './world.ts'

suite('what the tables of trouble once found', () => {
  let world: World
  setup(() => {
    world = new World()
  })
  teardown(() => world.close())
  const stalled = (): string | undefined => world.status.conditions?.find(one => one.type === 'Stalled')?.status
  const eachSecond = (act: () => void): void => {
    act()
    world.clock.at(world.clock.now() + 1000, () => eachSecond(act))
  }
  const merge = (kind: (typeof kinds)['Service'], name: string, patch: Record<string, unknown>): void => {
    world.api.as('argocd').merge(kind, 'shop', name, patch)
  }
  async function at(stand: string, spec: Record<string, unknown> = {}): Promise<void> {
    await world.initialised(spec)
    world.setImage('demo/web:1.1.0')
    await world.until(stand)
    await world.clock.advance(2000)
  }

  const fights: Record<string, () => void> = {
    'selector of the adopted Service': () =>
      merge(kinds.Service, 'web', { spec: { selector: { 'sluice.dev/role': null } } }),
    'replicas of the primary': () => merge(kinds.Deployment, 'web-primary', { spec: { replicas: 0 } }),
    'image of the primary': () =>
      merge(kinds.Deployment, 'web-primary', {
        spec: { template: { spec: { containers: [{ name: 'web', image: 'demo/web:0.9.0' }] } } },
      }),
  }
  for (const [name, act] of Object.entries(fights)) {
    test(`a fight over the ${name} is recognised`, async () => {
      world.start()
      await at('Progressing 10', { analysis: { interval: '1h' } })
      eachSecond(act)
      await world.clock.advance(minute)
      expect(world.status.reason).to.equal('Contested')
    })
  }

  test('a clock set back an hour in mid-run does not leave a bad canary unjudged for an hour', async () => {
    let ahead = 0
    const { clock } = world
    const wall = {
      now: () => clock.now() + ahead,
      at: (when: number, task: () => void): (() => void) => {
        let cancel = (): void => {}
        const sleep = (): void => {
          const nap = Math.max(0, Math.min(when - wall.now(), minute))
          cancel = clock.at(clock.now() + nap, () => (wall.now() < when ? sleep() : task()))
        }
        sleep()
        return () => cancel()
      },
    }
    world.start({}, { clock: wall })
    await world.initialised()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 50')
    world.images.set('demo/web:1.1.0', { errorRate: 1 })
    await clock.advance(500)
    ahead = -60 * minute
    await world.until('Failed', 20 * minute)
  })

  test('a status whose conditions are no list does not end in a TypeError at every pass', async () => {
    world.start()
    await world.initialised()
    const status = { conditions: { Ready: 'True' } }
    world.asBefore(() => world.user.mergeStatus(kinds.Canary, 'shop', 'web', { status }))
    await world.clock.advance(minute)
    expect(world.status.conditions).to.be.an('array')
  })

  test('an unknown stage at weight 25 begins the ladder anew, and skips no rung', async () => {
    world.start()
    await at('Progressing 25')
    world.user.mergeStatus(kinds.Canary, 'shop', 'web', { status: { run: { stage: 'levitating' } } })
    await world.until('Succeeded')
    expect(new Set(world.metrics.asked.map(id => id.split('/')[1]))).to.include('25')
  })

  test('a target at 0 is Stalled after progressDeadlineSeconds', async () => {
    world.start()
    world.deploy('demo/web:1.0.0', { replicas: 0 })
    world.canary({ progressDeadlineSeconds: 60 })
    await world.clock.advance(5 * minute)
    expect(stalled()).to.equal('True')
  })

  test('a target that does not get ready is told by an event', async () => {
    world.start()
    world.deploy('demo/web:1.0.0-never-ready')
    world.canary({ progressDeadlineSeconds: 60 })
    await world.clock.advance(5 * minute)
    expect(world.events().filter(event => event.startsWith('TargetNotReady'))).to.have.lengthOf(1)
  })

  test('blind in mid-run is told by an event before it is parked', async () => {
    world.start()
    await at('Progressing 10')
    world.metrics.trouble = troubles.refusing
    await world.clock.advance(2 * minute)
    expect(world.events().filter(event => event.startsWith('MetricsUnavailable'))).to.have.lengthOf(1)
  })

  const template = (provider: Record<string, unknown>): void => {
    world.user.create({
      apiVersion: 'sluice.dev/v1beta1',
      kind: 'MetricTemplate',
      metadata: { name: 'orders', namespace: 'shop' },
      spec: { provider, query: 'orders' },
    })
    world.metrics.values.set('orders', 0)
  }
  const metrics = [{ name: 'orders', templateRef: { name: 'orders' }, thresholdRange: { max: 1 } }]

  test('a MetricTemplate that is there but refused is not said to be absent', async () => {
    world.start()
    world.deploy()
    world.asBefore(() => template({ type: 'datadog' }))
    world.canary({ analysis: { metrics } })
    await world.clock.advance(minute)
    expect(world.status.message).to.contain('only the type prometheus is supported so far')
  })

  test('a MetricTemplate deleted in mid-run is said as ReferenceMissing', async () => {
    world.start()
    template({ type: 'prometheus' })
    await at('Progressing 25', { analysis: { interval: '10s', metrics } })
    world.user.delete(kinds.MetricTemplate, 'shop', 'orders')
    await world.clock.advance(minute)
    expect([world.status.reason, stalled()]).to.deep.equal(['ReferenceMissing', 'True'])
  })

  test('data that is not back does not begin the ladder anew', async () => {
    world.start()
    world.metrics.values.set('orders', 0)
    const inline = [{ name: 'orders', query: 'orders', thresholdRange: { max: 1 } }]
    await at('Progressing 10', { analysis: { interval: '10s', maxBlind: '1m', metrics: inline } })
    world.metrics.trouble = troubles.empty
    await world.clock.advance(10 * minute)
    expect(world.events().filter(event => event.startsWith('MetricsRestored'))).to.deep.equal([])
  })

  test('labels that were only thought of bind nobody: keep may still be chosen before there is a primary', async () => {
    world.start()
    world.deploy()
    world.user.create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 9 },
    })
    world.canary()
    await world.clock.advance(minute)
    world.user.delete(kinds.HorizontalPodAutoscaler, 'shop', 'web')
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { primary: { labels: 'keep' } } })
    await world.until('Initialized')
  })

  test('a status that may not be written is tried at most every five seconds', async () => {
    const controller = world.start()
    await at('Progressing 10')
    let calls = 0
    controller.api.faults.add({
      before: attempt => {
        if (attempt.verb !== 'watch') calls += 1
      },
    })
    world.api.server.authorize = ({ manager, subresource, verb }) =>
      manager === 'sluice' && subresource === 'status' && verb === 'patch' ? 'no rule' : null
    await world.clock.advance(10 * minute)
    expect(calls).to.be.at.most(150)
  })
})
