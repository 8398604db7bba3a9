import { assert } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { indexes } from '../../../src/controller/kinds.ts'
import { recordOf } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { Posture } from '../../../src/core/model/posture.ts'
import { renderAutoscalers } from '../../../src/core/render/autoscalers.ts'
import { renderPrimary } from '../../../src/core/render/primary.ts'
import { renderTarget } from '../../../src/core/render/target.ts'
import { live, object, posture, record, template } from '../given-objects.ts'
import { hpa, remembering, scaled, scaledObject, scaledTo, sized } from './given.ts'
import { carrying, name, ofUser, settled } from './pause.given.ts'

const PREFIX = 'autoscaling.keda.sh/'

/** The pause annotations of the user's ScaledObject, without their prefix. */
function pauseOn(o: Observation): Record<string, unknown> {
  const annotations = Object.entries(recordOf(o.live[name]?.metadata.annotations))
  return Object.fromEntries(
    annotations.flatMap(([key, value]) => (key.startsWith(PREFIX) ? [[key.slice(PREFIX.length), value]] : [])),
  )
}

const starting = posture({ canaryPods: 'starting' })
const takingOver = posture({ canaryPods: 'starting', target: record(template()).revision })
const untouched = posture({ canaryPods: 'untouched' })
const removing = posture({ primary: null, canaryPods: 'untouched', remove: 'everything' })
const resuming = posture({ primary: null, canaryPods: 'as desired', remove: 'everything' })
const copy = object(kinds.ScaledObject, 'web-primary', {}, { labels: { 'sluice.dev/canary': 'web' } })

interface Row {
  readonly given: Observation
  readonly wanted: Posture
  readonly pause: Record<string, string>
  /** What is written to spec.replicas once KEDA is told; undefined: nothing. */
  readonly replicas?: number
}

const withUsers = (annotations: Record<string, string>): KubeObject => {
  const all = Object.entries(annotations).map(([key, value]) => [`${PREFIX}${key}`, value])
  return scaledObject({}, { annotations: Object.fromEntries(all) })
}

const rest = scaled(scaledObject())
/** One of whose triggers the Canary names another, so that it cannot be copied. */
const refused = { primaryScalerQueries: { gone: 'x' } }
const busy = scaled(scaledObject(), { target: sized('web', 6) })
const kept = scaled(scaledObject(), { labels: 'keep' })
const keptBusy = scaled(scaledObject(), { labels: 'keep', target: sized('web', 6) })

