/** How a proxy at the edge connects to a Service, as its own admin interface tells: what DestinationRules come to. */
import { edgeNamespace } from './edge.ts'
import { podKind } from './kubelet.ts'
import type { Lab } from './lab.ts'
import type { Entrance } from './routes.ts'

const patience = 2000 // ms that a proxy has to answer

/** What the tests' policies say, as Envoy has it; undefined where it says nothing. */
export interface Connection {
  readonly connectTimeout: string | undefined
  readonly mostPending: number | undefined
  readonly ejectsAfter: number | undefined
}

interface ClustersDump {
  readonly configs?: readonly {
    readonly cluster: {
      readonly name: string
      readonly connect_timeout?: string
      readonly circuit_breakers?: { readonly thresholds?: readonly { readonly max_pending_requests?: number }[] }
      readonly outlier_detection?: { readonly consecutive_5xx?: number }
    }
  }[]
}

/** null while the proxy knows no such Service. */
export async function connectionAt(lab: Lab, entrance: Entrance, host: string, port = 80): Promise<Connection | null> {
  const [pod] = await lab.api.list(podKind, edgeNamespace, `app=${entrance}`)
  const { podIP } = (pod?.['status'] ?? {}) as { podIP?: string }
  const answer = await fetch(`http://${podIP}:15090/config_dump?resource=dynamic_active_clusters`, {
    signal: AbortSignal.timeout(patience),
  })
  const { configs = [] } = (await answer.json()) as ClustersDump
  const cluster = configs.map(one => one.cluster).find(({ name }) => name === `outbound|${port}||${host}`)
  if (cluster === undefined) return null
  return {
    connectTimeout: cluster.connect_timeout,
    mostPending: cluster.circuit_breakers?.thresholds?.[0]?.max_pending_requests,
    ejectsAfter: cluster.outlier_detection?.consecutive_5xx,
  }
}
