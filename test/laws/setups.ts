/** What a user has before there is a Canary, and the Canary as it is written. */
import { apiVersionOf, kinds, type KubeObject, type Ref } from '../../src/api/object.ts'
import type { Setup } from './arbitraries.ts'
import { POLICED, writePolicy } from './tiny-policies.ts'
import { CANARY, refTo, TARGET, TinyWorld } from './tiny-world.ts'

/** Nothing but a ladder of one step: what the setups of single histories are written over. */
export const plain: Setup = {
  split: 'own',
  strategy: 'weights',
  mirror: false,
  labels: 'keep',
  ladder: [{ weight: 50 }],
  checkInterval: '10s',
  threshold: 2,
  failFast: false,
  query: false,
  onProviderError: 'hold',
  stepWeightPromotion: 0,
  lockTarget: true,
  skipAnalysis: false,
  maxBlind: '15m',
  maxDuration: '24h',
  revertOnDeletion: false,
  configured: false,
  recreate: false,
  autoscaled: false,
  replicas: 2,
  secondPort: false,
  covered: 'by nothing',
  bypassed: false,
}

/** Of every canary here; in seconds. */
export const PROGRESS_DEADLINE = 60

export const contentOf = (content: number): string => `${content}`.repeat(64)

/** What the user has before there is a Canary. */
export function newWorld(setup: Setup): TinyWorld {
  const world = new TinyWorld()
  makeTarget(world, setup)
  const bare = { apiVersion: '', kind: '', metadata: { name: '' } }
  const first = { name: 'http', port: 80, targetPort: 8080 }
  const second = { name: 'http-admin', port: 9090, targetPort: 9091 }
  const ports = setup.secondPort ? [first, second] : [first]
  world.put(refTo(kinds.Service, 'web'), { ...bare, spec: { selector: { app: 'web' }, ports } }, 'kubectl')
  if (setup.configured) world.put(refTo(kinds.ConfigMap, 'web'), { ...bare, contentHash: contentOf(0) }, 'kubectl')
  const subsets = setup.split.endsWith('subsets')
  if (subsets) {
    const rule = ['v1', 'v2'].map(name => ({ name, labels: { version: name } }))
    world.put(refTo(kinds.DestinationRule, 'web'), { ...bare, spec: { host: 'web', subsets: rule } }, 'kubectl')
  }
  if (setup.covered !== 'by nothing') {
    const spec = { host: '*.shop.svc.cluster.local', trafficPolicy: { tls: { mode: 'DISABLE' } } }
    world.put(refTo(kinds.DestinationRule, 'all'), { ...bare, spec }, 'kubectl')
  }
  if (setup.split.startsWith('users')) {
    const destination = subsets ? { host: 'web', subset: 'v1' } : { host: 'web' }
    const http = [{ name: 'a', route: [{ destination }] }, { route: [{ destination, weight: 100 }] }]
    world.put(refTo(kinds.VirtualService, 'ours'), { ...bare, spec: { hosts: ['web'], http } }, 'kubectl')
  }
  if (setup.split === 'ingress') {
    const paths = ports.map(({ port }) => ({
      path: `/${port}`,
      pathType: 'Prefix',
      backend: { service: { name: 'web', port: { number: port } } },
    }))
    const rules = [{ host: 'shop.example.com', http: { paths } }]
    world.put(refTo(kinds.Ingress, 'web'), { ...bare, spec: { rules } }, 'kubectl')
  }
  if (setup.bypassed) leadPast(world, 'istio-system')
  if (setup.autoscaled) {
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web-primary' }
    world.put(refTo(kinds.HorizontalPodAutoscaler, 'web'), { ...bare, spec: { scaleTargetRef } }, 'kubectl')
  }
  if (setup.scaler !== undefined) {
    const { ref, object } = scalerOf(setup.scaler)
    world.put(ref, object, 'kubectl')
  }
  if (setup.policed === true) for (const kind of POLICED) writePolicy(world, setup, kind, 0)
  if (setup.webhooks !== undefined) {
    const spec = { type: 'github', repos: ['shop/web'], secretRef: { name: 'git' } }
    world.put(refTo(kinds.AlertProvider, 'git'), { ...bare, spec }, 'kubectl')
  }
  world.put(CANARY, { ...bare, spec: writtenSpec(setup) }, 'kubectl')
  return world
}

const written = new Map<string, Record<string, unknown>>()

/** The same object for the same setup, so that it is parsed once. */
export function writtenSpec(setup: Setup): Record<string, unknown> {
  const key = JSON.stringify(setup)
  const known = written.get(key) ?? specOf(setup)
  written.set(key, known)
  return known
}

