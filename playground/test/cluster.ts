/** A small cluster in memory, for the playground's own tests. */
import type { KubeObject } from '../../src/api/object.ts'
import { VirtualClock } from '../clock.ts'
import { Images } from '../workloads/images.ts'
import { Mesh } from '../mesh/mesh.ts'
import { Workloads } from '../workloads/workloads.ts'
import { installed } from './installed.ts'

export function cluster(propagation = 0) {
  const clock = new VirtualClock()
  const api = installed(clock)
  const images = new Images()
  const workloads = new Workloads(api.server, images)
  const mesh = new Mesh(api.server, images, propagation)
  const user = api.as('kubectl')
  user.namespace('shop')
  return { clock, api, images, workloads, mesh, user }
}

export function deployment(
  name: string,
  image: string,
  replicas: number,
  spec: Record<string, unknown> = {},
): KubeObject {
  const labels = { app: name }
  const containers = [{ name: 'web', image }]
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
      ...spec,
    },
  }
}

export function service(name: string, selector: Record<string, string>): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: { selector, ports: [{ name: 'http', port: 80 }] },
  }
}

export function virtualService(name: string, spec: Record<string, unknown>): KubeObject {
  return { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name, namespace: 'shop' }, spec }
}

/** The patch that gives a Deployment another image. */
export function withImage(image: string): Record<string, unknown> {
  return { spec: { template: { spec: { containers: [{ name: 'web', image }] } } } }
}
