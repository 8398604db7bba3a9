import { assert } from 'chai'
import { VirtualClock } from '../clock.ts'

suite('playground: virtual time', () => {
  test('runs what is due by instant, then by the order of setting, and lets promises rest between', async () => {
    const clock = new VirtualClock(0)
    const seen: string[] = []
    clock.at(20, () => seen.push('late'))
    clock.at(10, () => {
      seen.push('first')
      void Promise.resolve()
        .then(() => {})
        .then(() => seen.push(`its promise at ${clock.now()}`))
      clock.at(5, () => seen.push('set for the past'))
    })
    clock.at(10, () => seen.push('second'))
    clock.at(15, () => seen.push('cancelled'))()
    await clock.advance(15)
    assert.deepEqual(seen, ['first', 'its promise at 10', 'second', 'set for the past'])
    assert.equal(clock.now(), 15)
  })

  test('stops where a condition holds, and says when it never does', async () => {
    const clock = new VirtualClock(0)
    let done = false
    clock.at(1000, () => {
      done = true
    })
    assert.equal(await clock.runUntil(() => done, 5000), 1000)
    const never = await clock.runUntil(() => false, 50).catch((error: Error) => error.message)
    assert.match(String(never), /^After 50 ms of virtual time this still does not hold: /)
  })

  test('names a task that sets itself for ever instead of hanging', async () => {
    const clock = new VirtualClock(0)
    const again = (): void => {
      clock.at(0, again)
    }
    again()
    const said = await clock.advance(1).catch((error: Error) => error.message)
    assert.match(said ?? '', /^Time stands still: /)
  })
})
