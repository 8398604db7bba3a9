/** The kinds of a cluster that only the playground touches. */
import type { Kind } from '../src/api/object.ts'

export const Pod: Kind = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true }
export const Gateway: Kind = {
  group: 'networking.istio.io',
  version: 'v1',
  kind: 'Gateway',
  plural: 'gateways',
  namespaced: true,
}
