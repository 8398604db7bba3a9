/**
 * The mesh contract through the real istiod and Envoy: the cases of playground/test/contract/mesh.cases.ts, all of them applied together,
 * and then requests for each, whose answers are counted at the callers, in their proxies' response flags, and at the pods.
 */
import { expect } from 'chai'
import {
  add,
  differencesOf,
  ourMesh,
  ourPlace,
  outcome,
  type Seen,
} from '../../../playground/test/contract/mesh.answers.ts'
import { cases, idOf } from '../../../playground/test/contract/mesh.cases.ts'
import { BAD, type Played, SLOW, versions } from '../../../playground/test/contract/mesh.scene.ts'
import { differences } from '../../../playground/test/contract/mesh.differences.ts'
import { background } from '../../fixtures/background.ts'
import { Load } from '../../fixtures/load.ts'
import { Shop } from '../../fixtures/shop.ts'
import { edgeNamespace, gatewayName } from '../../lab/edge.ts'
import { podKind } from '../../lab/kubelet.ts'
import { type Lab, lab } from '../../lab/lab.ts'
import { sleep, waitFor } from '../../lab/wait.ts'

/** A few hundred requests a case: shares of 10 % and 20 % are told apart at four standard deviations. */
const SECONDS = 0.8
const RATE = 300

interface Counter {
  readonly labels: Readonly<Record<string, string>>
  readonly count: number
}

