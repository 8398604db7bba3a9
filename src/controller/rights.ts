/** Which manifest has the rights that a read or a write needs: the end of a sentence that asks for them. */
import { kindKey, type Kind } from '../api/object.ts'
import type { Write } from '../core/model/write.ts'
import { policyKindOf } from '../core/policies/index.ts'
import { configKinds, routeKinds } from './kinds.ts'

export const POLICY_RIGHTS = 'manifests/policy-rbac.yaml'

export const CONFIG_RIGHTS = 'manifests/config-rbac.yaml'

const RIGHTS = 'manifests/rbac.yaml'

const isSame = (one: Kind, other: Kind): boolean => kindKey(one) === kindKey(other)

export const isOfProvider = (kind: Kind): boolean => routeKinds.some(one => isSame(one.kind, kind))

/** To list and watch a kind that is neither configuration nor a policy alone. */
export const rightsToWatch = (kind: Kind): string => routeKinds.find(one => isSame(one.kind, kind))?.rights ?? RIGHTS

/** Copies of policies are created and replaced; of the kinds that are a provider's as well, its own objects are applied. */
export function rightsToWrite({ verb, ref: { kind } }: Write): string {
  if (configKinds.some(one => isSame(one, kind))) return CONFIG_RIGHTS
  const isOfCopy = policyKindOf(kind) !== null && (!isOfProvider(kind) || verb === 'create' || verb === 'replace')
  return isOfCopy ? POLICY_RIGHTS : rightsToWatch(kind)
}
