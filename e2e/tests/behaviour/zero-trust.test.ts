/**
 * A namespace in which mutual TLS is STRICT and a policy names who may call, on real proxies: what each caller gets, request by
 * request, while a primary with labels of its own takes over, and through releases, edits and the deletion.
 */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { apiVersionOf, kindKey, type KubeObject, kinds } from '../../../src/api/object.ts'
import { at, listOf, recordOf } from '../../../src/core/json.ts'
import { policyKinds } from '../../../src/core/policies/index.ts'
import { grpcIngress, grpcPort, grpcServicePort, withGrpc } from '../../fixtures/grpc.ts'
import type { Load } from '../../fixtures/load.ts'
import { Shop, sidecar } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

const root = new URL('../../../', import.meta.url)

/** The examples of a page with an object of this kind, in the namespace of the shop. */
function shown(shop: Shop, page: string, kind: string): KubeObject {
  const text = readFileSync(new URL(page, root), 'utf8').replaceAll(
    /namespace: shop$|ns\/shop\/|-n shop |: shop\//gm,
    found => found.replace('shop', shop.namespace),
  )
  const object = [...text.matchAll(/^```yaml\n(.*?)^```/gms)]
    .map(([, yaml = '']) => parse(yaml) as KubeObject)
    .find(one => one.kind === kind)
  if (object === undefined) throw new Error(`${page} shows no ${kind}`)
  return object
}

const web = { selector: { matchLabels: { app: 'web' } } }

/** Who may call `web` in the README, and more of them by service account. */
function callers(shop: Shop, ...more: string[]): KubeObject {
  const policy = shown(shop, 'README.md', 'AuthorizationPolicy')
  const principals = more.map(name => `cluster.local/ns/${shop.namespace}/sa/${name}`)
  const rules = more.length === 0 ? [] : [{ from: [{ source: { principals } }] }]
  return { ...policy, spec: { ...recordOf(policy['spec']), rules: [...listOf(at(policy['spec'], 'rules')), ...rules] } }
}

/** The statuses of what was sent in [from, to), each once. */
const statuses = (load: Load, from: number, to = Number.POSITIVE_INFINITY): number[] =>
  [...new Set(load.between(from, to).map(({ status }) => status))].toSorted((a, b) => a - b)

/** Resolves to the moment from which on every answer of a second has this status. */
async function steady(load: Load, status: number): Promise<number> {
  let since = 0
  await waitFor(`a caller gets ${status} alone`, 30, () => {
    since = Date.now() - 1000
    return load.between(since).length > 10 && statuses(load, since).join() === String(status)
  })
  return since
}

async function sameCallers(shop: Shop): Promise<void> {
  await shop.apply(shown(shop, 'README.md', 'PeerAuthentication'), callers(shop), {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'no-admin' },
    spec: { ...web, action: 'DENY', rules: [{ to: [{ operation: { paths: ['/admin'] } }] }] },
  })
  const { spec, ...named } = shop.service()
  await shop.apply(
    withGrpc(shop.deployment({ version: 'v1', replicas: 2, serviceAccount: 'web' })),
    { ...named, spec: { ...recordOf(spec), ports: [...listOf(at(spec, 'ports')), grpcServicePort] } },
    sidecar(grpcIngress),
  )
  await shop.kubectl('rollout', 'status', 'deployment/web', timeoutOf(60))
  const [frontend, rogue] = await Promise.all([shop.caller('frontend'), shop.caller('rogue')])
  const allowed = shop.load('client', { address: frontend, rate: 100 })
  const admin = shop.load('client', { address: frontend, rate: 30, path: '/admin' })
  const denied = shop.load('client', { address: rogue, rate: 100 })
  const plain = shop.load('client', { rate: 1 })
  const grpc = { scheme: 'grpc', port: grpcPort.service, path: '/shop.Web/Get' } as const
  const allowedGrpc = shop.load('client', { ...grpc, address: frontend, rate: 50 })
  const deniedGrpc = shop.load('client', { ...grpc, address: rogue, rate: 50 })
  const all = { allowed: [allowed, allowedGrpc], denied: [denied, deniedGrpc] }
  const both = async (loads: Load[], status: number): Promise<number> =>
    Math.max(...(await Promise.all(loads.map(load => steady(load, status)))))
  const from = Math.max(await both(all.allowed, 200), await both(all.denied, 403), await steady(admin, 403))

  const service = { gateways: undefined, hosts: undefined, portDiscovery: true }
  await shop.apply(shop.canary({ primary: { labels: 'switch' }, service }))
  const timeline = shop.timeline()
  await timeline.untilPhase('Initialized', 90)
  const { metadata, spec: copied } = shown(shop, 'docs/zero-trust.md', 'AuthorizationPolicy')
  const copy = await shop.get(kinds.AuthorizationPolicy, metadata.name)
  expect(copy?.['spec']).to.deep.equal(copied)
  expect(copy?.metadata.labels).to.deep.equal(metadata.labels)
  expect(copy?.metadata.annotations).to.include(metadata.annotations)

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
    JSON.stringify({ spec: { analysis: { steps: [{ weight: 50, approve: true }] } } }),
  )
  const again = await shop.setImage('v4')
  await timeline.untilWeight(50, 120, again)
  const edited = Date.now()
  await shop.apply(callers(shop, 'rogue'))
  const open = await both(all.denied, 200)
  await Promise.all(all.denied.map(load => load.answered(60, open)))
  for (const load of all.denied) expect(load.versions(open, Date.now())).to.have.all.keys('v2', 'v4')
  await shop.apply(callers(shop))
  const closed = await both(all.denied, 403)
  const deleted = Date.now()
  await shop.kubectl('delete', 'authorizationpolicy', 'no-admin')
  const opened = await steady(admin, 200)
  expect(await shop.get(kinds.AuthorizationPolicy, 'no-admin-web-primary')).to.equal(undefined)
  await shop.kubectl('annotate', 'canaries.sluice.dev/web', 'sluice.dev/approve=1 full', '--overwrite')
  await timeline.untilPhase('Succeeded', 120, again)

  await shop.kubectl('delete', 'canaries.sluice.dev/web', timeoutOf(120))
  const gone = Date.now()
  await Promise.all(all.allowed.map(load => load.answered(200, gone)))
  const end = Date.now()
  expect(JSON.stringify(await shop.kubectl('get', 'authorizationpolicies', '-o', 'name'))).to.not.contain('primary')

  // v3 answers with errors of its own: a refusal is what the allowed caller must never get.
  for (const load of all.allowed) {
    expect(statuses(load, from, end)).to.deep.equal([200, 500])
    expect(statuses(load, from, bad)).to.deep.equal([200])
  }
  for (const load of all.denied) {
    expect(statuses(load, from, edited)).to.deep.equal([403])
    expect(statuses(load, closed, end)).to.deep.equal([403])
  }
  expect(statuses(admin, from, deleted)).to.deep.equal([403])
  expect(statuses(admin, opened, end)).to.deep.equal([200])
  // The client of the other namespace has an identity that no policy names.
  expect(statuses(plain, from, end)).to.deep.equal([403])
  expect(shop.lab.secrets.rejected).to.deep.equal([])
}

