/** Which kinds of policies are read around a Canary at a waypoint, and that copies are found for as long as there are some. */
import { expect } from 'chai'
import { type Kind, kindKey, kinds, type KubeObject, refKey } from '../../src/api/object.ts'
import { policiesAround } from '../../src/controller/policies-around.ts'
import { type Reader, TrackedReader } from '../../src/controller/reader.ts'
import type { Observation } from '../../src/core/model/observation.ts'
import { renderPolicies } from '../../src/core/render/policies.ts'
import { bound, inAmbient, service } from '../core/problems/ambient.given.ts'
import { object, observation, posture } from '../core/given-objects.ts'

const copy = object(
  kinds.EnvoyFilter,
  'limits-web-primary',
  { spec: { targetRefs: [{ group: '', kind: 'Service', name: 'web-canary' }] } },
  { labels: { 'sluice.dev/canary': 'web' }, annotations: { 'sluice.dev/copy-of': 'shop/limits' } },
)

/** EnvoyFilters are followed, and there is the copy. */
const reader: Reader = {
  get: () => undefined,
  byIndex: (kind: Kind, index: string): readonly KubeObject[] =>
    kindKey(kind) === kindKey(kinds.EnvoyFilter) && index === 'canary' ? [copy] : [],
  countByIndex: () => 0,
  synced: () => true,
  sees: kind => kindKey(kind) === kindKey(kinds.EnvoyFilter),
  lack: () => null,
  reflectors: () => [],
}

const waypoint = { 'istio.io/use-waypoint': 'waypoint' }
const rows: Readonly<Record<string, KubeObject>> = {
  'at a waypoint': service(waypoint, bound()),
  'once the Service is bound to none any more': service({ 'istio.io/use-waypoint': 'none' }),
}

suite('Policies around a Canary', () => {
  for (const [name, apex] of Object.entries(rows))
    test(`a copy whose original is gone is deleted ${name}`, () => {
      const before = observation(inAmbient([apex]))
      const { policies, copies } = policiesAround(new TrackedReader(reader, new Set(), 'shop'), before)
      const o: Observation = { ...before, policies, live: { ...before.live, ...copies } }
      const deleted = [posture({ primary: 'r1' }), posture({ remove: 'everything' })].map(wanted =>
        renderPolicies(o, wanted).map(({ verb, ref }) => `${verb} ${refKey(ref)}`),
      )
      const one = [`delete ${refKey({ kind: kinds.EnvoyFilter, namespace: 'shop', name: 'limits-web-primary' })}`]
      expect(deleted).to.deep.equal([one, one])
    })
})
