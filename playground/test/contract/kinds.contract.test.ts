/**
 * The contract about kinds: the same objects to the API server in memory and to the real one, whose
 * answers are in kinds.golden.jsonl. The e2e suite asks the real one again, and writes that file:
 * `GOLDEN=write npm run e2e -- e2e/tests/contract/crd.test.ts`.
 */
import { expect } from 'chai'
import { comparable, ourAnswers, readGolden } from './kinds.answers.ts'
import { differences } from './kinds.differences.ts'
import { rows } from './kinds.rows.ts'
import { report } from './report.ts'

suite('the contract about kinds', () => {
  const real = readGolden()
  const ours = ourAnswers(rows)
  suiteTeardown(() => console.log(`\n${report('kinds', rows.length, differences)}`))

  test('every row has a name of its own and an answer of the real API server', () => {
    expect([...real.keys()]).to.have.members(rows.map(({ name }) => name))
    expect(new Set(rows.map(({ name }) => name)).size).to.equal(rows.length)
  })

  for (const { name } of rows) {
    if (name in differences) continue
    test(`in memory as on the real API server: ${name}`, () => {
      expect(comparable(ours.get(name))).to.deep.equal(comparable(real.get(name)))
    })
  }

  for (const [name, reason] of Object.entries(differences)) {
    test(`a difference, and still one: ${name} (${reason})`, () => {
      expect(comparable(ours.get(name))).to.not.deep.equal(comparable(real.get(name)))
    })
  }
})
