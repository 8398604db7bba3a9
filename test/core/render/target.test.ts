import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { renderTarget } from '../../../src/core/render/target.ts'
import {
  after,
  deployment,
  live,
  liveOne,
  observation,
  only,
  posture,
  record,
  template,
  workload,
} from '../given-objects.ts'

const marked = { annotations: { 'sluice.dev/locked': 'true', team: 'a' } }

function given(spec: object = {}, metadata: object = {}, ignoredManager: string | null = null): Observation {
  const web = deployment('web', { ...spec }, metadata)
  const o = observation({ target: workload(web), live: live([kinds.Deployment, web]) })
  return { ...o, memory: { ...o.memory, replicas: { ...o.memory.replicas, desired: 3, ignoredManager } } }
}

suite('the target', () => {
  test('rests at 0 between runs and runs what was desired in one', () => {
    expect(only(renderTarget(given(), posture()))).to.deep.include({
      verb: 'patch',
      resourceVersion: '1',
      operations: [{ op: 'add', path: '/spec/replicas', value: 0 }],
    })
    const o = given()
    expect(after(o, renderTarget(o, posture({ canaryPods: 'as desired' }))).target?.replicas).to.equal(3)
    expect(renderTarget(o, posture({ canaryPods: 'untouched' }))).to.deep.equal([])
  })

  test('is guarded by its generation, so that a new status of it is no conflict; without annotations by its version', () => {
    const written = { generation: 4, annotations: { team: 'a' } }
    expect(only(renderTarget(given({}, written), posture()))).to.deep.include({ generation: 4 })
    const bare = only(renderTarget(given({}, { generation: 4 }), posture()))
    expect(bare).to.include({ resourceVersion: '1' }).and.not.have.property('generation')
  })

  test('is left alone at rest by whom keeps scaling it, and still scaled in a run', () => {
    const o = given({}, {}, 'argocd')
    expect(renderTarget(o, posture())).to.deep.equal([])
    expect(after(o, renderTarget(o, posture({ canaryPods: 'as desired' }))).target?.replicas).to.equal(3)
  })

  test('is locked, marked and scaled in one write, once', () => {
    const o = given()
    const wanted = posture({ canaryPods: 'as desired', lock: true })
    const write = only(renderTarget(o, wanted))
    const locked = after(o, [write])
    expect([locked.target?.replicas, locked.target?.paused]).to.deep.equal([3, true])
    expect(locked.target?.object.metadata.annotations).to.deep.equal({ 'sluice.dev/locked': 'true' })
    expect(renderTarget(locked, wanted)).to.deep.equal([])
  })

  test('a lock that somebody lifted is put back', () => {
    const o = given({ replicas: 3 }, marked)
    expect(after(o, renderTarget(o, posture({ canaryPods: 'as desired', lock: true }))).target?.paused).to.equal(true)
  })

  test('our lock is lifted with its mark and nothing else', () => {
    const o = given({ replicas: 0, paused: true }, marked)
    const done = after(o, renderTarget(o, posture()))
    expect([done.target?.paused, done.target?.object.metadata.annotations]).to.deep.equal([false, { team: 'a' }])
    expect(renderTarget(done, posture())).to.deep.equal([])
  })

  test('a pause of the user is neither claimed nor lifted', () => {
    const o = given({ replicas: 0, paused: true })
    expect(renderTarget(o, posture())).to.deep.equal([])
    expect(renderTarget(o, posture({ canaryPods: 'none', lock: true }))).to.deep.equal([])
  })

  test('a deleted canary sets it to the promoted template, unlocked and with its replicas', () => {
    const promoted = record(template('web:1'))
    const o = given({ template: template('web:2'), replicas: 0, paused: true, minReadySeconds: 7 }, marked)
    const wanted = posture({ target: promoted.revision, canaryPods: 'as desired' })
    const write = only(renderTarget({ ...o, recorded: [promoted] }, wanted))
    expect(write).to.deep.include({ verb: 'patch', resourceVersion: '1' })
    const done = after({ ...o, recorded: [promoted] }, [write])
    expect(liveOne(done, kinds.Deployment, 'web').spec).to.deep.equal({
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: template('web:1'),
      minReadySeconds: 7,
    })
    expect(done.target?.object.metadata.annotations).to.deep.equal({ team: 'a' })
    expect(renderTarget(done, wanted)).to.deep.equal([])
  })

  test('with the promoted template on it, it is only scaled and unlocked', () => {
    const promoted = record(template('web:1'), { 'configmaps/a': 'other' })
    const o = { ...given({ replicas: 0 }), recorded: [promoted] }
    const write = only(renderTarget(o, posture({ target: promoted.revision, canaryPods: 'as desired' })))
    expect(write).to.deep.include({ operations: [{ op: 'add', path: '/spec/replicas', value: 3 }] })
  })

  test('one that is being deleted, or gone, is not written', () => {
    const dying = given({}, { deletionTimestamp: '2026-01-01T00:00:00Z' })
    expect(renderTarget(dying, posture())).to.deep.equal([])
    expect(renderTarget({ ...dying, target: null }, posture())).to.deep.equal([])
  })
})
