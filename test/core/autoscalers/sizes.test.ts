import { assert } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import { noteReplicas } from '../../../src/core/machine/desired-replicas.ts'
import { floorEndsAt, noteFloor } from '../../../src/core/machine/primary-floor.ts'
import { restoreTarget } from '../../../src/core/machine/rules/terminate.ts'
import { isReady, sizeOf } from '../../../src/core/autoscalers/readiness.ts'
import { CANARY_LABEL } from '../../../src/core/model/names.ts'
import type { Observation, Workload } from '../../../src/core/model/observation.ts'
import type { State } from '../../../src/core/model/state.ts'
import { renderPrimary } from '../../../src/core/render/primary.ts'
import { carriedBy } from '../../../src/core/model/traffic.ts'
import { renderTarget } from '../../../src/core/render/target.ts'
import type { Write } from '../../../src/core/model/write.ts'
import { live, object, posture, record, template } from '../given-objects.ts'
import {
  advancing,
  failed,
  finalising,
  initializing,
  minute,
  now,
  promoting,
  resting,
  run,
  terminating,
} from '../machine/given.ts'
import { hpa, remembering, scaled, scaledObject, scaledTo, sized } from './given.ts'

const starting = posture({ canaryPods: 'starting' })
const carrying = posture({ canaryPods: 'as desired' })
const takingOver = posture({ canaryPods: 'starting', target: record(template()).revision })

const replicasOf = (o: Observation, wanted: Parameters<typeof renderTarget>[1]): unknown =>
  scaledTo(renderTarget(o, wanted))[0]

const asked = (target: Workload, spec = {}): Observation => scaled(hpa(spec), { target })

suite('the size of a target with an HPA', () => {
  const rows: Readonly<Record<string, readonly [Observation, Parameters<typeof renderTarget>[1], number | undefined]>> =
    {
      'at rest: none': [asked(sized('web', 2)), posture(), 0],
      'at the start as many as the primary': [asked(sized('web', 0)), starting, 4],
      'at the start at least the minimum': [asked(sized('web', 0), { minReplicas: 6 }), starting, 6],
      'at the start at most the maximum': [asked(sized('web', 0), { maxReplicas: 3 }), starting, 3],
      'once started it is the autoscaler’s': [asked(sized('web', 2)), starting, undefined],
      'in the run it is the autoscaler’s': [asked(sized('web', 9)), carrying, undefined],
      'scaled to 0 by a hand in mid-run': [asked(sized('web', 0)), carrying, 4],
      'before it takes over, as large as the primary': [asked(sized('web', 0)), takingOver, 4],
      'and what the autoscaler makes of it is not written again': [asked(sized('web', 2)), takingOver, undefined],
    }
  for (const [title, [given, wanted, replicas]] of Object.entries(rows))
    test(title, () => assert.equal(replicasOf(given, wanted), replicas))
})

suite('the size of an autoscaled primary', () => {
  const written = (primary: Workload | null, target = sized('web', 0)): unknown => {
    const [write] = renderPrimary(scaled(hpa(), { primary, target }), posture())
    return write?.verb === 'create' || write?.verb === 'replace' ? at(write.object.spec, 'replicas') : undefined
  }
  test('is the target’s at first', () => assert.equal(written(null, sized('web', 7)), 7))
  test('is what it last had when it was deleted', () => assert.equal(written(null), 4))
  test('is left to the autoscaler', () => assert.equal(written(sized('web-primary', 9)), 9))
  test('is at least the floor, once its autoscaler has that', () => {
    assert.equal(at(first(renderPrimary(floored(6), posture())), 'spec', 'replicas'), 6)
    assert.isUndefined(first(renderPrimary(floored(2), posture())))
  })
  test('is not 0, where no autoscaler acts', () => assert.equal(written(sized('web-primary', 0)), 4))
})

