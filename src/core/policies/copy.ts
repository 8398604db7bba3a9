/** A copy of a user's policy that this Canary makes. */
import type { KubeObject, Ref } from '../../api/object.ts'
import { fingerprint } from '../json.ts'
import { COPY_ANNOTATION } from '../model/names.ts'
import type { Observation } from '../model/observation.ts'
import { isOurs } from '../render/ownership.ts'
import type { PolicyKind } from './policy-kind.ts'

/** A copy that is to be there. */
export interface Copy {
  readonly kind: PolicyKind
  readonly original: KubeObject
  readonly ref: Ref
  readonly spec: Readonly<Record<string, unknown>>
}

/** A copy that this Canary made. */
export const isCopy = (o: Pick<Observation, 'names'>, object: KubeObject): boolean =>
  isOurs(o, object) && object.metadata.annotations?.[COPY_ANNOTATION] !== undefined

/** What the copy of a policy is called. */
export function refOfCopy(
  { names: { namespace, primary } }: Pick<Observation, 'names'>,
  kind: PolicyKind,
  original: KubeObject,
): Ref {
  const { namespace: of = namespace, name } = original.metadata
  // A policy of the mesh may have the name of one of the namespace.
  return { kind: kind.kind, namespace, name: nameOfCopy(of === namespace ? name : `${of}-${name}`, primary.name) }
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names */
const LONGEST_NAME = 253

/** `<policy>-<primary>`: two Canaries may need a copy of one policy. Where it is too long, its hash stands for the end of the policy's. */
export function nameOfCopy(policy: string, primary: string): string {
  const name = `${policy}-${primary}`
  if (name.length <= LONGEST_NAME) return name
  const end = `-${fingerprint(policy).slice(0, 8)}-${primary}`
  return `${policy.slice(0, LONGEST_NAME - end.length)}${end}`
}
