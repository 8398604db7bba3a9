/** A Lease as data: what it says, and what a candidate writes into it (coordination.k8s.io/v1). */
import type { KubeObject, Ref } from '../api/object.ts'
import { apiVersionOf } from '../api/object.ts'
import type { Instant, Milliseconds } from '../core/time.ts'

/** What is known of the Lease, and since when it is as it is. */
export interface ObservedLease {
  readonly lease: KubeObject
  /** Empty when no one holds it. */
  readonly holder: string
  readonly duration: Milliseconds
  readonly since: Instant
}

/** Who holds it, for how long. */
export interface Claim {
  readonly identity: string
  readonly duration: Milliseconds
}

/** Reads a Lease that we saw first at `since`; `otherwise` is the duration of one that names none. */
export function seenAt(lease: KubeObject, since: Instant, otherwise: Milliseconds): ObservedLease {
  const { holderIdentity, leaseDurationSeconds: seconds } = specOf(lease)
  return {
    lease,
    holder: typeof holderIdentity === 'string' ? holderIdentity : '',
    duration: typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : otherwise,
    since,
  }
}

/** A new Lease, held by us. */
export function created(ref: Ref, claim: Claim, now: Instant): KubeObject {
  return {
    apiVersion: apiVersionOf(ref.kind),
    kind: ref.kind.kind,
    metadata: { name: ref.name, namespace: ref.namespace },
    spec: { ...claimed(claim, now), leaseTransitions: 0 },
  }
}

/** The Lease with another holder: us. */
export function taken(lease: KubeObject, claim: Claim, now: Instant): KubeObject {
  const { leaseTransitions } = specOf(lease)
  const transitions = typeof leaseTransitions === 'number' ? leaseTransitions + 1 : 1
  return { ...lease, spec: { ...specOf(lease), ...claimed(claim, now), leaseTransitions: transitions } }
}

/** The Lease with another sign of life. */
export function renewed(lease: KubeObject, now: Instant): KubeObject {
  return { ...lease, spec: { ...specOf(lease), renewTime: microTime(now) } }
}

/** The Lease without a holder; a second is the shortest duration that the API accepts. */
export function released(lease: KubeObject, now: Instant): KubeObject {
  const time = microTime(now)
  return {
    ...lease,
    spec: { ...specOf(lease), holderIdentity: '', leaseDurationSeconds: 1, acquireTime: time, renewTime: time },
  }
}

function claimed(claim: Claim, now: Instant): Record<string, unknown> {
  const time = microTime(now)
  return {
    holderIdentity: claim.identity,
    leaseDurationSeconds: Math.ceil(claim.duration / 1000),
    acquireTime: time,
    renewTime: time,
  }
}

/** MicroTime wants exactly six digits. */
const microTime = (now: Instant): string => new Date(now).toISOString().replace('Z', '000Z')

function specOf(lease: KubeObject): Record<string, unknown> {
  const { spec } = lease
  return typeof spec === 'object' && spec !== null ? (spec as Record<string, unknown>) : {}
}
