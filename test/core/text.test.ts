import { expect } from 'chai'
import { beginning, clipped } from '../../src/core/text.ts'

suite('texts that have to be short', () => {
  test('what is short enough stays as it is', () => {
    expect([beginning('grün', 5), clipped('grün', 5), clipped('', 0)]).to.deep.equal(['grün', 'grün', ''])
  })

  test('bytes count, and no character is cut in two', () => {
    expect([beginning('grün', 4), beginning('🐤🐤', 7), clipped('🐤🐤🐤', 11)]).to.deep.equal(['grü', '🐤', '🐤🐤…'])
  })

  test('half a character becomes the sign for one, as a store would make it', () => {
    expect(clipped('a\ud83d', 10)).to.equal('a\ufffd')
  })
})
