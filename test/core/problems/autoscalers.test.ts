import { assert } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { type Moment, problemOf, warningsOf } from '../../../src/core/problems/index.ts'
import { hpa, scaled, scaledObject, scaleTargetRef, sized, trigger } from '../autoscalers/given.ts'
import { canary, live, noSurroundings, object, observation } from '../given-objects.ts'
import { advancing } from '../machine/given.ts'

const around = (...autoscalers: KubeObject[]): Pick<Observation, 'surroundings'> => ({
  surroundings: { ...noSurroundings, autoscalers },
})

const named = (kind: typeof kinds.ScaledObject, name: string, target = 'web', more: object = {}): KubeObject =>
  object(kind, name, { spec: { scaleTargetRef: { ...scaleTargetRef, name: target }, ...more } })

/** Without autoscalerRef, its labels not chosen yet. */
const plain = (more: Partial<Observation> = {}): Observation => {
  const o = observation(more)
  return { ...o, memory: { ...o.memory, labels: null } }
}

const withReference = (scaler: KubeObject, reference: object): Observation =>
  scaled(scaler, { reference: { ...reference } })

const missing = (): Observation => {
  const o = scaled(hpa())
  const { 'horizontalpodautoscalers.autoscaling/shop/web': _, ...rest } = o.live
  return { ...o, live: rest, ...around() }
}

interface Row {
  readonly given: Observation
  readonly reason: string
  readonly message: string
}

const copied = 'the copy of HorizontalPodAutoscaler shop/web for web-primary'

