import { assert } from 'chai'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { Election } from '../../src/runtime/lease.ts'
import { PlaygroundApi } from '../../playground/test/api.ts'
import { VirtualClock } from '../../playground/clock.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }
const ref = { kind: kinds.Lease, namespace: 'sluice', name: 'sluice' }

/** One process that wants to lead. */
interface Candidate {
  readonly api: PlaygroundApi
  readonly election: Election
  /** Asks it to end, as SIGTERM does. */
  end(): void
  readonly ended: Promise<void>
}

suite('election', () => {
  let clock: VirtualClock
  let first: PlaygroundApi
  /** `one+`: one began to lead; `one-`: it was told to stop; with the milliseconds since the start. */
  let told: string[]
  let leaders: Set<string>
  let start: number
  let candidates: Candidate[]

  setup(() => {
    clock = new VirtualClock()
    start = clock.now()
    first = PlaygroundApi.on(clock)
    first.server.create(
      { kind: kinds.Namespace, namespace: '', name: 'sluice' },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'sluice' } },
      { manager: 'admin' },
    )
    told = []
    leaders = new Set()
    candidates = []
  })

  /** @param finishing how long it needs to stop when its term ends. */
  function campaign(identity: string, finishing = 0): Candidate {
    const api = first.replica()
    const election = new Election({ api, clock, log, namespace: 'sluice', name: 'sluice', identity })
    const signal = new AbortController()
    const ended = election.run(signal.signal, async term => {
      told.push(`${identity}+${clock.now() - start}`)
      leaders.add(identity)
      assert.equal(leaders.size, 1, 'two lead at one time')
      await new Promise<void>(resolve => {
        term.addEventListener('abort', () => {
          told.push(`${identity}-${clock.now() - start}`)
          leaders.delete(identity)
          if (finishing === 0) resolve()
          else clock.at(clock.now() + finishing, resolve)
        })
      })
    })
    const candidate = { api, election, ended, end: () => signal.abort() }
    candidates.push(candidate)
    return candidate
  }

  const lease = (): KubeObject => first.server.get(ref, { manager: 'test' })
  const specNow = (): Record<string, unknown> => lease()['spec'] as Record<string, unknown>

  test('the first to come leads at once and renews every two seconds', async () => {
    campaign('one')
    await clock.advance(60_000)
    assert.deepEqual(told, ['one+0'])
    assert.equal(specNow()['holderIdentity'], 'one')
    assert.equal(specNow()['renewTime'], new Date(start + 60_000).toISOString().replace('Z', '000Z'))
    assert.equal(specNow()['leaseTransitions'], 0)
  })

  test('a Lease that is released is taken over at once, and only after the work was finished', async () => {
    const one = campaign('one', 700)
    await clock.advance(1000)
    campaign('two')
    await clock.advance(9000)
    one.end()
    await clock.advance(5000)
    await one.ended
    assert.deepEqual(told, ['one+0', 'one-10000', 'two+10700'])
    assert.equal(specNow()['leaseTransitions'], 1)
  })

  test('a leader that is killed is followed within the duration of the Lease', async () => {
    const one = campaign('one')
    campaign('two')
    await clock.advance(11_000)
    one.api.faults.kill()
    leaders.delete('one')
    await clock.advance(30_000)
    assert.deepEqual(told.slice(0, 2), ['one+0', 'two+25000']) // its last renewal was at 10,000
  })

  test('a leader that is cut off stops before another may begin, and campaigns again when the network heals', async () => {
    const one = campaign('one')
    campaign('two')
    await clock.advance(11_000)
    const heal = one.api.faults.partition()
    await clock.advance(20_000)
    assert.deepEqual(told, ['one+0', 'one-20000', 'two+25000'])
    heal()
    await clock.advance(60_000)
    assert.equal(one.election.holder, 'two')
    candidates[1]?.end()
    await clock.advance(1000)
    assert.deepEqual(told.slice(3), ['two-91000', 'one+91000'])
  })

  test('API trouble shorter than the renew deadline costs nothing', async () => {
    const one = campaign('one')
    campaign('two')
    await clock.advance(11_000)
    const heal = one.api.faults.partition()
    await clock.advance(8000)
    heal()
    await clock.advance(60_000)
    assert.deepEqual(told, ['one+0'])
  })

  test('somebody who labels the Lease takes it from nobody', async () => {
    campaign('one')
    await clock.advance(5000)
    first.server.update(ref, { ...lease(), metadata: { ...lease().metadata, labels: { a: 'b' } } }, { manager: 'user' })
    await clock.advance(30_000)
    assert.deepEqual([told, specNow()['holderIdentity'], lease().metadata.labels], [['one+0'], 'one', { a: 'b' }])
  })

  test('a renewal whose answer is lost is recognised as ours', async () => {
    const one = campaign('one')
    await clock.advance(3000)
    const stop = one.api.faults.loseAnswers(attempt => attempt.verb === 'replace')
    await clock.advance(2000)
    stop()
    await clock.advance(30_000)
    assert.deepEqual(told, ['one+0'])
  })

  test('a leader whose Lease somebody else took stops at its next renewal', async () => {
    campaign('one')
    await clock.advance(5000)
    const spec = { ...specNow(), holderIdentity: 'usurper', leaseDurationSeconds: 3600 }
    first.server.update(ref, { ...lease(), spec }, { manager: 'user' })
    await clock.advance(2000)
    assert.deepEqual(told, ['one+0', 'one-6000'])
    assert.equal(specNow()['holderIdentity'], 'usurper')
  })

  test('a Lease that is deleted is made again by its leader, or taken by who waits', async () => {
    campaign('one')
    await clock.advance(5000)
    first.server.delete(ref, {}, { manager: 'user' })
    await clock.advance(30_000)
    assert.deepEqual([told, specNow()['holderIdentity']], [['one+0'], 'one'])
  })

  test('the clock of another holder is not believed: the wait counts from what we saw', async () => {
    const spec = {
      holderIdentity: 'ghost',
      leaseDurationSeconds: 15,
      acquireTime: '2001-01-01T00:00:00.000000Z',
      renewTime: '2001-01-01T00:00:00.000000Z',
    }
    const ghost = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'sluice', namespace: 'sluice' },
    }
    first.server.create(ref, { ...ghost, spec }, { manager: 'ghost' })
    campaign('one')
    await clock.advance(14_999)
    assert.deepEqual(told, [])
    await clock.advance(1)
    assert.deepEqual(told, ['one+15000'])
  })

  test('of many who wait one takes over, and a broken watch delays none of them for long', async () => {
    const one = campaign('one')
    const others = ['two', 'three', 'four'].map(identity => campaign(identity))
    await clock.advance(5000)
    for (const other of others) other.api.faults.breakWatches()
    await clock.advance(500)
    one.end()
    await clock.advance(2000)
    assert.lengthOf(told, 3)
    assert.match(told[2] ?? '', /^(two|three|four)\+7\d\d\d$/)
    await clock.advance(60_000)
    assert.lengthOf(told, 3)
  })

  test('an end while the server hangs takes a second at most', async () => {
    const one = campaign('one')
    await clock.advance(11_900)
    one.api.faults.partition()
    await clock.advance(200) // a renewal is under way
    let endedAt = 0
    void one.ended.then(() => (endedAt = clock.now() - start))
    one.end()
    await clock.advance(1000)
    assert.deepEqual([told, endedAt], [['one+0', 'one-12100'], 13_100])
  })

  test('a server that is away, or a leader that stands by, is no loop that hangs; a call that never ends is', async () => {
    const one = campaign('one')
    const two = campaign('two')
    const stuck = (): number => Math.max(one.election.stuckFor(), two.election.stuckFor())
    let worst = 0
    const look = async (times: number): Promise<void> => {
      for (let n = 0; n < times; n += 1) {
        await clock.advance(1000)
        worst = Math.max(worst, stuck())
      }
    }
    await look(30)
    const heals = [one.api.faults.partition(), two.api.faults.partition()]
    await look(60)
    assert.isAbove(one.election.age(), 50_000)
    assert.equal(worst, 0)
    for (const heal of heals) heal()
    await look(30)
    assert.equal(worst, 0)
    one.api.faults.kill()
    two.api.faults.kill()
    await clock.advance(60_000)
    assert.isAbove(Math.min(one.election.stuckFor(), two.election.stuckFor()), 40_000)
  })

  test('timings that could let two lead are refused', () => {
    const options = { api: first, clock, log, namespace: 'sluice', name: 'sluice', identity: 'x' }
    assert.throws(
      () => new Election({ ...options, renewDeadline: 15_000 }),
      'The Lease would not be safe: retry (2000 ms) must be shorter than the renew deadline (15000 ms), and that shorter than the duration (15000 ms).',
    )
  })
})
