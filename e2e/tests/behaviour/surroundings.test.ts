/** What stands around a Deployment: the configuration that it mounts, templates of metrics, and autoscalers. */
import { expect } from 'chai'
import { type Kind, type KubeObject, kinds } from '../../../src/api/object.ts'
import { type Json, recordOf, recordsOf } from '../../../src/core/json.ts'
import { expectNoFailure } from '../../fixtures/expect.ts'
import { Shop } from '../../fixtures/shop.ts'
import { type Scenario, together } from '../../fixtures/together.ts'
import { pathOf } from '../../lab/api.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

const web = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
const autoscalers: readonly { kind: Kind; spec: object; field: string }[] = [
  { kind: kinds.HorizontalPodAutoscaler, spec: { scaleTargetRef: web, maxReplicas: 3 }, field: 'scaleTargetRef' },
  { kind: kinds.VerticalPodAutoscaler, spec: { targetRef: web }, field: 'targetRef' },
  {
    kind: kinds.ScaledObject,
    spec: { scaleTargetRef: { name: 'web' }, triggers: [{ type: 'cpu', metadata: { value: '60' } }] },
    field: 'scaleTargetRef',
  },
]

const settings = (shop: Shop, colour: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: shop.namespace },
  data: { colour },
})
const password = (shop: Shop): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'password', namespace: shop.namespace },
  data: { password: Buffer.from('swordfish').toString('base64') },
})
const metricTemplate = (shop: Shop): KubeObject => ({
  apiVersion: 'sluice.dev/v1beta1',
  kind: 'MetricTemplate',
  metadata: { name: 'failures', namespace: shop.namespace },
  spec: {
    provider: { type: 'prometheus' },
    query:
      'sum(increase(istio_requests_total{reporter="destination",destination_workload="{{ target }}",' +
      'destination_workload_namespace="{{ namespace }}",response_code=~"{{ variables.codes }}"}[{{ interval }}])) or vector(0)',
  },
})

