import { expect } from 'chai'
import { slowestFiles } from './closing-line.ts'

test('durations of files come slowest first, with their sum', () => {
  const durations = new Map([
    ['test/a.test.ts', 1240],
    ['test/b.test.ts', 61_500],
  ])
  expect(slowestFiles(durations)).to.deep.equal([
    '   61.5 s  test/b.test.ts',
    '    1.2 s  test/a.test.ts',
    '   62.7 s  all 2 files',
  ])
})
