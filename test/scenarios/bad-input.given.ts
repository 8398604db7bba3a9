/** What the rows of bad input are made of: the shape of a row, and what people have and do in the cluster. */
import { type Kind, kinds, type KubeObject } from '../../src/api/object.ts'
import type { Says } from './witness.ts'
import type { World } from './world.ts'

export type Json = Record<string, unknown>

export interface Row extends Says {
  readonly name: string
  /** What is there, and well. Left out: the Deployment and Service `web`. */
  readonly given?: (world: World) => void
  /** Of the Canary, beside target, service and analysis. */
  readonly spec?: Json
  /** What somebody does to the cluster. */
  readonly goesWrong?: (world: World) => void
  /** What somebody writes into the Canary's spec, as a merge patch. */
  readonly wrong?: Json
  readonly mended: (world: World) => void
}

export const meta = (name: string): { name: string; namespace: string } => ({ name, namespace: 'shop' })

export const object = (kind: Kind, name: string, spec: Json, labels?: Record<string, string>): KubeObject => ({
  apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`,
  kind: kind.kind,
  metadata: { ...meta(name), ...(labels === undefined ? {} : { labels }) },
  spec,
})

export const made = (kind: Kind, name: string, spec: Json) => (world: World) => {
  world.user.create(object(kind, name, spec))
}
export const deleted = (kind: Kind, name: string) => (world: World) => {
  world.user.delete(kind, 'shop', name)
}
export const changed = (kind: Kind, name: string, spec: Json) => (world: World) => {
  world.user.merge(kind, 'shop', name, { spec })
}
export const deployed =
  (...more: ((world: World) => void)[]) =>
  (world: World): void => {
    world.deploy()
    for (const one of more) one(world)
  }

export const container = (more: Json = {}): Json => ({
  name: 'web',
  image: 'demo/web:1.0.0',
  ports: [{ name: 'http', containerPort: 8080 }],
  ...more,
})
export const ofTarget = (spec: Json): ((world: World) => void) => changed(kinds.Deployment, 'web', spec)
export const ofTemplate = (template: Json): ((world: World) => void) => ofTarget({ template })
export const ofCanary = (spec: Json): ((world: World) => void) => changed(kinds.Canary, 'web', spec)

/** The Canary of another. */
export const rival = (name: string, target: string, service?: string) =>
  made(kinds.Canary, name, {
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
    service: { port: 80, ...(service === undefined ? {} : { name: service }) },
    analysis: {},
  })

export const to = (host: string, more: Json = {}): Json => ({ destination: { host, ...more } })
export const routes = (...http: Json[]): Json => ({ hosts: ['web'], http })
export const userRoutes = made(kinds.VirtualService, 'storefront', routes({ name: 'all', route: [to('web')] }))
export const byUserRoutes = { service: { port: 80, targetPort: 8080, virtualServices: [{ name: 'storefront' }] } }
export const httpOf = (...http: Json[]): ((world: World) => void) =>
  changed(kinds.VirtualService, 'storefront', { http })
export const wellRouted = httpOf({ name: 'all', route: [to('web')] })

export const twoSubsets = [
  { name: 'v1', labels: { version: 'v1' } },
  { name: 'v2', labels: { version: 'v2' } },
]
export const rule = made(kinds.DestinationRule, 'sides', { host: 'web', subsets: twoSubsets })
export const bySubsets = {
  service: {
    port: 80,
    targetPort: 8080,
    destinationRule: { name: 'sides', primarySubset: 'v1', canarySubset: 'v2' },
  },
}
export const deployedAsV2 = (world: World): void => {
  world.deploy('demo/web:1.0.0', { labels: { version: 'v2' } })
  rule(world)
}

export const byTemplate = {
  analysis: {
    interval: '10s',
    threshold: 2,
    metrics: [{ name: 'orders', templateRef: { name: 'orders' }, thresholdRange: { max: 1 } }],
  },
}
export const templateOf = (provider: Json = {}, query = 'orders_failed'): ((world: World) => void) => {
  const make = made(kinds.MetricTemplate, 'orders', { provider: { type: 'prometheus', ...provider }, query })
  return world => {
    world.metrics.values.set('orders_failed', 0)
    make(world)
  }
}
