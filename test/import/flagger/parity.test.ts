/** What becomes of Flagger's fields, against the schema and the parser. */
import { expect } from 'chai'
import { differences, FLAGGER_FIELDS } from '../../../src/import/flagger/fields.ts'
import { parityRows } from '../../../src/import/flagger/parity.ts'

suite('the parity of fields', () => {
  test('knows every field, or refuses the one around it', () => {
    const rows = parityRows()
    const refused = rows.filter(({ becomes }) => becomes === 'refused').map(({ path }) => path)
    const untold = FLAGGER_FIELDS.filter(
      field =>
        !rows.some(({ path }) => path === field) &&
        !refused.some(path => field.startsWith(`${path}.`) || field.startsWith(`${path}[]`)),
    )
    expect(untold).to.deep.equal([])
    expect(new Set(rows.map(({ becomes }) => becomes))).to.have.all.keys('works', 'means something else', 'refused')
  })

  test('has no difference of a field that Flagger does not have, and none twice', () => {
    const paths = differences.map(({ path }) => path)
    expect(paths.filter(path => !FLAGGER_FIELDS.includes(path))).to.deep.equal([])
    expect(new Set(paths).size).to.equal(paths.length)
  })
})