suite('Around a Deployment', () => {
  const copies = async (shop: Shop): Promise<string[]> => {
    const found = await shop.lab.api.list(kinds.ConfigMap, shop.namespace, 'sluice.dev/canary=web')
    return found.map(
      ({ metadata, data, immutable }) => `${metadata.name.split('-')[0]} ${JSON.stringify({ data, immutable })}`,
    )
  }

  const configuration = async (shop: Shop): Promise<void> => {
    const deployment = shop.deployment()
    const spec = deployment['spec'] as {
      template: { spec: { containers: Record<string, unknown>[]; volumes?: object[] } }
    }
    const { containers } = spec.template.spec
    Object.assign(containers[0] ?? {}, { envFrom: [{ secretRef: { name: 'password' } }] })
    spec.template.spec.volumes = [{ name: 'settings', configMap: { name: 'settings' } }]
    await shop.apply(settings(shop, 'blue'), password(shop), metricTemplate(shop), deployment, shop.service())
    await shop.kubectl('rollout', 'status', 'deployment/web', timeoutOf(60))
    await shop.reachable('client')
    const client = shop.load('client', { rate: 80 })
    const timeline = shop.timeline()
    const failures = {
      name: 'failures',
      templateRef: { name: 'failures' },
      templateVariables: { codes: '5..' },
      thresholdRange: { max: 0 },
      interval: '10s',
    }
    const inline = { name: 'always', query: 'vector(1)', thresholdRange: { min: 1, max: 1 }, interval: '10s' }
    const metrics = [{ name: 'request-success-rate', interval: '10s' }, failures, inline]
    await shop.apply(shop.canary({ analysis: { stepWeights: [50], metrics } }))
    await timeline.untilPhase('Initialized', 60)
    expect(await copies(shop)).to.deep.equal(['settings {"data":{"colour":"blue"},"immutable":true}'])

    // The target's own pods saw each change as it was made; the primary's go on with what was judged.
    for (const colour of ['green', 'red']) {
      const since = Date.now()
      await shop.apply(settings(shop, colour))
      const begun = await timeline.untilPhase('Progressing', 20, since)
      await timeline.untilPhase('Succeeded', 90, begun.at)
      expect(timeline.weights(since)).to.deep.equal([50, 0])
    }
    await waitFor('the first copy is dropped', 20, async () => !(await copies(shop)).join().includes('blue'))
    const red = (await shop.lab.api.list(kinds.ConfigMap, shop.namespace, 'sluice.dev/canary=web')).find(
      ({ data }) => (data as { colour: string }).colour === 'red',
    )
    const primary = (await shop.get(kinds.Deployment, 'web-primary'))?.['spec'] as typeof spec
    expect(primary.template.spec.volumes).to.deep.equal([
      { name: 'settings', configMap: { name: red?.metadata.name, defaultMode: 420 } },
    ])
    const checks = (await shop.get(kinds.Canary, 'web'))?.['status'] as { checks: { name: string; verdict: string }[] }
    expect(checks.checks.map(({ name, verdict }) => `${name}: ${verdict}`)).to.have.members([
      'request-success-rate: pass',
      'failures: pass',
      'always: pass',
    ])

    // The target mounts the originals: with the Canary go the copies.
    await shop.kubectl('delete', 'canaries.sluice.dev/web', timeoutOf(60))
    expect(await copies(shop)).to.deep.equal([])
    expect(await shop.lab.api.list(kinds.Secret, shop.namespace, 'sluice.dev/canary=web')).to.deep.equal([])
    expectNoFailure(client)
  }

  const autoscaled = async ({ kind, spec, field }: (typeof autoscalers)[number], shop: Shop): Promise<void> => {
    const apiVersion = `${kind.group}/${kind.version}`
    await shop.deployWeb()
    await shop.apply({ apiVersion, kind: kind.kind, metadata: { name: 'scaler' }, spec })
    const timeline = shop.timeline()
    await shop.apply(shop.canary({ primary: { labels: 'keep' } }))
    const told = await waitFor('the Canary is stalled', 30, () =>
      timeline.moments.find(({ reason }) => reason === 'AutoscalerOnTarget' || reason === 'AutoscalerOverlap'),
    )
    expect(told.message)
      .to.include(kind.kind)
      .and.match(new RegExp(`set spec[.]${field}[.]name to web-primary`, 'i'))
    expect(await shop.get(kinds.VirtualService, 'web'), 'nothing of the callers is touched').to.equal(undefined)
    const { kubectl } = shop
    await kubectl('wait', 'canaries.sluice.dev/web', '--for=condition=stalled', timeoutOf(30))

    const pointed = JSON.stringify({
      spec: { [field]: { ...(kind.kind === 'ScaledObject' ? {} : web), name: 'web-primary' } },
    })
    await kubectl('patch', `${kind.plural}.${kind.group}`, 'scaler', '--type=merge', '-p', pointed)
    await timeline.untilPhase('Initialized', 60)
  }

  /** What lasts of the Service of callers: what Sluice selects by, and what it notes on it, is its own. */
  const lasting = async (shop: Shop): Promise<Json> => {
    const live = await shop.get(kinds.Service, 'web')
    const { 'sluice.dev/original': _, ...annotations } = live?.metadata.annotations ?? {}
    const { selector: __, ...spec } = recordOf(live?.spec)
    return { ...spec, annotations, labels: live?.metadata.labels }
  }

  const serviceDeleted = async (shop: Shop): Promise<void> => {
    const { metadata, spec } = shop.service()
    const balanced = {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      loadBalancerClass: 'example.com/internal',
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 600 } },
      internalTrafficPolicy: 'Local',
      trafficDistribution: 'PreferClose',
      publishNotReadyAddresses: true,
    }
    const annotations = { 'example.com/internal': 'true' }
    const service = {
      ...shop.service(),
      metadata: { ...metadata, annotations },
      spec: { ...recordOf(spec), ...balanced },
    }
    await shop.deployWeb({ service })
    const timeline = shop.timeline()
    await shop.apply(shop.canary({ analysis: { stepWeights: [50] } }))
    await timeline.untilPhase('Initialized', 60)
    const before = await lasting(shop)
    const again = async (): Promise<void> => {
      const { uid } = (await shop.get(kinds.Service, 'web'))?.metadata ?? {}
      await shop.kubectl('delete', 'service', 'web')
      await waitFor('Service web is there again', 30, async () => {
        const there = (await shop.get(kinds.Service, 'web'))?.metadata.uid
        return there !== undefined && there !== uid
      })
    }
    await again()
    expect(await lasting(shop)).to.deep.equal(before)

    // Whoever is first has the port of the nodes.
    const [port] = recordsOf(before['ports'])
    const thief = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'thief', namespace: shop.namespace },
      spec: { type: 'NodePort', ports: [{ port: 80, nodePort: port?.['nodePort'] }] },
    }
    await waitFor('another Service has the port of the nodes', 60, async () => {
      await shop.lab.api.call('DELETE', pathOf(kinds.Service, shop.namespace, 'web'))
      return shop.lab.api.create(kinds.Service, thief).catch(async () => {
        await waitFor('Service web is there again', 30, async () => shop.get(kinds.Service, 'web'))
        return undefined
      })
    })
    await waitFor('Service web is there again', 30, async () => shop.get(kinds.Service, 'web'))
    expect(await lasting(shop)).to.deep.include({ ...balanced, annotations })
    const told = await shop.kubectl('get', 'events', '-o', 'jsonpath={range .items[*]}{.message}{"\\n"}{end}')
    expect(told).to.include('Service web was deleted; it is created again as it was; its load balancer may get another')
    expect(told).to.match(
      /but with another cluster IP and other node ports, because a write failed: .*already allocated/,
    )
  }

  together([
    {
      name: 'a Service of type LoadBalancer that is deleted comes back as what it was, with other addresses where it has to',
      run: async world => Shop.within(world, 'service', serviceDeleted),
    },
    {
      name: 'a change of configuration alone is a release, and the primary keeps what was judged',
      run: async world => Shop.within(world, 'config', configuration),
    },
    ...autoscalers.map(
      (scaler): Scenario => ({
        name: `a ${scaler.kind.kind} on the target stops the start with a sentence, and pointing it at the primary is enough`,
        run: async world => Shop.within(world, 'scaled', async shop => autoscaled(scaler, shop)),
      }),
    ),
  ])
})
