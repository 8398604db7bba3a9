/** Commands and pauses, and what people expect of a canary at rest. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { troubles } from '../../playground/test/metrics.ts'
import { requestsOf } from './witness.ts'
import { World } from './world.ts'

suite('people and a canary, in virtual time', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const failedRequests = (from: number): number => world.mesh.count(flow => flow.code >= 500, from, world.clock.now())
  const spec = (name: string): Record<string, unknown> =>
    (world.object(kinds.Deployment, name)?.spec ?? {}) as Record<string, unknown>
  const minute = 60_000

  test('a step that asks for an approval waits for it, and a wrong revision is refused', async () => {
    const steps = [
      { weight: 20, approve: true },
      { weight: 100, approve: true },
    ]
    await world.initialized({ analysis: { interval: '10s', steps } })
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 20')
    await world.clock.advance(5 * minute)
    expect(world.stand).to.equal('Progressing 20')
    expect(world.status.message).to.match(
      /waiting for approval: kubectl -n shop annotate canaries\.sluice\.dev\/web sluice\.dev\/approve=/,
    )
    world.annotate('approve', '1 ann: revision=aaaaaaaaaa fine')
    await world.clock.advance(minute)
    expect(world.stand).to.equal('Progressing 20')
    expect(world.events().join('\n')).to.match(/CommandRefused: .*names revision aaaaaaaaaa/)
    world.annotate('approve', '2 ann: dashboards look fine')
    await world.until('Progressing 100')
    await world.until('WaitingPromotion 100')
    world.annotate('approve', '3 ann: go')
    await world.until('Succeeded')
  })

  test('`full` goes straight to promotion', async () => {
    const steps = [{ weight: 20, approve: true }, { weight: 100 }]
    await world.initialized({ analysis: { interval: '10s', steps } })
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 20')
    await world.clock.advance(minute)
    world.annotate('approve', '1 full hurry')
    await world.until('Promoting')
    await world.until('Succeeded')
    expect(world.status.history?.[0]?.highest).to.equal(20)
  })

  test('`pause` holds the weight, bad gates still roll back, `resume` goes on', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 10')
    world.annotate('pause', '1 ann: lunch')
    await world.clock.advance(10 * minute)
    expect(world.stand).to.equal('Progressing 10')
    expect(world.status.message).to.match(/paused by ann: lunch/)
    world.annotate('resume', '2')
    await world.until('Progressing 25')
    world.annotate('pause', '3 again')
    world.images.set('demo/web:1.1.0', { errorRate: 0.5 })
    await world.until('Failed')
  })

  test('a paused canary starts no run until it is resumed', async () => {
    await world.initialized({ paused: true })
    world.setImage('demo/web:1.1.0')
    await world.until('Waiting')
    await world.clock.advance(10 * minute)
    expect(world.status.phase).to.equal('Waiting')
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { paused: false } })
    await world.until('Succeeded')
  })

  test('`abort` takes back; the rejected revision stays rejected until `retry`', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    world.annotate('abort', '1 ann: wrong ticket')
    await world.until('Failed')
    expect(world.status.message).to.match(/aborted by ann: wrong ticket/)
    await world.clock.advance(10 * minute)
    expect(world.status.phase).to.equal('Failed')
    world.annotate('retry', '1 right after all')
    await world.until('Succeeded')
    expect(JSON.stringify(spec('web-primary'))).to.contain('demo/web:1.1.0')
  })

  test('the rejected revision set back to the promoted one leaves Failed without a run', async () => {
    await world.initialized()
    world.setImage('demo/web:2.0.0-errors')
    await world.until('Failed')
    await world.clock.advance(minute)
    const runs = world.status.history?.length
    world.setImage('demo/web:1.0.0')
    await world.until('Succeeded')
    expect(world.status.history?.length).to.equal(runs)
  })

  test('`rollback` puts the previously promoted revision back on the primary, and loses no request', async () => {
    await world.initialized()
    const begun = world.clock.now()
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    await world.clock.advance(minute)
    world.annotate('rollback', '1 ann: customers complain')
    await world.until('Failed')
    await world.clock.advance(5 * minute)
    expect(JSON.stringify(spec('web-primary'))).to.contain('demo/web:1.0.0')
    expect(world.status.phase).to.equal('Failed')
    expect(failedRequests(begun)).to.equal(0)
  })

  test('commands that are there at first sight are recorded, not run; handled ones are not repeated by a restart', async () => {
    world.deploy()
    await world.clock.advance(5000)
    // While nobody looks: what comes after the first sight is a command.
    world.processes[0]?.kill()
    world.canary()
    world.annotate('abort', '1 old')
    const second = world.start()
    await world.until('Initialized')
    await world.clock.advance(minute)
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 10')
    second.kill()
    world.start()
    await world.until('Succeeded')
    expect(world.events().filter(event => event.startsWith('CommandRefused'))).to.deep.equal([])
  })

  test('a run that is not decided in time is taken back, and waiting for people does not count', async () => {
    const steps = [{ weight: 20, approve: true }, { weight: 100 }]
    await world.initialized({ analysis: { interval: '10s', steps, maxDuration: '5m' } })
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 20')
    await world.clock.advance(30 * minute)
    expect(world.status.phase).to.equal('Progressing')
    world.annotate('approve', '1')
    await world.until('Progressing 100')
    world.metrics.trouble = troubles.empty
    await world.until('Failed', 30 * minute)
    expect(world.status.reason).to.equal('Undecided')
  })

  test('skipAnalysis promotes once the pods are ready', async () => {
    await world.initialized({ skipAnalysis: true, analysis: undefined })
    const begun = world.clock.now()
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    expect(JSON.stringify(spec('web-primary'))).to.contain('demo/web:1.1.0')
    expect(failedRequests(begun)).to.equal(0)
  })

  test('stepWeightPromotion moves the traffic back step by step', async () => {
    await world.initialized({ analysis: { interval: '10s', stepWeightPromotion: 50 } })
    world.setImage('demo/web:1.1.0')
    await world.until('Promoting 50')
    await world.until('Finalising')
    await world.until('Succeeded')
  })

  test('a primary that never gets ready with the judged template gets the promoted one back', async () => {
    await world.initialized({ progressDeadlineSeconds: 60 })
    const begun = world.clock.now()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 100')
    world.images.set('demo/web:1.1.0', { readyAfter: null })
    await world.until('Failed', 30 * minute)
    await world.clock.advance(2 * minute)
    expect(world.status.reason).to.equal('PromotionFailed')
    expect(JSON.stringify(spec('web-primary'))).to.contain('demo/web:1.0.0')
    expect(failedRequests(begun)).to.equal(0)
  })

  test('an idle canary costs no request in an hour', async () => {
    await world.initialized()
    await world.clock.advance(5 * minute)
    const [controller] = world.processes
    const requests = requestsOf(controller ?? expect.fail('no controller runs'))
    await world.clock.advance(60 * minute)
    expect(requests.count).to.equal(0)
  })
})
