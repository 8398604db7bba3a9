/** Mutual TLS on real proxies: who is let in, what Sluice says where nobody would be, and the rate as the servers' proxies report it. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import { type ClientTls, refusalOf } from '../../../src/core/routers/istio/mesh/tls-table.ts'
import type { TlsMode } from '../../../src/core/policies/peer-authentication.ts'
import type { Load } from '../../fixtures/load.ts'
import { Shop } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import { waitFor } from '../../lab/wait.ts'

const peers = (mode: TlsMode, spec: object = { mtls: { mode } }): KubeObject => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default' },
  spec,
})

/** How callers of the namespace of a shop connect to its Services. */
const callers = (shop: Shop, trafficPolicy: object): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: 'callers' },
  spec: { host: `*.${shop.namespace}.svc.cluster.local`, trafficPolicy },
})
/** A rule that says nothing of TLS leaves it automatic, as no rule does. */
const sending = (mode: ClientTls, more: object = {}): object =>
  mode === 'automatic' ? { connectionPool: { tcp: { connectTimeout: '9s' } } } : { tls: { mode, ...more } }

/** Resolves to the moment from which on every answer of half a second has this status. */
async function steady(load: Load, status: number): Promise<number> {
  let since = 0
  await waitFor(
    `a caller gets ${status} alone`,
    30,
    () => {
      since = Date.now() - 500
      const answers = load.between(since)
      return answers.length > 10 && answers.every(answer => answer.status === status)
    },
    () => load.between(since).slice(-3),
  )
  return since
}

/** Each cell is reached from its opposite, so that an answer that stays as it was is none of an earlier cell. */
async function letsIn(shop: Shop, load: Load, client: object, status: 200 | 503): Promise<void> {
  await shop.apply(callers(shop, sending(status === 200 ? 'SIMPLE' : 'automatic')))
  await steady(load, status === 200 ? 503 : 200)
  await shop.apply(callers(shop, client))
  await steady(load, status)
}

async function table(shop: Shop): Promise<void> {
  await shop.deployWeb({ serviceAccount: 'web' })
  const load = shop.load('client', { address: await shop.caller('frontend'), rate: 100 })
  const modes: readonly TlsMode[] = ['DISABLE', 'PERMISSIVE', 'STRICT']
  const clients: readonly ClientTls[] = ['automatic', 'DISABLE', 'ISTIO_MUTUAL', 'SIMPLE']
  for (const mode of modes) {
    await shop.apply(peers(mode))
    for (const client of clients) {
      await letsIn(shop, load, sending(client), refusalOf(mode, client) === null ? 200 : 503)
    }
  }
  const identity = (account: string): object => {
    const subjectAltNames = [`spiffe://cluster.local/ns/${shop.namespace}/sa/${account}`]
    return sending('ISTIO_MUTUAL', { subjectAltNames })
  }
  await letsIn(shop, load, identity('web'), 200)
  await letsIn(shop, load, identity('api'), 503)
  // Of a port of the container.
  const web = { selector: { matchLabels: { app: 'web' } } }
  const open = { mode: 'PERMISSIVE' }
  await shop.apply(peers('STRICT', { ...web, mtls: { mode: 'STRICT' }, portLevelMtls: { 8080: open } }))
  await letsIn(shop, load, sending('DISABLE'), 200)
  expect(shop.lab.secrets.rejected).to.deep.equal([])
}

const rate = { name: 'mutual-tls-rate', interval: '5s' }

/** A release at weight 50 with callers in mutual TLS alone. */
async function midRun(shop: Shop, analysis: object) {
  await shop.apply(peers('STRICT'))
  await shop.deployWeb({ version: 'v1', serviceAccount: 'web' })
  const load = shop.load('client', { address: await shop.caller('frontend'), rate: 100 })
  const from = await steady(load, 200)
  await shop.apply(
    shop.canary({
      service: { gateways: undefined, hosts: undefined },
      analysis: { stepWeights: [50], interval: '20s', metrics: [rate], ...analysis },
    }),
  )
  const timeline = shop.timeline()
  await timeline.untilPhase('Initialized', 90)
  const released = await shop.setImage('v2')
  await timeline.untilWeight(50, 120, released)
  return { load, from, timeline, released }
}

