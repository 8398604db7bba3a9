/**
 * What takes the requests to the pods of a canary: a proxy beside each (`sidecar`), the one of their node (`ambient`,
 * https://istio.io/latest/docs/ambient/overview/), or nothing of the mesh's.
 */
import { at, textsOf } from '../../../json.ts'
import type { Observation } from '../../../model/observation.ts'
import { hasProxy, injectedBy, isInAmbient, refusesProxy } from '../mesh/injection.ts'

export const DATAPLANE_MODE = 'istio.io/dataplane-mode'

type Labels = Readonly<Record<string, string>>

/** What Istio's CNI goes by, where it is configured as by default: the pod's word counts before that of its namespace. */
const wantsAmbient = (pod: Labels, namespace: Labels): boolean =>
  (pod[DATAPLANE_MODE] ?? namespace[DATAPLANE_MODE]) === 'ambient'

/**
 * By a pod, of the canary rather than the primary; where there is none, by the template of the target and the labels of the
 * namespace. An injected pod is never in ambient.
 *
 * @returns `unknown` where neither says anything.
 */
export function dataPlaneOf(o: Pick<Observation, 'samples' | 'target'>): 'sidecar' | 'ambient' | 'none' | 'unknown' {
  const template = at(o.target?.object.spec, 'template')
  // Pods of the primary are of another template, and tell nothing of a target that says itself that it has no proxy.
  const sample = o.samples.canary ?? (refusesProxy(template) ? null : o.samples.primary)
  const isOnHost = at(template, 'spec', 'hostNetwork') === true
  if (sample !== null) {
    if (hasProxy(sample)) return 'sidecar'
    return isInAmbient(sample) || (!isOnHost && wantsAmbient(sample.labels, sample.namespaceLabels))
      ? 'ambient'
      : 'none'
  }
  const labels = textsOf(at(template, 'metadata', 'labels'))
  const namespaceLabels = o.samples.namespaceLabels ?? {}
  if (!refusesProxy(template) && injectedBy({ labels, namespaceLabels }) !== null) return 'sidecar'
  if (!isOnHost && wantsAmbient(labels, namespaceLabels)) return 'ambient'
  return refusesProxy(template) ? 'none' : 'unknown'
}
