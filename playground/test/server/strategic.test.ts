/** Strategic merge patches, as kubectl sends them for built-in kinds. */
import { expect } from 'chai'
import type { Json } from '../../json.ts'
import type { Schema } from '../../resource.ts'
import { strategicMerge } from '../../server/strategic.ts'

/** Containers merge by name, their ports by containerPort, finalizers as a set; all other lists are replaced. */
const schema: Schema = {
  shape: object => ({ object, unknown: [] }),
  validate: () => [],
  mergeOf: path => ({ merge: path.at(-1) === 'f:finalizers' ? 'set' : 'atomic' }),
  patchKeyOf: path => ({ 'f:containers': 'name', 'f:ports': 'containerPort' })[path.at(-1) ?? ''] ?? null,
  declares: () => true,
  empty: {},
  openapi: {},
}
const merged = (target: Json, patch: Json): unknown => strategicMerge(schema, target, patch)
const containers = [
  { name: 'a', image: 'a:1', args: ['x', 'y'], ports: [{ containerPort: 80, name: 'http' }] },
  { name: 'b', image: 'b:1' },
]

suite('playground: strategic merge patches', () => {
  test('an entry of a keyed list is changed where it stands, its own lists too; a new one stands as in the patch', () => {
    const patch = {
      containers: [{ name: 'c' }, { name: 'a', image: 'a:2', args: ['z'], ports: [{ containerPort: 81 }] }],
    }
    expect(merged({ containers }, patch)).to.deep.equal({
      containers: [
        { name: 'c' },
        { name: 'a', image: 'a:2', args: ['z'], ports: [{ containerPort: 81 }, { containerPort: 80, name: 'http' }] },
        { name: 'b', image: 'b:1' },
      ],
    })
  })

  test('null takes a field away, and a directive an entry, a list or a map', () => {
    expect(merged({ a: 1, b: 2 }, { a: null })).to.deep.equal({ b: 2 })
    expect(merged({ containers }, { containers: [{ $patch: 'delete', name: 'a' }] })).to.deep.equal({
      containers: [containers[1]],
    })
    expect(merged({ containers }, { containers: [{ name: 'z' }, { $patch: 'replace' }] })).to.deep.equal({
      containers: [{ name: 'z' }],
    })
    expect(merged({ labels: { a: '1' } }, { labels: { $patch: 'replace', b: '2' } })).to.deep.equal({
      labels: { b: '2' },
    })
    expect(merged({ labels: { a: '1' } }, { labels: { $patch: 'delete' } })).to.deep.equal({ labels: {} })
    expect(merged({}, { labels: { $patch: 'replace', b: '2' } })).to.deep.equal({})
  })

  test('$retainKeys drops the keys that it does not name', () => {
    const target = { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } }
    expect(merged(target, { strategy: { $retainKeys: ['type'], type: 'Recreate' } })).to.deep.equal({
      strategy: { type: 'Recreate' },
    })
  })

  test('plain lists are replaced, sets are added to, and $deleteFromPrimitiveList takes out', () => {
    expect(merged({ args: ['a'], finalizers: ['a'] }, { args: ['b'], finalizers: ['b', 'a'] })).to.deep.equal({
      args: ['b'],
      finalizers: ['b', 'a'],
    })
    expect(merged({ finalizers: ['a', 'b'] }, { '$deleteFromPrimitiveList/finalizers': ['a'] })).to.deep.equal({
      finalizers: ['b'],
    })
  })

  test('$setElementOrder sorts what it names; what it does not name stays before what it stood before', () => {
    const order = { '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }], containers: [{ name: 'c' }] }
    expect(
      (merged({ containers }, order) as { containers: { name: string }[] }).containers.map(one => one.name),
    ).to.deep.equal(['c', 'a', 'b'])
  })

  test('an entry without its key, and an unknown directive, are refused', () => {
    expect(() => merged({ containers }, { containers: [{ image: 'x' }] })).to.throw(
      'does not contain declared merge key: name',
    )
    expect(() => merged({ a: {} }, { a: { $patch: 'frob' } })).to.throw('unknown patch type: ')
  })
})