const rows: Readonly<Record<string, Row>> = {
  'an HPA on the target that is not named': {
    given: plain(around(hpa())),
    reason: 'AutoscalerOnTarget',
    message:
      'HorizontalPodAutoscaler shop/web targets Deployment web, which is scaled to 0 between releases, so web-primary would not be autoscaled. Name it in spec.autoscalerRef (apiVersion autoscaling/v2, kind HorizontalPodAutoscaler, name web), or set spec.scaleTargetRef.name to web-primary.',
  },
  'a ScaledObject on the target that is not named': {
    given: plain(around(scaledObject())),
    reason: 'AutoscalerOnTarget',
    message:
      'ScaledObject shop/web targets Deployment web, which is scaled to 0 between releases, so web-primary would not be autoscaled. Name it in spec.autoscalerRef (apiVersion keda.sh/v1alpha1, kind ScaledObject, name web), or set spec.scaleTargetRef.name to web-primary.',
  },
  'an HPA on the target, with labels kept because the Canary says so': {
    given: plain({ canary: canary({ primary: { labels: 'keep' } }), ...around(hpa()) }),
    reason: 'AutoscalerOverlap',
    message:
      'HorizontalPodAutoscaler shop/web targets Deployment web, whose selector also matches the pods of web-primary: two autoscalers whose selectors overlap both stop, and a single one is sized for the load of both. Recreate the Canary without primary.labels: keep, or set spec.scaleTargetRef.name to web-primary.',
  },
  'an HPA that is named, beside a primary that was made with labels kept': {
    given: scaled(hpa(), { labels: 'keep' }),
    reason: 'AutoscalerOverlap',
    message:
      'HorizontalPodAutoscaler shop/web targets Deployment web, whose selector also matches the pods of web-primary: two autoscalers whose selectors overlap both stop, and a single one is sized for the load of both. Recreate the Canary, which then tells its pods by another label, or remove spec.autoscalerRef and then set spec.scaleTargetRef.name to web-primary.',
  },
  'an HPA that is named and does not exist': {
    given: missing(),
    reason: 'ReferenceMissing',
    message:
      'spec.autoscalerRef names HorizontalPodAutoscaler shop/web, which does not exist, so web-primary would not be autoscaled as it says. Create it, or remove spec.autoscalerRef.',
  },
  'an HPA that scales another target': {
    given: scaled(hpa({ scaleTargetRef: { ...scaleTargetRef, name: 'api' } })),
    reason: 'ReferenceMissing',
    message:
      'spec.autoscalerRef names HorizontalPodAutoscaler shop/web, which scales Deployment api and not Deployment web. Set its spec.scaleTargetRef.name to web, or name the autoscaler of web; if web-primary has an autoscaler of its own, remove spec.autoscalerRef.',
  },
  'an HPA that may scale its target to nothing': {
    given: scaled(hpa({ minReplicas: 0 })),
    reason: 'AutoscalerInvalid',
    message:
      'HorizontalPodAutoscaler shop/web has minReplicas: 0 and could start pods of the target between releases. Set spec.minReplicas to 1 or more.',
  },
  "a minimum of the Canary above the HPA's maximum": {
    given: withReference(hpa(), { primaryScalerReplicas: { minReplicas: 11 } }),
    reason: 'AutoscalerInvalid',
    message: `web-primary, ${copied}, would have at least 11 and at most 10 pods. Set spec.autoscalerRef.primaryScalerReplicas so that minReplicas is not above maxReplicas.`,
  },
  "a maximum of the Canary below the HPA's minimum": {
    given: withReference(hpa(), { primaryScalerReplicas: { maxReplicas: 1 } }),
    reason: 'AutoscalerInvalid',
    message: `web-primary, ${copied}, would have at least 2 and at most 1 pods. Set spec.autoscalerRef.primaryScalerReplicas so that minReplicas is not above maxReplicas.`,
  },
  'a ScaledObject without triggers': {
    given: scaled(scaledObject({ triggers: [] })),
    reason: 'AutoscalerInvalid',
    message: 'ScaledObject shop/web has no triggers, so it scales nothing. Add one to spec.triggers.',
  },
  'a query for a trigger that is not there': {
    given: withReference(scaledObject(), { primaryScalerQueries: { queue: 'x' } }),
    reason: 'AutoscalerInvalid',
    message:
      'ScaledObject shop/web has no trigger named queue, as spec.autoscalerRef.primaryScalerQueries does; its triggers are named requests. Write the name of a trigger.',
  },
  'a query for triggers without names': {
    given: withReference(scaledObject({ triggers: [{ type: 'cron', metadata: {} }] }), {
      primaryScalerQueries: { queue: 'x' },
    }),
    reason: 'AutoscalerInvalid',
    message:
      'ScaledObject shop/web has no trigger named queue, as spec.autoscalerRef.primaryScalerQueries does; its triggers have no names. Write the name of a trigger.',
  },
  'a query for a trigger that has none': {
    given: withReference(scaledObject({ triggers: [{ type: 'kafka', name: 'lag', metadata: { topic: 'orders' } }] }), {
      primaryScalerQueries: { lag: 'x' },
    }),
    reason: 'AutoscalerInvalid',
    message:
      'ScaledObject shop/web has trigger lag of type kafka, which has no metadata.query, so spec.autoscalerRef.primaryScalerQueries changes nothing of it. Remove lag there.',
  },
  'another HPA on the target': {
    given: scaled(scaledObject(), around(scaledObject(), named(kinds.HorizontalPodAutoscaler, 'old'))),
    reason: 'AutoscalerOnTarget',
    message:
      'HorizontalPodAutoscaler shop/old targets Deployment web, as ScaledObject web does, which spec.autoscalerRef names: two autoscalers of one workload both stop. Delete one of them.',
  },
  'an autoscaler of the user beside the copy': {
    given: scaled(hpa(), around(hpa(), named(kinds.HorizontalPodAutoscaler, 'own', 'web-primary'))),
    reason: 'Conflict',
    message:
      'HorizontalPodAutoscaler shop/own scales Deployment web-primary, as HorizontalPodAutoscaler web-primary does, which is made for spec.autoscalerRef: two autoscalers of one workload both stop. Delete it, or remove spec.autoscalerRef.',
  },
  'one of the other kind that has the name of the copy': {
    given: scaled(hpa(), around(hpa(), named(kinds.ScaledObject, 'web-primary', 'web-primary'))),
    reason: 'Conflict',
    message:
      'ScaledObject shop/web-primary scales Deployment web-primary, as HorizontalPodAutoscaler web-primary does, which is made for spec.autoscalerRef: two autoscalers of one workload both stop. Delete it, or remove spec.autoscalerRef.',
  },
  'an autoscaler of the user in the place of the copy': {
    given: scaled(hpa(), {
      live: live([kinds.HorizontalPodAutoscaler, named(kinds.HorizontalPodAutoscaler, 'web-primary', 'web-primary')]),
    }),
    reason: 'Conflict',
    message:
      'HorizontalPodAutoscaler shop/web-primary exists and was not made by this Canary, which needs that name. Rename it, or delete it: web-primary is made from HorizontalPodAutoscaler shop/web.',
  },
}

