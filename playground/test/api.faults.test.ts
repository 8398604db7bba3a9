/** What goes wrong between a client and the server on purpose: lost answers, killed processes, a cut network. */
import { assert } from 'chai'
import { kinds } from '../../src/api/object.ts'
import type { PlaygroundApi } from './api.ts'
import { VirtualClock } from '../clock.ts'
import { NetworkError } from './faults.ts'
import { call, config, freshApi, ref, refusalOf } from './api.given.ts'

suite('playground: the API: faults', () => {
  let clock: VirtualClock
  let api: PlaygroundApi
  const user = () => api.as('kubectl')
  setup(() => {
    ;({ clock, api } = freshApi())
  })

  suite('faults', () => {
    const create = (name: string) =>
      api.write({ verb: 'create', ref: ref(kinds.ConfigMap, name), object: config(name) }, call())

    test('an answer is lost after the write is done, or the write before it is', async () => {
      api.faults.loseAnswers(attempt => attempt.ref?.name === 'lost')
      api.faults.refuse(attempt => attempt.ref?.name === 'never', new NetworkError('ECONNREFUSED'))
      assert.deepEqual(
        [await refusalOf(create('lost')), await refusalOf(create('never'))],
        ['NetworkError: read ECONNRESET', 'NetworkError: connect ECONNREFUSED'],
      )
      assert.deepEqual(
        user()
          .list(kinds.ConfigMap)
          .map(object => object.metadata.name),
        ['lost'],
      )
    })

    for (const [moment, left] of [
      ['before', ['a']],
      ['after', ['a', 'b']],
    ] as const) {
      test(`a process killed ${moment} its second write leaves ${left.join(' and ')}, and does nothing more`, async () => {
        const died: string[] = []
        api.faults.killAtWrite(2, moment, () => died.push('died'))
        void ['a', 'b', 'c'].reduce<Promise<unknown>>(
          (before, name) => before.then(() => create(name)),
          Promise.resolve(),
        )
        await clock.advance(60_000)
        assert.deepEqual(
          [
            user()
              .list(kinds.ConfigMap)
              .map(object => object.metadata.name),
            died,
          ],
          [left, ['died']],
        )
        const successor = api.replica()
        await successor.write({ verb: 'create', ref: ref(kinds.ConfigMap, 'd'), object: config('d') }, call())
      })
    }

    test('across a cut network a call hangs until its signal aborts, and does nothing', async () => {
      const heal = api.faults.partition()
      const deadline = new AbortController()
      clock.at(clock.now() + 5000, () => deadline.abort(new Error('deadline')))
      const hanging = api.write(
        { verb: 'create', ref: ref(kinds.ConfigMap, 'a'), object: config('a') },
        call(deadline.signal),
      )
      const ended = refusalOf(hanging)
      await clock.advance(5000)
      assert.equal(await ended, 'Error: deadline')
      heal()
      await create('b')
      assert.deepEqual(
        user()
          .list(kinds.ConfigMap)
          .map(object => object.metadata.name),
        ['b'],
      )
    })

    test('a delayed write lands that much later', async () => {
      api.faults.delay(() => true, 3000)
      const writing = create('slow')
      await clock.advance(2999)
      assert.isNull(user().get(kinds.ConfigMap, 'shop', 'slow'))
      await clock.advance(1)
      assert.equal((await writing)?.metadata.name, 'slow')
    })
  })
})
