/** A Canary that is refused, word by word; all rules of the CRDs are rows of e2e/crd/cases.ts. */
import type { Case } from '../case.ts'
import { canary, only } from '../given.ts'

const strictly = 'fieldValidation=Strict'

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
]
