/** Which provider splits the traffic of a canary: one that the API knows and that has no code here does not compile. */
import type { Provider } from '../../api/providers.ts'
import type { Vantage } from '../../api/status.ts'
import type { Observation } from '../model/observation.ts'
import { gatewayApi } from './gateway-api/index.ts'
import { istio } from './istio/index.ts'
import { kubernetes } from './kubernetes/index.ts'
import { nginx } from './nginx/index.ts'
import type { RoutingProvider } from './provider.ts'

export const routing: Readonly<Record<Provider, RoutingProvider>> = {
  istio,
  kubernetes,
  nginx,
  'gatewayapi:v1': gatewayApi('v1'),
  'gatewayapi:v1beta1': gatewayApi('v1beta1'),
}

/** Whose telemetry tells of the requests; null where no pod of the candidate, which decides on that, was read, and where nothing tells. */
export function vantageSeen(o: Observation): Vantage | null {
  const { injects, telemetry } = routingOf(o)
  return injects && o.samples.canary === null ? null : (telemetry?.vantage(o).vantage ?? null)
}

export function routingOf({ canary }: Pick<Observation, 'canary'>): RoutingProvider {
  return routing[canary.spec.provider]
}
