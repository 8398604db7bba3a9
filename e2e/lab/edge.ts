/** Where requests come from: one gateway and one client inside the mesh, shared by all tests. */
import type { Kubectl } from './kubectl.ts'
import { addresses, clientPorts } from './network.ts'
import { proxyContainer } from './proxy.ts'
import { timeoutOf } from './wait.ts'

export const edgeNamespace = 'edge'
/** How a Canary or a VirtualService names the gateway. */
export const gatewayName = `${edgeNamespace}/gateway`
/** The Gateway of the Gateway API that the same proxy serves, and where it listens. */
export const publicGateway = { name: 'public', namespace: edgeNamespace }
export const publicPort = 8090

/** A Gateway at the proxies of the edge; one of its name is not there yet. */
export const gatewayAt = (name: string, port: number, from: 'All' | 'Same'): object => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name, namespace: edgeNamespace },
  spec: {
    gatewayClassName: 'istio',
    addresses: [{ type: 'Hostname', value: `gateway.${edgeNamespace}.svc.cluster.local` }],
    listeners: [
      { name: 'http', port, protocol: 'HTTP', hostname: '*.example.com', allowedRoutes: { namespaces: { from } } },
    ],
  },
})

function proxyDeployment(name: 'gateway' | 'client', role: 'router' | 'sidecar'): object {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: edgeNamespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: proxyContainer.scraped },
        spec: { containers: [proxyContainer.of(role)] },
      },
    },
  }
}

const objects = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: edgeNamespace } },
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'gateway', namespace: edgeNamespace },
    spec: {
      selector: { app: 'gateway' },
      servers: [
        { bind: addresses.gateway, port: { number: 8080, name: 'http', protocol: 'HTTP' }, hosts: ['*.example.com'] },
      ],
    },
  },
  // One listener for all Services with a port: the Host header says which, as through an HTTP proxy. So callers need
  // no address of a Service, and a Service that the controller makes is reached like one that the user made.
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Sidecar',
    metadata: { name: 'client', namespace: edgeNamespace },
    spec: {
      workloadSelector: { labels: { app: 'client' } },
      egress: clientPorts.map(number => ({
        port: { number, protocol: 'HTTP', name: `http-${number}` },
        bind: addresses.client,
        captureMode: 'NONE',
        hosts: ['*/*'],
      })),
    },
  },
  proxyDeployment('gateway', 'router'),
  proxyDeployment('client', 'sidecar'),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'gateway', namespace: edgeNamespace },
    spec: {
      selector: { app: 'gateway' },
      ports: [publicPort, publicPort + 1].map(port => ({ name: `http-${port}`, port, targetPort: port })),
    },
  },
  gatewayAt(publicGateway.name, publicPort, 'All'),
]

export async function startEdge(kubectl: Kubectl): Promise<void> {
  await kubectl.apply(objects)
  for (const name of ['gateway', 'client']) {
    await kubectl.run('rollout', 'status', `deployment/${name}`, '-n', edgeNamespace, timeoutOf(60))
  }
}
