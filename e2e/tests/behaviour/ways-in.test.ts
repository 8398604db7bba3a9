/** Ways in by Istio: several hosts, servers and ports of a Gateway beside the mesh, and a VirtualService of the user's that delegates. */
import { expect } from 'chai'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { blocks, read } from '../../../test/docs/pages.ts'
import { expectNoFailure, expectNoneOf, expectShares } from '../../fixtures/expect.ts'
import type { Load } from '../../fixtures/load.ts'
import { Shop } from '../../fixtures/shop.ts'
import type { Timeline } from '../../fixtures/timeline.ts'
import { together } from '../../fixtures/together.ts'
import { gatewayName } from '../../lab/edge.ts'
import type { Lab } from '../../lab/lab.ts'
import { addresses } from '../../lab/network.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

const quick = { stepWeights: [20, 60], interval: '4s' }
/** Of servers of the Gateway; no other test has them. The last one is for requests that no match of the Canary is about. */
const [first, second, other, secured] = [8311, 8312, 8313, 8314] as const

const gateway = (shop: Shop, hosts: readonly string[]): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'Gateway',
  metadata: { name: 'doors' },
  spec: {
    selector: { app: 'gateway' },
    servers: [
      { port: first, hosts },
      { port: second, hosts: [`*/*.example.com`] },
      { port: other, hosts: [`${shop.namespace}/*`] },
      // Whatever files are named, the lab gives the proxy a certificate of its own.
      {
        port: secured,
        hosts,
        protocol: 'HTTPS',
        tls: { mode: 'SIMPLE', serverCertificate: '/cert', privateKey: '/key' },
      },
    ].map(({ protocol = 'HTTP', ...server }) => ({
      ...server,
      bind: addresses.gateway,
      port: { number: server.port, name: `http-${server.port}`, protocol },
    })),
  },
})

/** What the Canary says, once it says this. */
const untilSaid = async (shop: Shop, reason: string, message: string): Promise<void> => {
  await waitFor(`the Canary says ${reason}: ${message}`, 40, async () => {
    const status = ((await shop.get(kinds.Canary, 'web'))?.['status'] ?? {}) as { reason?: string; message?: string }
    return status.reason === reason && status.message === message
  })
}

/** The commands of a page, for the namespace of this shop, as arguments of kubectl. */
const shown = (page: string): string[][] =>
  blocks(read(page), 'sh').map(block => {
    const words = block.trim().match(/(?:'[^']*'|[^\s'])+/g) ?? []
    const [, ...args] = words.map(word => word.replaceAll("'", ''))
    return args.join(' ').startsWith('-n shop ') ? args.slice(2) : args
  })

/** A good release and a bad one, through all of these ways, and the end of the Canary: no request is lost, and shares hold everywhere. */
async function releases(shop: Shop, timeline: Timeline, since: number, loads: Load[]): Promise<void> {
  await timeline.untilPhase('Succeeded', 150, since)
  expect(timeline.weights(since)).to.deep.equal([20, 60, 0])
  expectShares(timeline, 'v2', since, ...loads)
  expectNoFailure(...loads)

  await shop.behave('v3', { errorRate: 1 })
  const bad = await shop.setImage('v3')
  await timeline.untilPhase('Failed', 150, bad)
  await waitFor('the pods of the target have ended', 30, async () => (await shop.webPods('target')).length === 0)
  const ended = Date.now()
  await Promise.all(loads.map(load => load.answered(40, ended)))
  expectNoneOf('v3', ended, Date.now(), ...loads)

  await shop.kubectl('delete', 'canaries.sluice.dev/web', '--wait=true', timeoutOf(120))
  const left = Date.now()
  await Promise.all(loads.map(load => load.answered(40, left)))
  for (const load of loads) expect(load.failures(ended)).to.deep.equal([])
  expect(JSON.stringify((await shop.get(kinds.VirtualService, 'web'))?.['spec'])).to.not.match(/web-(primary|canary)/)
}