suite('The mesh contract, on a real istiod and Envoy', () => {
  let world: Lab
  let shop: Shop
  let played: readonly Played[]
  /** Addresses of proxies: of the callers by how they are called, of the versions by their names. */
  const proxies = new Map<string, string>()
  const counts = new Map<string, Seen>()

  /** What was seen of each case, or what went wrong with it: one after the other, because they share the proxies' counters. */
  const playAll = background(async (): Promise<Map<string, Seen | Error>> => {
    world = await lab()
    shop = await Shop.open(world, 'contract')
    await shop.behave('bad', { errorRate: BAD })
    await shop.behave('slow', { delayMs: SLOW })
    for (const [version, labels] of Object.entries(versions)) {
      await shop.deployWeb({ name: version, version, labels, service: null })
      proxies.set(version, await addressOf(shop.namespace, `app=${version}`))
    }
    for (const via of ['client', 'gateway']) proxies.set(via, await addressOf(edgeNamespace, `app=${via}`))
    played = cases.map(({ play }, index) => play({ namespace: shop.namespace, id: idOf(index), gateway: gatewayName }))
    await shop.apply(...played.flatMap(({ objects }) => objects), ...last)
    for (const via of ['client', 'gateway'] as const) {
      await waitFor(`the ${via} has all routes`, 60, async () => {
        const load = new Load({ via, host: lastHost(via), rate: 20, seconds: 0.1 })
        await load.ended
        return load.between(0).some(({ status }) => status === 418)
      })
    }
    // Endpoints come apart from routes: those of the Service that was made last are known once the others' are.
    await waitFor('the client has all endpoints', 60, async () => {
      const load = new Load({ via: 'client', host: `end.${shop.namespace}.svc.cluster.local`, rate: 20, seconds: 0.2 })
      await load.ended
      return load.between(0).length > 0 && load.between(0).every(({ status }) => status === 200)
    })
    const seen = new Map<string, Seen | Error>()
    for (const [index, { name }] of cases.entries()) {
      const one = played[index]
      if (one === undefined) throw new Error('the cases were not applied')
      seen.set(name, await seenOf(one).catch((error: Error) => error))
    }
    return seen
  })
  let all: Map<string, Seen | Error>
  suiteSetup(async () => {
    all = await playAll()
  })

  suiteTeardown(async () => {
    // What lies in the namespace of the callers goes too; the rest goes with the shop's.
    const kinds = 'virtualservices.networking.istio.io,destinationrules.networking.istio.io'
    await world.kubectl.run('-n', edgeNamespace, 'delete', kinds, '--all')
    await shop.close()
  })

  const lastHost = (via: 'client' | 'gateway'): string =>
    via === 'gateway' ? 'last.example.com' : `last.${shop.namespace}.svc.cluster.local`

  /** Applied after all others: who has this route has them all. */
  const last = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'last' },
      spec: { selector: versions.v1, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'end' },
      spec: { selector: versions.v1, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'last' },
      spec: {
        hosts: ['last', 'last.example.com'],
        gateways: [gatewayName, 'mesh'],
        http: [{ directResponse: { status: 418 } }],
      },
    },
  ]

  async function addressOf(namespace: string, labels: string): Promise<string> {
    const [pod] = await world.api.list(podKind, namespace, labels)
    return String((pod?.['status'] as { podIP?: string } | undefined)?.podIP)
  }

  /** What a proxy has counted, by the labels that the lab's telemetry gives. */
  async function counters(proxy: string): Promise<Counter[]> {
    const response = await fetch(`http://${proxies.get(proxy)}:15090/stats/prometheus?filter=mesh`)
    const page = await response.text()
    return [...page.matchAll(/^envoy_mesh_requests\{(.*)\} (\d+)$/gm)].map(([, labels = '', count]) => ({
      labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
      count: Number(count),
    }))
  }

  /** What the proxies count of a case: all requests and flags at the caller, tries at each version. */
  async function counted(via: string): Promise<Pick<Seen, 'flags' | 'received'> & { readonly sent: number }> {
    let sent = 0
    const flags = new Map<string, number>()
    const received = new Map<string, number>()
    for (const { labels, count } of await counters(via)) {
      const { reporter, response_code: code, response_flags: flag } = labels
      if (reporter === 'source') sent += count
      if (reporter === 'source' && flag !== '-') add(flags, `${code} ${flag}`, count)
    }
    for (const version of Object.keys(versions)) {
      for (const { labels, count } of await counters(version)) {
        if (labels['reporter'] === 'destination') add(received, version, count)
      }
    }
    return { sent, flags, received }
  }

  const since = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Map<string, number> =>
    new Map(
      [...after]
        .map(([key, count]): [string, number] => [key, count - (before.get(key) ?? 0)])
        .filter(([, count]) => count > 0),
    )

  async function send({ request }: Played): Promise<Seen> {
    const before = await counted(request.via)
    const load = new Load({ rate: RATE, seconds: SECONDS, ...request })
    await load.ended
    const answers = new Map<string, number>()
    for (const { status, version } of load.between(0)) add(answers, outcome(status, version), 1)
    // A proxy counts a request after its caller has the answer; copies and given-up tries end later still.
    const requests = load.between(0).length
    let after = await counted(request.via)
    const isWhole = (text: string): boolean => text === textOf(after) && after.sent - before.sent >= requests
    for (let rounds = 0, text = ''; !isWhole(text) && rounds < 20; rounds += 1) {
      text = textOf(after)
      await sleep(SLOW / 2 + 50)
      after = await counted(request.via)
    }
    const [flags, received] = [since(before.flags, after.flags), since(before.received, after.received)]
    return { requests, answers, flags, received }
  }

  const misfits = (one: Played, seen: Seen): string[] =>
    differencesOf(one, seen, (count, share) => fits(count, share, seen.requests))

  /**
   * What does not fit is sent once more: of so many counts one is beyond four standard deviations by chance, and a busy machine may come too
   * late for a timeout of 0.2 s. What is no chance comes again.
   */
  async function seenOf(one: Played): Promise<Seen> {
    const seen = await send(one)
    const found = misfits(one, seen)
    if (found.length === 0) return seen
    console.log(`      sent once more: ${found.join('; ')}`)
    return send(one)
  }

  const textOf = ({ flags, received }: Pick<Seen, 'flags' | 'received'>): string =>
    JSON.stringify([[...flags], [...received]])

  for (const [index, { name }] of cases.entries()) {
    test(name, () => {
      const [one, seen] = [played[index], all.get(name)]
      if (one === undefined || seen === undefined) throw new Error('it was not played')
      if (seen instanceof Error) throw seen
      expect(seen.requests).to.be.greaterThan(50)
      counts.set(name, seen)
      expect(misfits(one, seen).join('\n')).to.equal('')
    })
  }

  test('the counts of both sides', async () => {
    const requests = [...counts.values()].reduce((sum, one) => sum + one.requests, 0)
    const same = cases.length - Object.keys(differences).length
    console.log(`    mesh: ${cases.length} cases and ${requests} requests through istiod and Envoy, ${same} as in ours`)
    const play = await ourMesh()
    for (const [name, reason] of Object.entries(differences)) {
      const index = cases.findIndex(one => one.name === name)
      const ours = cases[index]?.play(ourPlace(idOf(index)))
      console.log(`    differs: ${name}: ${reason}`)
      console.log(`      Envoy: ${told(counts.get(name))}`)
      console.log(`      ours:  ${told(ours && (await play(ours)))}`)
    }
    expect(counts.size).to.equal(cases.length)
  })
})

const told = (seen: Seen | undefined): string =>
  seen === undefined
    ? '–'
    : [seen.answers, seen.flags, seen.received].map(one => JSON.stringify(Object.fromEntries(one))).join(' ')

/** Within four standard deviations, and one request; tries beyond one a request are taken as by a Poisson process. */
function fits(count: number, share: number, requests: number): boolean {
  const variance = share <= 1 ? share * (1 - share) : Number.isInteger(share) ? 0 : share
  return Math.abs(count - share * requests) <= 4 * Math.sqrt(requests * variance) + 1
}
