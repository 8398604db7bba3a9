/**
 * The policies that the primary would lose by its labels, and their copies for it; with those of policies that name the Service of the
 * callers. A copy is equal but for its selector, which selects the primary's pods alone. Of kinds of which one object decides alone, only that one is copied: a copy is younger than
 * its original, so of two copies chance would decide.
 */
import { type KubeObject, type Ref, refKey, refOf } from '../../api/object.ts'
import { fingerprint, recordOf } from '../json.ts'
import type { Observation } from '../model/observation.ts'
import type { Labels } from '../render/labels.ts'
import { attachedCopies } from './attached-copies.ts'
import { type Copy, isCopy, refOfCopy } from './copy.ts'
import { kindOfPolicy, policyKinds } from './index.ts'
import { readByMesh } from './mesh-metadata.ts'
import { byAge, selectsIn } from './order.ts'
import {
  differingLabels,
  exclusions,
  type Expression,
  forPrimary,
  NO_SELECTOR,
  type PodSelector,
} from './pod-selector.ts'
import type { PolicyKind } from './policy-kind.ts'
import { mayMissPrimary, type Pair, pairsOf, type Sided, selectorOfPrimary } from './sides.ts'

/** What of an observation the copies depend on. */
export type Policed = Sided & Pick<Observation, 'policies'>

/** A policy that cannot be kept equal for the primary, and what its copy would be called. */
export type Unequal = { readonly policy: KubeObject; readonly ref: Ref } & (
  | {
      /** It leaves pods out by a label on which the sides differ. */ readonly why: 'excludes'
      readonly expression: Expression
    }
  | {
      /** `other` selects the primary's pods as well and is older than a copy would be, so it would decide there. */
      readonly why: 'overruled'
      readonly other: KubeObject
    }
  | { /** The copy of `other` would have the same name. */ readonly why: 'doubled'; readonly other: KubeObject }
)

export interface Parity {
  readonly copies: readonly Copy[]
  readonly unequal: readonly Unequal[]
}

const NOTHING: Parity = { copies: [], unequal: [] }

/** null where it is not known what to select: there is no target, and no primary that was made of one. */
export function parityOf(o: Policed): Parity | null {
  const pairs = pairsOf(o)
  const primary = selectorOfPrimary(o)
  const attached = attachedCopies(o)
  if (!mayMissPrimary(o)) return withoutDoubles({ copies: attached, unequal: [] })
  if (pairs.length === 0 || primary === null) return null
  const found = policyKinds.map(kind => ofKind(o, kind, pairs, primary))
  const unequal = found.flatMap(one => one.unequal)
  const copies = [...found.flatMap(one => one.copies), ...attached]
  return withoutDoubles({ copies, unequal })
}

function ofKind(o: Policed, kind: PolicyKind, pairs: readonly Pair[], primary: Labels): Parity {
  const policies = o.policies.filter(policy => kindOfPolicy(policy) === kind)
  if (policies.length === 0) return NOTHING
  const users = policies.filter(policy => !isCopy(o, policy)).toSorted(byAge)
  const copies = new Map<string, Copy>()
  const unequal = new Map<string, Unequal>()
  for (const pair of pairs) {
    const differing = differingLabels(pair.target, pair.primary)
    for (const policy of missingOnPrimary(o, kind, users, pair)) {
      const key = refKey(refOf(kind.kind, policy))
      const selector = kind.selectorOf(policy)
      if (selector === null) continue
      const copy = copyOf(o, kind, policy, forPrimary(selector, differing, primary))
      const [expression] = exclusions(selector, pair.primary)
      const other = overruling(o, kind, users, policies, policy, pair, copy.ref)
      if (expression !== undefined) unequal.set(key, { why: 'excludes', policy, ref: copy.ref, expression })
      else if (other !== null) unequal.set(key, { why: 'overruled', policy, ref: copy.ref, other })
      else copies.set(key, copy)
    }
  }
  return { copies: [...copies.values()], unequal: [...unequal.values()] }
}

/** The user's policies that count for a pod of the target, and neither select the primary's nor have an equal there. */
function missingOnPrimary(
  o: Policed,
  kind: PolicyKind,
  users: readonly KubeObject[],
  pair: Pair,
): readonly KubeObject[] {
  const onTarget = users.filter(policy => selectsIn(o, kind, policy, pair.target))
  const onPrimary = users.filter(policy => selectsIn(o, kind, policy, pair.primary))
  switch (kind.counts) {
    case 'every':
      return withoutEqual(kind, onTarget, onPrimary)
    case 'oldest':
      // What the user wrote for the primary alone is the user's decision.
      return onPrimary.some(policy => !onTarget.includes(policy))
        ? []
        : onTarget.slice(0, 1).filter(policy => onPrimary[0] !== policy)
    case 'one':
      return onPrimary.length > 0 ? [] : onTarget.slice(0, 1)
  }
}

/** Where the oldest decides: another one of the user's that selects the primary's pods, is older than our copy, and says something else. */
function overruling(
  o: Policed,
  kind: PolicyKind,
  users: readonly KubeObject[],
  policies: readonly KubeObject[],
  policy: KubeObject,
  { primary }: Pair,
  ref: Ref,
): KubeObject | null {
  if (kind.counts !== 'oldest') return null
  const [other] = users.filter(one => selectsIn(o, kind, one, primary))
  if (other === undefined || isEqual(kind, other, policy)) return null
  const copy = policies.find(one => isCopy(o, one) && one.metadata.name === ref.name)
  return copy !== undefined && byAge(copy, other) < 0 ? null : other
}

/** Those that are not among `others`, and have no equal there. */
function withoutEqual(
  kind: PolicyKind,
  policies: readonly KubeObject[],
  others: readonly KubeObject[],
): readonly KubeObject[] {
  const own = new Set(others)
  const missing = policies.filter(policy => !own.has(policy))
  if (missing.length === 0 || others.length === 0) return missing
  const said = new Set(others.map(other => saidBy(kind, other)))
  return missing.filter(policy => !said.has(saidBy(kind, policy)))
}

/** Whether two policies say the same of the pods that they select. */
const isEqual = (kind: PolicyKind, one: KubeObject, other: KubeObject): boolean =>
  saidBy(kind, one) === saidBy(kind, other)

/** By policy, which is one object as long as it stays as it is: what it says of the pods that it selects. A tenant chooses its size. */
const said = new WeakMap<KubeObject, string>()

function saidBy(kind: PolicyKind, policy: KubeObject): string {
  const known = said.get(policy)
  if (known !== undefined) return known
  const now = fingerprint([kind.withSelector(recordOf(policy.spec), NO_SELECTOR), readByMesh(policy)])
  said.set(policy, now)
  return now
}

function copyOf(o: Policed, kind: PolicyKind, original: KubeObject, selector: PodSelector): Copy {
  const spec = kind.withSelector(recordOf(original.spec), selector)
  return { kind, original, ref: refOfCopy(o, kind, original), spec }
}

/** Of copies that would have one name the oldest original's is kept, which may be there already. */
function withoutDoubles({ copies, unequal }: Parity): Parity {
  const kept = new Map<string, Copy>()
  const doubles: Unequal[] = []
  for (const copy of copies) {
    const first = kept.get(refKey(copy.ref))
    if (first === undefined) kept.set(refKey(copy.ref), copy)
    else doubles.push({ why: 'doubled', policy: first.original, other: copy.original, ref: copy.ref })
  }
  return { copies: [...kept.values()], unequal: [...unequal, ...doubles] }
}