const doors = async (shop: Shop): Promise<void> => {
  const one = shop.hostAtGateway
  const two = `two-${one}`
  const named = `spec.service.gateways[0] names Gateway ${shop.namespace}/doors`
  await shop.deployWeb({ version: 'v1' })
  const timeline = shop.timeline()
  const match = [first, second, secured, 80].map(port => ({ port }))
  await shop.apply(shop.canary({ service: { gateways: ['doors'], hosts: [one, two], match }, analysis: quick }))
  await untilSaid(
    shop,
    'ReferenceMissing',
    `${named} (networking.istio.io), which does not exist, so no request comes to the split there. Create it, or write another one in spec.service.gateways.`,
  )
  const hosts = [`team/${one}`, `team/${two}`]
  const wrong = gateway(shop, hosts)
  const [server] = (wrong['spec'] as { servers: object[] }).servers
  await shop.apply({ ...wrong, spec: { ...(wrong['spec'] as object), servers: [server] } })
  await untilSaid(
    shop,
    'Conflict',
    `${named}, whose servers take VirtualServices for ${one} and ${two} of other namespaces alone (${hosts.join(' and ')}), so no request comes to the split there. Write ${shop.namespace}/${one} among the hosts of a server.`,
  )
  await shop.apply(gateway(shop, [`./${one}`, `${shop.namespace}/${two}`]))
  await shop.kubectl(
    'patch',
    'canaries.sluice.dev/web',
    '--type=merge',
    '-p',
    '{"spec":{"service":{"gateways":["doors","mesh"]}}}',
  )
  await timeline.untilPhase('Initialized', 90)
  for (const port of [first, second]) for (const host of [one, two]) await shop.reachable('gateway', 20, { port, host })
  // Its listener waits for a certificate.
  await shop.reachable('gateway', 20, { port: secured, scheme: 'https' })
  await shop.reachable('client')
  const [asked = []] = shown('docs/ways-in.md')
  const [served = [], managers = []] = shown('docs/istio.md')
  expect(await shop.kubectl(...served)).to.include('v1')
  expect(await shop.kubectl(...managers)).to.equal('sluice')
  expect(await shop.kubectl(...asked)).to.equal(
    `${JSON.stringify([one, two, 'web'])} ${JSON.stringify(['doors', 'mesh'])}`,
  )

  const loads = [
    ...[first, second].flatMap(port => [one, two].map(host => shop.load('gateway', { host, port, rate: 40 }))),
    shop.load('gateway', { host: one, port: secured, scheme: 'https', rate: 40 }),
    shop.load('client', { rate: 40 }),
  ]
  const elsewhere = shop.load('gateway', { host: one, port: other, rate: 10 })
  await releases(shop, timeline, await shop.setImage('v2'), loads)
  expect(
    elsewhere.between(0).every(({ status }) => status === 404),
    'a port that no match is about',
  ).to.equal(true)
}

const delegated = async (shop: Shop, infra: Shop): Promise<void> => {
  const apex = `web.${shop.namespace}.svc.cluster.local`
  const teapot = { name: 'teapot', match: [{ uri: { prefix: '/teapot' } }], directResponse: { status: 418 } }
  const front = (main: object, away: object = teapot): KubeObject => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'front', namespace: infra.namespace, labels: { team: 'infra' } },
    spec: {
      hosts: [shop.hostAtGateway, apex],
      gateways: [gatewayName, 'mesh'],
      http: [away, { name: 'main', match: [{ uri: { prefix: '/' } }], ...main }],
    },
  })
  const delegate = { delegate: { name: 'web', namespace: shop.namespace } }
  await shop.deployWeb({ version: 'v1' })
  await infra.apply(front({ route: [{ destination: { host: apex } }] }))
  await shop.reachable('client')
  await shop.reachable('gateway')
  const loads = [shop.load('client', { rate: 80 }), shop.load('gateway', { rate: 80 })]
  const timeline = shop.timeline()
  await shop.apply(
    shop.canary({ service: { gateways: undefined, hosts: undefined, delegation: true }, analysis: quick }),
  )
  await timeline.untilPhase('Initialized', 90)

  // A candidate waits for the route that delegates.
  const since = await shop.setImage('v2')
  await untilSaid(
    shop,
    'ReferenceMissing',
    `No VirtualService delegates to VirtualService ${shop.namespace}/web, so no request meets the split. Write a route with delegate: {name: web, namespace: ${shop.namespace}} into the VirtualService that has the hosts.`,
  )
  await infra.kubectl(
    'patch',
    'virtualservice',
    'front',
    '--type=merge',
    '-p',
    JSON.stringify({ spec: front(delegate)['spec'] }),
  )
  // In mid-run its owner edits what is the owner's.
  await timeline.untilWeight(20, 90, since)
  const edited = front({ ...delegate, timeout: '7s' }, { ...teapot, directResponse: { status: 410 } })
  await infra.kubectl(
    'patch',
    'virtualservice',
    'front',
    '--type=merge',
    '-p',
    JSON.stringify({ spec: edited['spec'] }),
  )
  const root = await infra.get(kinds.VirtualService, 'front')
  await releases(shop, timeline, since, loads)

  const after = await infra.get(kinds.VirtualService, 'front')
  expect(after?.metadata.resourceVersion, 'nothing but its owner writes the root').to.equal(
    root?.metadata.resourceVersion,
  )
  expect(after?.['spec']).to.deep.equal(edited['spec'])
}

suite('Ways in', () => {
  together([
    {
      name: 'two hosts at two servers of a Gateway, and the mesh: each meets the split, and a Gateway that brings nothing is named',
      run: async (world: Lab) => Shop.within(world, 'doors', doors),
    },
    {
      name: "a user's VirtualService that delegates: a candidate waits for it, and it is never written",
      run: async (world: Lab) =>
        Shop.within(world, 'delegate', async shop => Shop.within(world, 'infra', infra => delegated(shop, infra))),
    },
  ])
})
