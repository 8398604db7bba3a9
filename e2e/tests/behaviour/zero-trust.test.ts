/**
 * A namespace in which mutual TLS is STRICT and a policy names who may call, on real proxies: what each caller gets, request by
 * request, while a primary with labels of its own takes over, and through releases, edits and the deletion.
 */
import { expect } from 'chai'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import type { Load } from '../../fixtures/load.ts'
import { Shop } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import { waitFor } from '../../lab/wait.ts'

const security = (kind: string, name: string, spec: object): KubeObject => ({
  apiVersion: 'security.istio.io/v1',
  kind,
  metadata: { name },
  spec,
})
const web = { selector: { matchLabels: { app: 'web' } } }

/** Who may call `web`, by service account. */
const callers = (shop: Shop, ...names: string[]): KubeObject =>
  security('AuthorizationPolicy', 'callers', {
    ...web,
    rules: [{ from: [{ source: { principals: names.map(name => `cluster.local/ns/${shop.namespace}/sa/${name}`) } }] }],
  })

/** The statuses of what was sent in [from, to), each once. */
const statuses = (load: Load, from: number, to = Number.POSITIVE_INFINITY): number[] =>
  [...new Set(load.between(from, to).map(({ status }) => status))].toSorted((a, b) => a - b)

/** Resolves to the moment from which on every answer of half a second has this status. */
async function steady(load: Load, status: number): Promise<number> {
  let since = 0
  await waitFor(`a caller gets ${status} alone`, 30, () => {
    since = Date.now() - 500
    return load.between(since).length > 10 && statuses(load, since).join() === String(status)
  })
  return since
}

async function sameCallers(shop: Shop): Promise<void> {
  await shop.apply(
    security('PeerAuthentication', 'default', { mtls: { mode: 'STRICT' } }),
    callers(shop, 'frontend'),
    security('AuthorizationPolicy', 'no-admin', {
      ...web,
      action: 'DENY',
      rules: [{ to: [{ operation: { paths: ['/admin'] } }] }],
    }),
  )
  await shop.deployWeb({ version: 'v1', replicas: 2, serviceAccount: 'web' })
  const [frontend, rogue] = await Promise.all([shop.caller('frontend'), shop.caller('rogue')])
  const allowed = shop.load('client', { address: frontend, rate: 100, seconds: 600 })
  const admin = shop.load('client', { address: frontend, rate: 30, path: '/admin', seconds: 600 })
  const denied = shop.load('client', { address: rogue, rate: 100, seconds: 600 })
  const plain = shop.load('client', { rate: 1, seconds: 600 })
  const from = Math.max(await steady(allowed, 200), await steady(denied, 403), await steady(admin, 403))

  await shop.apply(shop.canary({ primary: { labels: 'switch' }, service: { gateways: undefined, hosts: undefined } }))
  const timeline = shop.timeline()
  await timeline.untilPhase('Initialized', 90)
  expect(at(await shop.get(kinds.AuthorizationPolicy, 'callers-web-primary'), 'spec', 'selector')).to.deep.equal({
    matchLabels: { app: 'web-primary' },
  })

  const released = await shop.setImage('v2')
  await timeline.untilPhase('Succeeded', 120, released)
  await shop.behave('v3', { errorRate: 1 })
  const bad = await shop.setImage('v3')
  await timeline.untilPhase('Failed', 120, bad)

  // In the middle of a run: one policy is edited and edited back, another one is deleted. At weight 50 both sides answer.
  await shop.kubectl(
    'patch',
    'canaries.sluice.dev/web',
    '--type=merge',
    '-p',
    JSON.stringify({ spec: { analysis: { stepWeights: [50], interval: '60s' } } }),
  )
  const again = await shop.setImage('v4')
  await timeline.untilWeight(50, 120, again)
  const edited = Date.now()
  await shop.apply(callers(shop, 'frontend', 'rogue'))
  const open = await steady(denied, 200)
  expect(denied.versions(open, Date.now())).to.have.all.keys('v2', 'v4')
  await shop.apply(callers(shop, 'frontend'))
  const closed = await steady(denied, 403)
  const deleted = Date.now()
  await shop.kubectl('delete', 'authorizationpolicy', 'no-admin')
  const opened = await steady(admin, 200)
  expect(await shop.get(kinds.AuthorizationPolicy, 'no-admin-web-primary')).to.equal(undefined)
  await shop.kubectl('annotate', 'canaries.sluice.dev/web', 'sluice.dev/approve=1 full', '--overwrite')
  await timeline.untilPhase('Succeeded', 120, again)

  await shop.kubectl('delete', 'canaries.sluice.dev/web', '--timeout=120s')
  await allowed.answered(200, Date.now())
  const end = Date.now()
  expect(JSON.stringify(await shop.kubectl('get', 'authorizationpolicies', '-o', 'name'))).to.not.contain('primary')

  // v3 answers with errors of its own: a refusal is what the allowed caller must never get.
  expect(statuses(allowed, from, end)).to.deep.equal([200, 500])
  expect(statuses(allowed, from, bad)).to.deep.equal([200])
  expect(statuses(denied, from, edited)).to.deep.equal([403])
  expect(statuses(denied, closed, end)).to.deep.equal([403])
  expect(statuses(admin, from, deleted)).to.deep.equal([403])
  expect(statuses(admin, opened, end)).to.deep.equal([200])
  // The client of the other namespace has an identity that no policy names.
  expect(statuses(plain, from, end)).to.deep.equal([403])
  expect(shop.lab.secrets.rejected).to.deep.equal([])
}

suite('Zero trust', () => {
  together([
    {
      name: 'who may call the service, and who may not, stays so before, during and after releases, a rollback and a deletion',
      run: async world => Shop.within(world, 'secure-app', sameCallers),
    },
  ])
})
