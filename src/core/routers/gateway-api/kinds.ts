/** The kinds of the Gateway API that Sluice watches, and how their objects are found around a canary. */
import { kinds, type Kind, type KubeObject } from '../../../api/object.ts'
import type { ProviderKind } from '../provider.ts'
import { labelKeys } from './listed.ts'
import { backendKeys, parentKeys } from './refs.ts'

/** Written by scripts/rbac.ts. */
export const RIGHTS = 'manifests/gateway-api-rbac.yaml'

const install = 'apply the CRDs of the Gateway API (https://gateway-api.sigs.k8s.io/guides/)'

const indexes: ProviderKind['indexes'] = {
  /** Keys of its parents, by `parentKey`. */
  parent: (route: KubeObject) => parentKeys(route),
  /** `namespace/name` of the Services that its rules lead to. */
  backend: (route: KubeObject) => backendKeys(route),
  /** `namespace/key=value` of its labels. */
  label: (route: KubeObject) => labelKeys(route),
}

/** Sluice's own routes, and those of others around them. */
export const httpRouteKind = (kind: Kind): ProviderKind => ({
  kind,
  optional: false,
  install,
  rights: RIGHTS,
  since:
    kind.version === 'v1'
      ? 'Gateway API 1.0 or newer; or write provider: gatewayapi:v1beta1'
      : 'Gateway API 0.5 or newer; or write provider: gatewayapi:v1',
  indexes,
})

/** HTTPRoute in a version of the API. */
export const httpRouteIn = (version: 'v1' | 'v1beta1'): Kind =>
  version === 'v1' ? kinds.HTTPRoute : { ...kinds.HTTPRoute, version }

/** Kinds of routes that only the user makes; each is watched where it is served in this version. */
export const otherRouteKinds: readonly ProviderKind[] = [kinds.GRPCRoute, kinds.TCPRoute, kinds.TLSRoute].map(kind => ({
  kind,
  optional: true,
  install,
  rights: RIGHTS,
  since: 'a Gateway API that has it in its standard channel',
  indexes,
}))
