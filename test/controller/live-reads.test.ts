/** Reads past the caches: an answer never takes from the caches what a watch has brought since. */
import { expect } from 'chai'
import { kinds, type KubeObject, refOf } from '../../src/api/object.ts'
import { ApiCalls } from '../../src/controller/calls.ts'
import { readLive } from '../../src/controller/live-reads.ts'
import { sendWrite } from '../../src/controller/send-write.ts'
import { run } from '../../src/controller/step.ts'
import type { KubeApi, Log } from '../../src/core/ports.ts'
import { Informers } from '../../src/runtime/informers.ts'
import { VirtualClock } from '../../playground/clock.ts'

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

const service = (uid: string, resourceVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop', uid, resourceVersion },
})

suite('a Service that was deleted and is created again while the API server answers', () => {
  const clock = new VirtualClock(0)
  const ref = refOf(kinds.Service, service('old', '1'))
  const { signal } = new AbortController()
  let cache: Informers

  /** The watch brings the new Service, and after it comes the answer from before. */
  const late = (): Promise<null> => {
    cache.accept(kinds.Service, service('new', '3'))
    return Promise.resolve(null)
  }
  const unanswered = (): Promise<never> => new Promise(() => {})
  const api: KubeApi = { get: late, write: late, list: unanswered, watch: unanswered, served: unanswered }

  setup(() => {
    cache = new Informers({ api, clock, random: () => 0.5, log: silent })
    cache.use(kinds.Service)
    cache.accept(kinds.Service, service('old', '1'))
  })

  test('stays in the cache after a read that found none', async () => {
    await run(readLive(cache, new ApiCalls(api, clock, signal), ref))
    expect(cache.get(ref)?.metadata.uid).to.equal('new')
  })

  test('stays in the cache after a write that met none', async () => {
    await run(sendWrite(cache, new ApiCalls(api, clock, signal), { verb: 'delete', ref }, 'normal'))
    expect(cache.get(ref)?.metadata.uid).to.equal('new')
  })
})
