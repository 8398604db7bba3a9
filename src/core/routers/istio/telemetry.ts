/** What Istio's metrics tell of the two sides. */
import type { Observation } from '../../model/observation.ts'
import { parentKeys, serviceParentKey } from '../gateway-api/refs.ts'
import type { Named, Telemetry } from '../provider.ts'
import { vantageOf } from './ambient/vantage.ts'
import { gatewaysIn, MESH } from './bindings.ts'
import {
  callerFailures,
  carried,
  carriedWithin,
  disconnects,
  errors,
  latency,
  mutualTls,
  plaintext,
  primaryRequests,
  requests,
  resets,
  untold,
  withoutCluster,
} from './promql.ts'
import { sharesAddUp, splitsAll, splitsMesh } from './split-scope.ts'

export const telemetry: Telemetry = {
  vantage: o => ({ ...sides(o), vantage: vantageOf(o, splitsMesh), strangers: strangersOf(o) }),
  sides,
  questions: {
    requests: (scene, window) => requests(scene, window),
    errors,
    untold,
    'caller-failures': callerFailures,
    disconnects: (scene, window) => disconnects(scene, window, 'canary'),
    'primary-requests': (scene, window) => requests(scene, window, 'primary'),
    'primary-disconnects': (scene, window) => disconnects(scene, window, 'primary'),
    latency,
    'mutual-tls': mutualTls,
    plaintext,
    resets,
  },
  primaryRequests,
  sent: (scene, side, window, strict) => (strict ? carriedWithin : carried)(scene, side, window),
  lost: withoutCluster,
  // A VirtualService in the mesh is refused where the pods are in ambient.
  pastWaypoint: () => null,
  lostSentence: ({ names }) =>
    `requests to ${names.apexService.name} match no cluster (response flag NC), and none did before the first weight. A route leads to a port or a subset that Service ${names.canaryService.name} does not have; compare the destinations of the VirtualService with its ports.`,
  splitsAll,
  tellsSplit: sharesAddUp,
}

function sides(o: Named & Pick<Observation, 'subsets'>): ReturnType<Telemetry['sides']> {
  const { names } = o
  const apex = names.apexService.name
  const { hosts = [], destinationRule: subsets, virtualServices } = o.canary.spec.service
  const known = {
    // A wildcard is no Host header, and a name without a dot is that of a Service.
    hosts: hosts.filter(host => host.includes('.') && !host.includes('*')),
  }
  if (subsets === undefined) {
    const primary = names.primaryService.name
    return {
      ...known,
      canaryCallers: { services: [names.canaryService.name] },
      primaryCallers: { services: virtualServices === undefined ? [primary] : [primary, apex] },
    }
  }
  // Istio reports the label `version` of the pods, whatever their subset is called.
  const version = (side: 'canary' | 'primary', name: string): string => o.subsets?.[side]['version'] ?? name
  return {
    ...known,
    canaryCallers: { services: [apex], version: version('canary', subsets.canarySubset) },
    primaryCallers: { services: [apex], version: version('primary', subsets.primarySubset) },
  }
}

/** Namespaces whose callers may meet routes of their own, of either API. */
function strangersOf({ names, surroundings }: Observation): string[] {
  const { routes, otherApiRoutes } = surroundings
  const ofService = otherApiRoutes.filter(one => parentKeys(one).includes(serviceParentKey(names.apexService)))
  const inMesh = [...routes.filter(one => gatewaysIn(one).includes(MESH)), ...ofService]
  const namespaces = new Set(inMesh.map(({ metadata }) => metadata.namespace ?? ''))
  return [...namespaces].filter(one => one !== names.namespace).toSorted()
}
