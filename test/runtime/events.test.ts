import { assert } from 'chai'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { EventRecorder, type Note } from '../../src/runtime/events.ts'
import { PlaygroundApi } from '../../playground/test/api.ts'
import { VirtualClock } from '../../playground/clock.ts'
import { NetworkError } from '../../playground/test/faults.ts'

suite('event recorder', () => {
  let clock: VirtualClock
  let api: PlaygroundApi
  let dropped: string[]
  let lines: string[]

  const about: KubeObject = {
    apiVersion: 'sluice.dev/v1beta1',
    kind: 'Canary',
    metadata: { name: 'web', namespace: 'shop', uid: 'u1', resourceVersion: '7' },
  }
  const note = (name: string): Note => ({
    name,
    about,
    type: 'Normal',
    reason: 'Advancing',
    message: `step ${name}`,
    at: Date.UTC(2026, 0, 5, 9, 0, 0, 250),
  })

  setup(() => {
    clock = new VirtualClock()
    api = PlaygroundApi.on(clock)
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }
    api.server.create({ kind: kinds.Namespace, namespace: '', name: 'shop' }, namespace, { manager: 'admin' })
    dropped = []
    lines = []
  })

  function recorder(capacity = 1000): EventRecorder {
    return new EventRecorder({
      api,
      clock,
      random: () => 0.5,
      log: { debug() {}, info() {}, warn: message => void lines.push(message), error() {} },
      instance: 'sluice-1',
      capacity,
      dropped: (one, because) => dropped.push(`${one.name}: ${because}`),
    })
  }

  const events = (): KubeObject[] => api.server.list(kinds.Event, { namespace: 'shop' }, { manager: 'test' }).items
  const names = (): string[] => events().map(event => event.metadata.name)

  test('writes an Event that kubectl can show', async () => {
    recorder().record(note('web.1'))
    await clock.advance(10)
    const [{ metadata, ...event } = assert.fail('no event')] = events()
    assert.equal(metadata.name, 'web.1')
    assert.deepEqual(event, {
      apiVersion: 'v1',
      kind: 'Event',
      involvedObject: {
        apiVersion: 'sluice.dev/v1beta1',
        kind: 'Canary',
        namespace: 'shop',
        name: 'web',
        uid: 'u1',
        resourceVersion: '7',
      },
      type: 'Normal',
      reason: 'Advancing',
      message: 'step web.1',
      eventTime: null,
      firstTimestamp: '2026-01-05T09:00:00Z',
      lastTimestamp: '2026-01-05T09:00:00Z',
      count: 1,
      source: { component: 'sluice' },
      reportingComponent: 'sluice',
      reportingInstance: 'sluice-1',
    })
  })

  test('what was told before a crash is not told twice', async () => {
    recorder().record(note('web.1'))
    await clock.advance(10)
    recorder().record(note('web.1'))
    await clock.advance(60_000)
    assert.deepEqual([names(), dropped], [['web.1'], []])
  })

  test('keeps trying while the API server is away, in order', async () => {
    const heal = api.faults.refuse(() => true, new NetworkError('ECONNREFUSED'))
    const recording = recorder()
    recording.record(note('web.1'))
    recording.record(note('web.2'))
    await clock.advance(20_000)
    assert.deepEqual([names(), recording.depth], [[], 2])
    heal()
    await clock.advance(60_000)
    assert.deepEqual([names(), recording.depth, dropped], [['web.1', 'web.2'], 0, []])
  })

  test('drops, with a count and a line, what is refused for good, and goes on with the next', async () => {
    const refused = new ApiError({ code: 403, reason: 'Forbidden', message: 'namespace shop is being terminated' })
    const heal = api.faults.refuse(attempt => attempt.ref?.name === 'web.1', refused)
    const recording = recorder()
    recording.record(note('web.1'))
    recording.record(note('web.2'))
    await clock.advance(1000)
    heal()
    assert.deepEqual(
      [names(), dropped, lines],
      [['web.2'], ['web.1: namespace shop is being terminated'], ['an event was dropped']],
    )
  })

  test('counts every event of a namespace that is going away, and says it once', async () => {
    const refused = new ApiError({ code: 403, reason: 'Forbidden', message: 'namespace shop is being terminated' })
    const heal = api.faults.refuse(() => true, refused)
    const recording = recorder()
    for (const name of ['web.1', 'web.2', 'web.3']) recording.record(note(name))
    await clock.advance(1000)
    assert.deepEqual([dropped.length, lines], [3, ['an event was dropped']])
    // The namespace was made anew, and goes again.
    heal()
    recording.record(note('web.4'))
    await clock.advance(1000)
    api.faults.refuse(() => true, refused)
    recording.record(note('web.5'))
    await clock.advance(1000)
    assert.deepEqual([names(), dropped.length, lines.length], [['web.4'], 4, 2])
  })

  test('tries a forbidden event a few times only: the server may be starting, the right may be missing', async () => {
    const refused = new ApiError({ code: 403, reason: 'Forbidden', message: 'cannot create resource "events"' })
    const heal = api.faults.refuse(() => true, refused)
    const recording = recorder()
    recording.record(note('web.1'))
    await clock.advance(1000)
    heal()
    await clock.advance(60_000)
    assert.deepEqual([names(), dropped], [['web.1'], []])
    api.faults.refuse(() => true, refused)
    recording.record(note('web.2'))
    await clock.advance(60_000)
    assert.deepEqual([names(), dropped], [['web.1'], ['web.2: cannot create resource "events"']])
  })

  test('a namespace that refuses its events delays no other, and each tells when it is done', async () => {
    const done: string[] = []
    api.faults.refuse(attempt => attempt.ref?.namespace === 'slow', new NetworkError())
    api.server.create(
      { kind: kinds.Namespace, namespace: '', name: 'slow' },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'slow' } },
      { manager: 'admin' },
    )
    const recording = recorder(100)
    const slow = { ...about, metadata: { ...about.metadata, namespace: 'slow' } }
    for (let n = 0; n < 100; n++) recording.record({ ...note(`slow.${n}`), about: slow }, () => done.push(`slow.${n}`))
    recording.record(note('web.1'), () => done.push('web.1'))
    await clock.advance(1000)
    assert.deepEqual([names(), done, recording.depth], [['web.1'], ['web.1'], 100])
    await clock.advance(600_000)
    assert.include(done, 'slow.0', 'given up for good')
  })

  test('what waits is no larger than its Event', async () => {
    const recording = recorder()
    const large = { ...about, spec: { text: 'x'.repeat(1e6) } }
    recording.record({ ...note('web.1'), about: large, message: 'y'.repeat(1e6) })
    await clock.advance(10)
    assert.isBelow(JSON.stringify(events()).length, 2500)
  })

  test('never holds more than its capacity; the oldest goes', async () => {
    const heal = api.faults.refuse(() => true, new NetworkError())
    const recording = recorder(3)
    for (const name of ['e1', 'e2', 'e3', 'e4', 'e5']) recording.record(note(name))
    assert.equal(recording.depth, 3)
    heal()
    await clock.advance(60_000)
    assert.deepEqual(
      [names(), dropped],
      [
        ['e1', 'e4', 'e5'],
        ['e2: too many events of its namespace wait', 'e3: too many events of its namespace wait'],
      ],
    )
  })

  test('an object with many notes makes room for the one note of another', async () => {
    const heal = api.faults.refuse(() => true, new NetworkError())
    const recording = recorder(6)
    const quiet = { ...about, metadata: { ...about.metadata, name: 'quiet', uid: 'quiet' } }
    recording.record(note('noisy.0'))
    recording.record(note('noisy.1'))
    // Three further objects take what may be sent at once, so that the quiet one has to wait.
    for (const name of ['a', 'b', 'c']) {
      recording.record({ ...note(name), about: { ...about, metadata: { ...about.metadata, name, uid: name } } })
    }
    recording.record({ ...note('quiet.rolled-back'), about: quiet })
    for (let n = 2; n < 5; n++) recording.record(note(`noisy.${n}`))
    heal()
    await clock.advance(60_000)
    assert.include(names(), 'quiet.rolled-back')
    assert.isTrue(dropped.every(line => line.startsWith('noisy.')))
    assert.isAbove(dropped.length, 0)
  })

  test('delivers what waits when it closes, within its deadline', async () => {
    const prompt = recorder()
    prompt.record(note('web.1'))
    await prompt.close(5000)
    assert.deepEqual([names(), dropped], [['web.1'], []])

    api.faults.partition()
    const cut = recorder()
    cut.record(note('web.2'))
    cut.record(note('web.3'))
    const closed = cut.close(2000)
    await clock.advance(2001)
    await closed
    cut.record(note('web.4'))
    assert.deepEqual(dropped, ['web.2: the process ends', 'web.3: the process ends', 'web.4: the recorder is closed'])
  })
})
