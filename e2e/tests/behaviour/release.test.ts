/** The main job: a good release goes up, a bad one comes back, and callers notice nothing but the new version. */
import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import type { CanaryStatus } from '../../../src/api/status.ts'
import { expectNoFailure, expectShares } from '../../fixtures/expect.ts'
import { explain } from '../../fixtures/explain.ts'
import { dashboardResults } from '../../fixtures/dashboard-results.ts'
import { checkMetrics, panelsWithData, testRules } from '../../fixtures/monitoring.ts'
import type { Load } from '../../fixtures/load.ts'
import { Shop } from '../../fixtures/shop.ts'
import type { Timeline } from '../../fixtures/timeline.ts'
import { together } from '../../fixtures/together.ts'
import type { Lab } from '../../lab/lab.ts'
import { sleep, timeoutOf, waitFor } from '../../lab/wait.ts'

suite('A release', () => {
  let shop: Shop
  let timeline: Timeline
  let client: Load
  let gateway: Load
  /** When the last release had just ended. */
  let ended: number

  const takeOver = async (lab: Lab): Promise<void> => {
    shop = await Shop.open(lab, 'release')
    await shop.deployWeb({ version: 'v1' })
    await shop.reachable('client')
    client = shop.load('client', { rate: 150 })
    timeline = shop.timeline()
    await sleep(300)
    await shop.apply(shop.canary({ analysis: { interval: '3s' } }))
    await timeline.untilPhase('Initialized', 60)
    await shop.reachable('gateway')
    gateway = shop.load('gateway', { rate: 150 })
    await waitFor('the pods of the target have ended', 30, async () => (await shop.webPods('target')).length === 0)
    const since = Date.now()
    await client.answered(50, since)
    expect(new Set(client.between(since).map(({ pod }) => pod.slice(0, 12)))).to.deep.equal(new Set(['web-primary-']))
    expectNoFailure(client, gateway)
  }

  const good = async (): Promise<void> => {
    const since = await shop.setImage('v2')
    await timeline.untilPhase('Succeeded', 90, since)

    expect(timeline.weights(since)).to.deep.equal([10, 25, 50, 100, 0])
    expectShares(timeline, 'v2', since, client, gateway)
    const now = Date.now()
    await Promise.all([client.answered(50, now), gateway.answered(50, now)])
    expect(client.versions(now)).to.have.all.keys('v2')
    expect(gateway.versions(now)).to.have.all.keys('v2')
    expectNoFailure(client, gateway)

    const canary = await shop.get(kinds.Canary, 'web')
    expect(canary?.['status']).to.deep.include({ phase: 'Succeeded', canaryWeight: 0, failedChecks: 0 })
    expect(JSON.stringify(await shop.get(kinds.Deployment, 'web-primary'))).to.include('web:v2')
    await waitFor('the pods of the target have ended', 20, async () => (await shop.webPods('target')).length === 0)
    await shop.kubectl('wait', 'canaries.sluice.dev/web', '--for=condition=promoted', timeoutOf(30))
  }

  const failing = async (): Promise<void> => {
    await shop.behave('v3', { errorRate: 0.3 })
    const since = await shop.setImage('v3')
    const failed = await timeline.untilPhase('Failed', 60, since)
    expect(failed.message).to.match(/request-success-rate [\d.]+ % is below 99 %/)
    const zero = await timeline.untilWeight(0, 20, since)

    expect(timeline.weights(since)[0]).to.equal(10)
    expect(Math.max(...timeline.weights(since)), 'highest weight').to.be.at.most(25)
    expect(timeline.weights(since).at(-1)).to.equal(0)
    const returned = await timeline.untilReached(zero, 'client')
    await waitFor('a hundred answers came after it', 10, () => client.between(returned).length >= 100)
    expect(client.versions(returned)).to.have.all.keys('v2')
    const failures = [...client.failures(since), ...gateway.failures(since)]
    expect(failures.filter(({ version }) => version !== 'v3')).to.deep.equal([])
    await waitFor('the pods of the target have ended', 20, async () => (await shop.webPods('target')).length === 0)
  }

  const slow = async (): Promise<void> => {
    const metrics = [
      { name: 'request-success-rate', thresholdRange: { min: 99 }, interval: '10s' },
      { name: 'request-duration', thresholdRange: { max: 1500 }, interval: '10s' },
    ]
    await shop.apply(shop.canary({ analysis: { interval: '3s', metrics } }))
    await shop.behave('v4', { delayMs: 2300 })
    const since = await shop.setImage('v4')
    const failed = await timeline.untilPhase('Failed', 60, since)
    expect(failed.message).to.match(/request-duration p99 [\d.]+ ms is above 1500 ms/)
    await timeline.untilWeight(0, 20, since)

    expect(Math.max(...timeline.weights(since)), 'highest weight').to.be.at.most(25)
    expect(timeline.weights(since).at(-1)).to.equal(0)
    // Slow is not lost: even the requests in flight at the rollback are answered.
    await sleep(3000)
    ended = Date.now()
    for (const load of [client, gateway]) expect(load.failures(since)).to.deep.equal([])
  }

  const monitoring = async (lab: Lab): Promise<void> => {
    const status = (await shop.get(kinds.Canary, 'web'))?.['status'] as CanaryStatus
    const canary = `namespace="${shop.namespace}", name="web"`
    /** Until Prometheus has scraped what the status says. */
    const shows = async (
      query: string,
      wanted: readonly unknown[],
      of: 'value' | 'reason' = 'value',
    ): Promise<void> => {
      let seen: unknown[] = []
      await waitFor(
        `${query} is ${JSON.stringify(wanted)}`,
        10,
        async () => {
          seen = (await lab.prometheus.query(query)).map(one => (of === 'value' ? one.value : one.labels[of]))
          return JSON.stringify(seen) === JSON.stringify(wanted)
        },
        () => seen,
      )
    }
    for (const { name, value } of status.checks ?? []) {
      await shows(`sluice_canary_check_value{${canary}, metric="${name}"}`, value === undefined ? [] : [value])
    }
    await shows(`sluice_canary_reason{${canary}}`, [status.reason], 'reason')
    await shows(`sluice_canary_failures_total{${canary}}`, [2])
    for (const dashboard of ['releases', 'sluice']) console.log(await panelsWithData(dashboard, shop.namespace))
    await dashboardResults(lab.prometheus, shop.namespace, ended)
    await testRules(lab.dir)
    await checkMetrics(await lab.prometheus.query('up{job="sluice"} == 1'))
  }

  together([
    {
      steps: [
        { name: 'taking over a Deployment that serves loses no request', run: takeOver },
        {
          name: 'a good revision climbs 10, 25, 50, 100, each weight as callers see it, and is promoted',
          run: good,
        },
        {
          name: 'a revision that fails requests is rolled back, with a sentence that names metric, value and limit',
          run: failing,
        },
        {
          name: 'a revision that is slow is rolled back, with a sentence that names metric, value and limit',
          run: slow,
        },
        {
          name: 'each panel of the dashboards has data and shows what the status says; rules and metrics pass promtool',
          run: monitoring,
        },
      ],
      end: async error => {
        if (error !== undefined) await explain(error, shop.namespace)
        await shop.close()
      },
    },
  ])
})
