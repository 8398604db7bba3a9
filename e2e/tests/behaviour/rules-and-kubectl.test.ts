/** DestinationRules around a release, on real proxies; and what people do to the workloads with the real kubectl. */
import { expect } from 'chai'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { expectNoFailure } from '../../fixtures/expect.ts'
import { Shop } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import { type Connection, connectionAt } from '../../lab/clusters.ts'
import { entrances } from '../../lab/routes.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

const quick = { analysis: { stepWeights: [30, 60], interval: '3s' } }

suite('Around a release', () => {
  const rule = (namespace: string, name: string, host: string, connectTimeout: string, more = {}): KubeObject => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name, namespace },
    spec: {
      host,
      trafficPolicy: { connectionPool: { tcp: { connectTimeout }, http: { http1MaxPendingRequests: 170 } } },
      ...more,
    },
  })
  const hosts = (shop: Shop): string[] =>
    ['web', 'web-primary', 'web-canary'].map(name => `${name}.${shop.namespace}.svc.cluster.local`)

  /** Every proxy connects to the apex and to both sides like this. */
  const connectedAs = async (shop: Shop, names: readonly string[], wanted: Partial<Connection>): Promise<void> => {
    const differing = async (): Promise<string[]> => {
      const seen = entrances.flatMap(entrance =>
        names.map(async host => {
          const connection = await connectionAt(shop.lab, entrance, host)
          const fits = Object.entries(wanted).every(([key, value]) => connection?.[key as keyof Connection] === value)
          return fits ? [] : [`${host} at the ${entrance}: ${JSON.stringify(connection)}`]
        }),
      )
      return (await Promise.all(seen)).flat()
    }
    let last: string[] = []
    await waitFor('proxies connect as the rules say', 20, async () => {
      last = await differing()
      return last.length === 0
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${last.join('; ')}; wanted ${JSON.stringify(wanted)}`)
    })
  }

  const wildcard = async (shop: Shop): Promise<void> => {
    await shop.deployWeb()
    await shop.apply(rule(shop.namespace, 'all', `*.${shop.namespace}.svc.cluster.local`, '7s'))
    await shop.reachable('client')
    await connectedAs(shop, hosts(shop).slice(0, 1), { connectTimeout: '7s', mostPending: 170 })
    const timeline = shop.timeline()
    await shop.apply(shop.canary(quick))
    await timeline.untilPhase('Initialized', 90)
    const client = shop.load('client', { rate: 60 })
    await connectedAs(shop, hosts(shop), { connectTimeout: '7s', mostPending: 170, ejectsAfter: undefined })
    expect(await shop.get(kinds.DestinationRule, 'web-primary')).to.equal(undefined)

    const outlierDetection = { consecutive5xxErrors: 9 }
    const patch = JSON.stringify({ spec: { service: { trafficPolicy: { outlierDetection } } } })
    await shop.kubectl('patch', 'canaries.sluice.dev/web', '--type=merge', '-p', patch)
    await connectedAs(shop, hosts(shop).slice(1), { connectTimeout: '7s', mostPending: 170, ejectsAfter: 9 })

    const since = await shop.setImage('v2')
    await timeline.untilWeight(30, 30, since)
    await connectedAs(shop, hosts(shop).slice(1), { connectTimeout: '7s', mostPending: 170, ejectsAfter: 9 })
    await timeline.untilPhase('Succeeded', 120, since)

    // Without a policy in the Canary there is nothing to say beside the wildcard: the rules go.
    const remove = JSON.stringify([{ op: 'remove', path: '/spec/service/trafficPolicy' }])
    await shop.kubectl('patch', 'canaries.sluice.dev/web', '--type=json', '-p', remove)
    await waitFor('the rules go', 20, async () => (await shop.get(kinds.DestinationRule, 'web-primary')) === undefined)
    await connectedAs(shop, hosts(shop).slice(1), { connectTimeout: '7s', mostPending: 170, ejectsAfter: undefined })
    expectNoFailure(client)
  }

  const meshWide = async (shop: Shop): Promise<void> => {
    await shop.deployWeb()
    const all = `*.${shop.namespace}.svc.cluster.local`
    await shop.lab.kubectl.apply([
      rule('istio-system', shop.namespace, all, '8s'),
      rule('default', shop.namespace, `web.${shop.namespace}.svc.cluster.local`, '9s'),
    ])
    await shop.reachable('client')
    const timeline = shop.timeline()
    const trafficPolicy = { outlierDetection: { consecutive5xxErrors: 9 } }
    await shop.apply(shop.canary({ ...quick, service: { trafficPolicy } }))
    await timeline.untilPhase('Initialized', 90)
    await connectedAs(shop, hosts(shop).slice(1), { connectTimeout: '8s', mostPending: 170, ejectsAfter: 9 })
    await connectedAs(shop, hosts(shop).slice(0, 1), { connectTimeout: '8s', mostPending: 170 })
    await shop.lab.kubectl.run('delete', 'destinationrule', shop.namespace, '-n', 'istio-system')
    await connectedAs(shop, hosts(shop).slice(1), { ejectsAfter: 9 })
    await waitFor('the rules follow', 20, async () => {
      const written = await shop.get(kinds.DestinationRule, 'web-canary')
      return JSON.stringify(written?.['spec']) === JSON.stringify({ host: 'web-canary', trafficPolicy })
    })
    await shop.lab.kubectl.run('delete', 'destinationrule', shop.namespace, '-n', 'default')
  }

  const refused = async (shop: Shop, ...args: string[]): Promise<string> => {
    try {
      return `done: ${await shop.kubectl(...args)}`
    } catch (error) {
      return String(error)
    }
  }
  const events = async (shop: Shop): Promise<string> =>
    shop.kubectl('get', 'events', '-o', 'custom-columns=R:.reason,M:.message')

  const commands = async (shop: Shop): Promise<void> => {
    await shop.deployWeb()
    await shop.reachable('client')
    const timeline = shop.timeline()
    // It stays at 30 % until it is approved: every command meets the run.
    const steps = [{ weight: 30, approve: true }, { weight: 60 }]
    await shop.apply(shop.canary({ analysis: { steps, interval: '3s' } }))
    await timeline.untilPhase('Initialized', 90)
    const client = shop.load('client', { rate: 60 })

    const restarted = async (): Promise<void> => {
      const before = new Set((await shop.webPods('primary')).map(pod => pod.metadata.uid))
      await shop.kubectl('rollout', 'restart', 'deployment/web-primary')
      await shop.kubectl('rollout', 'status', 'deployment/web-primary', timeoutOf(60))
      await waitFor('the primary has other pods alone', 30, async () => {
        const after = await shop.webPods('primary')
        return after.length > 0 && after.every(pod => !before.has(pod.metadata.uid))
      })
    }
    await restarted()
    const since = Date.now()
    await shop.kubectl('rollout', 'restart', 'deployment/web')
    await timeline.untilWeight(30, 30, since)
    expect(await refused(shop, 'rollout', 'undo', 'deployment/web')).to.match(/cannot rollback a paused deployment/)
    expect(await refused(shop, 'rollout', 'restart', 'deployment/web')).to.match(/paused/)
    await shop.kubectl('rollout', 'resume', 'deployment/web')
    // `resume` removes a field, and a removed field has no owner: only other entries of about that time tell who it was.
    await waitFor('it is told what to type', 20, async () =>
      /EditReverted +(\S+|An unknown client) resumed Deployment web, .*sluice\.dev\/abort="/.test(await events(shop)),
    )
    await waitFor('the step waits', 30, () => timeline.last?.reason === 'WaitingForApproval')
    await shop.kubectl('annotate', 'canaries.sluice.dev/web', 'sluice.dev/approve=1 as expected')
    await timeline.untilPhase('Succeeded', 120, since)
    await restarted()
    await shop.kubectl('scale', 'deployment/web-primary', '--replicas=2')
    await waitFor('the primary has two pods', 30, async () => (await shop.webPods('primary')).length === 2)
    await waitFor('it is told', 20, async () =>
      /ReplicasChanged +kubectl asked for 2 replicas/.test(await events(shop)),
    )
    expectNoFailure(client)
  }

  together([
    {
      name: 'a wildcard DestinationRule of the namespace goes on covering both sides, with and without a policy of the Canary',
      run: async world => Shop.within(world, 'rules', wildcard),
    },
    {
      name: 'a wildcard of the root namespace is carried and followed; a rule of another namespace is not',
      run: async world => Shop.within(world, 'rules', meshWide),
    },
    {
      name: 'rollout restart, undo, resume and scale of kubectl do what they say, or are answered',
      run: async world => Shop.within(world, 'rules', commands),
    },
  ])
})
