/** The guides of docs/, word for word and in their order, under load: what each of them leads to, and no request that is lost on the way. */
import { expect } from 'chai'
import { join } from 'node:path'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { at, recordOf, recordsOf } from '../../../src/core/json.ts'
import { expectNoFailure } from '../../fixtures/expect.ts'
import { Shop } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import { Walkthrough } from '../../fixtures/walkthrough.ts'
import { gatewayName } from '../../lab/edge.ts'
import { takingOver, withInjector } from '../../lab/injector.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

/** The shop in the mesh by injection, and the page with its names in place of the example's. */
async function guideOf(shop: Shop, page: string): Promise<Walkthrough> {
  const { lab, namespace } = shop
  await withInjector(lab)
  await lab.kubectl.run('label', 'namespace', namespace, 'istio-injection=enabled')
  await lab.kubectl.apply([takingOver(namespace, 9898)])
  const own = {
    'namespace: shop': `namespace: ${namespace}`,
    '-n shop': `-n ${namespace}`,
    'web.shop.svc': `web.${namespace}.svc`,
    'shop.example.com': shop.hostAtGateway,
    'infra/public': gatewayName,
  }
  return new Walkthrough(lab, `docs/${page}`, join(lab.dir, 'guides', namespace), own)
}

const canary = async (shop: Shop): Promise<Record<string, unknown>> =>
  recordOf((await shop.get(kinds.Canary, 'web'))?.['status'])
const outcomes = async (shop: Shop): Promise<unknown[]> => {
  const history = (await canary(shop))['history'] as { outcome: string }[]
  return history.map(({ outcome }) => outcome)
}
/** The definition of a Rollout, as far as kubectl needs it. */
const rollouts = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'rollouts.argoproj.io' },
  spec: {
    group: 'argoproj.io',
    scope: 'Namespaced',
    names: { kind: 'Rollout', plural: 'rollouts', singular: 'rollout' },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
}

/** Where its controller is installed; it is played, and does nothing. */
const itsController = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'argo-rollouts' } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'argo-rollouts', namespace: 'argo-rollouts' },
    spec: {
      selector: { matchLabels: { 'app.kubernetes.io/name': 'argo-rollouts' } },
      template: {
        metadata: { labels: { 'app.kubernetes.io/name': 'argo-rollouts' } },
        spec: { containers: [{ name: 'argo-rollouts', image: 'quay.io/argoproj/argo-rollouts' }] },
      },
    },
  },
]

/**
 * What Argo Rollouts 1.9 makes of a Rollout at rest: a ReplicaSet whose pods have a hash, which is in the selectors of both Services.
 * https://github.com/argoproj/argo-rollouts/blob/master/service/service.go, utils/replicaset/canary.go
 */
async function playArgoRollouts(shop: Shop): Promise<void> {
  const rollout = JSON.parse(await shop.kubectl('get', 'rollouts.argoproj.io/web', '-o', 'json')) as KubeObject
  const { uid = '' } = rollout.metadata
  const hash = { 'rollouts-pod-template-hash': '5d8f7c9b6d' }
  const template = recordOf(at(rollout, 'spec', 'template'))
  const labels = { app: 'web', ...hash }
  const owner = { apiVersion: rollout.apiVersion, kind: 'Rollout', name: 'web', uid, controller: true }
  await shop.apply({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web-5d8f7c9b6d', labels, ownerReferences: [owner] },
    spec: { replicas: 2, selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } },
  })
  for (const name of ['web', 'web-canary']) {
    await shop.kubectl('annotate', 'service', name, 'argo-rollouts.argoproj.io/managed-by-rollouts=web')
    await shop.kubectl('patch', 'service', name, '--type=merge', '-p', JSON.stringify({ spec: { selector: hash } }))
  }
  await shop.kubectl('patch', 'rollouts.argoproj.io/web', '--type=merge', '-p', '{"status":{"phase":"Healthy"}}')
}

