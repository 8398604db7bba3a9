/** Pods of others with the labels by which the user's Service selected: what they get, and who is told. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { warningsOf } from '../../../src/core/problems/index.ts'
import { canary, deployment, live, object, observation, template } from '../given-objects.ts'
import { around, next, rule, subsets, target, twoSubsets } from './given.ts'

/** As it was adopted. */
const users = object(
  kinds.Service,
  'web',
  { spec: { selector: { app: 'web', 'sluice.dev/role': 'primary' }, ports: [{ port: 80, targetPort: 8080 }] } },
  { annotations: { 'sluice.dev/original': JSON.stringify({ selector: { app: 'web' } }) } },
)
const other = (labels: object, replicas = 1): KubeObject =>
  deployment('spot', { replicas, template: template('web:1', { app: 'web', ...labels }) })

const apart = (...backends: readonly KubeObject[]): Observation =>
  observation({ live: live([kinds.Service, users]), ...around({ backends }) })
const bySubsets = (...backends: readonly KubeObject[]): Observation =>
  observation({
    ...target(next),
    canary: canary({}, subsets),
    live: live([kinds.Service, users], [kinds.DestinationRule, rule(twoSubsets)]),
    ...around({ backends }),
  })

const leftOut =
  'The pods of Deployment shop/spot have app: web, by which Service shop/web was selecting before it was adopted; it leads to the primary alone, so they get no requests from it. Give them a Service of their own, or other labels'
const inSubset =
  'The pods of Deployment shop/spot have the labels of a subset of Service shop/web, so they get requests of that side, whatever their revision. Give them other labels'

const rows: Readonly<Record<string, { o: Observation; said: readonly string[] }>> = {
  'no other pods': { o: apart(), said: [] },
  'those of another Deployment': { o: apart(other({})), said: [leftOut] },
  'none of another Deployment': { o: apart(other({}, 0)), said: [] },
  'those with the labels of the subset of the primary': { o: bySubsets(other({ version: 'v1' })), said: [inSubset] },
  'those with the labels of the subset of the canary': { o: bySubsets(other({ version: 'v2' })), said: [inSubset] },
  'those with the labels of no subset': { o: bySubsets(other({ version: 'v3' })), said: [] },
}

suite('pods of others', () => {
  for (const [name, { o, said }] of Object.entries(rows)) {
    test(`${name} at rest`, () => {
      expect(warningsOf(o).map(({ message }) => message)).to.deep.equal(said)
    })
  }
})
