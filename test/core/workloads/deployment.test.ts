import { expect } from 'chai'
import type { KubeObject } from '../../../src/api/object.ts'
import { revisionOf, templateOf } from '../../../src/core/model/revision.ts'
import { deployment as workloadKind } from '../../../src/core/workloads/deployment.ts'
import { deployment, replicaSet, sha256, template } from '../given-objects.ts'

const read = (of: KubeObject, sets: readonly KubeObject[], readyPercent = 100) =>
  workloadKind.read(of, sets, { configs: {}, readyPercent, sha256 })

const said = (of: KubeObject, sets: readonly KubeObject[], readyPercent = 100) => {
  const { readiness, message } = read(of, sets, readyPercent)
  return [readiness, message]
}

const exceeded = {
  conditions: [
    { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' },
    { type: 'ReplicaFailure', status: 'True', message: 'pods "web-1" is forbidden: exceeded quota: cpu' },
  ],
}

suite('reading a Deployment', () => {
  test('it is ready when every desired pod of its template is available and no other runs', () => {
    const web = deployment('web', {}, {}, { replicas: 2, readyReplicas: 2 })
    const set = replicaSet(web, 2)
    const seen = read(web, [set])
    expect([seen.readiness, seen.message, seen.ready, seen.running]).to.deep.equal([
      'ready',
      '2 of 2 pods available',
      2,
      2,
    ])
    const own = templateOf(revisionOf(template(), {}, sha256))
    expect(seen.pods).to.deep.equal({
      [own]: { hash: set.metadata.labels?.['pod-template-hash'], replicas: 2, ready: 2 },
    })
  })

  test('pods of an earlier template keep it from being ready', () => {
    const web = deployment('web')
    const sets = [replicaSet(web, 2), replicaSet(web, 2, template('web:0'))]
    expect(said(web, sets)).to.deep.equal(['progressing', '2 pods of an earlier revision are still running'])
    expect(Object.keys(read(web, sets).pods)).to.have.lengthOf(2)
  })

  test('pods that the Deployment counts and no ReplicaSet shows yet are of an earlier template', () => {
    const web = deployment('web', {}, {}, { replicas: 3 })
    expect(said(web, [replicaSet(web, 2)])).to.deep.equal([
      'progressing',
      '1 pod of an earlier revision is still running',
    ])
  })

  test('a share of the desired pods is enough when the canary says so', () => {
    const web = deployment('web', { replicas: 3 })
    expect(said(web, [replicaSet(web, 2)], 50)).to.deep.equal(['ready', '2 of 3 pods available'])
    expect(said(web, [replicaSet(web, 1)], 50)).to.deep.equal(['progressing', '1 of 3 pods available'])
  })

  test('a change that the Deployment controller has not seen yet makes it unready', () => {
    const web = deployment('web', {}, { generation: 2 })
    expect(said(web, [replicaSet(web, 2)])).to.deep.equal([
      'pending',
      'the Deployment controller has not observed its latest change (generation 2, observed 1)',
    ])
  })

  test('one that is scaled to 0 is never ready: it could carry nothing', () => {
    expect(said(deployment('web', { replicas: 0 }), [])).to.deep.equal(['progressing', 'it is scaled to 0'])
  })

  test('a rollout that made no progress in time is stuck, with the reason that its pods have', () => {
    const web = deployment('web', { progressDeadlineSeconds: 60 }, {}, exceeded)
    expect(said(web, [replicaSet(web, 1)])).to.deep.equal([
      'stuck',
      '1 of 2 pods available; no progress within its progressDeadlineSeconds (60); pods "web-1" is forbidden: exceeded quota: cpu',
    ])
  })

  test('enough pods are enough, whatever an old condition says', () => {
    const web = deployment('web', {}, {}, exceeded)
    expect(said(web, [replicaSet(web, 1)], 50)[0]).to.equal('ready')
  })

  test('a paused one whose template was changed waits, and has no pods of it', () => {
    const web = deployment('web', { paused: true, template: template('web:2') }, {}, { replicas: 2 })
    const seen = read(web, [replicaSet(web, 2, template('web:1'))])
    expect([seen.paused, seen.readiness, seen.message]).to.deep.equal([
      true,
      'progressing',
      '0 of 2 pods available; its rollout is paused',
    ])
    expect(seen.pods[templateOf(seen.revision)]).to.equal(undefined)
  })

  test('ReplicaSets of other workloads are not its own', () => {
    const web = deployment('web')
    expect(read(web, [replicaSet(deployment('other'), 2)]).running).to.equal(0)
  })

  test('a primary is of the revision that stands on it, and so are its pods', () => {
    const metadata = { labels: { 'sluice.dev/canary': 'web' }, annotations: { 'sluice.dev/revision': 'h1:abc+def' } }
    const primary = deployment('web-primary', {}, metadata)
    const seen = read(primary, [replicaSet(primary, 2)])
    expect(seen.revision).to.equal('h1:abc+def')
    expect(seen.pods['h1:abc']?.ready).to.equal(2)
  })

  test('the annotation of a primary says nothing on a Deployment of the user', () => {
    const web = deployment('web', {}, { annotations: { 'sluice.dev/revision': 'h1:abc' } })
    expect(read(web, []).revision).to.equal(revisionOf(template(), {}, sha256))
  })

  test('who wrote replicas last is read from the managed fields, in doubt somebody else', () => {
    const wrote = (manager: string, time: string) => ({ manager, time, fieldsV1: { 'f:spec': { 'f:replicas': {} } } })
    const by = (...managedFields: object[]) => read(deployment('web', {}, { managedFields }), []).replicasBy
    const [early, late] = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:09Z']
    expect(by()).to.equal('')
    expect(by(wrote('sluice', late), wrote('argocd', early))).to.equal('sluice')
    expect(by(wrote('sluice', late), wrote('argocd', late))).to.equal('argocd')
    expect(by({ manager: 'x', time: late, fieldsV1: { 'f:spec': { 'f:template': {} } } })).to.equal('')
  })
})

suite('a rollout that may take all old pods first', () => {
  const rolling = (maxSurge?: number | string, maxUnavailable?: number | string): object => ({
    type: 'RollingUpdate',
    rollingUpdate: { maxSurge, maxUnavailable },
  })
  const rows: readonly (readonly [string, object | undefined, number, boolean])[] = [
    ['the default of Kubernetes, one pod', undefined, 1, false],
    ['Recreate', { type: 'Recreate' }, 4, true],
    ['no surge, one pod at a time of one', rolling(0, 1), 1, true],
    ['no surge, one pod at a time of four', rolling(0, 1), 4, true],
    ['no surge and a share of one pod that rounds to none, which is one', rolling(0, '25%'), 1, true],
    ['a surge of 0 %', rolling('0%', '50%'), 4, true],
    ['a surge of 1 %, which rounds up to one', rolling('1%', 0), 4, false],
    ['everything unavailable', rolling(1, '100%'), 4, true],
    ['as many unavailable as there are', rolling(1, 2), 2, true],
    ['99 % of one pod unavailable, which rounds to none', rolling('25%', '99%'), 1, false],
    ['half unavailable', rolling(1, '50%'), 2, false],
  ]
  for (const [name, strategy, replicas, expected] of rows) {
    test(`${name}: ${expected ? 'may' : 'may not'}`, () => {
      expect(workloadKind.surgeless(deployment('web', { strategy }), replicas)).to.equal(expected)
    })
  }
})
