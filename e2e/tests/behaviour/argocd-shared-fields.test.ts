/**
 * Fields that Git and Sluice both want, with the YAML of docs/argo-cd.md in the Application: a release goes on, the Application stays
 * Synced, and the price is as the page says.
 */
import { expect } from 'chai'
import { parse } from 'yaml'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { at, recordOf, recordsOf, textOf } from '../../../src/core/json.ts'
import { blocks, read } from '../../../test/docs/pages.ts'
import { Delivered, isComparedSince } from '../../fixtures/application.ts'
import { expectNoFailure } from '../../fixtures/expect.ts'
import { Shop } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import { hasArgoCd, withArgoCd } from '../../lab/argocd.ts'
import { gatewayName } from '../../lab/edge.ts'
import { sleep, waitFor } from '../../lab/wait.ts'

/** `spec` of the one block that tells Argo CD to ignore differences of this kind. */
function shown(kind: string): Record<string, unknown> {
  const found = blocks(read('docs/argo-cd.md'), 'yaml')
    .map(block => recordOf(at(parse(block), 'spec')))
    .filter(spec => recordsOf(spec['ignoreDifferences']).some(one => one['kind'] === kind))
  if (found.length !== 1) throw new Error(`docs/argo-cd.md ignores differences of ${kind} in ${found.length} blocks`)
  return found[0] ?? {}
}

const quick = { analysis: { stepWeights: [50, 100] } }

/** How often the Application was OutOfSync of a commit that it had applied, while `during` runs. */
async function driftWhile(app: Delivered, during: () => Promise<void>): Promise<string[]> {
  const drift: string[] = []
  const over = new AbortController()
  const watching = (async () => {
    while (!over.signal.aborted) {
      const status = await app.status()
      const of = recordsOf(status['resources']).filter(one => one['status'] === 'OutOfSync')
      const applied = textOf(at(status, 'operationState', 'syncResult', 'revision'))
      const isCompared = textOf(at(status, 'sync', 'revision')) === applied
      if (isCompared && isComparedSince(status))
        drift.push(...of.map(one => `${textOf(one['kind'])} ${textOf(one['name'])}`))
      await sleep(500)
    }
  })()
  // A read that fails is a failure at once.
  await Promise.all([during().finally(() => over.abort()), watching])
  return [...new Set(drift)]
}

/** A release of v2 under load, from Git. @param objects what Git has at a version. */
async function releases(
  shop: Shop,
  app: Delivered,
  more: Record<string, unknown>,
  objects: (version: string) => KubeObject[],
): Promise<void> {
  await app.push(...objects('v1'))
  await app.create(more)
  const timeline = shop.timeline({
    virtualService: objects('v1').some(one => one.kind === 'VirtualService') ? 'storefront' : 'web',
  })
  await timeline.untilPhase('Initialized', 120)
  await shop.reachable('client')
  const load = shop.load('client', { rate: 40 })
  await app.untilSynced()
  const drift = await driftWhile(app, async () => {
    const since = await app.push(...objects('v2'))
    await timeline.untilPhase('Succeeded', 120, since)
    expect(timeline.weights(since)).to.deep.equal([50, 100, 0])
    await app.untilSynced()
  })
  expect(drift).to.deep.equal([])
  const reasons = recordsOf(at(await shop.get(kinds.Canary, 'web'), 'status', 'conditions')).map(one => one['reason'])
  expect(reasons).to.not.include.members(['ReplicasPutBack']).and.to.not.include.members(['Contested'])
  expectNoFailure(load)
}

const inGit = (object: KubeObject): KubeObject => {
  const { replicas: _, ...spec } = recordOf(object['spec'])
  return { ...object, spec }
}

const replicasInGit = async (shop: Shop, app: Delivered): Promise<void> => {
  const objects =
    (replicas: number) =>
    (version: string): KubeObject[] => [shop.deployment({ version, replicas }), shop.service(), shop.canary(quick)]
  await releases(shop, app, shown('Deployment'), objects(2))
  const replicas = async (name: string): Promise<unknown> =>
    at(await shop.get(kinds.Deployment, name), 'spec', 'replicas')
  expect(await replicas('web')).to.equal(0)
  // The price: a number that changes in Git is not applied, and Argo CD says nothing of it.
  await app.push(...objects(3)('v2'))
  expect([await replicas('web'), await replicas('web-primary')]).to.deep.equal([0, 2])
}

