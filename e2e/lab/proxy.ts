/** The proxy container, as injection would add it to a pod. */
import { fileURLToPath } from 'node:url'
import { xdsPort } from './istio.ts'
import { sdsPort } from './sds.ts'

const script = fileURLToPath(new URL('../pods/proxy.sh', import.meta.url))

/** Seconds that a pod goes on answering after its deletion, while callers learn of it; Istio's agent waits 5. */
export const drainSeconds = 3

/** A label that injection sets: without it callers send plaintext to the pod. */
export const inMutualTls = { 'security.istio.io/tlsMode': 'istio' } as const

export const proxyContainer = {
  /** Annotations of a pod whose proxy Prometheus scrapes. */
  scraped: {
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': '15090',
    'prometheus.io/path': '/stats/prometheus',
  },
  of: (role: 'sidecar' | 'router' | 'waypoint'): object => ({
    name: 'istio-proxy',
    image: 'envoy',
    command: [script, role, String(xdsPort), String(sdsPort)],
    // An autoscaler by CPU goes by the requests of all containers; these are those of Istio's injection.
    resources: { requests: { cpu: '100m', memory: '128Mi' } },
    readinessProbe: { httpGet: { path: '/ready', port: 15090 }, periodSeconds: 2 },
    lifecycle: { preStop: { sleep: { seconds: drainSeconds } } },
  }),
}
