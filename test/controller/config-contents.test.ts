/** Contents of mounted configuration: what is known is the newest version that was read, whatever answer comes when. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { ConfigContents } from '../../src/controller/config-contents.ts'
import type { KubeApi } from '../../src/core/ports.ts'
import { VirtualClock } from '../../playground/clock.ts'

const config = (resourceVersion: string, value: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'shop', uid: 'uid', resourceVersion },
  data: { value },
})

const unused = (): Promise<never> => Promise.reject(new Error('only objects are read here'))

suite('contents of mounted configuration', () => {
  test('an answer that comes after that of a later read does not bring an older version back', async () => {
    const clock = new VirtualClock(0)
    const answers: ((object: KubeObject) => void)[] = []
    const get = (): Promise<KubeObject> => new Promise(resolve => answers.push(resolve))
    const contents = new ConfigContents({
      api: { get, list: unused, watch: unused, served: unused, write: unused } satisfies KubeApi,
      clock,
      random: () => 0.5,
      sha256: text => text,
      wake: () => {},
    })
    const ref = { kind: kinds.ConfigMap, namespace: 'shop', name: 'settings' }
    contents.of(ref, config('1', 'old'), 'shop/web')
    contents.of(ref, config('2', 'new'), 'shop/web')
    answers[1]?.(config('2', 'new'))
    await clock.advance(0)
    const { hash } = contents.of(ref, config('2', 'new'), 'shop/web')
    answers[0]?.(config('1', 'old'))
    await clock.advance(0)
    expect(contents.of(ref, config('2', 'new'), 'shop/web')).to.deep.equal({ hash, problem: null })
    expect(hash).to.contain('new')
  })
})
