/** What others do to the objects around a canary: made anew, autoscaled, edited while nobody can be asked. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { at, type Json, recordOf, recordsOf } from '../../src/core/json.ts'
import { troubles } from '../../playground/test/metrics.ts'
import { Pod } from '../../playground/kinds.ts'
import { World } from './world.ts'

suite('what others do around a canary, in virtual time', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const minute = 60_000
  const image = (name: string): string => JSON.stringify(world.object(kinds.Deployment, name)?.spec)
  const replicas = (name: string): unknown => recordOf(world.object(kinds.Deployment, name)?.spec)['replicas']
  const rewrite = (kind: (typeof kinds)[keyof typeof kinds], name: string, patch: Record<string, unknown>): void => {
    world.user.merge(kind, 'shop', name, patch)
  }

  test('a target that is made anew with another image is released, although its generations count from 1 again', async () => {
    await world.initialized()
    for (const version of ['1.1.0', '1.2.0']) {
      world.setImage(`demo/web:${version}`)
      await world.until('Progressing 10', 5 * minute)
      await world.until('Succeeded', 5 * minute)
      await world.clock.advance(minute)
    }
    const service = world.object(kinds.Service, 'web')
    world.user.delete(kinds.Deployment, 'shop', 'web')
    await world.clock.advance(5000)
    expect(world.status.reason).to.equal('TargetMissing')
    world.user.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            containers: [{ name: 'web', image: 'demo/web:1.3.0', ports: [{ name: 'http', containerPort: 8080 }] }],
          },
        },
      },
    })
    await world.until('Progressing 10', minute)
    await world.until('Succeeded', 5 * minute)
    expect(image('web-primary')).to.contain('demo/web:1.3.0')
    expect(world.object(kinds.Service, 'web')?.spec).to.deep.equal(service?.spec)
  })

  test('an autoscaled primary makes its canary as big as itself', async () => {
    await world.initialized()
    world.user.create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web-primary' }, maxReplicas: 9 },
    })
    rewrite(kinds.Deployment, 'web-primary', { spec: { replicas: 7 } })
    await world.clock.advance(minute)
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    expect(replicas('web')).to.equal(7)
    // The autoscaler takes pods from a primary that has little to do; what carries stays as it is.
    rewrite(kinds.Deployment, 'web-primary', { spec: { replicas: 1 } })
    await world.until('Progressing 100')
    expect(replicas('web')).to.equal(7)
    await world.until('Succeeded')
    await world.clock.advance(minute)
    expect([replicas('web'), replicas('web-primary')]).to.deep.equal([0, 1])
  })

  test('`rollback` while a new revision waits puts the earlier one back and rejects what waits', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    await world.clock.advance(minute)
    world.annotate('pause', '1 freeze')
    world.setImage('demo/web:1.2.0')
    await world.until('Waiting')
    world.annotate('rollback', '1 ann: customers complain')
    await world.until('Failed')
    await world.clock.advance(minute)
    world.annotate('resume', '2')
    await world.clock.advance(10 * minute)
    expect(world.status.phase).to.equal('Failed')
    expect(image('web-primary')).to.contain('demo/web:1.0.0')
  })

  test('an approval is for what was seen: after its pods died the step asks again', async () => {
    await world.initialized({
      analysis: { interval: '10s', threshold: 5, steps: [{ weight: 20, approve: true }, { weight: 60 }] },
    })
    world.setImage('demo/web:1.1.0')
    await world.clock.runUntil(() => world.status.reason === 'WaitingForApproval', 5 * minute)
    world.annotate('approve', '1 ann: fine')
    await world.until('Progressing 60')
    world.images.set('demo/web:1.1.0', { readyAfter: null })
    const pods = world.workloads.pods('shop', 'web')
    for (const pod of pods) world.user.delete(Pod, 'shop', pod.metadata.name)
    await world.until('Progressing 0')
    world.images.set('demo/web:1.1.0', { readyAfter: 500 })
    for (const pod of world.workloads.pods('shop', 'web')) world.user.delete(Pod, 'shop', pod.metadata.name)
    await world.clock.runUntil(() => world.status.reason === 'WaitingForApproval', 5 * minute)
    expect(world.stand).to.equal('Progressing 20')
  })

  test('a target that changes before its first template is on record is looked at anew', async () => {
    world.deploy()
    await world.clock.advance(5000)
    const mend = world.processes[0]?.api.faults.refuse(
      attempt => attempt.kind === kinds.ControllerRevision && attempt.verb === 'create',
      new ApiError({ code: 500, reason: 'InternalError', message: 'etcdserver: request timed out' }),
    )
    world.canary()
    await world.clock.advance(10_000)
    world.setImage('demo/web:1.1.0')
    await world.clock.advance(10_000)
    mend?.()
    await world.until('Initialized', 10 * minute)
    expect(image('web-primary')).to.contain('demo/web:1.1.0')
  })

  test('a primary whose record and status are lost is not overwritten: what to do is said, and it is taken up again', async () => {
    await world.initialized()
    await world.processes[0]?.stop()
    for (const record of world.user.list(kinds.ControllerRevision, 'shop')) {
      world.user.delete(kinds.ControllerRevision, 'shop', record.metadata.name)
    }
    rewrite(kinds.Canary, 'web', { metadata: { finalizers: null } })
    world.user.delete(kinds.Canary, 'shop', 'web')
    world.canary()
    world.setImage('demo/web:1.1.0')
    world.start()
    await world.clock.advance(minute)
    expect(image('web-primary')).to.contain('demo/web:1.0.0')
    expect(world.status.reason).to.equal('Conflict')
    expect(world.status.message).to.match(
      /^Deployment web-primary serves \w+, which is not recorded any more, and Deployment web holds \w+ \(web:[\d.]+\)\. Set Deployment web to the image and settings that web-primary runs/,
    )
    world.setImage('demo/web:1.0.0')
    await world.until('Initialized')
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
  })

  test('while the metrics server hangs, a weight that somebody raises is put right', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    world.metrics.trouble = troubles.hanging
    await world.clock.advance(15_000)
    const route = (): readonly Json[] => {
      const [only] = recordsOf(at(world.object(kinds.VirtualService, 'web')?.spec, 'http'))
      return recordsOf(only?.['route'])
    }
    const weights = (): unknown => route().map(one => one['weight'])
    expect(weights()).to.deep.equal([75, 25])
    const raised = route().map((one, i) => ({ ...one, weight: [10, 90][i] }))
    rewrite(kinds.VirtualService, 'web', { spec: { http: [{ route: raised }] } })
    await world.clock.advance(2000)
    expect(weights()).to.deep.equal([75, 25])
  })
})
