/** A receiver that is late, resets, or wants to be shown something, and a controller that dies while it is asked. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import { Controller } from '../../fixtures/controller.ts'
import { explain } from '../../fixtures/explain.ts'
import { Shop } from '../../fixtures/shop.ts'
import type { Timeline } from '../../fixtures/timeline.ts'
import { type Lab, lab } from '../../lab/lab.ts'
import { Receiver } from '../../lab/receiver.ts'
import { waitFor } from '../../lab/wait.ts'

const TOKEN = 's3cret-token-of-shop'

const secret = (name: string, stringData: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
})

suite('A webhook', () => {
  let world: Lab
  let shop: Shop
  let timeline: Timeline
  let controller: Controller
  let receiver: Receiver

  setup(async () => {
    world = await lab()
    receiver = await Receiver.start(world.pki)
    shop = await Shop.open(world, 'hooks')
    await shop.deployWeb({ version: 'v1' })
    await shop.reachable('client')
    shop.load('client', { rate: 50 })
    timeline = shop.timeline()
    controller = await Controller.start(world)
  })
  teardown(async function (this: Mocha.Context) {
    if (this.currentTest?.state === 'failed') await explain(this.currentTest.err, shop.namespace)
    await shop.close()
    await controller.close()
    await receiver.stop()
  })

  const hook = (name: string, type: string, more: object = {}): object => ({
    name,
    type,
    url: `${receiver.url}/${name}?key=abcdefgh`,
    caSecretRef: { name: 'hooks-ca' },
    ...more,
  })
  const path = (name: string): string => `/${name}?key=abcdefgh`

  async function begin(webhooks: readonly object[]): Promise<number> {
    const { ca } = await world.pki.credentials('admin')
    await shop.apply(secret('hooks-ca', { 'ca.crt': ca }), shop.canary({ analysis: { stepWeights: [50], webhooks } }))
    await timeline.untilPhase('Initialized', 90)
    return shop.setImage('v2')
  }

  const saidOf = async (name: string): Promise<string> => {
    const hooks = at(await shop.get(kinds.Canary, 'web'), 'status', 'webhooks')
    const one = (Array.isArray(hooks) ? hooks : []).find(each => at(each, 'name') === name)
    return String(at(one, 'said'))
  }

  test('is waited for while it is late, resets, or does not know us, and shown what a Secret says at the call', async () => {
    receiver.answer(path('gate'), response => response.socket?.destroy())
    const since = await begin([
      hook('pre', 'pre-rollout', { secretRef: { name: 'token' } }),
      hook('gate', 'confirm-promotion', { timeout: '1s' }),
      hook('stranger', 'event', { caSecretRef: undefined }),
    ])
    await waitFor('the status says which Secret is missing', 60, async () =>
      (await saidOf('pre')).includes(`Secret ${shop.namespace}/token does not exist`),
    )
    await shop.apply(secret('token', { token: TOKEN }))
    await timeline.untilPhase('WaitingPromotion', 90, since)
    expect(receiver.at(path('pre')).map(({ authorization }) => authorization)).to.deep.equal([`Bearer ${TOKEN}`])
    await waitFor('the reset is said', 30, async () => (await saidOf('gate')).startsWith('cannot be reached'))
    receiver.answer(path('gate'), response => void setTimeout(() => response.end(), 5000))
    await waitFor('the delay is said', 30, async () => (await saidOf('gate')) === 'gave no answer in 1 s')
    receiver.answer(path('gate'), response =>
      response.writeHead(403).end(`closed for ${TOKEN.length} and ${path('gate')}`),
    )
    await waitFor(
      'the answer is said',
      30,
      async () => (await saidOf('gate')) === 'answered 403: closed for 20 and [redacted]',
    )
    expect((await shop.get(kinds.Canary, 'web'))?.['status']).to.deep.include({ phase: 'WaitingPromotion' })
    receiver.answer(path('gate'), null)
    await timeline.untilPhase('Succeeded', 90, since)
    // Its certificate is none that Node trusts: it was not told anything.
    expect(receiver.at(path('stranger'))).to.deep.equal([])
    const objects = await shop.kubectl('get', 'canaries.sluice.dev,events', '-o', 'json')
    const logs = JSON.stringify(controller.logs())
    expect(logs).to.not.include('key=abcdefgh')
    for (const shown of [objects.replaceAll(/"spec":.*?"status":/gs, ''), logs]) expect(shown).to.not.include(TOKEN)
  })

  test('is called again under the same id by a controller that died before, during or after the call', async () => {
    const names = ['start', 'pre', 'rise', 'rollout', 'gate', 'end']
    for (const name of names) receiver.answer(path(name), () => undefined)
    const since = await begin([
      hook('start', 'confirm-rollout', { timeout: '1m' }),
      hook('pre', 'pre-rollout', { timeout: '1m' }),
      hook('rise', 'confirm-traffic-increase', { timeout: '1m' }),
      hook('rollout', 'rollout', { timeout: '1m' }),
      hook('gate', 'confirm-promotion', { timeout: '1m' }),
      hook('end', 'post-rollout', { timeout: '1m' }),
    ])
    for (const name of names) {
      const received = () => receiver.at(path(name))
      await waitFor(`${name} is called`, 60, () => received().length > 0)
      // During the call; then as soon as it is made again, before anything of its answer can be written; and in the end right after it.
      await controller.kill()
      const before = received().length
      await controller.start()
      await waitFor(`${name} is called again`, 60, () => received().length > before)
      await controller.kill()
      receiver.answer(path(name), null)
      const between = received().length
      await controller.start()
      await waitFor(`${name} is called once more`, 60, () => received().length > between)
      await controller.kill()
      await controller.start()
    }
    await timeline.untilPhase('Succeeded', 90, since)
    await waitFor('the end was told', 60, async () => {
      const pending = at(await shop.get(kinds.Canary, 'web'), 'status', 'pendingEvents')
      return !JSON.stringify(pending ?? []).includes('post-rollout')
    })
    for (const name of ['start', 'pre', 'rise', 'gate', 'end']) {
      const ids = new Set(receiver.at(path(name)).map(({ id }) => id))
      expect([name, ids.size]).to.deep.equal([name, 1])
    }
    expect(new Set(receiver.received.map(({ payload }) => payload['runId'])).size).to.equal(1)
  })
})
