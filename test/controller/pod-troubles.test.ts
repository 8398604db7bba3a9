/** When the pods that a canary waits for are listed, and what is kept of them. */
import { expect } from 'chai'
import { VirtualClock } from '../../playground/clock.ts'
import type { KubeObject } from '../../src/api/object.ts'
import { kinds } from '../../src/api/object.ts'
import { PodTroubles } from '../../src/controller/pod-troubles.ts'
import { ApiError } from '../../src/core/errors.ts'
import type { AwaitedPods } from '../../src/core/model/selectors.ts'
import type { ListQuery } from '../../src/core/ports.ts'
import { object } from '../core/given-objects.ts'

const awaited: AwaitedPods = { side: 'target', namespace: 'shop', labels: { app: 'web', 'pod-template-hash': 'abc' } }
const pulling = { reason: 'ImagePullBackOff', count: 2, image: 'demo/web:2' }

const pod = (name: string, state: Readonly<Record<string, unknown>>): KubeObject =>
  object(kinds.Pod, name, {
    status: { containerStatuses: [{ name: 'web', image: 'demo/web:2', ready: false, restartCount: 0, state }] },
  })
const unpulled = ['web-a', 'web-b'].map(name =>
  pod(name, { waiting: { reason: 'ErrImagePull', message: 'no such tag' } }),
)

suite('why pods are not ready', () => {
  const clock = new VirtualClock()
  let asked: ListQuery[]
  let woken: number
  let answer: () => readonly KubeObject[]
  let troubles: PodTroubles

  setup(() => {
    asked = []
    woken = 0
    answer = () => unpulled
    const list = async (_: unknown, query: ListQuery): Promise<{ resourceVersion: string; items: KubeObject[] }> => {
      asked.push(query)
      return { resourceVersion: '1', items: [...answer()] }
    }
    troubles = new PodTroubles({ api: { list }, clock, wake: () => (woken += 1) })
  })

  test('ten pods of the awaited template are listed every ten seconds, as long as they are waited for', async () => {
    expect(troubles.of('shop/web', awaited)).to.deep.equal([])
    await clock.advance(1000)
    expect(troubles.of('shop/web', awaited)).to.deep.equal([pulling])
    const [{ largest, ...query } = { namespace: '' }] = asked
    expect([query, largest, asked.length]).to.deep.equal([
      { namespace: 'shop', labelSelector: 'app=web,pod-template-hash=abc', limit: 10 },
      4 * 1024 * 1024,
      1,
    ])
    await clock.advance(30_000)
    expect([asked.length, woken]).to.deep.equal([4, 1])
    expect(troubles.of('shop/web', null)).to.deep.equal([])
    await clock.advance(60_000)
    expect(asked).to.have.lengthOf(4)
  })

  test('a container that is started once more keeps its reason', async () => {
    troubles.of('shop/web', awaited)
    await clock.advance(1000)
    answer = () => [pod('web-a', { waiting: { reason: 'ContainerCreating' } })]
    await clock.advance(20_000)
    expect(troubles.of('shop/web', awaited)).to.deep.equal([pulling])
    troubles.close()
  })

  test('without the right it is asked for once a minute', async () => {
    answer = () => {
      throw new ApiError({ code: 403, reason: 'Forbidden', message: 'pods is forbidden' })
    }
    troubles.of('shop/web', awaited)
    await clock.advance(50_000)
    expect([troubles.of('shop/web', awaited), asked.length]).to.deep.equal(['hidden', 1])
    troubles.close()
  })
})
