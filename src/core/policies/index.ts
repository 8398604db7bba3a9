/** The kinds of policy that are kept equal for the primary. To add one: a row in `kubernetes.ts` or `istio.ts`. */
import { kindKey, type Kind, type KubeObject } from '../../api/object.ts'
import { istioPolicies } from './istio.ts'
import { kubernetesPolicies } from './kubernetes.ts'
import type { PolicyKind } from './policy-kind.ts'

export const policyKinds: readonly PolicyKind[] = [...istioPolicies, ...kubernetesPolicies]

const byKey = new Map(policyKinds.map(one => [kindKey(one.kind), one]))

/** null where it is no policy. */
export const policyKindOf = (kind: Kind): PolicyKind | null => byKey.get(kindKey(kind)) ?? null

/** No two of them have one name. */
const byName = new Map(policyKinds.map(one => [one.kind.kind, one]))

/** What an object is, that is known to be a policy. */
export const kindOfPolicy = ({ kind }: KubeObject): PolicyKind | null => byName.get(kind) ?? null
