import { assert } from 'chai'
import { kinds, type KubeObject, refKey } from '../../../src/api/object.ts'
import { scalerOf } from '../../../src/core/autoscalers/index.ts'
import { at } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { renderAutoscalers } from '../../../src/core/render/autoscalers.ts'
import { after, live, liveOne, object, posture } from '../given-objects.ts'
import { cpu, hpa, remembering, scaled, scaledObject, trigger } from './given.ts'

const atRest = posture()
const primaryRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web-primary' }

/** The primary's autoscaler, as an observation leads to it. */
function copy(o: Observation): KubeObject {
  const kind = scalerOf(o)?.kind.kind ?? kinds.HorizontalPodAutoscaler
  return liveOne(after(o, renderAutoscalers(o, atRest)), kind, 'web-primary')
}

interface Row {
  readonly given: Observation
  /** Of the spec of the copy. */
  readonly spec: Readonly<Record<string, unknown>>
}

const behavior = { scaleDown: { stabilizationWindowSeconds: 60 } }

const specs: Readonly<Record<string, Row>> = {
  "an HPA: the user's, on the primary": {
    given: scaled(hpa({ behavior })),
    spec: { scaleTargetRef: primaryRef, minReplicas: 2, maxReplicas: 10, metrics: [cpu], behavior },
  },
  'an HPA without a minimum has at least one pod': {
    given: scaled(hpa({ minReplicas: undefined })),
    spec: { scaleTargetRef: primaryRef, minReplicas: 1, maxReplicas: 10, metrics: [cpu] },
  },
  'an HPA with limits of the Canary': {
    given: scaled(hpa(), { reference: { primaryScalerReplicas: { minReplicas: 3, maxReplicas: 20 } } }),
    spec: { scaleTargetRef: primaryRef, minReplicas: 3, maxReplicas: 20, metrics: [cpu] },
  },
  'an HPA while there is a floor': {
    given: scaled(hpa(), { memory: remembering({ primaryFloor: 4 }) }),
    spec: { scaleTargetRef: primaryRef, minReplicas: 4, maxReplicas: 10, metrics: [cpu] },
  },
  'a floor above the maximum': {
    given: scaled(hpa({ maxReplicas: 3 }), { memory: remembering({ primaryFloor: 4 }) }),
    spec: { scaleTargetRef: primaryRef, minReplicas: 3, maxReplicas: 3, metrics: [cpu] },
  },
  'a floor below the minimum': {
    given: scaled(hpa(), { memory: remembering({ primaryFloor: 1 }) }),
    spec: { scaleTargetRef: primaryRef, minReplicas: 2, maxReplicas: 10, metrics: [cpu] },
  },
  'a ScaledObject: never idle, never set back, with an HPA of another name and the query about the primary': {
    given: scaled(
      scaledObject({
        idleReplicaCount: 0,
        pollingInterval: 5,
        advanced: {
          restoreToOriginalReplicaCount: true,
          horizontalPodAutoscalerConfig: { name: 'web-scaler', behavior },
        },
      }),
    ),
    spec: {
      scaleTargetRef: primaryRef,
      minReplicaCount: 1,
      maxReplicaCount: 8,
      pollingInterval: 5,
      advanced: { horizontalPodAutoscalerConfig: { name: 'web-scaler-primary', behavior } },
      triggers: [trigger('sum(x{app="web-primary"})')],
    },
  },
  "a ScaledObject with KEDA's own maximum and a floor": {
    given: scaled(scaledObject({ maxReplicaCount: undefined, minReplicaCount: 2 }), {
      memory: remembering({ primaryFloor: 60 }),
    }),
    spec: {
      scaleTargetRef: primaryRef,
      minReplicaCount: 60,
      maxReplicaCount: 100,
      triggers: [trigger('sum(x{app="web-primary"})')],
    },
  },
  'queries of the Canary: those triggers alone, and no other is rewritten': {
    given: scaled(scaledObject({ triggers: [trigger('sum(web)'), trigger('max(web)', 'queue')] }), {
      reference: { primaryScalerQueries: { queue: 'max(jobs)' } },
    }),
    spec: {
      scaleTargetRef: primaryRef,
      minReplicaCount: 1,
      maxReplicaCount: 8,
      triggers: [trigger('sum(web)'), trigger('max(jobs)', 'queue')],
    },
  },
}

/** Queries for the target `web`, and what the primary is asked. */
const queries: Readonly<Record<string, string>> = {
  'x{app="web"}': 'x{app="web-primary"}',
  'x{app="web-canary"}': 'x{app="web-primary"}',
  'x{pod=~"web-[0-9a-f]+-.*"}': 'x{pod=~"web-primary-[0-9a-f]+-.*"}',
  'x{service="web.shop.svc"}': 'x{service="web-primary.shop.svc"}',
  'x{app="web-primary"}': 'x{app="web-primary"}',
  'x{app="web-api"}': 'x{app="web-api"}',
  'x{namespace="web", app="web"}': 'x{namespace="web", app="web-primary"}',
  "x{pod=~'web-.*', container!~'web|proxy'}": "x{pod=~'web-primary-.*', container!~'web|proxy'}",
  'x{destination_workload_namespace="web",destination_workload="web"}':
    'x{destination_workload_namespace="web",destination_workload="web-primary"}',
  'x{app="my-web"}': 'x{app="my-web"}',
  'web_requests_total{app="web"}': 'web_requests_total{app="web-primary"}',
}

