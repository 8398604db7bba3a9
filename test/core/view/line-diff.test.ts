import { expect } from 'chai'
import { folded, lineDiff } from '../../../src/core/view/line-diff.ts'

const shown = (before: string, after: string, context = 99): string =>
  folded(lineDiff(before.split(''), after.split('')), context)
    .map(({ mark, text }) => (mark === '…' ? `(${text})` : `${mark}${text}`))
    .join(' ')

suite('the difference of two templates', () => {
  const rows: readonly (readonly [before: string, after: string, wanted: string])[] = [
    ['', '', ''],
    ['abc', 'abc', '(3 equal lines)'],
    ['abc', 'axc', ' a -b +x  c'],
    ['abc', 'ac', ' a -b  c'],
    ['ac', 'abc', ' a +b  c'],
    ['', 'ab', '+a +b'],
    ['ab', '', '-a -b'],
    ['aab', 'ab', ' a -a  b'],
    ['abcd', 'dabc', '+d  a  b  c -d'],
  ]
  for (const [before, after, wanted] of rows) {
    test(`${before || 'nothing'} to ${after || 'nothing'}`, () => {
      expect(shown(before, after)).to.equal(wanted)
    })
  }

  test('shows some lines around each change, and says how many are left out', () => {
    expect(shown('abcdefghij', 'abcdeXghij', 1)).to.equal('(4 equal lines)  e -f +X  g (3 equal lines)')
  })
})
