/** Large objects of one namespace leave room for those of others, and are kept again when there is room. */
import { expect } from 'chai'
import type { KubeObject } from '../../src/api/object.ts'
import { NamespaceBudget, ORDINARY } from '../../src/runtime/namespace-budget.ts'
import { memoryOf, refusalOf } from '../../src/runtime/object-limits.ts'
import { Store } from '../../src/runtime/store.ts'

const MiB = 1024 * 1024

suite('The budget of a namespace', () => {
  let budget: NamespaceBudget
  let roomier: string[]
  const storeOf = (): Store =>
    new Store(
      object => object,
      () => {},
      budget,
    )
  let store: Store

  setup(() => {
    // A fifth of it for each namespace.
    budget = new NamespaceBudget(20 * MiB)
    roomier = []
    budget.listen(namespace => roomier.push(namespace))
    store = storeOf()
  })

  let version = 0
  const object = (namespace: string, name: string, bytes: number): KubeObject => {
    version += 1
    const labels = { app: name }
    const metadata = { name, namespace, labels, uid: name, resourceVersion: String(version) }
    return { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: { app: name.padEnd(bytes, 'x') } } }
  }
  const isKept = (of: Store, namespace: string, name: string): boolean => {
    const found = of.get(namespace, name)
    return found !== undefined && refusalOf(found) === null
  }

  test('is shared by all kinds, and is nobody else’s', () => {
    for (let n = 0; n < 3; n += 1) store.put(object('evil', `s${n}`, MiB))
    const other = storeOf()
    for (let n = 3; n < 6; n += 1) other.put(object('evil', `s${n}`, MiB))
    other.put(object('shop', 'web', MiB))
    expect([0, 1, 2].map(n => isKept(store, 'evil', `s${n}`))).to.deep.equal([true, true, true])
    expect([3, 4, 5].map(n => isKept(other, 'evil', `s${n}`))).to.deep.equal([true, false, false])
    expect(isKept(other, 'shop', 'web')).to.equal(true)
    expect(budget.lack('shop')).to.equal(null)
    expect(budget.lack('evil')).to.match(
      /^2 objects of namespace evil cannot be read: the large objects of its namespace take more than 4 MiB/,
    )
    expect(other.get('evil', 's5')?.metadata.labels).to.deep.equal({ app: 's5' })
  })

  test('counts no ordinary object', () => {
    for (let n = 0; n < 2000; n += 1) store.put(object('shop', `s${n}`, 8000))
    expect(budget.lack('shop')).to.equal(null)
  })

  test('has room again when an object goes or gets smaller; the same version is kept then', () => {
    const last = object('evil', 'last', 3 * MiB)
    store.put(object('evil', 'first', 3 * MiB))
    store.put(last)
    expect([isKept(store, 'evil', 'last'), store.lacks('evil'), roomier]).to.deep.equal([false, true, []])
    store.put(object('evil', 'first', 1000))
    expect(roomier).to.deep.equal(['evil'])
    store.put(last)
    expect([isKept(store, 'evil', 'last'), store.lacks('evil'), budget.lack('evil')]).to.deep.equal([true, false, null])
    store.put(object('evil', 'more', 3 * MiB))
    store.remove(object('evil', 'last', 0))
    expect(roomier).to.deep.equal(['evil', 'evil'])
  })

  test('an object that grows beyond it is known no longer, and one that goes is missed no longer', () => {
    store.put(object('evil', 'web', 3 * MiB))
    store.put(object('evil', 'web', 9 * MiB))
    expect(isKept(store, 'evil', 'web')).to.equal(false)
    store.put(object('evil', 'other', 3 * MiB))
    expect(isKept(store, 'evil', 'other')).to.equal(true)
    store.remove(object('evil', 'web', 0))
    expect(budget.lack('evil')).to.equal(null)
    store.close()
    const next = storeOf()
    next.put(object('evil', 'next', 3.9 * MiB))
    expect(isKept(next, 'evil', 'next')).to.equal(true)
  })

  test('labels without end do not stay as who an object is', () => {
    const labels = Object.fromEntries(Array.from({ length: 300_000 }, (_, n) => [`l${n}`, 'x']))
    const large = object('evil', 'web', 10)
    store.put({ ...large, metadata: { ...large.metadata, labels } })
    expect(isKept(store, 'evil', 'web')).to.equal(false)
    expect(memoryOf(store.get('evil', 'web'))).to.be.lessThan(ORDINARY)
  })

  test('small values without end count as the memory that they take', () => {
    expect(memoryOf(Array.from({ length: 1000 }, () => ({})))).to.be.greaterThan(60_000)
    expect(memoryOf('ā'.repeat(1000))).to.be.greaterThan(2000)
  })
})
