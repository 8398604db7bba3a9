/** Releases that shift more than a share of all requests, counted at the callers. */
import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { Browsers } from '../../fixtures/browsers.ts'
import { expectNoFailure, expectNoneOf } from '../../fixtures/expect.ts'
import { fits } from '../../fixtures/load.ts'
import { Shop } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

/** The analysis of Flagger's istio-abtest.yaml, its times aside, and what its service says of requests. */
const insiders = [
  { headers: { cookie: { regex: '^(.*?;)?(type=insider)(;.*)?$' } } },
  { headers: { 'user-agent': { regex: '.*Firefox.*' } } },
]
const abService = {
  portName: 'http',
  portDiscovery: true,
  match: [{ uri: { prefix: '/' } }],
  rewrite: { uri: '/' },
  timeout: '30s',
}

/** What happens to the Canary, from when it rests and its callers get answers. */
const begins = async (shop: Shop): Promise<ReturnType<Shop['timeline']>> => {
  const timeline = shop.timeline()
  await timeline.untilPhase('Initialized', 90)
  await shop.reachable('gateway')
  return timeline
}

async function abTest(shop: Shop): Promise<void> {
  await shop.deployWeb({ version: 'v1' })
  await shop.reachable('client')
  await shop.apply(shop.canary({ service: abService, analysis: { interval: '3s', iterations: 3, match: insiders } }))
  const timeline = await begins(shop)
  const others = [
    shop.load('client', { rate: 60 }),
    shop.load('gateway', { rate: 60, headers: { cookie: 'type=outsider; atype=insiders', 'user-agent': 'curl/8' } }),
  ]
  const matched = [
    shop.load('gateway', { rate: 40, headers: { cookie: 'a=b;type=insider;c=d' } }),
    shop.load('client', { rate: 40, headers: { 'user-agent': 'Mozilla/5.0 Firefox/141.0' } }),
  ]
  const since = await shop.setImage('v2')
  const carried = await timeline.untilWeight(100, 60, since)
  const reached = await Promise.all(
    (['client', 'gateway'] as const).map(async entrance => timeline.untilReached(carried, entrance)),
  )
  const tested = Math.max(...reached)
  const { decidedAt: copied } = await timeline.untilPhase('Promoting', 60, since)
  const { at: finished } = await timeline.untilPhase('Finalising', 60, since)
  await timeline.untilPhase('Succeeded', 60, since)
  // While the primary takes the template, too: it answers with the version for everybody from then on.
  for (const load of matched) expect(Object.keys(load.versions(tested, finished - 500))).to.deep.equal(['v2'])
  expectNoneOf('v2', since, copied, ...others)
  expectNoFailure(...others, ...matched)

  await shop.behave('v3', { errorRate: 0.5 })
  const again = await shop.setImage('v3')
  await timeline.untilPhase('Failed', 90, again)
  expectNoneOf('v3', again, Date.now(), ...others)
  const zero = await timeline.untilWeight(0, 30, again)
  const returned = (['client', 'gateway'] as const).map(entrance => timeline.untilReached(zero, entrance))
  const back = Math.max(...(await Promise.all(returned)))
  await Promise.all(matched.map(load => load.answered(40, back)))
  expectNoneOf('v3', back, Date.now(), ...matched)
  expectNoFailure(...others)
  expect(matched.flatMap(load => load.failures(again)).every(({ version }) => version === 'v3')).to.equal(true)
}

