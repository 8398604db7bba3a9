/** What of a copy that is there is as it is to be, and what is written again. */
import { assert } from 'chai'
import { kinds, type KubeObject, type ObjectMeta, refKey } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { missingCopies, renderPolicies } from '../../../src/core/render/policies.ts'
import { primarySelector } from '../../../src/core/render/labels.ts'
import { render } from '../../../src/core/render/render.ts'
import type { Write } from '../../../src/core/model/write.ts'
import { FINALIZER } from '../../../src/core/model/names.ts'
import { after, canary, deployment, liveOne, posture, workload } from '../given-objects.ts'
import { allow, switched } from '../policies/given.ts'

const COPY = { kind: kinds.AuthorizationPolicy, namespace: 'shop', name: 'callers-web-primary' }
const wanted = posture({ primary: 'r1' })

/** The world after the copy was written. */
function copied(original: KubeObject, o: Observation = switched([original])): Observation {
  const policed = { ...o, policies: [original] }
  return after(policed, renderPolicies(policed, wanted))
}

const copyIn = (o: Observation): KubeObject => liveOne(o, COPY.kind, COPY.name)

/** The copy as another client has changed its metadata. */
const edited = (o: Observation, metadata: Partial<ObjectMeta>): Observation => {
  const copy = copyIn(o)
  const live = { ...o.live, [refKey(COPY)]: { ...copy, metadata: { ...copy.metadata, ...metadata } } }
  return { ...o, live }
}

const objectOf = (write: Write | undefined): KubeObject | undefined =>
  write?.verb === 'create' ? write.object : undefined

const callers = (metadata: Partial<ObjectMeta> = {}): KubeObject => allow('callers', metadata)

const DRY = { 'istio.io/dry-run': 'true' }
const REVISION = { 'istio.io/rev': 'old' }

suite('copies of policies', () => {
  test('what Istio reads of labels and annotations is copied, and goes with that of the original', () => {
    const dry = copied(callers({ annotations: DRY, labels: REVISION }))
    assert.include(copyIn(dry).metadata.annotations, DRY)
    assert.include(copyIn(dry).metadata.labels, REVISION)
    const { labels, annotations } = copyIn(copied(callers(), dry)).metadata
    assert.doesNotHaveAnyKeys(annotations, Object.keys(DRY))
    assert.doesNotHaveAnyKeys(labels, Object.keys(REVISION))
  })

  for (const [field, entries] of Object.entries({ annotations: DRY, labels: REVISION }))
    test(`${field} that another client adds, and by which Istio would not use the copy, are taken away`, () => {
      const original = callers()
      const o = copied(original)
      const own = copyIn(o).metadata[field as 'labels' | 'annotations']
      const changed = edited(o, { [field]: { ...own, ...entries, 'example.com/seen': 'yes' } })
      assert.lengthOf(missingCopies(changed), 1)
      const metadata = copyIn(copied(original, changed)).metadata[field as 'labels' | 'annotations']
      assert.doesNotHaveAnyKeys(metadata, Object.keys(entries))
      assert.include(metadata, { 'example.com/seen': 'yes' })
    })

  test('others leave it as it is', () => {
    const o = copied(callers())
    const labels = { ...copyIn(o).metadata.labels, 'example.com/team': 'shop' }
    assert.deepEqual(renderPolicies(edited(o, { labels }), wanted), [])
  })

  test('a policy is rendered once as long as it and what it is for stay as they are, because tenants choose its size', () => {
    const o = switched([callers()])
    const [first, again] = [renderPolicies(o, wanted), renderPolicies(o, wanted)].map(([write]) => objectOf(write))
    assert.isDefined(first)
    assert.strictEqual(first, again)
    const [other] = renderPolicies({ ...o, settings: { ...o.settings, ownerReferences: true } }, wanted)
    assert.lengthOf(objectOf(other)?.metadata.ownerReferences ?? [], 1)
  })

  test('where a start is stopped, a primary that serves all the same is covered, and nothing else is written', () => {
    const metadata = { finalizers: [FINALIZER] }
    const stopped = switched([callers()], { canary: canary({ primary: { labels: 'switch' } }, {}, metadata) })
    assert.deepEqual(render(stopped, true), [])
    const selector = primarySelector(stopped)
    const primary = deployment('web-primary', { selector }, { labels: { 'sluice.dev/canary': 'web' } })
    const live = { ...stopped.live, [refKey(stopped.names.primary)]: primary }
    const writes = render({ ...stopped, live, primary: workload(primary) }, true)
    assert.deepEqual(
      writes.map(({ verb, ref }) => [verb, ref]),
      [['create', COPY]],
    )
  })

  test('one that is being deleted covers nothing for long: the primary is not created beside it', () => {
    const o = copied(callers())
    assert.deepEqual(missingCopies(o), [])
    const going = edited(o, { deletionTimestamp: '2026-01-01T00:00:00Z' })
    assert.lengthOf(missingCopies(going), 1)
    assert.deepEqual(renderPolicies(going, wanted), [])
  })
})