const labels = { app: 'web' }
const none = { matchLabels: {}, matchExpressions: [] }
const ports = [{ number: 80, name: 'http', protocol: 'HTTP' }]

/** A policy of each kind, for the pods of `web`. */
const ofEachKind: Readonly<Record<string, object>> = {
  AuthorizationPolicy: { ...web, rules: [{}] },
  RequestAuthentication: { ...web, jwtRules: [{ issuer: 'shop', jwksUri: 'https://example.com/jwks' }] },
  PeerAuthentication: { ...web, mtls: { mode: 'PERMISSIVE' }, portLevelMtls: { 8080: { mode: 'STRICT' } } },
  Sidecar: { workloadSelector: { labels }, egress: [{ hosts: ['./*'] }] },
  Telemetry: { ...web, tracing: [{ disableSpanReporting: true }] },
  EnvoyFilter: { workloadSelector: { labels }, configPatches: [] },
  WasmPlugin: { ...web, url: 'oci://registry.example.com/plugin:1' },
  ProxyConfig: { ...web, concurrency: 1 },
  ServiceEntry: { workloadSelector: { labels }, hosts: ['web.example.com'], ports, resolution: 'STATIC' },
  DestinationRule: { workloadSelector: { matchLabels: labels }, host: 'other' },
  NetworkPolicy: { podSelector: { matchLabels: labels }, policyTypes: ['Ingress'], ingress: [{}] },
  PodDisruptionBudget: { ...web, minAvailable: 1 },
}

/** Each kind on the real API server and istiod: created, changed, deleted. The pods have no proxy, so that nothing obeys the policies. */
async function eachKind(shop: Shop): Promise<void> {
  const policies = policyKinds.map(({ kind }) => ({
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: { name: 'mine' },
    spec: ofEachKind[kind.kind],
  }))
  const container = {
    name: 'app',
    image: 'registry.example.com/web:v1',
    ports: [{ name: 'http', containerPort: 8080 }],
  }
  await shop.apply(
    ...policies,
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    },
    shop.service(),
  )
  const metrics = [{ name: 'errors', query: 'vector(0)', thresholdRange: { max: 1 }, interval: '10s' }]
  await shop.apply(
    shop.canary({
      provider: 'kubernetes',
      primary: { labels: 'switch' },
      service: { gateways: undefined, hosts: undefined },
      analysis: { iterations: 1, metrics },
    }),
  )
  await shop.timeline().untilPhase('Initialized', 90)
  const copies = (): Promise<(KubeObject | undefined)[]> =>
    Promise.all(policyKinds.map(({ kind }) => shop.get(kind, 'mine-web-primary')))
  for (const of of policyKinds) {
    const { kind } = of
    const [copy, original] = await Promise.all(['mine-web-primary', 'mine'].map(name => shop.get(kind, name)))
    expect(copy, kind.kind).to.not.equal(undefined)
    expect(of.withSelector(recordOf(copy?.['spec']), none), kind.kind).to.deep.equal(
      of.withSelector(recordOf(original?.['spec']), none),
    )
  }
  const all = policyKinds.map(({ kind }) => `${kindKey(kind)}/mine`)
  await shop.kubectl('label', ...all, 'team=shop')
  await waitFor('the copies have the label', 20, async () =>
    (await copies()).every(copy => copy?.metadata.labels?.['team'] === 'shop'),
  )
  await shop.kubectl('delete', ...all)
  await waitFor('the copies are gone', 20, async () => (await copies()).every(copy => copy === undefined))
}

suite('Zero trust', () => {
  together([
    {
      name: 'a policy of each kind has a copy for the primary, which changes and goes with it',
      run: async world => Shop.within(world, 'policies', eachKind),
    },
    {
      name: 'who may call the service, and who may not, stays so before, during and after releases, a rollback and a deletion',
      run: async world => Shop.within(world, 'secure-app', sameCallers),
    },
  ])
})
