/** A Service that was there before its Canary, with ports of its own, and where requests to it go. */
import { kinds } from '../../src/api/object.ts'
import { at, type Json } from '../../src/core/json.ts'
import { routeOf } from '../../playground/mesh/routes.ts'
import type { World } from '../scenarios/world.ts'

/** An HTTP port and one for administration, each to a container port of its own. */
export const F1_PORTS = [
  { name: 'http', port: 80, targetPort: 8080 },
  { name: 'http-admin', port: 9090, targetPort: 9091 },
]
/** The container ports of these two. */
export const TWO = [{ containerPort: 8080 }, { containerPort: 9091 }]

export const containers = (image: string, ports: readonly object[]): Record<string, unknown> => ({
  spec: { template: { spec: { containers: [{ name: 'web', image, ports }] } } },
})

/**
 * The Deployment with these container ports and the Service with these fields, and the Canary.
 *
 * @returns when callers have met ready pods.
 */
export async function deployed(
  world: World,
  ports: readonly object[],
  service: Json,
  canary: Json,
  metadata: Json = {},
): Promise<number> {
  world.deploy()
  world.user.merge(kinds.Deployment, 'shop', 'web', containers('demo/web:1.0.0', ports))
  world.user.merge(kinds.Service, 'shop', 'web', { metadata, spec: service })
  await world.clock.advance(5000)
  const begun = world.clock.now()
  world.canary(canary)
  return begun
}

export const portsOf = (world: World, name: string): unknown => at(world.object(kinds.Service, name), 'spec', 'ports')

/** Where requests to a host and port go: `web-primary 90 → 8080`, or the flag of a proxy that answers itself. */
export function reached(world: World, host: string, gateway = 'mesh', namespace = 'shop'): string[] {
  const request = { host, namespace, gateway, path: '/', method: 'GET', headers: {}, labels: {} }
  return routeOf(world.api.server.store, request).destinations.map(({ service, share, to }) =>
    'code' in to ? `${to.code} ${to.flag}` : `${service} ${Math.round(share * 100)} → ${String(to.port)}`,
  )
}
