/** What the CRDs of Sluice accept and refuse: the table that unit tests and end-to-end tests use too, word by word. */
import { cases as rows } from '../../../../e2e/crd.cases.ts'
import type { Case } from '../case.ts'
import { canary, only } from '../given.ts'

const strictly = 'fieldValidation=Strict'

/** One row: what it says to the object, which may have been another before. */
const asRow = ({ name, object, before, sentence }: (typeof rows)[number]): Case => ({
  name: `${object.kind}: ${sentence === null ? 'accepts' : 'refuses'} ${name}`,
  run: async ({ ask, given }) => {
    const path = object.kind === 'MetricTemplate' ? 'metrictemplates' : 'canaries'
    const local = (one: typeof object) => ({ ...one, metadata: { ...one.metadata, namespace: undefined } })
    if (before === undefined) return ask(`POST ${path}?${strictly}`, local(object), only('spec'))
    const { resourceVersion } = (await given(`POST ${path}`, local(before))).metadata
    const next = { ...local(object), metadata: { name: object.metadata.name, resourceVersion } }
    return ask(`PUT ${path}/${object.metadata.name}?${strictly}`, next, only('spec'))
  },
})

export const canaries: readonly Case[] = [
  {
    name: 'a Canary with an unknown field is refused where that is asked, and warned of where not',
    run: async ({ ask }) => {
      await ask(`POST canaries?${strictly}`, canary('web', { analysys: {} }))
      await ask('POST canaries', canary('web', { analysys: {} }), only('spec'))
    },
  },
  {
    name: 'a Canary with weights out of order is refused',
    run: async ({ ask }) => {
      const analysis = { interval: '1m', threshold: 5, stepWeights: [50, 10] }
      await ask('POST canaries', canary('web', { analysis }))
      await ask('POST canaries', canary('web', { analysis: { ...analysis, stepWeights: [10, 101] } }))
      await ask('POST canaries', canary('web', { analysis: { ...analysis, stepWeights: ['ten'] } }))
    },
  },
  ...rows.filter(({ unseenByServer }) => unseenByServer !== true).map(asRow),
]