const ofKeda = { ...named(kinds.HorizontalPodAutoscaler, 'keda-hpa-web') }
const owned = {
  ...ofKeda,
  metadata: {
    ...ofKeda.metadata,
    ownerReferences: [{ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'web', uid: 'x' }],
  },
}

const fine: Readonly<Record<string, Observation>> = {
  'an HPA that is named': scaled(hpa()),
  'a ScaledObject that is named': scaled(scaledObject()),
  'a ScaledObject that is named, with labels kept': scaled(scaledObject(), { labels: 'keep' }),
  'the HPA that KEDA makes of it, with labels kept': scaled(scaledObject(), {
    labels: 'keep',
    ...around(scaledObject(), owned),
  }),
  'an HPA without a minimum': scaled(hpa({ minReplicas: undefined })),
}

const external = {
  type: 'External',
  external: { metric: { name: 'queue', selector: { matchLabels: { app: 'web' } } } },
}

const warnings: Readonly<Record<string, { readonly given: Observation; readonly messages: readonly string[] }>> = {
  'an External metric of the target': {
    given: scaled(hpa({ metrics: [external] })),
    messages: [
      'External metric queue of HorizontalPodAutoscaler shop/web names web, and web-primary has the same: web-primary is scaled by what that says of web. Use a metric that tells the two apart, such as one of type Pods or Resource.',
    ],
  },
  'a trigger of another kind that names the target': {
    given: scaled(scaledObject({ triggers: [{ type: 'datadog', metadata: { query: 'sum:x{app:web}' } }] })),
    messages: [
      'datadog trigger 0 of ScaledObject shop/web names web, and web-primary has the same: web-primary is scaled by what that says of web. Write the query for the primary in spec.autoscalerRef.primaryScalerQueries, under the name of the trigger.',
    ],
  },
  'queries that are rewritten, or written': {
    given: withReference(scaledObject({ triggers: [trigger('web'), trigger('max(x)', 'queue')] }), {
      primaryScalerQueries: { requests: 'web-primary' },
    }),
    messages: [],
  },
  "a user's own HPA on the primary": {
    given: observation({
      primary: sized('web-primary', 4),
      ...around(named(kinds.HorizontalPodAutoscaler, 'own', 'web-primary')),
    }),
    messages: [
      'HorizontalPodAutoscaler shop/own scales web-primary and may take pods from it while the canary has its traffic, which a rollback then misses. Set a minimum that carries all traffic; or let it target web and name it in spec.autoscalerRef, which keeps the pods during a release.',
    ],
  },
  'what is missing in mid-run holds nothing': {
    given: { ...missing(), state: advancing(10) },
    messages: [
      'spec.autoscalerRef names HorizontalPodAutoscaler shop/web, which does not exist, so web-primary would not be autoscaled as it says. Create it, or remove spec.autoscalerRef.',
    ],
  },
}

suite('autoscalers in the way of a release', () => {
  for (const [name, { given, reason, message }] of Object.entries(rows))
    for (const moment of ['start', 'candidate', 'rest'] satisfies Moment[])
      test(`${name}: ${moment}`, () => assert.deepEqual(problemOf(given, moment), { reason, message } as never))

  for (const [name, given] of Object.entries(fine))
    test(`${name}: nothing`, () => assert.equal(problemOf(given, 'start'), null))

  for (const [name, { given, messages }] of Object.entries(warnings))
    test(`a warning: ${name}`, () => {
      const found = warningsOf(given).filter(({ reason }) => reason !== 'Bypassed')
      assert.deepEqual(
        found.map(({ message }) => message),
        messages,
      )
      assert.equal(problemOf(given, 'run'), null)
    })
})
