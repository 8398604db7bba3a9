/** Provider kubernetes: the Service of callers selects one side, on a real API server with its own controllers. */
import { expect } from 'chai'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import { expectNoFailure } from '../../fixtures/expect.ts'
import { Shop } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

/** `answer` is what the query says. */
const canaryOf = (shop: Shop, answer: number): KubeObject =>
  shop.canary({
    provider: 'kubernetes',
    service: { gateways: undefined, hosts: undefined },
    analysis: {
      iterations: 3,
      metrics: [{ name: 'errors', query: `vector(${answer})`, thresholdRange: { max: 1 }, interval: '10s' }],
    },
  })

/** Shares that the status told, in their order. */
async function sharesUntil(shop: Shop, phase: string, seconds: number): Promise<number[]> {
  const shares: number[] = []
  await waitFor(`the Canary is ${phase}`, seconds, async () => {
    const canary = await shop.get(kinds.Canary, 'web')
    const share = at(canary, 'status', 'traffic', 'carried')
    if (typeof share === 'number' && share !== shares.at(-1)) shares.push(share)
    return at(canary, 'status', 'phase') === phase
  })
  return shares
}

const selectorOf = async (shop: Shop): Promise<unknown> => at(await shop.get(kinds.Service, 'web'), 'spec', 'selector')

async function releases(shop: Shop): Promise<void> {
  await shop.deployWeb({ version: 'v1', replicas: 2 })
  await shop.reachable('client')
  const client = shop.load('client', { rate: 100 })
  await shop.apply(canaryOf(shop, 0))
  await sharesUntil(shop, 'Initialized', 90)
  expect(await selectorOf(shop)).to.deep.equal({ app: 'web', 'sluice.dev/role': 'primary' })
  expect((await shop.kubectl('get', 'virtualservices,destinationrules', '-o', 'name')).trim()).to.equal('')

  const since = await shop.setImage('v2')
  const shares = await sharesUntil(shop, 'Succeeded', 150)
  expect(shares).to.deep.equal([0, 100, 0])
  await waitFor('the callers meet v2 alone', 10, () => {
    const now = Date.now()
    const seen = client.versions(now - 1000, now)
    return Object.keys(seen).join() === 'v2'
  })
  expect(await selectorOf(shop)).to.deep.equal({ app: 'web', 'sluice.dev/role': 'primary' })
  expect(JSON.stringify(await shop.get(kinds.Deployment, 'web-primary'))).to.include('web:v2')
  // Three intervals of two seconds without a request, before the first answer.
  const [first] = client.between(since).filter(({ version }) => version === 'v2')
  expect((first?.sentAt ?? 0) - since).to.be.greaterThan(6000)

  await shop.apply(canaryOf(shop, 5))
  const bad = await shop.setImage('v3')
  expect(await sharesUntil(shop, 'Failed', 90)).to.deep.equal([0])
  expect(client.versions(bad)).to.have.all.keys('v2')
  expectNoFailure(client)

  await shop.kubectl('set', 'image', 'deployment/web', 'app=registry.example.com/web:v2')
  await shop.kubectl('delete', 'canaries.sluice.dev/web', timeoutOf(120))
  const back = await shop.get(kinds.Service, 'web')
  expect(at(back, 'spec', 'selector')).to.deep.equal({ app: 'web' })
  expect(back?.metadata.labels ?? {}).to.not.have.property('sluice.dev/endpoints')
  expectNoFailure(client)
}

suite('Without a mesh', () => {
  together([
    {
      name: 'the metrics pass three iterations, then callers meet the new pods, and the primary takes over; a bad one meets nobody',
      run: async world => Shop.within(world, 'no-mesh', releases),
    },
  ])
})
