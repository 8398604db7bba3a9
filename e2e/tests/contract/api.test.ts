/**
 * The API contract against the real kube-apiserver: it is asked every case, and must answer as the committed file says and
 * as the playground does. `GOLDEN=write` writes that file. The last of all suites, for it leaves behind what it made.
 */
import { expect } from 'chai'
import { cases } from '../../../playground/test/contract/api/cases.ts'
import {
  difference,
  type Finding,
  findings,
  reasons,
  unfounded,
} from '../../../playground/test/contract/api/compare.ts'
import {
  readGolden,
  type Transcripts,
  transcriptsOf,
  writeGolden,
} from '../../../playground/test/contract/api/golden.ts'
import { ourTranscripts } from '../../../playground/test/contract/api/playground.ts'
import { prepare } from '../../../playground/test/contract/api/prepare.ts'
import { report } from '../../../playground/test/contract/report.ts'
import { installCrds } from '../../fixtures/controller.ts'
import { compact } from '../../lab/control-plane.ts'
import { lab } from '../../lab/lab.ts'
import { apiServerUrl } from '../../lab/pki.ts'

suite('The API contract, on a real API server', () => {
  let version: string
  let real: Transcripts
  let found: readonly Finding[]

  suiteSetup(async () => {
    const world = await lab()
    await installCrds(world)
    const server = { url: apiServerUrl, credentials: await world.pki.credentials('admin'), compact }
    version = String((await world.api.call('GET', '/version'))['gitVersion'])
    await prepare(server)
    real = await transcriptsOf(server, cases, 'e2e')
    if (process.env['GOLDEN'] === 'write') writeGolden({ version, transcripts: real })
    found = findings(real, await ourTranscripts(cases))
  })

  test('the committed answers are those of this API server', () => {
    const golden = readGolden()
    expect(golden.version).to.equal(version)
    const changed = cases.flatMap(({ name }) => {
      const where = difference(golden.transcripts.get(name), real.get(name))
      return where === null ? [] : [`${name}\n    ${where}`]
    })
    expect(changed.join('\n')).to.equal('')
  })

  test('the playground answers the same, but for the listed differences', () => {
    console.log(report('API', cases.length, reasons(found)))
    const unlisted = found.filter(({ reason }) => reason === undefined)
    expect(unlisted.map(({ name, where }) => `${name}\n    ${where}`).join('\n')).to.equal('')
    expect(unfounded(found)).to.deep.equal([])
  })
})