const fromArgoRollouts = async (shop: Shop): Promise<void> => {
  const guide = await guideOf(shop, 'from-argo-rollouts.md')
  await shop.lab.kubectl.apply([rollouts, ...itsController])
  await shop.lab.kubectl.run('wait', '--for=condition=Established', 'crd/rollouts.argoproj.io', timeoutOf(30))
  const loads = (['client', 'gateway'] as const).map(via => () => shop.load(via, { rate: 30 }))
  let started: ReturnType<(typeof loads)[number]>[] = []
  await guide.follow({
    '# before.yaml': async () => {
      await shop.kubectl('apply', '-f', join(shop.lab.dir, 'guides', shop.namespace, 'before.yaml'))
      await playArgoRollouts(shop)
      await Promise.all([shop.reachable('client', 60), shop.reachable('gateway', 60)])
      started = loads.map(load => load())
    },
  })
  expect(await outcomes(shop)).to.include('Succeeded')
  expectNoFailure(...started)
  const primary = await shop.get(kinds.Deployment, 'web-primary')
  expect(JSON.stringify(primary?.['spec'])).to.include('podinfo:6.0.1')
}

const fromVirtualService = async (shop: Shop): Promise<void> => {
  const guide = await guideOf(shop, 'from-a-virtualservice.md')
  let loads: ReturnType<Shop['load']>[] = []
  const printed = await guide.follow({
    '# before.yaml': async () => {
      await shop.kubectl('apply', '-f', join(shop.lab.dir, 'guides', shop.namespace, 'before.yaml'))
      await shop.kubectl('rollout', 'status', 'deployment/web', timeoutOf(60))
      await Promise.all([shop.reachable('client'), shop.reachable('gateway')])
      loads = [shop.load('client', { rate: 30 }), shop.load('gateway', { rate: 30, path: '/status/200' })]
    },
    'status web': async () => {
      expect(await outcomes(shop)).to.include('Succeeded')
      const routes = recordsOf(at(await shop.get(kinds.VirtualService, 'storefront'), 'spec', 'http'))
      expect(routes.map(({ name, timeout }) => [name, timeout])).to.deep.equal([
        ['status', '20s'],
        ['main', undefined],
      ])
      const destinations = routes.flatMap(({ route }) => recordsOf(route).map(({ destination }) => destination))
      expect(destinations).to.deep.equal([{ host: 'web' }, { host: 'web' }])
    },
  })
  const selectors = printed.flatMap(text => /\{"app":[^}]*\}/.exec(text) ?? [])
  expect(selectors).to.deep.equal(['{"app":"web","sluice.dev/role":"primary"}', '{"app":"web"}'])
  await waitFor('the primary is gone', 60, async () => !(await shop.get(kinds.Deployment, 'web-primary')))
  expectNoFailure(...loads)
}

const checklist = async (shop: Shop): Promise<void> => {
  const guide = await guideOf(shop, 'zero-downtime.md')
  let load: ReturnType<Shop['load']> | undefined
  const printed = await guide.follow({
    'rollout status': async () => {
      await shop.reachable('client')
      load = shop.load('client', { rate: 40 })
    },
  })
  expect(await outcomes(shop)).to.include.members(['Succeeded', 'Failed'])
  const said = printed.join('\n')
  expect(said).to.include('"sleep":{"seconds":5}').and.to.match(/^0 2$/m)
  // Answers of the version that errs are 500, and not lost.
  const lost = load?.failures().filter(({ status }) => status !== 500)
  expect(lost).to.deep.equal([])
}

suite('The guides', () => {
  together([
    {
      name: 'from Argo Rollouts: the steps of the page move a Rollout to a Canary, and no request is lost',
      run: async lab => Shop.within(lab, 'from-argo', fromArgoRollouts),
    },
    {
      name: 'from a VirtualService of your own: there, a release, and back, and no request is lost',
      run: async lab => Shop.within(lab, 'from-vs', fromVirtualService),
    },
    {
      name: 'the zero-downtime checklist: its commands show what it asks for, and its rehearsal loses no request',
      run: async lab => Shop.within(lab, 'checklist', checklist),
    },
  ])
})
