/**
 * 100 Canaries of all providers at rest, on the real API server: which kinds are watched for them, and which calls of the API they cost,
 * as its audit log tells. The pods have no processes and no callers.
 */
import { expect } from 'chai'
import { apiVersionOf, type Kind, kindKey, kinds, type KubeObject } from '../../../src/api/object.ts'
import type { Provider } from '../../../src/api/providers.ts'
import { at, textOf } from '../../../src/core/json.ts'
import { Controller } from '../../fixtures/controller.ts'
import { pathOf } from '../../lab/api.ts'
import type { ApiCall } from '../../lab/audit.ts'
import { type Lab, lab } from '../../lab/lab.ts'
import { sleep, waitFor } from '../../lab/wait.ts'

const namespace = 'idle'

/** How many Canaries of each provider there are. */
const FLEET: Readonly<Partial<Record<Provider, number>>> = { istio: 40, 'gatewayapi:v1': 30, kubernetes: 20, nginx: 10 }

/** Of each provider so many have a Deployment without pods, and wait for some: what they wait for may be a label of the namespace. */
const EMPTY = 3

/** Seconds after the last Canary is initialized: what a first absence of a kind asks again has come. */
const SETTLE = 20
/** Seconds: longer than the two minutes after which a namespace is read again for Canaries without pods. */
const WINDOW = 150

/** Kinds that not every cluster has are looked for every ten minutes: a list and what it is served as, each at most once in the window. */
const LOOKED_FOR = [kinds.VerticalPodAutoscaler, kinds.ScaledObject]
const PER_LOOK = 3

const container = {
  name: 'app',
  image: 'registry.example.com/web:v1',
  ports: [{ name: 'http', containerPort: 8080 }],
}

function objectsOf(provider: Provider, name: string, replicas: number): [Kind, KubeObject][] {
  const metadata = { name, namespace }
  const labels = { app: name }
  const ingressRef = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name }
  const backend = { service: { name, port: { number: 80 } } }
  const rules = [{ host: `${name}.example.com`, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }]
  const metrics = [{ name: 'errors', query: 'vector(0)', thresholdRange: { max: 1 }, interval: '10s' }]
  const template = { metadata: { labels }, spec: { containers: [container] } }
  const deployment = { replicas, selector: { matchLabels: labels }, template }
  const canary = {
    provider,
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    ...(provider === 'nginx' ? { ingressRef } : {}),
    service: { port: 80, targetPort: 8080 },
    analysis: { interval: '10s', iterations: 1, metrics },
  }
  const entrance = { ingressClassName: 'nginx', rules }
  const service = { selector: labels, ports: [{ port: 80, targetPort: 8080 }] }
  const object = (kind: Kind, spec: object): [Kind, KubeObject] => [
    kind,
    { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata, spec },
  ]
  return [
    object(kinds.Deployment, deployment),
    ...(provider === 'nginx' ? [object(kinds.Ingress, entrance), object(kinds.Service, service)] : []),
    object(kinds.Canary, canary),
  ]
}

suite('100 Canaries of mixed providers at rest', () => {
  let world: Lab
  let controller: Controller
  let started: number
  const calls = async (from: number, to = Number.POSITIVE_INFINITY): Promise<ApiCall[]> => {
    await sleep(1200) // the log is written in batches
    return (await world.audit('sluice')).filter(({ at: moment }) => moment >= from && moment < to)
  }
  /** Kinds of routing and policies that were watched since the start. */
  const watched = async (): Promise<string[]> => {
    const optional = /istio\.io$|gateway\.networking\.k8s\.io$|^ingresses\./
    const found = (await calls(started)).filter(({ verb, resource }) => verb === 'watch' && optional.test(resource))
    return [...new Set(found.map(({ resource }) => resource))].toSorted()
  }
  const grow = async (providers: readonly Provider[]): Promise<void> => {
    const objects = providers.flatMap(provider =>
      Array.from({ length: FLEET[provider] ?? 0 }, (_, n) =>
        objectsOf(provider, `${provider.replace(/\W/g, '-')}-${n}`, n < EMPTY ? 0 : 1),
      ),
    )
    for (const one of objects) {
      await Promise.all(one.map(([kind, object]) => world.api.create(kind, object)))
    }
    const waiting = async (): Promise<string[]> =>
      (await world.api.list(kinds.Canary, namespace)).flatMap(({ metadata, status }) =>
        textOf(at(status, 'reason')) ===
        (Number(metadata.name.split('-').at(-1)) < EMPTY ? 'TargetNotReady' : 'Initialized')
          ? []
          : [`${metadata.name}: ${textOf(at(status, 'message'))}`],
      )
    let seen: string[] = []
    await waitFor(
      `all ${objects.length} new Canaries are initialized`,
      120,
      async () => (seen = await waiting()).length === 0,
      () => seen.slice(0, 5),
    )
  }

  suiteSetup(async () => {
    world = await lab()
    await world.kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }])
    started = Date.now()
    controller = await Controller.start(world, [])
  })
  suiteTeardown(async () => {
    await controller.close()
    for (const { metadata } of await world.api.list(kinds.Canary, namespace)) {
      await world.api.patch(pathOf(kinds.Canary, namespace, metadata.name), { metadata: { finalizers: null } })
    }
    await world.kubectl.run('delete', 'namespace', namespace, '--wait=false')
  })

  test('no kind of a provider is watched without a Canary of it', async function (this: Mocha.Context) {
    this.timeout(400_000)
    await waitFor('the controller watches Canaries', 30, async () =>
      (await calls(started)).some(({ verb, resource }) => verb === 'watch' && resource === kindKey(kinds.Canary)),
    )
    expect(await watched()).to.deep.equal([])
    await grow(['kubernetes'])
    expect(await watched()).to.deep.equal([])
    await grow(['nginx'])
    expect(await watched()).to.deep.equal([kindKey(kinds.Ingress)])
  })

  test('they cost no request but leases and what does not grow with their number', async function (this: Mocha.Context) {
    this.timeout(900_000)
    await grow(['istio', 'gatewayapi:v1'])
    await sleep(SETTLE * 1000)
    const from = Date.now()
    await sleep(WINDOW * 1000)
    const all = await calls(from, from + WINDOW * 1000)
    const shown = (some: readonly ApiCall[]): string[] => some.map(({ verb, url, code }) => `${verb} ${url} ${code}`)

    const watches = all.filter(({ verb }) => verb === 'watch')
    const followed = new Set(
      (await calls(started)).filter(({ verb }) => verb === 'watch').map(({ resource }) => resource),
    )
    expect(watches.length, 'watches begun again').to.be.at.most(followed.size)

    const requests = all.filter(({ verb, resource }) => verb !== 'watch' && resource !== kindKey(kinds.Lease))
    const looks = requests.filter(({ url }) => LOOKED_FOR.some(({ group }) => url.startsWith(`/apis/${group}`)))
    expect(looks.length, shown(looks).join('\n')).to.be.at.most(LOOKED_FOR.length * PER_LOOK)
    // For all Canaries without pods in a namespace together, every two minutes.
    const reads = requests.filter(({ verb, url }) => verb === 'get' && url === `/api/v1/namespaces/${namespace}`)
    expect(reads.length, 'reads of the namespace').to.be.at.most(Math.ceil(WINDOW / 120))
    const others = requests.filter(one => !looks.includes(one) && !reads.includes(one))
    expect(shown(others)).to.deep.equal([])
    const leases = all.filter(({ resource }) => resource === kindKey(kinds.Lease))
    expect(leases.length, 'leases').to.be.greaterThan(0)
  })
})
