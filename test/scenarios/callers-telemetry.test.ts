/** What callers report decides: who gets no requests, which requests found no cluster, and who went away. */
import { expect } from 'chai'
import type { Check, Finding } from '../../src/core/model/check.ts'
import { type Trouble, troubles } from '../../playground/test/metrics.ts'
import { expectEvent, minute } from './witness.ts'
import { World } from './world.ts'

suite('what callers report, in virtual time', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const value = (number: number): Finding => ({ kind: 'value', value: number })
  const ends = (check: Check, ...parts: readonly string[]): boolean => parts.some(part => check.id.endsWith(part))

  test('a canary that gets nothing of what its weight should bring is counted after two checks, not after a minute', async () => {
    await world.initialized()
    world.metrics.trouble = ({ subject }) => (subject.side === 'canary' ? troubles.empty() : null)
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 10')
    const routed = world.clock.now()
    await world.until('Failed', minute)
    expect(world.status.message).to.match(
      /at weight 10: the canary is unreachable: about \d+ requests were expected at weight 10, and it received none \(2 of 2 failed checks\)$/,
    )
    // Checks every 10 s: two that see nothing, and the second counted failure 10 s after the first.
    expect(world.clock.now() - routed).to.be.at.most(35_000)
  })

  test('without telemetry of the callers it takes as long as a slow scrape', async () => {
    await world.initialized()
    world.metrics.trouble = check =>
      check.subject.side === 'canary' || ends(check, '/silence/sent', '/split/primary') ? troubles.empty() : null
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 10')
    await world.clock.advance(70_000)
    expect([world.stand, world.status.failedChecks]).to.deep.equal(['Progressing 10', 0])
    await world.until('Failed', minute)
    expect(world.status.message).to.include('the canary is unreachable')
  })

  /** Requests without a cluster, now and in the minute before the first weight. */
  const lost =
    (now: number, before: number): Trouble =>
    check =>
      ends(check, '/lost/now') ? value(now) : ends(check, '/lost/before') ? value(before) : null

  test('requests that found no cluster since the first weight hold as Conflict, count nothing, and it goes on when they end', async () => {
    await world.initialized({ analysis: { interval: '10s', threshold: 1, maxDuration: '2m' } })
    world.metrics.trouble = lost(12, 0)
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 10')
    await world.clock.advance(5 * minute)
    expect([world.stand, world.status.failedChecks, world.status.reason]).to.deep.equal([
      'Progressing 10',
      0,
      'Conflict',
    ])
    const sentence =
      /^Holding at weight 10: requests to web match no cluster \(response flag NC\), and none did before the first weight\. A route leads to a port or a subset that Service web-canary does not have; compare the destinations of the VirtualService with its ports\.$/
    expect(world.status.message).to.match(sentence)
    expectEvent(world, { reason: 'Conflict', sentence })
    world.metrics.trouble = troubles.none
    await world.until('Succeeded', 5 * minute)
  })

  test('requests that found no cluster before, too, are no matter of this release', async () => {
    await world.initialized()
    world.metrics.trouble = lost(12, 3)
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded', 5 * minute)
  })

  test('a bad answer counts beside them', async () => {
    await world.initialized()
    world.metrics.trouble = lost(12, 0)
    world.setImage('demo/web:2.0.0-errors')
    await world.until('Failed', 2 * minute)
    expect(world.status.message).to.match(/request-success-rate [\d.]+ % is below 99 %/)
  })
})
