/** The trace of a run, whatever happens to the controller meanwhile. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { resourceOf } from '../../playground/schema/custom.ts'
import { sluiceDefinitions } from '../../playground/test/installed.ts'
import type { Span } from '../../src/core/model/trace.ts'
import { Collector } from '../collector.ts'
import { World } from './world.ts'

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const short = { interval: '10s', threshold: 2, stepWeights: [10, 50] }
const STEPS = ['start pods', 'weight 10', 'weight 50']

suite('the trace of a run', () => {
  let world: World
  let collector: Collector
  setup(() => {
    world = new World()
    collector = new Collector()
  })
  teardown(() => world.close())

  async function atRest(): Promise<void> {
    world.start({}, { spans: collector })
    await world.initialized({ analysis: short })
  }

  test('is one tree: a root, its steps, and what they checked, asked and wrote', async () => {
    await atRest()
    world.annotate('traceparent', TRACEPARENT)
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    const [root, ...more] = collector.roots()
    expect(more).to.deep.equal([])
    expect(collector.orphans()).to.deep.equal([])
    expect(collector.repeated()).to.deep.equal([])
    expect(root?.attributes).to.include({
      'cicd.pipeline.name': 'shop/web',
      'cicd.pipeline.result': 'success',
      'sluice.image': 'demo/web:1.1.0',
      'sluice.weight.highest': 50,
    })
    expect(root?.links).to.deep.equal([{ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }])
    const { traces = [], history = [], checks = [] } = world.status
    expect(traces).to.deep.equal([{ run: history[0]?.id, id: root?.traceId, parent: TRACEPARENT, sent: true }])
    expect(collector.steps(root?.traceId ?? '').slice(0, 3)).to.deep.equal(STEPS)
    const [last] = checks
    expect(collector.named('check').at(-1)?.attributes).to.include({
      'sluice.check.verdict': 'pass',
      'sluice.weight': 50,
    })
    expect(collector.named('check').map(({ startedAt }) => startedAt)).to.include(Date.parse(last?.at ?? ''))
    const events = world.user.list(kinds.Event, 'shop').filter(({ reason }) => reason === 'Succeeded')
    expect(events.map(({ metadata }) => metadata.annotations)).to.deep.equal([{ 'sluice.dev/trace-id': root?.traceId }])
    expect(collector.named('query').length).to.be.greaterThan(4)
    expect(collector.named('apply').length + collector.named('replace').length).to.be.greaterThan(1)
  })

  test('fails with its reason where the release was rolled back, and so does its last step', async () => {
    await atRest()
    world.setImage('demo/web:2.0.0-errors')
    await world.until('Failed')
    const [root] = collector.roots()
    expect(root?.attributes).to.include({ 'cicd.pipeline.result': 'failure', 'error.type': 'ThresholdReached' })
    expect(root?.error).to.match(/^Rolled back /)
    const results = collector.spans.flatMap(({ attributes }) => attributes['cicd.pipeline.task.run.result'] ?? [])
    expect(results).to.deep.equal(['success', 'failure'])
    const failing = collector.named('check').filter(({ error }) => error !== null)
    expect(failing[0]?.attributes).to.include({ 'sluice.check.verdict': 'fail', 'sluice.check.min': 99 })
    expect(collector.orphans()).to.deep.equal([])
  })

  test('is canceled where another revision takes its place, which has a trace of its own', async () => {
    await atRest()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 10')
    world.setImage('demo/web:1.2.0')
    await world.until('Succeeded')
    expect(collector.roots().map(({ attributes }) => attributes['cicd.pipeline.result'])).to.deep.equal([
      'cancellation',
      'success',
    ])
    expect(new Set(collector.roots().map(({ traceId }) => traceId)).size).to.equal(2)
    expect(collector.orphans()).to.deep.equal([])
  })

  test('waits in status while no collector takes it, and the next process sends it, once', async () => {
    await atRest()
    collector.isDown = true
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    await world.clock.advance(60_000)
    expect(world.status.traces?.[0]).to.not.have.property('sent')
    world.processes[0]?.kill()
    collector.isDown = false
    world.start({}, { spans: collector })
    await world.clock.advance(60_000)
    expect(collector.roots()).to.have.lengthOf(1)
    expect(collector.orphans()).to.deep.equal([])
    await world.clock.advance(60_000)
    expect(collector.roots()).to.have.lengthOf(1)
    expect(world.status.traces).to.have.lengthOf(1)
    expect(world.status.traces?.[0]).to.include({ sent: true })
  })

  test('has the webhooks that wait for the end of the run, too, with their attempts', async () => {
    world.start({}, { spans: collector })
    const webhooks = ['pre-rollout', 'post-rollout'].map(type => ({
      name: type,
      type,
      url: `http://hooks.test/${type}`,
    }))
    await world.initialized({ analysis: { ...short, webhooks } })
    world.receivers.answer('post-rollout', 500)
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    world.receivers.answer('post-rollout', 200)
    await world.clock.advance(60_000)
    const [root] = collector.roots()
    const calls = (type: string): Span[] => collector.spans.filter(({ name }) => name === `webhook ${type}`)
    const codes = (type: string): unknown[] => calls(type).map(one => one.attributes['http.response.status_code'])
    expect(codes('pre-rollout')).to.deep.equal([200])
    expect(codes('post-rollout').slice(-2)).to.deep.equal([500, 200])
    expect(new Set(calls('post-rollout').map(({ parentId }) => parentId))).to.deep.equal(new Set([root?.spanId]))
    expect(collector.orphans()).to.deep.equal([])
    expect(collector.repeated()).to.deep.equal([])
  })

  test('leaves no mark where nothing is traced', async () => {
    world.start()
    await world.initialized({ analysis: short })
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    expect(world.status).to.not.have.property('traces')
  })
})

suite('the trace of a run where the definition of Canaries is older than a field of the status', () => {
  /** The definition of Canaries as it was before it had this field. */
  function installWithout({ api }: World, field: string): void {
    const { resources } = api.server
    resources.remove(kinds.Canary)
    for (const definition of sluiceDefinitions().filter(({ metadata }) => metadata.name.startsWith('canaries.'))) {
      const text = JSON.stringify(definition)
      const older = JSON.parse(text, (key, value: unknown) => (key === field ? undefined : value)) as KubeObject
      resources.install(resourceOf(older))
    }
  }

  /** Statuses that a release is written in, from the push until a minute after its end. */
  async function statusWrites(prepare: (world: World) => void): Promise<number> {
    const world = new World()
    const collector = new Collector()
    const { api } = world.start({}, { spans: collector })
    await world.initialized({ analysis: short })
    prepare(world)
    let writes = 0
    api.faults.add({
      after: ({ verb }) => {
        if (verb === 'status') writes += 1
      },
    })
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    await world.clock.advance(60_000)
    expect(collector.roots()).to.have.lengthOf(1)
    expect(collector.orphans()).to.deep.equal([])
    await world.close()
    return writes
  }

  for (const field of ['traces', 'steps', 'candidate', 'routedAt']) {
    test(`costs no more writes without ${field} than with it, and is one tree`, async () => {
      const today = await statusWrites(() => undefined)
      const before = await statusWrites(world => {
        installWithout(world, field)
        expect(JSON.stringify(world.status)).to.not.include(`"${field}":`)
      })
      expect(today).to.be.greaterThan(3)
      expect(before).to.be.at.most(today)
    })
  }
})

