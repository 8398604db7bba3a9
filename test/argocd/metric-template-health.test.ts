/** What Argo CD says of a MetricTemplate, as a table. */
import { expect } from 'chai'
import { templateHealthOf } from './scripts.ts'

const ready = (status: string, reason: string) => ({
  observedGeneration: 2,
  conditions: [{ type: 'Ready', status, reason, message: 'a sentence' }],
})

const rows: Readonly<Record<string, readonly [status: unknown, health: string]>> = {
  'no status': [undefined, 'Progressing'],
  'the status that the API server writes': [{ observedGeneration: -1 }, 'Progressing'],
  'a status of an earlier generation': [{ ...ready('True', 'Ready'), observedGeneration: 1 }, 'Progressing'],
  'a status without a condition': [{ observedGeneration: 2 }, 'Progressing'],
  'a query that could be asked': [ready('True', 'Ready'), 'Healthy'],
  'a query that is refused': [ready('False', 'Invalid'), 'Degraded'],
  'a server that is not allowed': [ready('False', 'MetricsServerNotAllowed'), 'Degraded'],
  'a Secret that is missing': [ready('False', 'SecretNotUsable'), 'Progressing'],
  'a Secret that could not be read': [ready('False', 'SecretNotReadable'), 'Progressing'],
}

suite('health of a MetricTemplate in Argo CD', () => {
  for (const [name, [status, health]] of Object.entries(rows)) {
    test(`${name}: ${health}`, () => {
      const said = templateHealthOf({ kind: 'MetricTemplate', metadata: { name: 'orders', generation: 2 }, status })
      expect(said.status).to.equal(health)
      expect(said.message).to.match(/^a sentence$|^The controller has (?:not seen|said nothing)/)
    })
  }
})
