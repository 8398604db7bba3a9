/** An object of Flagger's → one of Sluice's: what is changed in its text, and what is said about that. */
import { isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml'
import { at, textOf } from '../../core/json.ts'
import { type Edit, entryIn, nodeAt, removing, removingItem, replacing } from './edits.ts'
import type { Note } from './notes.ts'

/** Sluice's API in a manifest. */
export const SLUICE_API = 'sluice.dev/v1beta1'
const FLAGGER_API = /^flagger\.app\//
/** Kinds of Flagger's that Sluice has by the same name. */
export const KINDS: readonly string[] = ['Canary', 'MetricTemplate', 'AlertProvider']

/** What the API server writes into metadata, as `kubectl get --output yaml` prints it. */
const OF_THE_SERVER = ['creationTimestamp', 'generation', 'managedFields', 'resourceVersion', 'selfLink', 'uid']
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
const FLAGGERS_FINALIZER = 'finalizer.flagger.app'

/** Changes of the text around an object, and a note for each of them that says more than the kind does. */
interface Rewriting {
  readonly edits: Edit[]
  readonly notes: Omit<Note, 'object'>[]
}

const textAt = (node: Node | null | undefined, ...keys: readonly string[]): string => {
  const found = nodeAt(node, ...keys)?.toJSON() as unknown
  return typeof found === 'string' ? found : ''
}

/** Whether a node is an object of Flagger's that has its like in Sluice. */
export function isFlaggers(object: Node | null | undefined): object is YAMLMap<Node, Node | null> {
  return isMap(object) && FLAGGER_API.test(textAt(object, 'apiVersion')) && KINDS.includes(textAt(object, 'kind'))
}

/** The same of its value, which aliases and merge keys bring in from elsewhere. */
export const isFlaggersValue = (value: unknown): boolean =>
  FLAGGER_API.test(textOf(at(value, 'apiVersion'))) && KINDS.includes(textOf(at(value, 'kind')))

/**
 * What to change in the text around an object of Flagger's.
 *
 * @param text in which the object was found.
 */
export function rewriting(text: string, object: YAMLMap<Node, Node | null>): Rewriting {
  const result: Rewriting = { edits: [], notes: [] }
  const apiVersion = nodeAt(object, 'apiVersion')
  if (apiVersion != null) result.edits.push(replacing(apiVersion, SLUICE_API))
  withoutServersPart(text, object, result)
  if (textAt(object, 'kind') === 'Canary') rewriteSpec(text, object, result)
  if (textAt(object, 'kind') === 'AlertProvider') withoutIdleFields(text, object, result)
  return result
}

function rewriteSpec(text: string, object: YAMLMap<Node, Node | null>, { edits, notes }: Rewriting): void {
  const spec = nodeAt(object, 'spec')
  if (!isMap<Node, Node | null>(spec)) return
  const old = entryIn(spec, 'canaryAnalysis')
  const written = entryIn(spec, 'analysis')
  const isNull = written !== undefined && isNullNode(written.value)
  if (old !== undefined && written !== undefined && !isNull) {
    edits.push(...removing(text, spec, [old]))
    notes.push({ kind: 'changed', sentence: 'spec.canaryAnalysis: removed; Flagger does not read it beside analysis' })
  } else if (old !== undefined) {
    // Flagger reads the old one beside an `analysis` of null.
    if (written !== undefined) edits.push(...removing(text, spec, [written]))
    edits.push(replacing(old.key, 'analysis'))
    notes.push({ kind: 'changed', sentence: 'spec.canaryAnalysis: renamed to analysis' })
  }
  const scaler = nodeAt(spec, 'autoscalerRef', 'apiVersion')
  const version = textAt(spec, 'autoscalerRef', 'apiVersion')
  if (scaler != null && /^autoscaling\/(?!v2$)/.test(version)) {
    edits.push(replacing(scaler, 'autoscaling/v2'))
    notes.push({ kind: 'changed', sentence: `spec.autoscalerRef.apiVersion: ${version} is now autoscaling/v2` })
  }
  const ingress = nodeAt(spec, 'ingressRef', 'apiVersion')
  const served = textAt(spec, 'ingressRef', 'apiVersion')
  if (ingress != null && /^(extensions|networking\.k8s\.io)\/v1beta1$/.test(served)) {
    edits.push(replacing(ingress, 'networking.k8s.io/v1'))
    notes.push({ kind: 'changed', sentence: `spec.ingressRef.apiVersion: ${served} is now networking.k8s.io/v1` })
  }
  const analysis = isNull ? old?.value : (written?.value ?? old?.value)
  const top = entryIn(analysis, 'maxWeight')
  const weights = nodeAt(analysis, 'stepWeights')
  const hasWeights = isSeq(weights) && weights.items.length > 0
  if (isMap<Node, Node | null>(analysis) && top !== undefined && hasWeights) {
    edits.push(...removing(text, analysis, [top]))
    const sentence = 'spec.analysis.maxWeight: removed; the last of stepWeights is the top, in Flagger too'
    notes.push({ kind: 'changed', sentence })
  }
}

/** Fields that Flagger takes for every type, and that mean nothing for some. */
function withoutIdleFields(text: string, object: YAMLMap<Node, Node | null>, { edits, notes }: Rewriting): void {
  const spec = nodeAt(object, 'spec')
  const type = textAt(object, 'spec', 'type')
  if (!isMap<Node, Node | null>(spec)) return
  const idle = idleFields(type).flatMap(name => entryIn(spec, name) ?? [])
  if (idle.length === 0) return
  edits.push(...removing(text, spec, idle))
  for (const { key } of idle) {
    const sentence = `spec.${String(key.toJSON())}: removed; it has no effect with the type ${type}, in Flagger neither`
    notes.push({ kind: 'changed', sentence })
  }
}

function idleFields(type: string): readonly string[] {
  if (type === 'discord') return ['channel']
  return type === 'msteams' || type === 'gchat' ? ['channel', 'username'] : []
}

const isNullNode = (node: Node | null): boolean => node === null || (isScalar(node) && node.value === null)

/** Takes out what belongs to an object in a cluster, and not to a manifest. */
function withoutServersPart(text: string, object: YAMLMap<Node, Node | null>, { edits, notes }: Rewriting): void {
  const removed: string[] = []
  const remove = (map: Node | null | undefined, keys: readonly string[], path: string): void => {
    if (!isMap<Node, Node | null>(map)) return
    const entries = keys.map(key => entryIn(map, key)).filter(entry => entry !== undefined)
    if (entries.length === 0 || entries.length === map.items.length) return
    edits.push(...removing(text, map, entries))
    removed.push(...entries.map(({ key }) => `${path}${String(key.toJSON())}`))
  }
  remove(object, ['status'], '')
  const metadata = nodeAt(object, 'metadata')
  const finalizers = nodeAt(metadata, 'finalizers')?.toJSON() as unknown
  const isFlaggersAlone = Array.isArray(finalizers) && finalizers.every(one => one === FLAGGERS_FINALIZER)
  const list = nodeAt(metadata, 'finalizers')
  const flaggers = isSeq<Node>(list)
    ? list.items.find(item => isScalar(item) && item.value === FLAGGERS_FINALIZER)
    : undefined
  if (isSeq<Node>(list) && flaggers !== undefined && !isFlaggersAlone) {
    edits.push(removingItem(text, list, flaggers))
    const sentence = `metadata.finalizers: ${FLAGGERS_FINALIZER} removed; Flagger alone takes it away, and the object could not be deleted`
    notes.push({ kind: 'changed', sentence })
  }
  const annotations = nodeAt(metadata, 'annotations')
  const hasOthers = isMap(annotations) && annotations.items.length > 1
  const own = [
    ...OF_THE_SERVER,
    ...(isFlaggersAlone ? ['finalizers'] : []),
    ...(!hasOthers && entryIn(annotations, LAST_APPLIED) !== undefined ? ['annotations'] : []),
  ]
  remove(metadata, own, 'metadata.')
  if (hasOthers) remove(annotations, [LAST_APPLIED], 'metadata.annotations.')
  if (removed.length > 0)
    notes.push({ kind: 'changed', sentence: `${removed.join(', ')}: removed; the API server writes them` })
}