async function heldForPlaintext(shop: Shop): Promise<void> {
  const { load, from, timeline, released } = await midRun(shop, { threshold: 100 })
  const broken = Date.now()
  await shop.apply(callers(shop, sending('DISABLE')))
  const { message: said } = await timeline.untilReason('MutualTlsConflict', 30, broken)
  const gone = await steady(load, 503)
  // Half a minute and more is a step of twenty seconds: it did not rise.
  await waitFor('the step would be over', 60, () => Date.now() - gone > 25_000)
  expect(timeline.last).to.include({ phase: 'Progressing', weight: 50, reason: 'MutualTlsConflict', message: said })
  expect(said).to.equal(
    `DestinationRule ${shop.namespace}/callers makes callers send plaintext (tls.mode DISABLE) to Service web-canary, and port 8080 of Deployment ${shop.namespace}/web is in mode STRICT, by PeerAuthentication ${shop.namespace}/default: their requests would fail. Write mode: ISTIO_MUTUAL in tls of the DestinationRule, or remove it.`,
  )
  await shop.kubectl('delete', 'destinationrule', 'callers')
  const mended = await steady(load, 200)
  await timeline.untilPhase('Succeeded', 120, released)
  const lost = (since: number, to: number): number =>
    load.between(since, to).filter(({ status }) => status !== 200).length
  expect([lost(from, broken), lost(mended, Date.now())]).to.deep.equal([0, 0])
}

async function judgedByRate(shop: Shop): Promise<void> {
  // It is promoted once it is approved: the second release is not, so that what is written then meets it.
  const steps = [{ weight: 50, approve: true }]
  const { load, from, timeline, released } = await midRun(shop, {
    threshold: 2,
    interval: '6s',
    stepWeights: undefined,
    steps,
  })
  await timeline.untilPhase('WaitingPromotion', 60, released)
  await shop.kubectl('annotate', 'canaries.sluice.dev/web', 'sluice.dev/approve=1 all in mutual TLS')
  await timeline.untilPhase('Succeeded', 120, released)
  const checks = at((await shop.get(kinds.Canary, 'web'))?.['status'], 'checks') as readonly { message: string }[]
  expect(checks.map(({ message }) => message)).to.have.lengthOf(1)
  expect(checks[0]?.message).to.match(/^mutual-tls-rate 100 % is at least 100 % \(\d+ requests in 5s\)$/)

  // A server that takes both, and then callers that send plaintext: nothing fails, but the release.
  await shop.apply(peers('PERMISSIVE'))
  const again = await shop.setImage('v3')
  await timeline.untilWeight(50, 120, again)
  await shop.apply(callers(shop, sending('DISABLE')))
  const failed = await timeline.untilPhase('Failed', 120, again)
  expect(failed.message).to.match(/mutual-tls-rate [\d.]+ % is below 100 % \(\d+ requests in \d+s; \d+ in plaintext\)/)
  expect(load.between(from).filter(({ status }) => status !== 200)).to.deep.equal([])
}

suite('Mutual TLS', () => {
  together([
    {
      name: 'a server lets in what the table says, on each port, and callers accept the identity that they name',
      run: async world => Shop.within(world, 'tls-table', table),
    },
    {
      name: 'a DestinationRule that turns to plaintext in mid-run holds the release with a sentence until it is mended',
      run: async world => Shop.within(world, 'tls-hold', heldForPlaintext),
    },
    {
      name: 'mutual-tls-rate passes callers in mutual TLS, and rolls back where they come in plaintext',
      run: async world => Shop.within(world, 'tls-rate', judgedByRate),
    },
  ])
})
