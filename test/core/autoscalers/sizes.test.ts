import { assert } from 'chai'
import { at } from '../../../src/core/json.ts'
import { noteReplicas } from '../../../src/core/machine/desired-replicas.ts'
import { floorEndsAt, noteFloor } from '../../../src/core/machine/primary-floor.ts'
import { isReady } from '../../../src/core/autoscalers/readiness.ts'
import type { Observation, Workload } from '../../../src/core/model/observation.ts'
import type { State } from '../../../src/core/model/state.ts'
import { renderPrimary } from '../../../src/core/render/primary.ts'
import { carriedBy } from '../../../src/core/model/traffic.ts'
import { renderTarget } from '../../../src/core/render/target.ts'
import { posture, record, template } from '../given-objects.ts'
import { advancing, failed, finalising, initializing, minute, now, promoting, resting, run } from '../machine/given.ts'
import { hpa, remembering, scaled, scaledTo, sized } from './given.ts'

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
      'before it takes over, as large as the primary': [asked(sized('web', 2)), takingOver, 4],
      'before it takes over, not smaller': [asked(sized('web', 9)), takingOver, undefined],
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

suite("the primary's floor", () => {
  const ago = (since: number | null, primaryFloor: number | null = 6) =>
    remembering({ primaryFloor, returnedAt: since })
  const floor = (state: State, more: Partial<Observation> = {}) => {
    const { primaryFloor, returnedAt } = noteFloor(scaled(hpa(), { state, ...more }), now)
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
    'there is none before there is a primary': [floor(initializing(), { memory: ago(null) }), none],
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
  test('hold no step while the minimum is ready', () => {
    assert.isTrue(isReady(scaled(hpa(), { target: side(2, 5, 'web') }), 'target'))
    assert.isFalse(isReady(scaled(hpa(), { target: side(1, 5, 'web') }), 'target'))
  })
})
