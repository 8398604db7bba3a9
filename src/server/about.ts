/** What the controller says of itself: `/readyz?verbose` for people, `/info` as JSON for `sluice check`. */
import type { Instant } from '../core/time.ts'

/** A right that the controller lacks. */
export interface LackedRight {
  readonly right: string
  /** Empty: in all namespaces. */
  readonly namespace: string
  readonly role: string
  readonly manifest: string
  readonly isOptional: boolean
}

export interface About {
  readonly version: string
  /** The holder that it writes into the Lease. */
  readonly identity: string
  readonly isLeader: boolean
  readonly rights: {
    readonly checkedAt: Instant | null
    readonly checked: number
    readonly missing: readonly LackedRight[]
    readonly problem: string | null
  }
}

/** Lines that are listed; a controller without any role lacks more than a hundred rights. */
const MOST = 200

/** The lines of `/readyz?verbose` below what it says without it. */
export function aboutLines({ version, identity, isLeader, rights }: About): string[] {
  const { checkedAt, checked, missing, problem } = rights
  return [
    `version: ${version}`,
    `identity: ${identity}`,
    `leader: ${isLeader ? 'yes' : 'no'}`,
    checkedAt === null
      ? 'rights: not checked yet'
      : `rights: ${missing.length} of ${checked} are missing (checked ${new Date(checkedAt).toISOString()})`,
    ...(problem === null ? [] : [`rights: the last check did not end: ${problem}`]),
    ...missing
      .slice(0, MOST)
      .map(
        ({ right, namespace, role, manifest, isOptional }) =>
          `missing: ${right} ${namespace === '' ? 'in all namespaces' : `in namespace ${namespace}`} (${isOptional ? 'optional ' : ''}role ${role}, ${manifest})`,
      ),
  ]
}

/** The body of `/info`. */
export const aboutJson = (about: About): string =>
  `${JSON.stringify({ ...about, rights: { ...about.rights, missing: about.rights.missing.slice(0, MOST) } })}\n`
