/**
 * The PromQL contract: the same samples and the same requests to our Prometheus and to the real one, whose answers are in
 * promql.golden.jsonl. The e2e suite asks the real one again, and writes that file: `GOLDEN=write npm run e2e -- e2e/tests/contract/promql.test.ts`.
 */
import { expect } from 'chai'
import { type Answer, difference, ourAnswers, readGolden } from './promql.answers.ts'
import { cases } from './promql.cases.ts'
import { differences } from './promql.differences.ts'
import { report } from './report.ts'

suite('the PromQL contract', () => {
  const { answers: real } = readGolden()
  let ours: Map<string, Answer>
  suiteSetup(async () => {
    ours = await ourAnswers(cases)
  })
  suiteTeardown(() => console.log(`\n${report('PromQL', cases.length, differences)}`))

  test('every case has a name of its own and an answer of the real Prometheus', () => {
    expect([...real.keys()]).to.have.members(cases.map(({ name }) => name))
    expect(new Set(cases.map(({ name }) => name)).size).to.equal(cases.length)
  })

  test('our Prometheus answers as the real one, but for the listed differences', () => {
    const found = cases.flatMap(({ name }) => {
      const different = difference(real.get(name), ours.get(name))
      return different === null || name in differences ? [] : [`${name}\n    ${different}`]
    })
    expect(found.join('\n')).to.equal('')
  })

  test('every listed difference is one', () => {
    const equal = Object.keys(differences).filter(name => difference(real.get(name), ours.get(name)) === null)
    expect(equal).to.deep.equal([])
  })
})
