/**
 * What the API server itself accepts and refuses: our CRDs as they are installed, by the table that unit tests use too, and
 * the contract that the API server in memory is held to. `GOLDEN=write` writes its answers.
 */
import { expect } from 'chai'
import {
  accepted,
  type Answer,
  comparable,
  readGolden,
  refused,
  writeGolden,
} from '../../../playground/test/contract/kinds.answers.ts'
import { differences } from '../../../playground/test/contract/kinds.differences.ts'
import { type Row, rows, thing, thingDefinition } from '../../../playground/test/contract/kinds.rows.ts'
import { report } from '../../../playground/test/contract/report.ts'
import { cases } from '../../crd/cases.ts'
import { emptyRows } from '../../crd/empty.ts'
import { installCrds } from '../../fixtures/controller.ts'
import { ApiFailure, pathOf } from '../../lab/api.ts'
import { type Lab, lab } from '../../lab/lab.ts'
import { waitFor } from '../../lab/wait.ts'

suite('The API server', () => {
  let world: Lab
  const answers = new Map<string, Answer>()
  suiteSetup(async () => {
    world = await lab()
    await installCrds(world)
    await world.kubectl.apply([thingDefinition])
    await waitFor('the kind of the contract is served', 30, () => world.api.call('GET', pathOf(thing, 'default')))
    for (const row of rows) answers.set(row.name, await answerTo(row))
    if (process.env['GOLDEN'] === 'write') writeGolden(answers)
  })

  /** What it says to the object, which it does not keep. */
  async function answerTo({ kind, object, before }: Row): Promise<Answer> {
    const { name } = object.metadata
    const refusal = (error: unknown): Answer => {
      if (error instanceof ApiFailure && error.code < 500) return refused(error.code, error.said, error.causes)
      throw error
    }
    if (before === undefined) {
      return world.api.call('POST', `${pathOf(kind, 'default')}?dryRun=All`, object).then(accepted, refusal)
    }
    await world.api.create(kind, before)
    const path = pathOf(kind, 'default', name)
    /** Null where somebody wrote in between: the kube-controller-manager has work to do with a Deployment. */
    const tried = async (): Promise<Answer | null> => {
      const { resourceVersion } = (await world.api.call('GET', path)).metadata
      const next = { ...object, metadata: { ...object.metadata, resourceVersion } }
      const answer = await world.api.call('PUT', `${path}?dryRun=All`, next).then(accepted, refusal)
      return answer.code === 409 ? null : answer
    }
    try {
      return await waitFor(`${name} is not written in between`, 20, tried)
    } finally {
      await world.api.call('DELETE', path)
    }
  }

  for (const row of cases) {
    if (row.unseenByServer === true) continue
    test(`${row.sentence === null ? 'accepts' : 'refuses'}: ${row.name}`, () => {
      const { code, message = '', causes = [] } = answers.get(row.name) ?? { code: 0 }
      const said = [message, ...causes.map(cause => cause.message)].join('\n')
      if (row.sentence === null) expect([code, said]).to.deep.equal([200, ''])
      else expect(said).to.include(row.server ?? row.sentence)
    })
  }

  for (const { name, kind, object, without } of emptyRows) {
    test(`takes the field for one that was left out: ${name}`, async () => {
      const [bare, empty] = [await answerTo({ name, kind, object: without }), await answerTo({ name, kind, object })]
      expect([empty.code, empty.message]).to.deep.equal([bare.code, bare.message])
      if (bare.code !== 200) return
      const later = await answerTo({ name, kind, object, before: without })
      const removed = await answerTo({ name, kind, object: without, before: object })
      expect([later.code, removed.code]).to.deep.equal([200, 200])
    })
  }

  suiteTeardown(() => console.log(report('kinds', rows.length, differences)))

  for (const { name } of rows) {
    test(`answers as the contract says: ${name}`, () => {
      expect(comparable(answers.get(name))).to.deep.equal(comparable(readGolden().get(name)))
    })
  }
})