suite("the primary's autoscaler", () => {
  for (const [name, { given, spec }] of Object.entries(specs))
    test(name, () => {
      assert.deepEqual(JSON.parse(JSON.stringify(copy(given).spec)), spec)
    })

  for (const [query, expected] of Object.entries(queries))
    test(`asks ${expected} for ${query}`, () => {
      const spec = copy(scaled(scaledObject({ triggers: [trigger(query)] }))).spec
      assert.deepEqual(at(spec, 'triggers'), [trigger(expected)])
    })

  test('follows the user’s own, and is left alone while that does not change', () => {
    const made = after(scaled(hpa()), renderAutoscalers(scaled(hpa()), atRest))
    assert.deepEqual(renderAutoscalers(made, atRest), [])
    const grown = {
      ...made,
      live: { ...made.live, ...live([kinds.HorizontalPodAutoscaler, hpa({ maxReplicas: 30 })]) },
    }
    assert.equal(at(copy(grown).spec, 'maxReplicas'), 30)
  })

  test('is put right when a hand changed it', () => {
    const o = after(scaled(hpa()), renderAutoscalers(scaled(hpa()), atRest))
    const made = copy(o)
    const edited = { ...made, spec: { ...(made.spec as object), minReplicas: 1 } }
    const changed = { ...o, live: { ...o.live, ...live([kinds.HorizontalPodAutoscaler, edited]) } }
    assert.equal(at(copy(changed).spec, 'minReplicas'), 2)
  })

  test('has the user’s labels and annotations without those of tools and of KEDA itself', () => {
    const { metadata } = copy(
      scaled(
        scaledObject(
          {},
          {
            labels: { team: 'shop', 'scaledobject.keda.sh/name': 'web', 'argocd.argoproj.io/instance': 'shop' },
            annotations: {
              note: 'ours',
              'autoscaling.keda.sh/paused': 'true',
              'autoscaling.keda.sh/paused-replicas': '0',
              'autoscaling.keda.sh/paused-scale-in': 'true',
              'autoscaling.keda.sh/paused-scale-out': 'true',
            },
          },
        ),
      ),
    )
    assert.deepEqual(metadata.labels, { team: 'shop', 'sluice.dev/canary': 'web' })
    assert.deepEqual(Object.keys(metadata.annotations ?? {}).sort(), ['note', 'sluice.dev/rendered'])
  })

  test('is not made before the primary, nor in the place of one that is not ours', () => {
    const before = scaled(hpa(), { primary: null })
    assert.deepEqual(renderAutoscalers(before, atRest), [])
    const foreign = object(kinds.HorizontalPodAutoscaler, 'web-primary', { spec: { maxReplicas: 3 } })
    const taken = scaled(hpa(), { live: live([kinds.HorizontalPodAutoscaler, foreign]) })
    assert.deepEqual(renderAutoscalers(taken, atRest), [])
  })

  test('stays as it is while the user’s own is gone or cannot be used', () => {
    const made = after(scaled(hpa()), renderAutoscalers(scaled(hpa()), atRest))
    const { [refKey({ kind: kinds.HorizontalPodAutoscaler, namespace: 'shop', name: 'web' })]: _, ...rest } = made.live
    assert.deepEqual(renderAutoscalers({ ...made, live: rest }, atRest), [])
    const broken = { ...made.live, ...live([kinds.HorizontalPodAutoscaler, hpa({ minReplicas: 0 })]) }
    assert.deepEqual(renderAutoscalers({ ...made, live: broken }, atRest), [])
  })

  test('stays while the Canary names one that does not exist', () => {
    const made = after(scaled(hpa()), renderAutoscalers(scaled(hpa()), atRest))
    const missing = { kind: kinds.HorizontalPodAutoscaler, namespace: 'shop', name: 'wbe' }
    const names = { ...made.names, scaler: missing, primaryScaler: { ...missing, name: 'wbe-primary' } }
    assert.deepEqual(renderAutoscalers({ ...made, names }, atRest), [])
  })

  test('goes when the Canary names another one, or none; what KEDA made of it is not ours', () => {
    const made = after(scaled(hpa()), renderAutoscalers(scaled(hpa()), atRest))
    const owner = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'web-primary', uid: 'x' }
    const ofKeda = object(
      kinds.HorizontalPodAutoscaler,
      'keda-hpa-web-primary',
      {},
      { labels: { 'sluice.dev/canary': 'web' }, ownerReferences: [owner] },
    )
    const other = scaled(scaledObject())
    const o = { ...other, live: { ...made.live, ...other.live, ...live([kinds.HorizontalPodAutoscaler, ofKeda]) } }
    const deleted = renderAutoscalers(o, atRest).filter(({ verb }) => verb === 'delete')
    const unusable = { ...o.live, ...live([kinds.ScaledObject, scaledObject({ triggers: [] })]) }
    const kept = renderAutoscalers({ ...o, live: unusable }, atRest).filter(({ verb }) => verb === 'delete')
    assert.deepEqual(kept, [], 'production is scaled meanwhile')
    assert.deepEqual(
      deleted.map(({ ref }) => ref.name),
      ['web-primary'],
    )
  })
})