function specOf(setup: Setup): Record<string, unknown> {
  const subsets = setup.split.endsWith('subsets')
  const interval = '1m'
  const query = { name: 'errors', query: 'sum(x)', thresholdRange: { min: 50 }, interval, failFast: setup.failFast }
  const builtIn = { name: 'request-success-rate', interval, failFast: setup.failFast }
  const noMesh = setup.split === 'selector'
  const http = setup.split === 'http route'
  const byIngress = setup.split === 'ingress'
  return {
    ...(noMesh ? { provider: 'kubernetes' } : http ? { provider: 'gatewayapi:v1' } : {}),
    ...(byIngress
      ? { provider: 'nginx', ingressRef: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'web' } }
      : {}),
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    progressDeadlineSeconds: PROGRESS_DEADLINE,
    revertOnDeletion: setup.revertOnDeletion,
    skipAnalysis: setup.skipAnalysis,
    service: {
      port: 80,
      targetPort: 8080,
      ...(setup.covered === 'by a wildcard and the Canary' && !subsets && !noMesh && !http
        ? { trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } }
        : {}),
      ...(setup.split.startsWith('users') ? { virtualServices: [{ name: 'ours' }] } : {}),
      ...(subsets ? { destinationRule: { name: 'web', primarySubset: 'v1', canarySubset: 'v2' } } : {}),
    },
    primary: { labels: setup.labels },
    ...(setup.scaler === undefined ? {} : { autoscalerRef: referenceOf(setup.scaler) }),
    analysis: {
      interval: '10s',
      checkInterval: setup.checkInterval,
      ...planOf(setup, setup.ladder),
      ...(noMesh || (byIngress && setup.strategy === 'matched iterations')
        ? {}
        : { stepWeightPromotion: setup.stepWeightPromotion }),
      threshold: setup.threshold,
      onProviderError: setup.onProviderError,
      lockTarget: setup.lockTarget,
      maxBlind: setup.maxBlind,
      maxDuration: setup.maxDuration,
      drain: '5s',
      webhooks: (setup.webhooks ?? []).map(type => ({ name: type, type, url: 'http://hooks.test/' })),
      alerts: setup.webhooks === undefined ? [] : [{ name: 'git', providerRef: { name: 'git' } }],
      metrics: noMesh ? [query] : setup.query ? [builtIn, query] : [builtIn],
    },
  }
}

/** Which requests are matched. */
const INSIDERS = [{ headers: { 'x-canary': { exact: 'yes' } } }]

/** What the analysis says of shares. */
export function planOf(setup: Setup, ladder: Setup['ladder']): Record<string, unknown> {
  const rounds = { iterations: ladder.length, steps: undefined }
  if (setup.split === 'selector') return rounds
  const mirror = setup.mirror ? { mirror: true } : {}
  switch (setup.strategy) {
    case 'weights':
      return { ...mirror, steps: ladder }
    case 'iterations':
      return { ...mirror, ...rounds }
    case 'matched':
      return { ...mirror, steps: ladder, match: INSIDERS }
    case 'matched iterations':
      return { ...mirror, ...rounds, match: INSIDERS }
    case 'sticky':
      return { ...mirror, steps: ladder, sessionAffinity: { cookieName: 'web', primaryCookieName: 'old', maxAge: 30 } }
  }
}

const referenceOf = (kind: NonNullable<Setup['scaler']>): Record<string, string> => ({
  apiVersion: apiVersionOf(kinds[kind]),
  kind,
  name: 'web',
})

/** What the user of a ScaledObject has of its pause before there is a Canary. */
export const USERS_PAUSE = { 'autoscaling.keda.sh/paused-scale-out': 'true' }

/** The autoscaler on the target, as its user has it: from 1 to 4 pods. */
export function scalerOf(kind: NonNullable<Setup['scaler']>): { readonly ref: Ref; readonly object: KubeObject } {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
  const [limits, annotations] =
    kind === 'ScaledObject'
      ? [{ maxReplicaCount: 4, triggers: [{ type: 'cpu', metadata: {} }] }, USERS_PAUSE]
      : [{ minReplicas: 1, maxReplicas: 4 }, {}]
  const object = { apiVersion: '', kind: '', metadata: { name: '', annotations }, spec: { scaleTargetRef, ...limits } }
  return { ref: refTo(kinds[kind], 'web'), object }
}

/** A VirtualService of that namespace that leads to the Service from a gateway, whatever the split is. */
export function leadPast(world: TinyWorld, namespace: string): void {
  const http = [{ route: [{ destination: { host: 'web.shop.svc.cluster.local' } }] }]
  const spec = { hosts: [`${namespace}.example.com`], gateways: ['istio-system/public'], http }
  const ref = { kind: kinds.VirtualService, namespace, name: `past-${namespace}` }
  world.put(ref, { apiVersion: '', kind: '', metadata: { name: '' }, spec }, 'kubectl')
}

export function makeTarget(world: TinyWorld, setup: Setup): void {
  const labels = setup.split.endsWith('subsets') ? { app: 'web', version: 'v2' } : { app: 'web' }
  const volumes = setup.configured ? { volumes: [{ name: 'config', configMap: { name: 'web' } }] } : {}
  const container = { name: 'web', image: 'web:1', ports: [{ containerPort: 8080 }, { containerPort: 9091 }] }
  const template = { metadata: { labels }, spec: { containers: [container], ...volumes } }
  const strategy = setup.recreate ? { strategy: { type: 'Recreate' } } : {}
  const spec = { replicas: setup.replicas, selector: { matchLabels: { app: 'web' } }, ...strategy, template }
  world.put(TARGET, { apiVersion: '', kind: '', metadata: { name: '', labels: { app: 'web' } }, spec }, 'kubectl')
}
