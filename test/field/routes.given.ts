/** A world in which others have routes, too: their VirtualServices, callers at a gateway, and who answers whom. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { at } from '../../src/core/json.ts'
import type { Flow } from '../../playground/mesh/mesh.ts'
import { World } from '../scenarios/world.ts'

export type Spec = Readonly<Record<string, unknown>>

export const minute = 60_000
export const PUBLIC = 'istio-system/public'
export const APEX = 'web.shop.svc.cluster.local'
export const to = (host: string) => ({ route: [{ destination: { host } }] })
export const listening = { port: 80, targetPort: 8080 }
const GATEWAY = { group: 'networking.istio.io', version: 'v1', kind: 'Gateway', plural: 'gateways', namespaced: true }

const named = (flow: Flow): string => (flow.revision === '' ? String(flow.code) : flow.workload)
export const atGateway = (path: string) => (flow: Flow) =>
  flow.load.gateway === PUBLIC && (flow.load.path ?? '/') === path
export const inMesh = (path: string) => (flow: Flow) =>
  flow.load.gateway === undefined && flow.load.host === 'web' && (flow.load.path ?? '/') === path

export class RoutesWorld extends World {
  readonly #namespaces = new Set(['shop'])

  inNamespace(name: string): string {
    if (!this.#namespaces.has(name)) this.user.namespace(name)
    this.#namespaces.add(name)
    return name
  }

  virtualService(namespace: string, name: string, spec: Spec): void {
    this.user.create({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name, namespace: this.inNamespace(namespace) },
      spec,
    })
  }

  /** The public gateway, with callers of `host` behind it. */
  callersAtGateway(host: string, perSecond: number, path = '/'): void {
    this.inNamespace('istio-system')
    const servers = [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }]
    if (this.user.get(GATEWAY, 'istio-system', 'public') === null) {
      this.user.create({
        apiVersion: 'networking.istio.io/v1',
        kind: 'Gateway',
        metadata: { name: 'public', namespace: 'istio-system' },
        spec: { selector: { istio: 'ingressgateway' }, servers },
      })
    }
    this.mesh.load({ host, namespace: 'istio-system', gateway: PUBLIC, perSecond, path })
  }

  /** A Deployment and a Service of others. */
  others(namespace: string, name: string): void {
    const labels = { app: name }
    const container = { name, image: 'demo/web:1.0.0', ports: [{ name: 'http', containerPort: 8080 }] }
    const template = { metadata: { labels }, spec: { containers: [container] } }
    const metadata = { name, namespace: this.inNamespace(namespace) }
    this.user.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { replicas: 1, selector: { matchLabels: labels }, template },
    })
    this.user.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    })
  }

  /** Percent of the requests of the last half minute that each Deployment answered; what none did, by code. */
  heard(wanted: (flow: Flow) => boolean): Record<string, number> {
    const from = this.clock.now() - minute / 2
    const shares: Record<string, number> = {}
    const total = this.mesh.count(wanted, from)
    for (const { flows } of this.mesh.stretches(from)) {
      for (const flow of flows.filter(wanted)) {
        const name = flow.revision === '' ? String(flow.code) : flow.workload
        shares[name] = Math.round((100 * this.mesh.count(one => wanted(one) && named(one) === name, from)) / total)
      }
    }
    return shares
  }

  async begin(service: Spec = {}, analysis: Spec = {}): Promise<void> {
    this.deploy()
    await this.clock.advance(5000)
    this.canary({
      service: { ...listening, ...service },
      analysis: { interval: '10s', threshold: 3, stepWeights: [10, 50], ...analysis },
    })
  }

  async expectConflict(message: string): Promise<void> {
    await this.clock.advance(10_000)
    expect(this.status).to.include({ phase: 'Initializing', reason: 'Conflict', message })
    expect(this.object(kinds.Deployment, 'web-primary'), 'nothing was touched').to.equal(null)
    expect(at(this.object(kinds.Service, 'web')?.spec, 'selector')).to.deep.equal({ app: 'web' })
    expect(this.object(kinds.VirtualService, 'web')).to.equal(null)
  }
}
