/** JSON patches, as the API server takes them. */
import { expect } from 'chai'
import { jsonPatch, type Operation } from '../../server/json-patch.ts'

const document = { a: 1, list: ['x', 'y'], 'b/c': { '~': true } }
const patched = (...operations: Operation[]): unknown => jsonPatch(document, operations)

suite('playground: JSON patches', () => {
  test('add, replace, remove, move, copy and test, in lists and by escaped names', () => {
    expect(
      patched(
        { op: 'test', path: '/b~1c/~0', value: true },
        { op: 'add', path: '/list/0', value: 'w' },
        { op: 'add', path: '/list/-', value: 'z' },
        { op: 'remove', path: '/list/-2' },
        { op: 'copy', from: '/a', path: '/d' },
        { op: 'move', from: '/b~1c', path: '/e' },
        { op: 'replace', path: '/a', value: 2 },
      ),
    ).to.deep.equal({ a: 2, list: ['w', 'x', 'z'], d: 1, e: { '~': true } })
    expect(document).to.deep.equal({ a: 1, list: ['x', 'y'], 'b/c': { '~': true } })
  })

  test('replace makes what a map does not have, as on the API server', () => {
    expect(patched({ op: 'replace', path: '/new', value: 1 })).to.have.property('new', 1)
  })

  const misfits: readonly Operation[] = [
    { op: 'test', path: '/a', value: 2 },
    { op: 'remove', path: '/nothing' },
    { op: 'add', path: '/nothing/below', value: 1 },
    { op: 'add', path: '/list/3', value: 1 },
    { op: 'replace', path: '/list/-', value: 1 },
    { op: 'jump', path: '/a' },
    { op: 'move', path: '/a' },
  ]
  for (const operation of misfits) {
    test(`${JSON.stringify(operation)} is refused`, () => {
      expect(() => patched(operation)).to.throw('the server rejected our request due to an error in our request')
    })
  }
})
