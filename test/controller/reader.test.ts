/** What a Canary reads of the cluster is remembered and limited. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { MOST_HERE, type Reader, TrackedReader } from '../../src/controller/reader.ts'

suite('What one Canary reads under one key', () => {
  /** VirtualServices under one key, by their number in each namespace. */
  function read(counts: Readonly<Record<string, number>>): { count: number; refusals: readonly string[] } {
    const objects = Object.entries(counts).flatMap(([namespace, count]) =>
      Array.from({ length: count }, (_, n): KubeObject => {
        const metadata = { name: `v${n}`, namespace }
        return { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata, spec: {} }
      }),
    )
    const unread = (): never => {
      throw new Error('is not read')
    }
    const reader: Reader = {
      get: unread,
      byIndex: () => objects,
      countByIndex: unread,
      synced: unread,
      sees: unread,
      lack: unread,
      reflectors: unread,
    }
    const tracked = new TrackedReader(reader, new Set(), 'shop')
    const { length } = tracked.byIndex(kinds.VirtualService, 'host', 'web')
    return { count: length, refusals: [...tracked.refusals] }
  }

  test('is whole up to the limit', () => {
    expect(read({ shop: MOST_HERE, evil: 5 })).to.deep.equal({ count: MOST_HERE + 5, refusals: [] })
  })

  test('is limited and said beyond it, in its own namespace', () => {
    const { count, refusals } = read({ shop: 3000, evil: 5 })
    expect(count).to.equal(MOST_HERE + 5)
    expect(refusals).to.have.lengthOf(1)
    expect(refusals[0]).to.match(/^3000 objects of kind VirtualService in namespace shop .* reads 1000 at most/)
  })

  test('of other namespaces stops nobody: the oldest of those are read later', () => {
    expect(read({ shop: 1, evil: 3000 })).to.deep.equal({ count: 3001, refusals: [] })
  })
})
