/** Pods that stand for their side: what is read, when it is read again, and that nothing is read for who does not ask. */
import { expect } from 'chai'
import { kinds, type KubeObject, type Ref, refKey } from '../../src/api/object.ts'
import { PodSamples } from '../../src/controller/pod-samples.ts'
import type { KubeApi } from '../../src/core/ports.ts'
import { VirtualClock } from '../../playground/clock.ts'

const unused = (): Promise<never> => Promise.reject(new Error('only objects are read here'))

const POD: Ref = { kind: kinds.Pod, namespace: 'shop', name: 'web-1' }
const SHOP: Ref = { kind: kinds.Namespace, namespace: '', name: 'shop' }
const OLD = 300_000
const FAILED = 30_000

suite('pods that stand for their side', () => {
  let clock: VirtualClock
  let objects: Map<string, KubeObject | Error>
  let reads: number
  let woken: string[]
  let samples: PodSamples

  setup(() => {
    clock = new VirtualClock(0)
    objects = new Map()
    reads = 0
    woken = []
    const get = (ref: Ref): Promise<KubeObject | null> => {
      reads += 1
      const found = objects.get(refKey(ref))
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found ?? null)
    }
    samples = new PodSamples({
      api: { get, list: unused, watch: unused, served: unused, write: unused } satisfies KubeApi,
      clock,
      wake: canary => woken.push(canary),
    })
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-1', namespace: 'shop' } }
    objects.set(refKey(POD), { ...pod, spec: { containers: [{ name: 'app' }] } })
    labelled({})
  })
  teardown(() => samples.close())

  const labelled = (labels: Record<string, string>): void => {
    objects.set(refKey(SHOP), { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } })
  }

  test('a label that a namespace gets under pods that stay is seen by a later pass', async () => {
    const asked = () => samples.of(POD, 'shop/web')?.namespaceLabels
    expect(asked()).to.equal(undefined)
    await clock.advance(0)
    labelled({ 'istio-injection': 'enabled' })
    await clock.advance(OLD)
    woken = []
    expect(asked(), 'until the answer is there').to.deep.equal({})
    await clock.advance(0)
    expect(woken).to.deep.equal(['shop/web'])
    expect(asked()).to.deep.equal({ 'istio-injection': 'enabled' })
  })

  test('a label that a namespace gets wakes the canaries without pods, which have no other cause to look', async () => {
    for (const canary of ['shop/web', 'shop/api']) samples.labelsOf(SHOP, canary)
    await clock.advance(0)
    labelled({ 'istio.io/use-waypoint': 'waypoint' })
    woken = []
    await clock.advance(120_000)
    expect(woken.toSorted()).to.deep.equal(['shop/api', 'shop/web'])
    expect(samples.labelsOf(SHOP, 'shop/web')).to.deep.equal({ 'istio.io/use-waypoint': 'waypoint' })
  })

  test('a read that failed is done again, and what was known stays until it has an answer', async () => {
    const pod = objects.get(refKey(POD)) ?? new Error('none')
    objects.set(refKey(POD), new Error('503'))
    samples.of(POD, 'shop/web')
    await clock.advance(0)
    expect(samples.of(POD, 'shop/web'), 'nothing is held for it').to.equal(null)
    objects.set(refKey(POD), pod)
    objects.set(refKey(SHOP), new Error('503'))
    await clock.advance(FAILED)
    samples.of(POD, 'shop/web')
    await clock.advance(0)
    expect(samples.of(POD, 'shop/web')).to.deep.include({ containers: ['app'], namespaceLabels: {} })
  })

  test('who does not ask costs no request, and who asks one a namespace, not one a canary', async () => {
    const ask = (): void => {
      for (let i = 0; i < 100; i += 1) samples.of(POD, `shop/${i}`)
    }
    ask()
    await clock.advance(OLD * 100)
    expect(reads, 'a pod and its namespace').to.equal(2)
    ask()
    await clock.advance(0)
    expect(reads).to.equal(3)
    samples.labelsOf(SHOP, 'shop/0')
    await clock.advance(120_000)
    for (let i = 0; i < 100; i += 1) samples.retain(`shop/${i}`, [])
    await clock.advance(OLD * 100)
    const before = reads
    samples.labelsOf(SHOP, 'shop/web')
    expect(reads, 'what no canary has is forgotten').to.equal(before + 1)
  })
})
