/** What a file says, as a simulation plays it: one Canary, its target, and what is left out. Pure. */
import type { Canary } from '../../src/api/canary.ts'
import type { KubeObject } from '../../src/api/object.ts'
import { parseCanary } from '../../src/api/parse-canary.ts'
import { objectsIn } from '../../src/cli/objects-in.ts'
import { at, isRecord, listOf, recordsOf, textOf, textsOf } from '../../src/core/json.ts'
import { commands } from '../../src/core/model/command-line.ts'

export interface SimulationInput {
  /** As it is applied: without the gates that the playground cannot answer. */
  readonly canary: KubeObject
  readonly parsed: Canary
  /** Everything else, the target among it. */
  readonly objects: readonly KubeObject[]
  /** The images that the target runs, and after the release. */
  readonly images: readonly { readonly before: string; readonly after: string }[]
  readonly deployment: KubeObject
  /** What is not simulated, a sentence each. */
  readonly notes: readonly string[]
}

/** Providers that the mesh of the playground knows. */
const PLAYED = ['istio', 'kubernetes']
/** What it counts: metrics of requests. Mutual TLS is not played. */
const MEASURED = ['request-success-rate', 'request-duration']
/** Kinds that are applied from the file; others have no effect in the playground. */
const APPLIED = [
  'ConfigMap',
  'DestinationRule',
  'Deployment',
  'Gateway',
  'HorizontalPodAutoscaler',
  'Secret',
  'Service',
  'ServiceAccount',
  'VirtualService',
]

/** @returns the input, or a sentence that says what is wrong with the file. */
export function inputOf(text: string): SimulationInput | { readonly problem: string } {
  const read = objectsIn(text, 'default')
  const [problem] = read.problems
  if (problem !== undefined) return { problem: `The file cannot be played: ${problem}` }
  const objects = read.objects.map(asWritten)
  const canaries = objects.filter(({ kind }) => kind === 'Canary')
  const [object, another] = canaries
  if (object === undefined)
    return { problem: 'There is no Canary in the file: simulate needs one of sluice.dev/v1beta1' }
  if (another !== undefined)
    return {
      problem: `There are ${canaries.length} Canaries in the file (${canaries.map(({ metadata }) => metadata.name).join(', ')}): put the one to simulate into a file of its own`,
    }
  if (object.apiVersion.startsWith('flagger.app/'))
    return { problem: "The Canary is Flagger's; rewrite it first with: sluice import flagger -f FILE" }
  if (object.apiVersion !== 'sluice.dev/v1beta1')
    return { problem: `apiVersion: ${object.apiVersion} is not known; write sluice.dev/v1beta1` }
  const given = parseCanary(object)
  if ('problems' in given) return { problem: `Canary ${object.metadata.name} is refused: ${given.problems.join('; ')}` }
  const { provider } = given.canary.spec
  if (!PLAYED.includes(provider))
    return {
      problem: `spec.provider: ${provider} cannot be simulated: the mesh of the playground splits by VirtualServices. Write provider: istio in a copy of the file; steps and gates are the same`,
    }
  const { canary, notes } = playable(object)
  const parsed = parseCanary(canary)
  if ('problems' in parsed) return { problem: parsed.problems.join('; ') }
  return composed(canary, parsed.canary, objects, [...notes, ...notesOn(parsed.canary)])
}

/** Commands of a Canary, as annotations: a cluster has obeyed them, and a simulation gives its own. */
const COMMANDS = commands.map(one => `sluice.dev/${one}`)

/** An object that was read from a cluster with the metadata that a user writes: the API server refuses some of the rest. It drops a status itself. */
function asWritten(object: KubeObject): KubeObject {
  const { name, namespace = '', labels, annotations } = object.metadata
  const kept = Object.entries(textsOf(annotations)).filter(([key]) => !COMMANDS.includes(key))
  const metadata = {
    name,
    namespace,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations: Object.fromEntries(kept) }),
  }
  return { ...object, metadata }
}

