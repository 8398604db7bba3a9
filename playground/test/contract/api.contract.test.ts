/**
 * The API contract: the same requests to the playground and to the real API server, whose transcripts are in
 * api/golden.jsonl. The e2e suite asks the real one again, and writes that file:
 * `GOLDEN=write npm run e2e -- e2e/tests/contract/api.test.ts`.
 */
import { expect } from 'chai'
import { cases } from './api/cases.ts'
import { type Finding, findings, reasons, unfounded } from './api/compare.ts'
import { readGolden } from './api/golden.ts'
import { ourTranscripts } from './api/playground.ts'
import { report } from './report.ts'

suite('the API contract', () => {
  const { transcripts: real } = readGolden()
  let found: readonly Finding[]
  suiteSetup(async function () {
    this.timeout(300_000)
    found = findings(real, await ourTranscripts(cases))
  })
  suiteTeardown(() => console.log(`\n${report('API', cases.length, reasons(found))}`))

  test('every case has a name of its own and a transcript of the real API server', () => {
    expect([...real.keys()]).to.have.members(cases.map(({ name }) => name))
    expect(new Set(cases.map(({ name }) => name)).size).to.equal(cases.length)
  })

  test('every case came to its end on the real API server', () => {
    const stuck = [...real].filter(([, exchanges]) => exchanges.some(({ asked }) => asked.startsWith('this case')))
    expect(stuck.map(([name]) => name)).to.deep.equal([])
  })

  test('the playground answers as the real API server, but for the listed differences', () => {
    const unlisted = found.filter(({ reason }) => reason === undefined)
    expect(unlisted.map(({ name, where }) => `${name}\n    ${where}`).join('\n')).to.equal('')
  })

  test('every listed difference is one', () => {
    expect(unfounded(found)).to.deep.equal([])
  })
})
