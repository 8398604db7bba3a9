/** Autoscalers when a Canary is deleted: KEDA on the target that takes over, and what is left. */
import { assert } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { recordOf } from '../../../src/core/json.ts'
import { routeToTarget, watchAutoscaler } from '../../../src/core/machine/rules/terminate.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { renderAutoscalers } from '../../../src/core/render/autoscalers.ts'
import { render } from '../../../src/core/render/render.ts'
import { after, posture, record, template } from '../given-objects.ts'
import { deleted, minute, now, terminating } from '../machine/given.ts'
import { hpa, scaled, scaledObject, sized } from './given.ts'
import { carrying, name, settled } from './pause.given.ts'

suite('KEDA on a target that has taken over from a deleted Canary', () => {
  const of = (
    spec: Readonly<Record<string, unknown>>,
    stage: 'routing' | 'resuming',
    carriedAt: number | null,
  ): Observation<'Terminating'> => {
    const o = settled(scaled(scaledObject(spec), { target: sized('web', 4), recorded: [record(template())] }), carrying)
    const state = terminating(stage, { promoted: record(template()).revision, carriedAt })
    return { ...o, canary: { ...deleted(), spec: o.canary.spec }, state }
  }
  const stageAfter = (o: Observation<'Terminating'>): unknown => recordOf(watchAutoscaler(o, now).state)['stage']

  test('takes no pod away for two minutes, where it could take all', () => {
    assert.equal(stageAfter(of({}, 'resuming', null)), 'resuming')
    assert.equal(watchAutoscaler(of({}, 'resuming', null), now).wakeAt, now + 2 * minute)
    assert.equal(stageAfter(of({}, 'resuming', now - 2 * minute + 1)), 'resuming')
    assert.equal(stageAfter(of({}, 'resuming', now - 2 * minute)), 'removing')
  })

  test('and the Canary stays until it is resumed', () => {
    const o = of({}, 'resuming', now)
    const last = after(o, render(o, false))
    assert.notInclude(
      render(last, false).map(({ ref }) => ref.kind),
      kinds.Canary,
    )
  })

  for (const [spec, stage] of [
    [{}, 'resuming'],
    [{ minReplicaCount: 1, idleReplicaCount: 0 }, 'resuming'],
    [{ minReplicaCount: 1 }, 'removing'],
  ] as const)
    test(`with ${JSON.stringify(spec)} the stage after the callers have moved is ${stage}`, () => {
      const o = of(spec, 'routing', now - minute)
      const moved = after(o, render(o, false))
      assert.equal(recordOf(routeToTarget({ ...moved, state: o.state }, now).state)['stage'], stage)
    })
})

suite('what is left of autoscalers when a Canary is deleted', () => {
  /** The writes of each pass, until there are none but the finalizer's. */
  function passes(o: Observation): string[][] {
    const writes = render(o, false)
    const said = writes.map(({ verb, ref }) => `${verb} ${ref.kind.kind} ${ref.name}`)
    if (writes.every(({ ref }) => ref.kind === kinds.Canary)) return [said]
    const next = after(o, writes)
    const scaler = next.live[name]
    const autoscalers = scaler === undefined ? o.surroundings.autoscalers : [scaler]
    return [said, ...passes({ ...next, surroundings: { ...o.surroundings, autoscalers } })]
  }

  for (const scaler of [hpa(), scaledObject()])
    test(`${scaler.kind}: the primary goes first, then its autoscaler, and the user's is given back`, () => {
      const o = settled(scaled(scaler), posture())
      const made = after(o, renderAutoscalers(o, posture()))
      const { autoscalerRef } = o.canary.spec
      const canary = deleted()
      const own = { ...canary, spec: { ...canary.spec, ...(autoscalerRef === undefined ? {} : { autoscalerRef }) } }
      const state = terminating('removing', { promoted: record(template()).revision })
      const [first = [], second = [], ...later] = passes({ ...made, canary: own, state, recorded: [] })
      assert.include(first, 'delete Deployment web-primary')
      assert.notInclude(first.join(), scaler.kind)
      const last = [`delete ${scaler.kind} web-primary`]
      assert.deepEqual(second, scaler.kind === 'ScaledObject' ? [...last, 'merge ScaledObject web'] : last)
      assert.deepEqual(later.at(-1), ['merge Canary web'])
    })
})
