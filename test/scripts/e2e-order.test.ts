import { expect } from 'chai'
import { readdirSync } from 'node:fs'
import { filesFor } from '../../e2e/order.ts'

suite('the order of the end-to-end tests', () => {
  test('has every file of e2e/tests, so that none is left out', () => {
    const files = readdirSync('e2e/tests', { recursive: true, encoding: 'utf8' }).filter(file =>
      file.endsWith('.test.ts'),
    )
    expect(filesFor([]).toSorted()).to.deep.equal(files.map(file => `e2e/tests/${file}`).toSorted())
  })
})
