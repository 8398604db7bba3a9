/** The kind that the provider watches, and how its objects are found around a canary. */
import { kinds } from '../../../api/object.ts'
import type { ProviderKind } from '../provider.ts'
import { backendKeys, placeKeys } from './ingress.ts'

/** Written by scripts/rbac.ts. */
export const RIGHTS = 'manifests/nginx-rbac.yaml'

export const ingressKind: ProviderKind = {
  kind: kinds.Ingress,
  optional: false,
  install: 'use an API server that serves networking.k8s.io/v1',
  rights: RIGHTS,
  since: 'Kubernetes 1.19 or newer',
  indexes: {
    /** `namespace/name` of the Services that it leads to. */
    backend: backendKeys,
    /** Its hosts with their paths, by `placeOf`. */
    place: placeKeys,
  },
}
