/**
 * A waypoint of a shop's namespace: a Gateway that istiod configures, and an Envoy for it. Upstream Envoy has none of Istio's filters, so
 * those are taken out; the waypoint listens on its pod's address, because all pods share one network here; and it counts
 * requests as Istio's telemetry does.
 */
import type { KubeObject } from '../../src/api/object.ts'
import { at, textOf } from '../../src/core/json.ts'
import type { Shop } from '../fixtures/shop.ts'
import { telemetryOf } from './istio.ts'
import { callerAddress } from './network.ts'
import { drainSeconds, inMutualTls, proxyContainer } from './proxy.ts'
import { timeoutOf, waitFor } from './wait.ts'

const name = 'waypoint'
const NETWORKING = 'gateway.networking.k8s.io'
/** Of a pod that ztunnel serves, as Istio's CNI marks it. */
const redirected = { 'ambient.istio.io/redirection': 'enabled' }

const ztunnel = (env: Readonly<Record<string, string>>): object => ({
  name: 'ztunnel',
  image: 'ztunnel',
  command: ['node', '$(ZTUNNEL)'],
  env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
  // It goes on until the waypoint has heard that the pod ends.
  lifecycle: { preStop: { sleep: { seconds: drainSeconds + 1 } } },
})

function filters(address: string): KubeObject {
  const manager = 'envoy.filters.network.http_connection_manager'
  const removed = (filter: string): object => ({
    applyTo: 'HTTP_FILTER',
    match: {
      context: 'SIDECAR_INBOUND',
      listener: { filterChain: { filter: { name: manager, subFilter: { name: filter } } } },
    },
    patch: { operation: 'REMOVE' },
  })
  return {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata: { name },
    spec: {
      targetRefs: [{ group: NETWORKING, kind: 'Gateway', name }],
      configPatches: [
        ...['waypoint_downstream_peer_metadata', 'waypoint_upstream_peer_metadata'].map(removed),
        {
          applyTo: 'LISTENER',
          match: { context: 'SIDECAR_INBOUND', listener: { name: 'connect_terminate' } },
          patch: {
            operation: 'MERGE',
            value: { address: { socket_address: { address, port_value: 15008 } } },
          },
        },
        telemetryOf('waypoint', {
          context: 'SIDECAR_INBOUND',
          listener: { name: 'main_internal', filterChain: { filter: { name: manager } } },
        }),
      ],
    },
  }
}

/** The namespace is in ambient from here on, and a waypoint takes the requests to its Services. */
export async function withWaypoint(shop: Shop): Promise<void> {
  const { namespace, lab } = shop
  const labels = ['istio.io/dataplane-mode=ambient', `istio.io/use-waypoint=${name}`]
  await lab.kubectl.run('label', 'namespace', namespace, ...labels)
  // Before there is an address any will do: without the filter Envoy would listen on all of them.
  await shop.apply(filters('10.96.0.90'), {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default' },
    spec: { mtls: { mode: 'PERMISSIVE' } },
  })
  const app = { app: name }
  await shop.apply(
    {
      apiVersion: `${NETWORKING}/v1`,
      kind: 'Gateway',
      metadata: { name, labels: { 'istio.io/waypoint-for': 'service' } },
      spec: { gatewayClassName: 'istio-waypoint', listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name,
        labels: { 'gateway.istio.io/managed': 'istio.io-mesh-controller', [`${NETWORKING}/gateway-name`]: name },
      },
      spec: { selector: app, ports: [{ name: 'hbone', port: 15008 }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        selector: { matchLabels: app },
        template: {
          metadata: {
            labels: { ...app, [`${NETWORKING}/gateway-name`]: name, 'istio.io/dataplane-mode': 'none', ...inMutualTls },
            annotations: proxyContainer.scraped,
          },
          spec: { serviceAccountName: name, containers: [proxyContainer.of('waypoint')] },
        },
      },
    },
  )
  await shop.kubectl('rollout', 'status', `deployment/${name}`, timeoutOf(60))
  await shop.apply(filters(await waypointAddress(shop)))
  await shop.kubectl('wait', `gateway/${name}`, '--for=condition=Programmed', timeoutOf(30))
}

async function waypointAddress(shop: Shop): Promise<string> {
  const [pod] = await shop.pods(`app=${name}`)
  return textOf(at(pod?.['status'], 'podIP'))
}

/** The Deployment `web` in ambient: the application and the part of ztunnel that is before it. */
export function ambientDeployment(shop: Shop, version: string): KubeObject {
  const deployment = shop.deployment({ version })
  const spec = deployment['spec'] as { template: { metadata: object; spec: { containers: object[] } } }
  const { template } = spec
  const [app] = template.spec.containers
  // It makes a certificate before it listens: callers that hear of the pod by then would meet nothing. A real ztunnel is there before the pod.
  const serving = { ...ztunnel({ SERVE: '1' }), readinessProbe: { tcpSocket: { port: 15008 }, periodSeconds: 2 } }
  return {
    ...deployment,
    spec: {
      ...spec,
      template: {
        metadata: { labels: { app: 'web' }, annotations: redirected },
        spec: { ...template.spec, serviceAccountName: 'web', containers: [app, serving] },
      },
    },
  }
}

/**
 * A caller in ambient with the identity of a service account of this name.
 *
 * @param service that it calls.
 * @returns where it takes requests to that: `address` of a load.
 */
export async function ambientCaller(shop: Shop, account: string, service = 'web'): Promise<string> {
  const address = callerAddress()
  const kubectl = shop.kubectl
  const app = service === 'web' ? account : `${account}-of-${service}`
  const clusterIp = await kubectl('get', 'service', service, '-o', 'jsonpath={.spec.clusterIP}')
  const to = { LISTEN: `${address}:80`, TO: `${clusterIp.trim()}:80`, WAYPOINT: `${await waypointAddress(shop)}:15008` }
  await shop.apply({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: app },
    spec: {
      selector: { matchLabels: { app } },
      template: {
        metadata: { labels: { app }, annotations: redirected },
        spec: { serviceAccountName: account, containers: [ztunnel(to)] },
      },
    },
  })
  await kubectl('rollout', 'status', `deployment/${app}`, timeoutOf(60))
  return address
}

/** Resolves when a load of one request is answered so. */
export async function untilAnswered(shop: Shop, address: string, status: number): Promise<void> {
  await waitFor(`${shop.namespace} answers ${status} through its waypoint`, 30, async () => {
    const load = shop.load('client', { address, rate: 20, seconds: 0.1 })
    await load.ended
    const answers = load.between(0)
    return answers.length > 0 && answers.every(one => one.status === status)
  })
}
