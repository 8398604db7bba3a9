/** A list that comes in pieces is shown when it is whole. */
import { expect } from 'chai'
import { WholeList } from '../../dashboard/state/whole-list.ts'
import type { CanaryRow } from '../../src/server/dashboard/protocol.ts'

const rows = (...names: readonly string[]): CanaryRow[] => names.map(name => ({ name }) as CanaryRow)
const piece = (names: readonly string[], rest?: number): Parameters<WholeList['with']>[0] => ({
  kind: 'list',
  items: rows(...names),
  more: 0,
  ...(rest === undefined ? {} : { rest }),
})

suite('a list in pieces', () => {
  test('is whole with the last of them, and the next one begins from nothing', () => {
    const list = new WholeList()
    expect([list.with(piece(['a'], 2)), list.with(piece(['b'], 1)), list.with(piece(['c']))]).to.deep.equal([
      null,
      null,
      rows('a', 'b', 'c'),
    ])
    expect(list.with(piece([]))).to.deep.equal([])
  })

  test('of a stream that broke off is forgotten', () => {
    const list = new WholeList()
    list.with(piece(['a'], 1))
    list.restart()
    expect(list.with(piece(['b']))).to.deep.equal(rows('b'))
  })
})