const rows: Readonly<Record<string, Row>> = {
  'at rest KEDA keeps the target at 0': { given: rest, wanted: posture(), pause: { 'paused-replicas': '0' } },
  'what another client started at rest goes': {
    given: scaled(scaledObject(), { target: sized('web', 1) }),
    wanted: posture(),
    pause: { 'paused-replicas': '0' },
    replicas: 0,
  },
  'what a client keeps setting at rest is left alone by KEDA, too': {
    given: scaled(scaledObject(), { target: sized('web', 3), memory: remembering({ ignoredManager: 'argo' }) }),
    wanted: posture(),
    pause: { 'paused-replicas': '3' },
  },
  'one that cannot be copied is paused all the same': {
    given: scaled(scaledObject({ minReplicaCount: 2 }), { reference: refused, target: sized('web', 5) }),
    wanted: posture(),
    pause: { 'paused-replicas': '0' },
    replicas: 0,
  },
  'a run starts with what the primary has': {
    given: settled(rest, posture()),
    wanted: starting,
    pause: { 'paused-replicas': '4' },
    replicas: 4,
  },
  'and no more than the maximum': {
    given: scaled(scaledObject({ maxReplicaCount: 3 })),
    wanted: starting,
    pause: { 'paused-replicas': '3' },
    replicas: 3,
  },
  'and no less than the minimum': {
    given: scaled(scaledObject({ minReplicaCount: 7 })),
    wanted: starting,
    pause: { 'paused-replicas': '7' },
    replicas: 7,
  },
  'the size at the start is not raised when the primary grows': {
    given: { ...settled(rest, starting), primary: sized('web-primary', 8), memory: remembering({ desired: 8 }) },
    wanted: starting,
    pause: { 'paused-replicas': '4' },
    replicas: 4,
  },
  'ready pods may become more and not fewer': {
    given: settled(busy, starting),
    wanted: carrying,
    pause: { 'paused-scale-in': 'true' },
  },
  'pods that a hand has scaled to 0 in mid-run are started again': {
    given: rest,
    wanted: carrying,
    pause: { 'paused-scale-in': 'true' },
    replicas: 4,
  },
  'with labels kept the pause goes on in the run': {
    given: settled(kept, starting),
    wanted: carrying,
    pause: { 'paused-replicas': '4' },
    replicas: 4,
  },
  'with labels kept it is paused before the first primary': {
    given: scaled(scaledObject(), { labels: 'keep', primary: null, target: sized('web', 6) }),
    wanted: untouched,
    pause: { 'paused-replicas': '6' },
  },
  'with labels switched it acts until the callers are moved': { given: busy, wanted: untouched, pause: {} },
  'a target that takes over is as large as the primary': {
    given: { ...settled(busy, carrying), primary: sized('web-primary', 8) },
    wanted: takingOver,
    pause: { 'paused-replicas': '8' },
    replicas: 8,
  },
  'a target that has taken over may get more pods at once': {
    given: settled(busy, takingOver),
    wanted: resuming,
    pause: { 'paused-scale-in': 'true' },
  },
  'with labels kept once the autoscaler of the primary is gone': {
    given: settled(keptBusy, takingOver),
    wanted: resuming,
    pause: { 'paused-scale-in': 'true' },
  },
  'and not before': {
    given: {
      ...settled(keptBusy, takingOver),
      live: { ...settled(keptBusy, takingOver).live, ...live([kinds.ScaledObject, copy]) },
    },
    wanted: resuming,
    pause: { 'paused-replicas': '6' },
  },
  'with labels kept, too': {
    given: { ...settled(keptBusy, carrying), primary: sized('web-primary', 8, 8, 'keep') },
    wanted: takingOver,
    pause: { 'paused-replicas': '8' },
    replicas: 8,
  },
}

suite("the pause of a user's ScaledObject", () => {
  for (const [title, { given, wanted, pause, replicas }] of Object.entries(rows))
    test(title, () => {
      const told = settled(given, wanted)
      assert.deepEqual(pauseOn(told), pause)
      assert.deepEqual(ofUser(renderAutoscalers(told, wanted)), [], 'it is written once')
      const scaling = scaledTo(renderTarget(told, wanted))
      assert.deepEqual(scaling, replicas === undefined || replicas === told.target?.replicas ? [] : [replicas])
    })

  test('the Deployment is written only once KEDA is paused', () => {
    assert.deepEqual(renderTarget(rest, starting), [])
    assert.deepEqual(renderTarget(busy, posture()), [])
  })

  test('with labels kept no primary starts before KEDA is paused', () => {
    const o = scaled(scaledObject(), { labels: 'keep', primary: null, target: sized('web', 6) })
    assert.deepEqual(renderPrimary(o, untouched), [])
    assert.lengthOf(renderPrimary(settled(o, untouched), untouched), 1)
  })

  const users = {
    paused: 'true',
    'paused-replicas': '3',
    'paused-scale-in': 'true',
    'paused-scale-out': 'true',
  }
  for (const [title, own] of Object.entries({ 'none of the four': {}, 'all four': users, one: { paused: 'false' } }))
    test(`${title} of the user’s come back as they were`, () => {
      const through = [posture(), starting, carrying, posture()]
      const ended = through.reduce(settled, scaled(withUsers(own)))
      assert.deepEqual(pauseOn(ended), { 'paused-replicas': '0' })
      const back = settled(ended, removing)
      assert.deepEqual(pauseOn(back), own)
      assert.notProperty(back.live[name]?.metadata.annotations, 'sluice.dev/original')
      assert.deepEqual(
        ofUser(renderAutoscalers(back, removing)).map(({ verb }) => verb),
        ['disown'],
      )
    })

  test('what the user sets meanwhile is what comes back', () => {
    const o = settled(scaled(withUsers({ paused: 'true' })), posture())
    const found = o.live[name]
    const annotations = { ...found?.metadata.annotations, [`${PREFIX}paused-scale-out`]: 'true' }
    const edited = scaledObject({}, { annotations })
    const put = settled({ ...o, live: { ...o.live, ...live([kinds.ScaledObject, edited]) } }, posture())
    assert.deepEqual(pauseOn(put), { 'paused-replicas': '0' })
    assert.deepEqual(pauseOn(settled(put, removing)), { paused: 'true', 'paused-scale-out': 'true' })
  })

  test('one that the Canary names no more is given back', () => {
    const o = settled(rest, posture())
    const { scaler: _, ...names } = o.names
    const { autoscalerRef: __, ...spec } = o.canary.spec
    const left = { ...o, canary: { ...o.canary, spec }, names: { ...names, scaler: null, primaryScaler: null } }
    const paused = { ...left, surroundings: { ...left.surroundings, autoscalers: [o.live[name] ?? scaledObject()] } }
    assert.deepEqual(pauseOn(settled(paused, posture())), {})
  })
})