suite('what a user asked for, with an autoscaler', () => {
  test('is what the primary has, whoever scales either side', () => {
    const o = scaled(hpa(), { target: sized('web', 9), state: advancing(10), memory: remembering({ desired: 2 }) })
    assert.equal(noteReplicas(o, now).desired, 4)
  })

  test('is what the target has before there is a primary', () => {
    const o = scaled(hpa(), { primary: null, target: sized('web', 7), memory: remembering({ desired: null }) })
    assert.equal(noteReplicas(o, now).desired, 7)
  })

  test('a manifest that keeps setting replicas at rest is left alone', () => {
    const managedFields = [
      { manager: 'argo', time: '2026-01-02T00:00:00Z', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
    ]
    const put = { ...sized('web', 3), replicasBy: managedFields[0]?.manager ?? '' }
    const passes = Array.from({ length: 3 })
    const last = passes.reduce<Observation>(
      o => ({ ...o, memory: remembering({ ...noteReplicas(o, now), scaledDown: true }) }),
      scaled(hpa(), { target: put, memory: remembering({ scaledDown: true }) }),
    )
    assert.equal(last.memory.replicas.ignoredManager, 'argo')
  })
})

/** The primary has four pods and should have six; the minimum of its HPA is this. */
function floored(minReplicas: number, primary = sized('web-primary', 4)): Observation {
  const metadata = { labels: { [CANARY_LABEL]: 'web' } }
  const copy = object(kinds.HorizontalPodAutoscaler, 'web-primary', { spec: { minReplicas } }, metadata)
  const o = scaled(hpa(), { primary, memory: remembering({ primaryFloor: 6 }) })
  const rendered = first(renderPrimary(o, posture()))
  const known = rendered === undefined ? {} : live([kinds.Deployment, rendered])
  return { ...o, live: { ...o.live, ...known, ...live([kinds.HorizontalPodAutoscaler, copy]) } }
}

const first = (writes: readonly Write[]): KubeObject | undefined => {
  const [write] = writes
  return write?.verb === 'replace' ? write.object : undefined
}

suite("the primary's floor", () => {
  const ago = (since: number | null, primaryFloor: number | null = 6) =>
    remembering({ primaryFloor, returnedAt: since })
  const floor = (state: State, more: Partial<Observation> = {}, before = state) => {
    const { primaryFloor, returnedAt } = noteFloor(scaled(hpa(), { state, ...more }), before, now)
    return { primaryFloor, returnedAt }
  }
  const none = { primaryFloor: null, returnedAt: null }
  const carried = carriedBy([10])
  const returned = carriedBy([0])

  const rows: Readonly<Record<string, readonly [ReturnType<typeof floor>, ReturnType<typeof floor>]>> = {
    'there is none while pods start': [floor(run('startingPods')), none],
    'the first share sets it': [floor(advancing(10)), { primaryFloor: 4, returnedAt: null }],
    'it stays when the primary shrinks or grows': [
      floor(advancing(50), { memory: ago(null) }),
      { primaryFloor: 6, returnedAt: null },
    ],
    'it stays in a promotion': [
      floor(promoting('copying'), { memory: ago(null) }),
      { primaryFloor: 6, returnedAt: null },
    ],
    'a rollback counts from when the routes carry it': [
      floor(failed({ drained: false }), { memory: ago(null), traffic: carried }),
      { primaryFloor: 6, returnedAt: null },
    ],
    'the traffic has returned': [
      floor(failed({ drained: false }), { memory: ago(null), traffic: returned }),
      { primaryFloor: 6, returnedAt: now },
    ],
    'it stays for two minutes': [
      floor(finalising(), { memory: ago(now - 2 * minute + 1), traffic: returned }),
      { primaryFloor: 6, returnedAt: now - 2 * minute + 1 },
    ],
    'and no longer': [floor(resting(), { memory: ago(now - 2 * minute), traffic: returned }), none],
    'traffic that leaves again begins anew': [
      floor(advancing(10), { memory: ago(now - minute), traffic: returned }),
      { primaryFloor: 6, returnedAt: null },
    ],
    'a canary that stands in for the primary keeps it': [
      floor(resting(), { memory: ago(now - minute), traffic: carriedBy([100]) }),
      { primaryFloor: 6, returnedAt: null },
    ],
    'there is none before there is a primary': [floor(initializing(), { memory: ago(null), primary: null }), none],
    'the first primary keeps the size of what served': [
      floor(initializing(), { memory: ago(null, null), target: sized('web', 8) }),
      { primaryFloor: 8, returnedAt: null },
    ],
    'a status that is lost does not cut a primary down to the maximum of the target': [
      floor(initializing(), { memory: ago(null, null), primary: sized('web-primary', 30) }),
      { primaryFloor: 30, returnedAt: null },
    ],
    'and does not follow one that was shrunk': [
      floor(initializing(), { memory: ago(null, 8), target: sized('web', 2), primary: sized('web-primary', 2) }),
      { primaryFloor: 8, returnedAt: null },
    ],
    'until it has had the traffic for a while': [
      floor(resting('Initialized'), { memory: ago(null, 8), traffic: returned }, initializing()),
      { primaryFloor: 8, returnedAt: now },
    ],
    'a primary that has grown by the next share is not shrunk below that': [
      floor(advancing(50), { memory: ago(null), primary: sized('web-primary', 30) }, advancing(10)),
      { primaryFloor: 30, returnedAt: null },
    ],
    'nor one that has grown since traffic had left before': [
      floor(advancing(10), { memory: ago(now - minute), primary: sized('web-primary', 30), traffic: returned }),
      { primaryFloor: 30, returnedAt: null },
    ],
    'a promotion moves what the canary has carried onto as many pods': [
      floor(promoting('copying'), { memory: ago(null), target: sized('web', 9) }, advancing(50)),
      { primaryFloor: 9, returnedAt: null },
    ],
  }
  for (const [title, [found, expected]] of Object.entries(rows)) test(title, () => assert.deepEqual(found, expected))

  test('is looked at again when it ends', () => {
    assert.equal(floorEndsAt(ago(now)), now + 2 * minute)
    assert.equal(floorEndsAt(ago(null)), null)
    assert.equal(floorEndsAt(remembering()), null)
  })
})

suite('pods that an autoscaler has just asked for', () => {
  const side = (ready: number, wanted: number, name = 'web-primary'): Workload => sized(name, wanted, ready)
  test('hold no promotion while the floor is ready', () => {
    const memory = remembering({ primaryFloor: 6 })
    assert.isTrue(isReady(scaled(hpa(), { primary: side(6, 9), memory }), 'primary'))
    assert.isFalse(isReady(scaled(hpa(), { primary: side(5, 9), memory }), 'primary'))
  })
  test('are waited for before a promotion where the primary has fewer than its floor', () => {
    assert.isFalse(isReady(floored(6), 'primary'))
    assert.equal(sizeOf(floored(6), 'primary'), 6)
    assert.isTrue(isReady(floored(6, side(6, 6)), 'primary'))
    assert.isTrue(isReady(floored(2), 'primary'), 'an autoscaler that has no floor will not ask for more')
  })
  test('are all waited for while KEDA is paused at their number', () => {
    const annotations = { 'autoscaling.keda.sh/paused-replicas': '5', 'sluice.dev/original': '{}' }
    const of = (ready: number) => scaled(scaledObject({}, { annotations }), { target: side(ready, 5, 'web') })
    assert.isFalse(isReady(of(4), 'target'))
    assert.isTrue(isReady(of(5), 'target'))
  })
  test('hold a deletion until its deadline, and no longer where the minimum is ready', () => {
    const since = now - 20 * minute
    const state = terminating('restoring', { promoted: record(template()).revision, waiting: { for: 'target', since } })
    const of = (ready: number, waiting = state.waiting) =>
      restoreTarget({ ...asked(side(ready, 6, 'web')), state: { ...state, waiting } }, now)
    const stageOf = (move: ReturnType<typeof of>): unknown => at(move.state, 'stage')
    assert.equal(stageOf(of(2)), 'routing')
    assert.include(of(1).message, 'Manual intervention required')
    assert.equal(stageOf(of(2, { for: 'target', since: now })), 'restoring')
  })
  test('hold no step while the minimum is ready', () => {
    assert.isTrue(isReady(scaled(hpa(), { target: side(2, 5, 'web') }), 'target'))
    assert.isFalse(isReady(scaled(hpa(), { target: side(1, 5, 'web') }), 'target'))
  })
})
