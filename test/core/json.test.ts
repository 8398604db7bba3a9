/** Comparing without writing agrees with what would be written. */
import { expect } from 'chai'
import fc from 'fast-check'
import { at, canonicalJson, sameJson } from '../../src/core/json.ts'

/** JSON of a few keys and values, so that two of them are often the same; with what a reader may find absent. */
const json = fc.letrec(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>(null, undefined, 0, -0, 1, '', 'a', true, false),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('a', 'b', '10', '9', 'toString'), tie('value'), { maxKeys: 3 }),
  ),
})).value

suite('Plain JSON', () => {
  test('two values are the same exactly when their canonical JSON is', () => {
    fc.assert(
      fc.property(json, json, (one, other) => {
        expect(sameJson(one, other)).equals(canonicalJson(one) === canonicalJson(other))
        expect(sameJson(one, structuredClone(one))).equals(true)
      }),
    )
  })

  test('canonical JSON has its keys in the order of their texts, and nothing that is absent', () => {
    expect(canonicalJson({ b: [undefined, { y: null, x: 1 }], 9: 'n', 10: 't', a: undefined })).equals(
      '{"10":"t","9":"n","b":[null,{"x":1}]}',
    )
  })

  test('what is not there is undefined, however deep it is asked for', () => {
    expect(at({ spec: { list: ['x'] } }, 'spec', 'list', '0')).equals(undefined)
    expect(at(undefined, 'spec', 'replicas')).equals(undefined)
    expect(at({ spec: { replicas: 2 } }, 'spec', 'replicas')).equals(2)
  })
})
