/**
 * Whether pods have a proxy of the mesh, and whether they are to have one
 * (https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy; istiod's
 * `injection-template.yaml` and `mutatingwebhook.yaml`). A proxy is a container, or a native sidecar: an init container that is
 * restarted; both can be in one workload.
 */
import { at, textsOf } from '../../../json.ts'
import type { PodSample } from '../../../model/observation.ts'

const INJECT = 'sidecar.istio.io/inject'
const REVISION = 'istio.io/rev'
const NAMESPACE = 'istio-injection'

/** Whether a template says that its pods get none: by the label, which counts before the annotation, or by the host's network. */
export function refusesProxy(template: unknown): boolean {
  const said = [at(template, 'metadata', 'labels'), at(template, 'metadata', 'annotations')]
    .map(one => textsOf(one)[INJECT])
    .find(one => one !== undefined)
  return said === 'false' || at(template, 'spec', 'hostNetwork') === true
}

export const hasProxy = ({ annotations, containers }: PodSample): boolean =>
  annotations['sidecar.istio.io/status'] !== undefined || containers.includes('istio-proxy')

/** Its traffic goes by the node's proxy: it needs none of its own. */
export const isInAmbient = ({ annotations }: PodSample): boolean =>
  annotations['ambient.istio.io/redirection'] === 'enabled'

/** Set by injection: callers send mutual TLS on their own to pods that have it, and plaintext to others. */
export const offersMutualTls = ({ labels }: PodSample): boolean => labels['security.istio.io/tlsMode'] === 'istio'

/** The label by which a pod is to have a proxy, as people write it, and whose it is; null: it is to have none. */
export function injectedBy({
  labels,
  namespaceLabels,
}: Pick<PodSample, 'labels' | 'namespaceLabels'>): { readonly label: string; readonly of: 'pod' | 'namespace' } | null {
  const { [NAMESPACE]: enabled, [REVISION]: revision } = namespaceLabels
  if (enabled === 'disabled') return null
  if (enabled === 'enabled') return { label: `${NAMESPACE}: enabled`, of: 'namespace' }
  if (revision !== undefined && enabled === undefined) return { label: `${REVISION}: ${revision}`, of: 'namespace' }
  if (labels[INJECT] === 'true') return { label: `${INJECT}: "true"`, of: 'pod' }
  const own = labels[REVISION]
  return own === undefined ? null : { label: `${REVISION}: ${own}`, of: 'pod' }
}
