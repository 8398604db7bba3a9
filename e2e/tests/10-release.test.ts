/** The main job: a good release goes up, a bad one comes back, and callers notice nothing but the new version. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { Controller } from '../fixtures/controller.ts'
import { expectNoFailure, expectShares } from '../fixtures/expect.ts'
import type { Load } from '../fixtures/load.ts'
import { Shop } from '../fixtures/shop.ts'
import type { Timeline } from '../fixtures/timeline.ts'
import { type Lab, lab } from '../lab/lab.ts'
import { sleep, waitFor } from '../lab/wait.ts'

suite('A release', () => {
  let world: Lab
  let controller: Controller
  let shop: Shop
  let timeline: Timeline
  let client: Load
  let gateway: Load

  suiteSetup(async () => {
    world = await lab()
    controller = await Controller.start(world)
    shop = await Shop.open(world, 'release')
    await shop.deployWeb({ version: 'v1' })
    await shop.reachable('client')
  })
  suiteTeardown(async () => {
    await shop.close()
    await controller.close()
  })

  test('taking over a Deployment that serves loses no request', async () => {
    client = shop.load('client', { rate: 150 })
    timeline = shop.timeline()
    await sleep(300)
    await shop.apply(shop.canary({ analysis: { interval: '3s' } }))
    await timeline.untilPhase('Initialized', 60)
    await shop.reachable('gateway')
    gateway = shop.load('gateway', { rate: 150 })
    await waitFor('the pods of the target have ended', 30, async () => (await shop.webPods('target')).length === 0)
    const since = Date.now()
    await sleep(500)
    expect(new Set(client.between(since).map(({ pod }) => pod.slice(0, 12)))).to.deep.equal(new Set(['web-primary-']))
    expectNoFailure(client, gateway)
  })

  test('a good revision climbs 10, 25, 50, 100, each weight as callers see it, and is promoted', async () => {
    const since = await shop.setImage('v2')
    await timeline.untilPhase('Succeeded', 90, since)

    expect(timeline.weights(since)).to.deep.equal([10, 25, 50, 100, 0])
    expectShares(timeline, 'v2', since, client, gateway)
    const now = Date.now()
    await sleep(500)
    expect(client.versions(now)).to.have.all.keys('v2')
    expect(gateway.versions(now)).to.have.all.keys('v2')
    expectNoFailure(client, gateway)

    const canary = await shop.get(kinds.Canary, 'web')
    expect(canary?.['status']).to.deep.include({ phase: 'Succeeded', canaryWeight: 0, failedChecks: 0 })
    expect(JSON.stringify(await shop.get(kinds.Deployment, 'web-primary'))).to.include('web:v2')
    await waitFor('the pods of the target have ended', 20, async () => (await shop.webPods('target')).length === 0)
    await shop.kubectl('wait', 'canaries.sluice.dev/web', '--for=condition=promoted', '--timeout=5s')
  })

  test('a revision that fails requests is taken back, with a sentence that names metric, value and limit', async () => {
    await shop.behave('v3', { errorRate: 0.3 })
    const since = await shop.setImage('v3')
    const failed = await timeline.untilPhase('Failed', 60, since)
    expect(failed.message).to.match(/request-success-rate [\d.]+ % is below 99 %/)
    const zero = await timeline.untilWeight(0, 5, since)

    expect(timeline.weights(since)[0]).to.equal(10)
    expect(Math.max(...timeline.weights(since)), 'highest weight').to.be.at.most(25)
    expect(timeline.weights(since).at(-1)).to.equal(0)
    const returned = await timeline.untilReached(zero, 'client')
    await waitFor('a hundred answers came after it', 10, () => client.between(returned).length >= 100)
    expect(client.versions(returned)).to.have.all.keys('v2')
    const failures = [...client.failures(since), ...gateway.failures(since)]
    expect(failures.filter(({ version }) => version !== 'v3')).to.deep.equal([])
    await waitFor('the pods of the target have ended', 20, async () => (await shop.webPods('target')).length === 0)
  })

  test('a revision that is slow is taken back, with a sentence that names metric, value and limit', async () => {
    await shop.behave('v4', { delayMs: 900 })
    const since = await shop.setImage('v4')
    const failed = await timeline.untilPhase('Failed', 60, since)
    expect(failed.message).to.match(/request-duration p99 [\d.]+ ms is above 500 ms/)
    await timeline.untilWeight(0, 5, since)

    expect(Math.max(...timeline.weights(since)), 'highest weight').to.be.at.most(25)
    expect(timeline.weights(since).at(-1)).to.equal(0)
    // Slow is not lost: even the requests in flight at the rollback are answered.
    await sleep(1500)
    for (const load of [client, gateway]) expect(load.failures(since)).to.deep.equal([])
  })
})
