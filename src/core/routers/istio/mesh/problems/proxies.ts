/** Pods that are to have a proxy and have none: callers could send them anything, and no metric would tell. */
import { at } from '../../../../json.ts'
import { POD_HASH_LABEL } from '../../../../model/names.ts'
import type { Observation, PodSample } from '../../../../model/observation.ts'
import { type FindProblem, type Problem, problem } from '../../../../problems/problem.ts'
import { hasProxy, injectedBy, isInAmbient, refusesProxy } from '../injection.ts'

/** One pod stands for the others of its side. */
export const proxyMissing: FindProblem = o =>
  missingIn(o, 'target', o.samples.canary) ?? missingIn(o, 'primary', o.samples.primary)

function missingIn(o: Observation, side: 'target' | 'primary', sample: PodSample | null): Problem | null {
  const template = at(o[side]?.object.spec, 'template')
  if (sample === null || template === undefined || refusesProxy(template)) return null
  const by = injectedBy(sample)
  if (by === null || hasProxy(sample) || isInAmbient(sample)) return null
  const { namespace } = o.names
  const who = by.of === 'namespace' ? `namespace ${namespace}` : 'it'
  const selector = `${POD_HASH_LABEL}=${sample.labels[POD_HASH_LABEL] ?? ''}`
  return problem(
    'ProxyMissing',
    `Pod ${namespace}/${sample.name} of ${o.names[side].kind.kind} ${o.names[side].name} has no proxy, although ${who} has the label ${by.label}: it was created while no injector answered to that label. See that istiod of that revision runs, then kubectl -n ${namespace} delete pod -l ${selector}, a few at a time; or, if it is to have none, write sidecar.istio.io/inject: "false" in the labels of its template.`,
  )
}