/** The Canary without the gates that need another server than the playground's. */
function playable(object: KubeObject): { canary: KubeObject; notes: string[] } {
  const left: string[] = []
  const kept = (metrics: unknown): unknown[] =>
    recordsOf(metrics).filter(metric => {
      const name = textOf(metric['name'])
      const isPlayed = MEASURED.includes(name) && metric['templateRef'] === undefined && metric['query'] === undefined
      if (!isPlayed) left.push(name)
      return isPlayed
    })
  const analysis = at(object.spec, 'analysis')
  if (!isRecord(analysis)) return { canary: object, notes: [] }
  const { metrics, steps, ...others } = analysis
  const changed = {
    ...others,
    ...(metrics === undefined ? {} : { metrics: kept(metrics) }),
    ...(steps === undefined
      ? {}
      : {
          steps: recordsOf(steps).map(step =>
            step['metrics'] === undefined ? step : { ...step, metrics: kept(step['metrics']) },
          ),
        }),
  }
  const notes =
    left.length === 0
      ? []
      : [`Left out, because the playground measures requests alone: ${[...new Set(left)].join(', ')}`]
  return { canary: { ...object, spec: { ...(object.spec as object), analysis: changed } }, notes }
}

function notesOn({ spec }: Canary): string[] {
  return [
    ...(spec.analysis.webhooks.length === 0 ? [] : ['Webhooks are not called; each counts as answered with 200']),
    ...(spec.analysis.alerts.length === 0 ? [] : ['Alerts are not sent']),
    ...((spec.analysis.steps ?? []).some(({ approve }) => approve)
      ? ['Approvals are given as soon as they are waited for']
      : []),
  ]
}

function composed(
  canary: KubeObject,
  parsed: Canary,
  all: readonly KubeObject[],
  notes: readonly string[],
): SimulationInput {
  const { namespace = 'default' } = canary.metadata
  const { targetRef, autoscalerRef } = parsed.spec
  const isTarget = ({ kind, metadata }: KubeObject): boolean =>
    kind === 'Deployment' && metadata.name === targetRef.name && metadata.namespace === namespace
  const found = all.find(isTarget)
  // As a cluster has it between releases: the primary serves.
  const isAtZero = found !== undefined && at(found.spec, 'replicas') === 0
  const written = found ?? deploymentFor(parsed, namespace)
  const deployment = isAtZero ? { ...written, spec: { ...(written.spec as object), replicas: 2 } } : written
  const others = all.filter(one => one.kind !== 'Canary' && !isTarget(one) && APPLIED.includes(one.kind))
  const names = listOf(at(deployment.spec, 'template', 'spec', 'containers')).map(one => textOf(at(one, 'image')))
  const made =
    found === undefined
      ? [`Deployment ${targetRef.name} is not in the file: one with two pods is played`]
      : isAtZero
        ? [`Deployment ${targetRef.name} has 0 replicas in the file: two pods are played`]
        : []
  const gateways = gatewaysFor(parsed, namespace, others)
  const scaler =
    autoscalerRef !== undefined && !others.some(({ metadata }) => metadata.name === autoscalerRef.name)
      ? [`${autoscalerRef.kind} ${autoscalerRef.name} is not in the file: add it, or the release is stalled`]
      : []
  return {
    canary,
    parsed,
    deployment,
    objects: [...others, ...gateways, deployment],
    images: names.map(before => ({ before, after: `${before.replace(/(@[^@]*|:[^/:]*)$/, '')}:candidate` })),
    notes: [...made, ...scaler, ...notes],
  }
}

/** A Deployment that serves what the Canary's Service leads to. */
function deploymentFor({ spec }: Canary, namespace: string): KubeObject {
  const { name } = spec.targetRef
  const { port, targetPort = port } = spec.service
  const declared =
    typeof targetPort === 'string'
      ? { name: targetPort, containerPort: 8080 }
      : { name: 'http', containerPort: targetPort }
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name, image: `${name}:promoted`, ports: [declared] }] },
      },
    },
  }
}

/** The gateways that routes are bound to and the file does not have: open to all hosts. */
function gatewaysFor({ spec }: Canary, namespace: string, others: readonly KubeObject[]): KubeObject[] {
  return (spec.service.gateways ?? [])
    .filter(one => one !== 'mesh')
    .map(one => {
      const [name = '', of = namespace] = one.split('/').toReversed()
      return { name, namespace: of === '.' ? namespace : of }
    })
    .filter(one => !others.some(({ kind, metadata }) => kind === 'Gateway' && metadata.name === one.name))
    .map(metadata => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata,
      spec: {
        selector: { istio: 'ingressgateway' },
        servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
      },
    }))
}

/** The Deployment with the images of after the release. */
export function withImages(deployment: KubeObject, images: SimulationInput['images']): KubeObject {
  const text = images.reduce(
    (json, { before, after }) =>
      json.replaceAll(`"image":${JSON.stringify(before)}`, `"image":${JSON.stringify(after)}`),
    JSON.stringify(deployment['spec']),
  )
  return { ...deployment, spec: JSON.parse(text) as unknown }
}
