import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { recordedTemplates, renderRevisions } from '../../../src/core/render/revisions.ts'
import { revisionOf } from '../../../src/core/model/revision.ts'
import type { State } from '../../../src/core/model/state.ts'
import { run } from '../machine/given.ts'
import {
  after,
  deployment,
  liveOne,
  object,
  observation,
  only,
  posture,
  record,
  sha256,
  template,
  workload,
} from '../given-objects.ts'

const next = workload(deployment('web', { template: template('web:2') }))

suite('records of templates', () => {
  test('the present template is recorded under its revision, and read back as it was', () => {
    const o = observation({ target: next })
    const write = only(renderRevisions(o, posture({ record: next.revision })))
    expect(write.verb).to.equal('create')
    const done = after(o, [write])
    const stored = liveOne(done, kinds.ControllerRevision, `web-${next.revision.slice(3, 13)}`)
    expect(stored['revision']).to.equal(2)
    const read = only(recordedTemplates([stored], 'web'))
    expect([read.revision, read.template, read.configs]).to.deep.equal([next.revision, template('web:2'), {}])
    expect(
      renderRevisions({ ...o, recorded: [...o.recorded, read] }, posture({ record: next.revision })),
    ).to.deep.equal([])
  })

  test('a template that has changed again is not recorded under the earlier revision', () => {
    const stale = revisionOf(template('web:3'), {}, sha256)
    expect(renderRevisions(observation({ target: next }), posture({ record: stale }))).to.deep.equal([])
  })

  test('configuration is recorded and copied with it', () => {
    const configs = { 'configmaps/web': 'f'.repeat(64) }
    const target = { ...next, revision: revisionOf(template('web:2'), configs, sha256) }
    const o = observation({ target, configs })
    expect(
      renderRevisions(o, posture({ record: target.revision })).map(write => `${write.verb} ${write.ref.kind.kind}`),
    ).to.deep.equal(['create ControllerRevision', 'copy ConfigMap'])
  })

  test('promoted, previous, candidate, rejected and what the primary runs are kept; the rest is forgotten', () => {
    const records = ['1', '2', '3', '4', '5', '6'].map(version => record(template(`web:${version}`)))
    const [promoted, previous, candidate, rejected, running] = records.map(each => each.revision)
    const o = observation({ recorded: records })
    const state = run('advancing', { promoted: promoted ?? '', rejected: rejected ?? null, candidate: candidate ?? '' })
    const primary = { ...next, revision: running ?? '' }
    const kept = { ...o, state, primary, memory: { ...o.memory, previous: previous ?? null } }
    const gone = renderRevisions(kept, posture({ primary: promoted ?? '' })).map(
      write => `${write.verb} ${write.ref.name}`,
    )
    expect(gone).to.deep.equal([`delete ${records[5]?.object.metadata.name}`])
  })

  test('nothing is forgotten before it is known what is promoted', () => {
    const state = { phase: 'Initializing', stage: 'cloning', revision: null, carriedAt: null, waiting: null } as State
    const o = observation({ state, recorded: [record(template('web:9'))] })
    expect(renderRevisions(o, posture({ primary: null }))).to.deep.equal([])
  })

  test('all go with the canary', () => {
    const o = observation()
    expect(renderRevisions(o, posture({ remove: 'everything' })).map(write => write.verb)).to.deep.equal(['delete'])
  })

  test('what is no record of this canary is no record', () => {
    const stray = object(kinds.ControllerRevision, 'web-1', { data: { template: {} } })
    expect(recordedTemplates([stray, record(template()).object], 'other')).to.deep.equal([])
  })
})