suite('the trace of a run whose controller is killed', () => {
  /** The controller is killed at its n-th write of a release, and another one starts a little later. */
  async function killedAt(n: number, moment: 'before' | 'after', image: string): Promise<Collector> {
    const world = new World()
    const collector = new Collector()
    const first = world.start({}, { spans: collector })
    await world.initialized({ analysis: short })
    let writes = 0
    const count = (at: typeof moment, write: unknown): void => {
      if (at !== moment || write === null) return
      writes += 1
      if (writes !== n) return
      first.kill()
      world.clock.at(world.clock.now() + 3000, () => {
        world.start({}, { spans: collector })
      })
    }
    first.api.faults.add({
      before: attempt => count('before', attempt.write),
      after: attempt => count('after', attempt.write),
    })
    world.setImage(image)
    await world.until(image.endsWith('errors') ? 'Failed' : 'Succeeded')
    await world.clock.advance(60_000)
    expect(writes, 'fewer writes than that').to.be.at.least(n)
    await world.close()
    return collector
  }

  for (const [image, moment, writes] of [
    ['demo/web:1.1.0', 'before', [2, 9]],
    ['demo/web:1.1.0', 'after', [1, 12]],
    ['demo/web:2.0.0-errors', 'after', [7, 12]],
  ] as const) {
    test(`is one tree for ${image}, ${moment} write ${writes.join(' and ')}`, async () => {
      for (const n of writes) {
        const collector = await killedAt(n, moment, image)
        const what = `${moment} write ${n}`
        expect(collector.roots(), what).to.have.lengthOf(1)
        expect(collector.orphans(), what).to.deep.equal([])
        expect(collector.repeated(), what).to.deep.equal([])
        const steps = collector.steps(collector.roots()[0]?.traceId ?? '')
        expect(steps.slice(0, 2), what).to.deep.equal(['start pods', 'weight 10'])
      }
    })
  }
})
