/**
 * Tenants beside each other on the real API server: 200 Canaries whose writes an admission webhook holds for 15 s each. An abort
 * in another namespace reaches weight 0 within a second, and its event is there within five.
 */
import { expect } from 'chai'
import { kindKey, kinds, type KubeObject } from '../../../src/api/object.ts'
import { Controller } from '../../fixtures/controller.ts'
import { expectSoon } from '../../fixtures/expect.ts'
import { Shop } from '../../fixtures/shop.ts'
import { pathOf } from '../../lab/api.ts'
import { type Lab, lab } from '../../lab/lab.ts'
import { waitFor } from '../../lab/wait.ts'
import { holdWrites, type HoldingWebhook } from '../../lab/webhook.ts'

const HOSTILE = 200
const namespace = 'slow-tenant'
const label = 'slow'

/** A Canary whose target does not exist: its finalizer and its status are written, and tried again and again. */
const hostile = (n: number): KubeObject => ({
  apiVersion: 'sluice.dev/v1beta1',
  kind: 'Canary',
  metadata: { name: `app-${n}`, namespace },
  spec: {
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: `app-${n}` },
    service: { port: 80 },
    analysis: { interval: '2s', threshold: 2 },
  },
})

suite(`Beside ${HOSTILE} Canaries whose writes hang`, () => {
  let world: Lab
  let controller: Controller
  let webhook: HoldingWebhook

  suiteSetup(async () => {
    world = await lab()
    controller = await Controller.start(world)
    await world.kubectl.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { [label]: 'true' } } },
    ])
    webhook = await holdWrites(world, label, 15)
  })
  suiteTeardown(async () => {
    await webhook.close()
    const names = (await world.api.list(kinds.Canary, namespace)).map(({ metadata }) => metadata.name)
    for (const name of names) {
      await world.api.patch(pathOf(kinds.Canary, namespace, name), { metadata: { finalizers: null } })
    }
    await world.kubectl.run('delete', 'namespace', namespace, '--wait=false')
    await controller.close()
  })

  test('an abort elsewhere reaches weight 0 within a second, its event within five; the controller is ready', async () => {
    await Shop.within(world, 'tenants', async shop => {
      await shop.deployWeb()
      const timeline = shop.timeline()
      const from = Date.now()
      await shop.apply(shop.canary({ analysis: { stepWeights: [20, 50, 100], interval: '60s' } }))
      await timeline.untilPhase('Initialized', 60, from)
      const pushed = await shop.setImage('v2')
      await timeline.untilWeight(20, 60, pushed)

      await world.kubectl.apply(Array.from({ length: HOSTILE }, (_, n) => hostile(n)))
      await waitFor('writes are held', 30, () => webhook.asked() >= 8)
      const since = Date.now()
      const metadata = { annotations: { 'sluice.dev/abort': `${since} beside hostile tenants` } }
      await world.api.patch(pathOf(kinds.Canary, shop.namespace, 'web'), { metadata })
      const told = waitFor('the event of the abort', 60, async () => {
        const events = await world.api.list(kinds.Event, shop.namespace)
        return events.some(event => event['reason'] === 'Aborted') && Date.now()
      })
      await timeline.untilWeight(0, 60, since)
      // When it was written, by the API server's own log: this process may hear of it late.
      const written = await waitFor('the log has the write', 20, async () =>
        (await world.audit('sluice')).find(
          ({ verb, resource, namespace: where, at }) =>
            ['patch', 'update'].includes(verb) &&
            resource === kindKey(kinds.VirtualService) &&
            where === shop.namespace &&
            at >= since,
        ),
      )
      const event = (await told) - since
      console.log(`      ${webhook.asked()} writes were held`)
      expectSoon('weight 0', written.at - since, 1000)
      // Behind a write that is held it would take 15 s.
      expectSoon('the event of the abort', event, 5000, 10_000)
      expect(await controller.page('readyz')).to.include({ status: 200 })
    })
  })
})