suite('a ScaledObject that is paused and not the one of the target any more', () => {
  const found = (o: Observation): KubeObject => o.live[name] ?? scaledObject()
  const at = (scaler: KubeObject, target: string): KubeObject => ({
    ...scaler,
    spec: { ...recordOf(scaler.spec), scaleTargetRef: { name: target } },
  })
  const paused = found(settled(rest, posture()))
  const without = (o: Observation): Observation => {
    const { autoscalerRef: _, ...spec } = o.canary.spec
    return { ...o, canary: { ...o.canary, spec }, names: { ...o.names, scaler: null, primaryScaler: null } }
  }
  const started = (o: Observation): unknown =>
    renderPrimary(o, posture()).map(write =>
      write.verb === 'replace' ? recordOf(write.object.spec)['replicas'] : null,
    )

  for (const [title, of] of Object.entries({ 'still named': (o: Observation) => o, 'named no more': without }))
    test(`${title} and pointed at the primary: that is started again, then KEDA is`, () => {
      const moved = at(paused, 'web-primary')
      const stopped = of(scaled(moved, { primary: sized('web-primary', 0) }))
      assert.deepEqual(started(stopped), [4])
      assert.deepEqual(pauseOn(settled(stopped, posture())), { 'paused-replicas': '0' })
      assert.deepEqual(pauseOn(settled(of(scaled(moved)), posture())), {})
    })

  test('pointed at another Deployment, at rest or with a deletion: it is given back', () => {
    const o = without(scaled(at(paused, 'api')))
    for (const wanted of [posture(), removing])
      assert.deepEqual(pauseOn(settled({ ...o, surroundings: { ...o.surroundings, autoscalers: [] } }, wanted)), {})
  })

  test('and paused for another Canary: it is left alone', () => {
    const annotations = Object.entries(recordOf(paused.metadata.annotations))
    const foreign = annotations.map(([one, value]) => [one, String(value).replace('"canary":"web"', '"canary":"api"')])
    const metadata = { ...paused.metadata, annotations: Object.fromEntries(foreign) }
    const o = without(scaled(at({ ...paused, metadata }, 'api'), { surroundings: rest.surroundings }))
    assert.deepEqual(pauseOn(settled(o, posture())), { 'paused-replicas': '0' })
  })

  test('it is found by its Canary wherever it points', () => {
    const index = indexes.find(one => one.kind === kinds.ScaledObject && one.name === 'canary')
    assert.deepEqual(index?.of(at(paused, 'api')), ['shop/web'])
    assert.deepEqual(index?.of(scaledObject()), [])
  })

  test('an HPA of the same name is named: KEDA is given back', () => {
    const o = scaled(hpa(), { live: live([kinds.ScaledObject, paused]) })
    const autoscalers = [hpa(), paused]
    assert.deepEqual(pauseOn(settled({ ...o, surroundings: { ...o.surroundings, autoscalers } }, posture())), {})
  })

  test('one that does not exist is named: the pause goes on as the run does', () => {
    const o = scaled(paused)
    const missing = { kind: kinds.ScaledObject, namespace: 'shop', name: 'wbe' }
    const renamed = { ...o, names: { ...o.names, scaler: missing, primaryScaler: { ...missing, name: 'wbe-primary' } } }
    assert.deepEqual(pauseOn(settled(renamed, posture())), { 'paused-replicas': '0' })
    assert.deepEqual(pauseOn(settled(renamed, starting)), { 'paused-replicas': '4' })
  })
})
