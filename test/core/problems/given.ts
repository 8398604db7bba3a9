/** What the rows of problems are made of. */
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import type { MetricTemplate } from '../../../src/api/templates.ts'
import type { Observation, Surroundings } from '../../../src/core/model/observation.ts'
import { canary, deployment, live, noSurroundings, object, observation, template, workload } from '../given-objects.ts'

export type Spec = Readonly<Record<string, unknown>>

export const around = (more: Partial<Surroundings>): Partial<Observation> => ({
  surroundings: { ...noSurroundings, ...more },
})
export const target = (spec: Spec): Partial<Observation> => ({ target: workload(deployment('web', spec)) })
export const service = (name: string, spec: Spec = {}): KubeObject => object(kinds.Service, name, { spec })
export const routes = (name: string, spec: Spec, namespace = 'shop'): KubeObject =>
  object(kinds.VirtualService, name, { spec }, { namespace })
export const rule = (spec: Spec): KubeObject => object(kinds.DestinationRule, 'rules', { spec })
export const scaler = (kind: (typeof kinds)['HorizontalPodAutoscaler'], name: string): KubeObject =>
  object(kind, 'web', {
    spec: { [kind.kind === 'VerticalPodAutoscaler' ? 'targetRef' : 'scaleTargetRef']: { kind: 'Deployment', name } },
  })
export const metricTemplate = (address?: string, query = 'x'): MetricTemplate => ({
  ...object(kinds.MetricTemplate, 'orders'),
  spec: { provider: { type: 'prometheus', address, access: null }, query },
})

export const usersRoutes = { virtualServices: [{ name: 'routes' }] }
export const subsets = { destinationRule: { name: 'rules', primarySubset: 'stable', canarySubset: 'next' } }
export const twoSubsets = {
  host: 'web',
  subsets: [
    { name: 'stable', labels: { version: 'v1' } },
    { name: 'next', labels: { version: 'v2' } },
  ],
}
export const next = { template: template('web:1', { app: 'web', version: 'v2' }) }
export const withRule = (spec: Spec = twoSubsets): Partial<Observation> => ({
  canary: canary({}, subsets),
  live: live([kinds.DestinationRule, rule(spec)]),
})
export const withRoutes = (spec: Spec, service_: Spec = usersRoutes): Partial<Observation> => ({
  canary: canary({}, service_),
  live: live([kinds.VirtualService, routes('routes', spec)]),
})
export const to = (host: string, more: object = {}) => ({ destination: { host, ...more } })
export const withPorts = (...ports: readonly object[]): Partial<Observation> => ({
  live: live([kinds.Service, service('web', { selector: { app: 'web' }, ports })]),
})
export const byTemplate = canary({
  analysis: { metrics: [{ name: 'orders', templateRef: { name: 'orders' }, thresholdRange: { min: 1 } }] },
})
export const switching: Partial<Observation> = {
  canary: canary({ primary: { labels: 'switch' } }),
  memory: { ...observation().memory, labels: 'switch' },
}

/** A row: what is wrong, and the problem that is told of it. */
export interface Blocking {
  readonly given: Partial<Observation>
  readonly reason: string
  readonly message: string
}

/** A row whose problem is `Invalid`, and one whose problem is `Conflict`. */
export const invalid = (given: Partial<Observation>, message: string): Blocking => ({
  given,
  reason: 'Invalid',
  message,
})
export const conflict = (given: Partial<Observation>, message: string): Blocking => ({
  given,
  reason: 'Conflict',
  message,
})
