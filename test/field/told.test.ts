/** Situations from the field: what is told of the split, of edits and of commands is true and lasting. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { troubles } from '../../playground/test/metrics.ts'
import { Pod } from '../../playground/kinds.ts'
import { sampled } from '../sampled.ts'
import { eventsOf, heard, midRun } from '../scenarios/witness.ts'
import { type Process, World } from '../scenarios/world.ts'

suite('from the field: what is told', () => {
  let world: World
  let controller: Process
  setup(() => {
    world = new World()
    controller = world.start()
  })
  teardown(() => world.close())

  /** The primary's pods end, and those in their place are ready after so long. */
  function primaryDies(readyAfter: number | null): void {
    world.images.set('demo/web:1.0.0', { readyAfter })
    for (const { metadata } of world.user.list(Pod, 'shop'))
      if (metadata.name.startsWith('web-primary-')) world.user.delete(Pod, 'shop', metadata.name)
  }

  const routesTo = (canary: number): Record<string, unknown> => ({
    spec: {
      http: [
        {
          route: [
            { destination: { host: 'web-primary' }, weight: 100 - canary },
            { destination: { host: 'web-canary' }, weight: canary },
          ],
        },
      ],
    },
  })

  test('the weight that is carried stands beside the one that is requested, also when the primary dies after an abort', async () => {
    await midRun(world, { analysis: { interval: '10s', threshold: 2, steps: [{ weight: 25, hold: '10m' }] } })
    await world.clock.advance(10_000)
    expect(world.status.traffic).to.deep.equal({ requested: 25, carried: 25 })
    world.annotate('abort', '1 no good')
    await world.clock.advance(1000)
    primaryDies(20_000)
    await world.clock.advance(2000)
    expect([world.stand, world.status.traffic]).to.deep.equal(['Failed 0', { requested: 0, carried: 100 }])
    expect(eventsOf(world, 'PrimaryNotReady')).to.deep.equal([
      'PrimaryNotReady: Deployment web-primary has no ready pod; the canary serves all traffic until it does',
    ])
    await world.clock.advance(40_000)
    expect(world.status.traffic).to.deep.equal({ requested: 0, carried: 0 })
  })

  test('also in mid-run, within two seconds', async () => {
    await midRun(world, { analysis: { interval: '10s', threshold: 2, steps: [{ weight: 25, hold: '10m' }] } })
    await world.clock.advance(10_000)
    primaryDies(60_000)
    await world.clock.advance(2000)
    expect([world.status.reason, world.status.traffic]).to.deep.equal([
      'PrimaryNotReady',
      { requested: 25, carried: 100 },
    ])
  })

  test('a weight that is raised by hand in mid-run is set back, with the name of the writer', async () => {
    await midRun(world, { analysis: { interval: '10s', threshold: 2, steps: [{ weight: 25, hold: '10m' }] } })
    world.user.merge(kinds.VirtualService, 'shop', 'web', routesTo(80))
    await world.clock.advance(3000)
    expect(eventsOf(world, 'EditReverted')).to.deep.equal([
      'EditReverted: kubectl raised the weight of the canary in VirtualService web from 25 to 80; it is set to 25 again',
    ])
    expect(heard(world, world.clock.now() - 1000)).to.deep.equal(['web 25, web-primary 75'])
    world.user.merge(kinds.VirtualService, 'shop', 'web', routesTo(60))
    await world.clock.advance(3000)
    expect(eventsOf(world, 'EditReverted')).to.have.lengthOf(2)
  })

  test('so is one that is raised at rest', async () => {
    await world.initialized()
    world.user.merge(kinds.VirtualService, 'shop', 'web', routesTo(50))
    await world.clock.advance(5000)
    expect(eventsOf(world, 'EditReverted')).to.deep.equal([
      'EditReverted: kubectl raised the weight of the canary in VirtualService web from 0 to 50; it is set to 0 again',
    ])
  })

  test('an edit by hand of a Service at rest is changed back, and its deletion, each with one event', async () => {
    await world.initialized()
    world.user.merge(kinds.Service, 'shop', 'web-primary', { spec: { selector: { app: 'nothing' } } })
    await world.clock.advance(5000)
    world.user.delete(kinds.Service, 'shop', 'web-canary')
    await world.clock.advance(60_000)
    expect(eventsOf(world, 'EditReverted')).to.have.members([
      'EditReverted: kubectl changed Service web-primary; the change is reverted',
      'EditReverted: Service web-canary was deleted; it is created again',
    ])
  })

  test('an edit of spec.service at rest has one event that names what follows it', async () => {
    await world.initialized()
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { timeout: '7s' } } })
    await world.clock.advance(60_000)
    expect(eventsOf(world, 'ObjectsUpdated')).to.deep.equal([
      'ObjectsUpdated: Updated VirtualService web after a change of the Canary',
    ])
  })

  test('a canary that only rests tells nothing', async () => {
    await midRun(world, {}, 10)
    await world.until('Succeeded')
    await world.clock.advance(600_000)
    expect([...eventsOf(world, 'EditReverted'), ...eventsOf(world, 'ObjectsUpdated')]).to.deep.equal([])
  })

  test('a deletion while Deployments cannot be listed waits for sight, and then loses no request', async () => {
    await midRun(world)
    world.api.server.authorize = request =>
      request.manager === 'sluice' && ['list', 'watch'].includes(request.verb) && request.kind.kind === 'Deployment'
        ? 'no rule'
        : null
    controller.api.faults.breakWatches()
    await world.clock.advance(120_000)
    const begun = world.clock.now()
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.advance(60_000)
    expect(world.status.reason).to.equal('WatchUnavailable')
    expect(world.status.message).to.match(
      /^The canary is being deleted, and nothing is handed over until its objects can be read: /,
    )
    expect(world.object(kinds.Deployment, 'web-primary')).not.to.equal(null)
    world.api.server.authorize = () => null
    await world.clock.advance(180_000)
    expect(world.object(kinds.Canary, 'web')).to.equal(null)
    expect(world.mesh.failures(begun)).to.equal(0)
  })

  test('an annotation that is no command is answered once', async () => {
    await world.initialized()
    world.annotate('aprove', '1 looks fine')
    await world.clock.advance(60_000)
    const sentence =
      'CommandRefused: Annotation sluice.dev/aprove is not a command and has no effect; the commands are sluice.dev/abort, sluice.dev/pause, sluice.dev/rollback, sluice.dev/retry, sluice.dev/resume, sluice.dev/approve'
    expect(eventsOf(world, 'CommandRefused')).to.deep.equal([sentence])
    world.user.merge(kinds.Canary, 'shop', 'web', { metadata: { annotations: { other: 'thing' } } })
    await world.clock.advance(60_000)
    expect(eventsOf(world, 'CommandRefused')).to.have.lengthOf(1)
  })

  test('pause while the template is copied is refused with a sentence', async () => {
    await world.initialized()
    world.images.set('demo/web:1.1.0', { readyAfter: 5000 })
    world.setImage('demo/web:1.1.0')
    await world.until('Promoting')
    world.annotate('pause', '1 wait')
    await world.clock.advance(1000)
    expect(eventsOf(world, 'CommandRefused')).to.deep.equal([
      'CommandRefused: "pause" by a user: wait was refused: Deployment web-primary is being updated already; `abort` undoes the promotion',
    ])
    await world.until('Succeeded')
  })

  test('pause while traffic shifts before a Recreate holds, until it is resumed', async () => {
    world.deploy()
    world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { strategy: { type: 'Recreate', rollingUpdate: null } } })
    await world.clock.advance(5000)
    world.canary({ progressDeadlineSeconds: 30 })
    await world.until('Initialized')
    await world.clock.advance(20_000)
    const begun = world.clock.now()
    world.setImage('demo/web:1.1.0')
    await world.until('Promoting')
    world.annotate('pause', '1 wait')
    await world.clock.advance(120_000)
    expect([world.stand, world.status.reason]).to.deep.equal(['Promoting 100', 'Paused'])
    expect(heard(world, world.clock.now() - 1000)).to.deep.equal(['web 100'])
    world.annotate('resume', '2 go on')
    await world.until('Succeeded')
    expect(world.mesh.failures(begun)).to.equal(0)
  })

  test('a wait for pods says why they are not ready, and so does the rollback', async () => {
    await world.initialized({ progressDeadlineSeconds: 60 })
    world.setImage('demo/web:missing')
    await world.clock.advance(25_000)
    expect(world.status.message).to.equal(
      'Waiting for Deployment web: 0 of 2 pods available (2 × ImagePullBackOff: web:missing, <1m of 1m)',
    )
    await world.until('Failed')
    expect(world.status.message).to.match(/\(0 of 2 pods available; 2 × ImagePullBackOff: web:missing\)$/)
  })

  test('after a rollback the status ends in a lasting word, once the primary is ready', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    await world.clock.advance(30_000)
    world.images.set('demo/web:1.0.0', { readyAfter: 8000 })
    world.annotate('rollback', '1 kim: too slow')
    await world.clock.advance(12_000)
    expect([world.status.phase, world.status.reason]).to.deep.equal(['Finalising', 'RollingBack'])
    expect(world.status.message).to.match(
      /^Waiting for Deployment web-primary to run \w+ \(web:1\.0\.0\) again, requested by kim: too slow: /,
    )
    await world.until('Failed')
    await world.clock.advance(60_000)
    expect(world.status.reason).to.equal('RolledBack')
    expect(world.status.message).to.match(
      /^Rolled back to \w{10} \(web:1\.0\.0\), requested by kim: too slow; \w{10} \(web:1\.1\.0\) is rejected$/,
    )
    expect(heard(world, world.clock.now() - 1000)).to.deep.equal(['web-primary 100'])
    expect(world.object(kinds.Deployment, 'web')?.['spec']).to.have.property('replicas', 0)
  })

  test('a rollback that may leave the primary without a pod is refused with what loses no request', async () => {
    await world.initialized()
    world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { strategy: { type: 'Recreate', rollingUpdate: null } } })
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    await world.clock.advance(30_000)
    const begun = world.clock.now()
    world.annotate('rollback', '1 kim: too slow')
    await world.clock.advance(5000)
    expect(world.events().filter(event => event.includes('rollback'))).to.deep.equal([
      'CommandRefused: "rollback" by kim: too slow was refused: the rollout of Deployment web-primary may stop all old pods first, and nothing else would serve; set the earlier image on Deployment web and promote it with kubectl -n shop annotate canaries.sluice.dev/web sluice.dev/approve="$(date +%s) full" --overwrite',
    ])
    world.setImage('demo/web:1.0.0')
    await world.until('Progressing 10')
    world.annotate('approve', '2 full')
    await world.until('Succeeded')
    expect(world.mesh.failures(begun)).to.equal(0)
  })

  test('a release that skips the analysis says that nothing was judged', async () => {
    await world.initialized({ skipAnalysis: true })
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    const said = /^Promoted \w{10} \(web:1\.1\.0\) without a check$/
    expect(world.status.message).to.match(said)
    expect(world.status.history?.[0]?.message).to.match(said)
  })

  const moments = Object.entries({
    'before the pods are ready': () => world.clock.advance(1000),
    'in the midst of a step': () => world.until('Progressing 10'),
    'while the metrics server is gone': async () => {
      await world.until('Progressing 10')
      world.metrics.trouble = troubles.down
      await world.clock.advance(30_000)
    },
  })
  for (const [moment, reach] of sampled(moments, 2)) {
    test(`a full approval works ${moment}`, async () => {
      await world.initialized({ analysis: { interval: '2m', threshold: 2 } })
      world.images.set('demo/web:1.1.0', { readyAfter: 5000 })
      world.setImage('demo/web:1.1.0')
      await reach()
      world.annotate('approve', '1 full hotfix')
      await world.until('Succeeded', 60_000)
      expect(eventsOf(world, 'CommandRefused')).to.deep.equal([])
    })
  }

  test('a full approval mends a primary that is dead, and checks the revision that it names', async () => {
    await midRun(world, { analysis: { interval: '2m', threshold: 2 } }, 10)
    primaryDies(null)
    await world.clock.advance(5000)
    world.annotate('approve', '1 full revision=0123456789 hotfix')
    await world.clock.advance(1000)
    expect(eventsOf(world, 'CommandRefused')[0]).to.match(/it names revision 0123456789, and the candidate is \w{10}$/)
    const quoted = (world.status.run?.candidate ?? '').slice(3, 13)
    world.annotate('approve', `2 revision=${quoted} full hotfix`)
    await world.until('Succeeded', 120_000)
  })
})
