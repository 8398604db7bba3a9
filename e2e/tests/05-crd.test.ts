/** What the API server itself accepts and refuses, with the CRDs as they are installed: the table that unit tests use too. */
import { expect } from 'chai'
import type { Kind, KubeObject } from '../../src/api/object.ts'
import { kinds } from '../../src/api/object.ts'
import { cases } from '../crd.cases.ts'
import { installCrds } from '../fixtures/controller.ts'
import { ApiFailure, pathOf } from '../lab/api.ts'
import { type Lab, lab } from '../lab/lab.ts'

const kindOf = ({ kind }: KubeObject): Kind => (kind === 'MetricTemplate' ? kinds.MetricTemplate : kinds.Canary)
type Case = (typeof cases)[number]
const strictly = 'dryRun=All&fieldValidation=Strict'

suite('The API server', () => {
  let world: Lab
  suiteSetup(async () => {
    world = await lab()
    await installCrds(world)
  })

  /** What it says to the object, or null if it takes it. */
  async function answerTo({ object, before }: Case): Promise<string | null> {
    const kind = kindOf(object)
    const { namespace = 'default', name } = object.metadata
    const refusal = (error: unknown): string => {
      if (error instanceof ApiFailure && error.code < 500) return error.message
      throw error
    }
    const accepted = (): null => null
    if (before === undefined) {
      return world.api.call('POST', `${pathOf(kind, namespace)}?${strictly}`, object).then(accepted, refusal)
    }
    const { resourceVersion } = (await world.api.create(kind, before)).metadata
    const next = { ...object, metadata: { ...object.metadata, resourceVersion } }
    try {
      return await world.api.call('PUT', `${pathOf(kind, namespace, name)}?${strictly}`, next).then(accepted, refusal)
    } finally {
      await world.api.call('DELETE', pathOf(kind, namespace, name))
    }
  }

  for (const row of cases) {
    if (row.unseenByServer === true) continue
    test(`${row.sentence === null ? 'accepts' : 'refuses'}: ${row.name}`, async () => {
      const answer = await answerTo(row)
      if (row.sentence === null) expect(answer).to.equal(null)
      else expect(answer).to.include(row.server ?? row.sentence)
    })
  }
})