const weightsInGit = async (shop: Shop, app: Delivered): Promise<void> => {
  const storefront = (timeout: string): KubeObject => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'storefront', namespace: shop.namespace },
    spec: {
      hosts: [shop.hostAtGateway, shop.hostInMesh('web')],
      gateways: [gatewayName, 'mesh'],
      http: [{ name: 'main', timeout, route: [{ destination: { host: 'web' }, weight: 100 }] }],
    },
  })
  const { gateways: _, hosts: __, ...service } = recordOf(at(shop.canary(), 'spec', 'service'))
  const canary = shop.canary(quick)
  const listed = { ...service, virtualServices: [{ name: 'storefront' }] }
  const objects =
    (timeout: string) =>
    (version: string): KubeObject[] => [
      inGit(shop.deployment({ version })),
      shop.service(),
      storefront(timeout),
      { ...canary, spec: { ...recordOf(canary['spec']), service: listed } },
    ]
  await releases(shop, app, shown('VirtualService'), objects('8s'))
  // The price: a timeout that changes in Git never arrives, and the Application stays OutOfSync.
  await app.push(...objects('9s')('v2'))
  expect(await app.verdict()).to.equal('OutOfSync')
  const live = await shop.get(kinds.VirtualService, 'storefront')
  expect(recordsOf(at(live, 'spec', 'http'))[0]?.['timeout']).to.equal('8s')
}

const serverSideApply = async (shop: Shop, app: Delivered): Promise<void> => {
  const objects =
    (selector: Record<string, string>) =>
    (version: string): KubeObject[] => [
      inGit(shop.deployment({ version, labels: { tier: 'front' } })),
      shop.service({ selector }),
      shop.canary(quick),
    ]
  await releases(shop, app, shown('Service'), objects({ app: 'web' }))
  const selector = async (): Promise<unknown> => at(await shop.get(kinds.Service, 'web'), 'spec', 'selector')
  const before = await selector()
  expect(before).to.include({ 'sluice.dev/role': 'primary' })
  // The price: a selector that changes in Git is not applied.
  await app.push(...objects({ app: 'web', tier: 'front' })('v2'))
  expect(await selector()).to.deep.equal(before)
}

const contested = async (shop: Shop, app: Delivered): Promise<void> => {
  await app.push(inGit(shop.deployment()), shop.service(), shop.canary(quick))
  await app.create({
    syncPolicy: { automated: { selfHeal: true, prune: true }, syncOptions: ['ServerSideApply=true'] },
  })
  await waitFor('Sluice has put the key back twice', 120, async () => {
    const events = (await shop.lab.api.list(kinds.Event, shop.namespace)).filter(
      one => one['reason'] === 'EditReverted',
    )
    return events.filter(one => textOf(one['message']).includes('argocd-controller changed Service web')).length > 1
  })
}

suite('Fields that Git and Sluice share, with Argo CD', () => {
  const within = (topic: string, run: (shop: Shop, app: Delivered) => Promise<void>) => async (lab: Shop['lab']) =>
    Shop.within(lab, topic, async shop => {
      await withArgoCd(lab)
      const app = new Delivered(lab, shop.namespace)
      try {
        await run(shop, app)
      } finally {
        await app.remove()
      }
    })

  if (!hasArgoCd) return
  together([
    {
      name: 'replicas in Git that are ignored: a release stays Synced, and a number that changes is not applied',
      run: within('argo-replicas', replicasInGit),
    },
    {
      name: "weights of the user's routes in Git that are ignored: a release stays Synced, and a timeout that changes never arrives",
      run: within('argo-weights', weightsInGit),
    },
    {
      name: 'server-side apply takes the key of Sluice out of the selector, and Sluice puts it back',
      run: within('argo-contested', contested),
    },
    {
      name: 'server-side apply with the selector ignored: a release stays Synced, and a selector that changes is not applied',
      run: within('argo-apply', serverSideApply),
    },
  ])
})
