import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { renderPrimary } from '../../../src/core/render/primary.ts'
import {
  after,
  canary,
  deployment,
  live,
  liveOne,
  noSurroundings,
  object,
  observation,
  only,
  posture,
  record,
  template,
  workload,
} from '../given-objects.ts'

/** The primary that an observation leads to. */
function made(o: Observation, wanted = posture()): KubeObject {
  return liveOne(after(o, renderPrimary(o, wanted)), kinds.Deployment, 'web-primary')
}

function changed(o: Observation, change: (primary: KubeObject) => KubeObject): Observation {
  const primary = change(liveOne(o, kinds.Deployment, 'web-primary'))
  return { ...o, primary: workload(primary), live: { ...o.live, ...live([kinds.Deployment, primary]) } }
}

const initialized = (o = observation()): Observation => after(o, renderPrimary(o, posture()))

/** Labels are not chosen yet: the spec says. */
const unchosen = { ...observation().memory, labels: null }

suite('the primary', () => {
  test('is created from the record, with the labels that tell it apart', () => {
    const o = observation({ target: workload(deployment('web', { template: template('web:2'), minReadySeconds: 5 })) })
    expect(only(renderPrimary(o, posture())).verb).to.equal('create')
    expect(made(o).spec).to.deep.equal({
      replicas: 2,
      selector: { matchLabels: { app: 'web', 'sluice.dev/role': 'primary' } },
      minReadySeconds: 5,
      template: template('web:1', { app: 'web', 'sluice.dev/role': 'primary' }),
    })
    expect(made(o).metadata.labels).to.deep.equal({ 'sluice.dev/canary': 'web' })
    expect(made(o).metadata.annotations?.['sluice.dev/revision']).to.equal(record(template()).revision)
    expect(made(o).metadata.ownerReferences).to.equal(undefined)
  })

  test('is not made of a template that was never recorded', () => {
    expect(renderPrimary(observation({ recorded: [] }), posture())).to.deep.equal([])
  })

  test('once made it is left alone', () => {
    expect(renderPrimary(initialized(), posture())).to.deep.equal([])
  })

  test('takes another template as a whole, guarded by its resourceVersion', () => {
    const next = record(template('web:2'))
    const before = initialized()
    const o = { ...before, recorded: [...before.recorded, next] }
    const write = only(renderPrimary(o, posture({ primary: next.revision })))
    expect(write).to.include({ verb: 'replace' })
    expect(at(write, 'object', 'metadata', 'resourceVersion')).to.equal('1')
    expect(at(write, 'object', 'spec', 'template')).to.deep.equal(
      template('web:2', { app: 'web', 'sluice.dev/role': 'primary' }),
    )
    const done = after(o, [write])
    expect(done.primary?.revision).to.equal(next.revision)
    expect(renderPrimary(done, posture({ primary: next.revision }))).to.deep.equal([])
  })

  test('an edit of its template is put right, and labels and annotations of others stay', () => {
    const o = changed(initialized(), primary => ({
      ...primary,
      metadata: { ...primary.metadata, annotations: { ...primary.metadata.annotations, 'cost.io/team': 'a' } },
      spec: {
        ...(primary.spec as object),
        template: template('web:hand', { app: 'web', 'sluice.dev/role': 'primary' }),
      },
    }))
    const put = made(o)
    expect(at(put.spec, 'template')).to.deep.equal(template('web:1', { app: 'web', 'sluice.dev/role': 'primary' }))
    expect(put.metadata.annotations?.['cost.io/team']).to.equal('a')
  })

  test('an env, or a container, that another manager added does not outlive the next look', () => {
    const labels = { app: 'web', 'sluice.dev/role': 'primary' }
    const own = { name: 'web', image: 'web:1', ports: [{ name: 'http', containerPort: 8080 }] }
    for (const containers of [[{ ...own, env: [{ name: 'A' }] }], [own, { name: 'more' }]]) {
      const o = changed(initialized(), primary => ({
        ...primary,
        spec: { ...(primary.spec as object), template: template('web:1', labels, { containers }) },
      }))
      expect(at(made(o).spec, 'template')).to.deep.equal(template('web:1', labels))
    }
  })

  test('a restart of the primary by hand and defaults of a newer server are no edits', () => {
    const o = changed(initialized(), primary => {
      const podTemplate = template('web:1', { app: 'web', 'sluice.dev/role': 'primary' }, { newDefault: true })
      const annotations = { 'kubectl.kubernetes.io/restartedAt': 'now' }
      const metadata = { ...(podTemplate['metadata'] as object), annotations }
      return { ...primary, spec: { ...(primary.spec as object), template: { ...podTemplate, metadata } } }
    })
    expect(renderPrimary(o, posture())).to.deep.equal([])
  })

  test('a selector that stands is kept, and its labels are on the pods', () => {
    const selector = { matchLabels: { app: 'web', old: 'yes', 'sluice.dev/role': 'primary' } }
    const o = changed(initialized(), primary => ({ ...primary, spec: { ...(primary.spec as object), selector } }))
    expect(at(made(o).spec, 'selector')).to.deep.equal(selector)
    expect(at(made(o).spec, 'template', 'metadata', 'labels')).to.deep.equal({
      app: 'web',
      old: 'yes',
      'sluice.dev/role': 'primary',
    })
  })

  test('runs as many pods as were desired, unless an autoscaler owns that', () => {
    const scaled = changed(initialized(), primary => ({
      ...primary,
      spec: { ...(primary.spec as object), replicas: 9 },
    }))
    expect(at(made(scaled).spec, 'replicas')).to.equal(2)
    const scaler = object(kinds.HorizontalPodAutoscaler, 'x', {
      spec: { scaleTargetRef: { kind: 'Deployment', name: 'web-primary' } },
    })
    expect(
      renderPrimary({ ...scaled, surroundings: { ...noSurroundings, autoscalers: [scaler] } }, posture()),
    ).to.deep.equal([])
  })

  test('is never scaled to 0, not even by a target that is at 0', () => {
    const o = observation({ target: workload(deployment('web', { replicas: 0 })) })
    const unknown = { ...o, memory: { ...o.memory, replicas: { ...o.memory.replicas, desired: null } } }
    expect(at(made(unknown).spec, 'replicas')).to.equal(1)
  })

  test('what finds or prunes by label or annotation does not find it', () => {
    const o = observation({
      target: workload(
        deployment(
          'web',
          {},
          {
            labels: {
              app: 'web',
              'app.kubernetes.io/instance': 'shop',
              'app.kubernetes.io/managed-by': 'Helm',
              'kustomize.toolkit.fluxcd.io/name': 'shop',
              'argocd.argoproj.io/instance': 'shop',
            },
            annotations: {
              team: 'a',
              'meta.helm.sh/release-name': 'shop',
              'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:shop/web',
              'kubectl.kubernetes.io/last-applied-configuration': '{}',
              'deployment.kubernetes.io/revision': '7',
              'sluice.dev/locked': 'true',
            },
          },
        ),
      ),
    })
    const { labels, annotations } = made(o).metadata
    expect(labels).to.deep.equal({ app: 'web', 'sluice.dev/canary': 'web' })
    expect(Object.keys(annotations ?? {})).to.have.members([
      'team',
      'sluice.dev/revision',
      'sluice.dev/rendered',
      'sluice.dev/replicas',
    ])
  })

  test('switch gives it a label value of its own, and scheduling terms follow', () => {
    const term = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' }
    const foreign = { labelSelector: { matchLabels: { app: 'db' } }, topologyKey: 'zone' }
    const podSpec = {
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term, foreign] } },
      topologySpreadConstraints: [
        {
          topologyKey: 'zone',
          labelSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'x'] }] },
        },
      ],
    }
    const spread = record(template('web:1', { app: 'web' }, podSpec))
    const o = observation({ canary: canary({ primary: { labels: 'switch' } }), recorded: [spread], memory: unchosen })
    const { affinity, topologySpreadConstraints } = at(
      made(o, posture({ primary: spread.revision })).spec,
      'template',
      'spec',
    ) as Record<string, unknown>
    expect(affinity).to.deep.equal({
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { ...term, labelSelector: { matchLabels: { app: 'web-primary' } } },
          foreign,
        ],
      },
    })
    expect(topologySpreadConstraints).to.deep.equal([
      {
        topologyKey: 'zone',
        labelSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web-primary', 'x'] }] },
      },
    ])
  })

  test('a Deployment of that name that is not ours is neither replaced nor deleted', () => {
    const foreign = deployment('web-primary')
    const o = observation({ live: live([kinds.Deployment, foreign]), primary: workload(foreign) })
    expect(renderPrimary(o, posture())).to.deep.equal([])
    expect(renderPrimary(o, posture({ remove: 'everything' }))).to.deep.equal([])
  })

  test('goes with the canary, by its uid', () => {
    const o = initialized()
    const write = only(renderPrimary(o, posture({ remove: 'everything' })))
    expect(write).to.deep.include({ verb: 'delete', uid: 'uid-web-primary' })
    expect(after(o, [write]).primary).to.equal(null)
  })

  test('belongs to the Canary only where that was asked for', () => {
    const o = observation()
    const owned = made({ ...o, settings: { ...o.settings, ownerReferences: true } })
    expect(owned.metadata.ownerReferences).to.deep.equal([
      { apiVersion: 'sluice.dev/v1beta1', kind: 'Canary', name: 'web', uid: 'uid-Canary-web', controller: true },
    ])
  })
})