/** Flagger's blue/green with mirrored traffic. */
async function blueGreen(shop: Shop): Promise<void> {
  await shop.deployWeb({ version: 'v1' })
  await shop.reachable('client')
  await shop.apply(shop.canary({ analysis: { interval: '4s', iterations: 3, mirror: true, mirrorWeight: 50 } }))
  const timeline = await begins(shop)
  const loads = [shop.load('client', { rate: 80 }), shop.load('gateway', { rate: 80 })]
  await shop.behave('v9', { errorRate: 1 })
  const bad = await shop.setImage('v9')
  const { message } = await timeline.untilPhase('Failed', 90, bad)
  // Nobody but the canary's own proxy knows of its answers.
  expect(message).to.match(/before it received traffic: request-success-rate 0 % is below 99 % \([1-9]\d* requests/)
  expectNoneOf('v9', bad, Date.now(), ...loads)
  expectNoFailure(...loads)

  const good = await shop.setImage('v2')
  const switched = await timeline.untilWeight(100, 90, good)
  for (const load of loads) expectNoneOf('v2', good, timeline.absentUntil(switched, load.via), load)
  await timeline.untilPhase('Succeeded', 90, good)
  expectNoFailure(...loads)
  expect(timeline.weights(good)).to.deep.equal([100, 0])
  const promoted = Date.now()
  await Promise.all(loads.map(async load => load.answered(40, promoted)))
  for (const load of loads) expect(load.versions(promoted)).to.have.all.keys('v2')
}

const COOKIE = 'web-canary'

async function sticky(shop: Shop): Promise<void> {
  await shop.deployWeb({ version: 'v1' })
  await shop.reachable('client')
  const sessionAffinity = { cookieName: COOKIE, maxAge: 120, path: '/', httpOnly: true, sameSite: 'Lax' }
  const steps = [{ weight: 20, approve: true }, { weight: 50 }]
  await shop.apply(shop.canary({ analysis: { interval: '5s', steps, sessionAffinity } }))
  const timeline = await begins(shop)
  const browsers = new Browsers(`web.${shop.namespace}.svc.cluster.local`, 200)
  try {
    const since = await shop.setImage('v2')
    await waitFor('the first step waits for a person', 60, () =>
      timeline.moments.find(({ at, reason }) => at >= since && reason === 'WaitingForApproval'),
    )
    // Those who come without the cookie are drawn, a fifth of them, with each request.
    // The route for the cookie, which came with the weight, gives the canary all.
    const drawnFrom = await timeline.untilReached(await timeline.untilWeight(100, 5, since), 'client')
    const drawn = browsers.since(drawnFrom).filter(({ cookie }) => !cookie.includes(COOKIE))
    const caught = drawn.filter(({ version }) => version === 'v2').length
    const share = { percent: (100 * caught) / drawn.length, of: drawn.length }
    expect(fits(share, 20), `${caught} of ${drawn.length} were drawn`).to.equal(true)
    expect(browsers.keeping(COOKIE)).to.be.greaterThan(0)
    for (const visits of browsers.visits) expectStays(visits, since)

    const aborted = Date.now()
    await shop.kubectl('annotate', 'canaries.sluice.dev/web', 'sluice.dev/abort=1 not this one')
    const zero = await timeline.untilWeight(0, 30, aborted)
    const returned = await timeline.untilReached(zero, 'client')
    await timeline.untilPhase('Failed', 30, aborted)
    await waitFor('the cookies are gone', 30, () => browsers.keeping(COOKIE) === 0)
    const lost = Date.now()
    const gone = browsers.since(returned)
    expect(gone.filter(({ version }) => version !== 'v1')).to.deep.equal([])

    await waitFor('every browser has come twice more', 20, () =>
      browsers.visits.every(visits => visits.filter(({ sentAt }) => sentAt >= lost).length >= 2),
    )
    expect(browsers.since(lost).filter(({ cookie }) => cookie.includes(COOKIE))).to.deep.equal([])
    await shop.kubectl('annotate', 'canaries.sluice.dev/web', 'sluice.dev/retry=1 once more')
    const again = Date.now()
    await waitFor('the first step waits again', 60, () =>
      timeline.moments.find(({ at, reason }) => at >= again && reason === 'WaitingForApproval'),
    )
    await shop.kubectl('annotate', 'canaries.sluice.dev/web', 'sluice.dev/approve=1 fine')
    const { at: promoting } = await timeline.untilPhase('Promoting', 60, again)
    for (const visits of browsers.visits) expectStays(visits, again, promoting)
    await timeline.untilPhase('Succeeded', 60, promoting)
    await waitFor('the cookies are gone again', 30, () => browsers.keeping(COOKIE) === 0)
    expect(browsers.since(since).filter(({ status }) => status !== 200)).to.deep.equal([])
    await shop.kubectl('delete', 'canaries.sluice.dev', 'web', timeoutOf(60))
    const left = JSON.stringify((await shop.get(kinds.VirtualService, 'web'))?.['spec'] ?? {})
    expect(left).to.not.match(/cookie/i)
  } finally {
    await browsers.stop()
  }
}

/** Who sent the cookie was answered by the canary, every time. */
function expectStays(visits: Browsers['visits'][number], from: number, to = Number.POSITIVE_INFINITY): void {
  const own = visits.filter(({ sentAt, cookie }) => sentAt >= from && sentAt < to - 500 && cookie.includes(COOKIE))
  expect(own.filter(({ version }) => version !== 'v2')).to.deep.equal([])
}

suite('A strategy beyond weights', () => {
  together([
    {
      name: 'A/B testing: matched callers are on the canary until the primary has its version, and no others ever',
      run: async world => Shop.within(world, 'ab', abTest),
    },
    {
      name: 'blue/green with mirrored requests: no caller sees an error of the copies, and none is lost at the switch',
      run: async world => Shop.within(world, 'blue', blueGreen),
    },
    {
      name: 'session affinity: 200 browsers through a rollback and a run, and the time after',
      run: async world => Shop.within(world, 'sticky', sticky),
    },
  ])
})
