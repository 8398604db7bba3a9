import { expect } from 'chai'
import { type Turn, Turns } from '../../../src/adapters/prometheus/turns.ts'

suite('turns at a metrics server', () => {
  const always = (): boolean => true

  /** Takes turns that say in which order they came; each is given back by hand. */
  function taking(turns: Turns) {
    const came: string[] = []
    const held: (() => void)[] = []
    return {
      came,
      take: (group: string, name: string, isWanted = always, bytes = 1): void => {
        void turns.take(group, bytes, isWanted).then((turn: Turn) => {
          came.push(typeof turn === 'string' ? `${name} ${turn}` : name)
          if (typeof turn !== 'string') held.push(turn)
        })
      },
      giveBack: async (): Promise<void> => {
        held.shift()?.()
        await settled()
      },
    }
  }
  /** Promises that are settled have told those who wait for them. */
  const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

  test('a group has so many at once, whatever is free, and the others come before the rest of its queue', async () => {
    const { came, take, giveBack } = taking(new Turns({ atOnce: 4, perGroup: 2, waitingBytes: 100 }))
    for (const name of ['a1', 'a2', 'a3', 'a4']) take('a', name)
    take('b', 'b1')
    await settled()
    expect(came).to.deep.equal(['a1', 'a2', 'b1'])
    await giveBack()
    expect(came).to.deep.equal(['a1', 'a2', 'b1', 'a3'])
  })

  test('groups take turns', async () => {
    const { came, take, giveBack } = taking(new Turns({ atOnce: 1, perGroup: 1, waitingBytes: 100 }))
    for (const name of ['a1', 'a2', 'a3']) take('a', name)
    for (const name of ['b1', 'b2']) take('b', name)
    take('c', 'c1')
    await settled()
    for (let index = 0; index < 5; index++) await giveBack()
    expect(came).to.deep.equal(['a1', 'a2', 'b1', 'c1', 'a3', 'b2'])
  })

  test('what nobody waits for any more has no turn, and leaves its room to others', async () => {
    const { came, take, giveBack } = taking(new Turns({ atOnce: 1, perGroup: 1, waitingBytes: 2 }))
    let wanted = true
    take('a', 'a1')
    take('a', 'a2', () => wanted)
    take('a', 'a3', () => wanted)
    take('a', 'a4')
    await settled()
    expect(came).to.deep.equal(['a1', 'a4 full'])
    wanted = false
    take('a', 'a5')
    await giveBack()
    expect(came).to.deep.equal(['a1', 'a4 full', 'a2 unwanted', 'a3 unwanted', 'a5'])
  })

  test('who comes to a long queue does not ask everybody in it', async () => {
    const turns = new Turns({ atOnce: 1, perGroup: 1, waitingBytes: 1_000_000 })
    let asked = 0
    const isWanted = (): boolean => ((asked += 1), true)
    const all = Array.from({ length: 2000 }, () => turns.take('a', 30, isWanted))
    for (const one of all) {
      const turn = await one
      if (typeof turn === 'function') turn()
    }
    expect(asked).to.equal(2000)
  })
})
