/**
 * Whether pods get a proxy of the mesh, as far as their template tells
 * (https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy).
 */
import { at, textsOf } from '../../json.ts'

const INJECT = 'sidecar.istio.io/inject'

/** Whether a template says that its pods get none: by the label, which counts before the annotation, or by the host's network. */
export function refusesProxy(template: unknown): boolean {
  const said = [at(template, 'metadata', 'labels'), at(template, 'metadata', 'annotations')]
    .map(one => textsOf(one)[INJECT])
    .find(one => one !== undefined)
  return said === 'false' || at(template, 'spec', 'hostNetwork') === true
}
