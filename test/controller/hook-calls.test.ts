/** Whose calls of webhooks wait for whose. */
import { setMaxListeners } from 'node:events'
import { expect } from 'chai'
import { InFlightHooks } from '../../src/controller/in-flight-hooks.ts'
import { HookCalls } from '../../src/controller/hook-calls.ts'
import type { HookCall } from '../../src/core/model/hook.ts'
import { callOf, findingOf, Receivers } from '../receivers.ts'

const call = (namespace: string, name: string): HookCall => callOf({ name }, namespace)

suite('calls of webhooks', () => {
  test('receivers that hang, of nine namespaces, delay no call of a tenth', async () => {
    const receivers = new Receivers(() => 0, { hangs: 'hangs' })
    const calls = new HookCalls(receivers)
    const term = new AbortController()
    setMaxListeners(0, term.signal)
    for (let tenant = 0; tenant < 9; tenant += 1) {
      for (let n = 0; n < 1000; n += 1) void calls.call(call(`tenant-${tenant}`, 'hangs'), term.signal)
    }
    const finding = await calls.call(call('shop', 'gate'), term.signal)
    expect(finding).to.deep.include({ kind: 'answer', status: 200 })
    term.abort()
  })

  test('a webhook of type rollback is called although the others of its namespace hang', async () => {
    const receivers = new Receivers(() => 0, { hangs: 'hangs' })
    const calls = new HookCalls(receivers)
    const term = new AbortController()
    setMaxListeners(0, term.signal)
    for (let n = 0; n < 40; n += 1) void calls.call(call('shop', 'hangs'), term.signal)
    expect(await calls.call(callOf({ type: 'rollback' }), term.signal)).to.deep.include({ status: 200 })
    term.abort()
  })

  test('what was given up leaves the line, and who waits behind it comes next', async () => {
    const receivers = new Receivers(() => 0, { hangs: 'hangs' })
    const calls = new HookCalls(receivers)
    const [first, second] = [new AbortController(), new AbortController()]
    setMaxListeners(0, first.signal)
    const hanging = Array.from({ length: 40 }, () => calls.call(call('shop', 'hangs'), first.signal))
    const later = calls.call(call('shop', 'gate'), second.signal)
    first.abort()
    expect(await Promise.all(hanging)).to.deep.equal(hanging.map(() => null))
    expect(await later).to.deep.include({ status: 200 })
    expect(receivers.calls.filter(({ hook }) => hook.name === 'hangs').length).to.be.below(40)
  })

  test('a run is told how many calls are before its own, and when its turn comes', async () => {
    const receivers = new Receivers(() => 0, { hangs: 'hangs' })
    const calls = new HookCalls(receivers)
    const term = new AbortController()
    setMaxListeners(0, term.signal)
    for (let n = 0; n < 34; n += 1) void calls.call(callOf({ name: 'hangs' }, 'shop', `hangs-${n}`), term.signal)
    let wakes = 0
    const hooks = new InFlightHooks(calls, () => (wakes += 1))
    hooks.ask('shop/web', [callOf()])
    expect([hooks.findings('shop/web'), wakes]).to.deep.equal([{ 'id-1': { kind: 'queued', before: 34 } }, 1])
    term.abort()
    await new Promise(resolve => setImmediate(resolve))
    expect(hooks.findings('shop/web')).to.deep.include({ 'id-1': findingOf(200, 0) })
    expect(wakes).to.equal(3)
  })
})
