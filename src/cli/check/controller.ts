/** The controller: whether it runs and leads, and what it says of itself. Pure. */
import type { KubeObject } from '../../api/object.ts'
import { at, isRecord, numberOf, recordsOf, textOf } from '../../core/json.ts'
import type { Instant, Milliseconds } from '../../core/time.ts'
import { failed, type Finding, listed, ok, unchecked, warning } from './finding.ts'

/** @param deployment null: there is none. */
export function runningFinding(deployment: KubeObject | null, namespace: string): Finding {
  if (deployment === null)
    return failed(
      'controller-running',
      `There is no Deployment of Sluice in namespace ${namespace} (app.kubernetes.io/name=sluice). Run: sluice install --image IMAGE | kubectl apply -f -; or name its namespace with --controller-namespace`,
    )
  const { name } = deployment.metadata
  const wanted = numberOf(at(deployment.spec, 'replicas'), 1)
  const ready = numberOf(at(deployment['status'], 'readyReplicas'), 0)
  const sentence = `${ready} of ${wanted} replicas of Deployment ${name} are ready`
  if (ready > 0 && ready >= wanted) return ok('controller-running', sentence)
  const more = `${sentence}. See: kubectl -n ${namespace} get pods -l app.kubernetes.io/name=sluice`
  return ready === 0 ? failed('controller-running', more) : warning('controller-running', more)
}

/** Clocks of two machines may differ by so much. */
const CLOCKS_DIFFER: Milliseconds = 60_000

/** @param lease null: there is none. */
export function leaderFinding(lease: KubeObject | null, namespace: string, now: Instant): Finding {
  if (lease === null)
    return warning(
      'controller-leader',
      `There is no Lease sluice in namespace ${namespace}: no replica has led yet, or they run with --leader-elect=false`,
    )
  const holder = textOf(at(lease.spec, 'holderIdentity'))
  if (holder === '')
    return failed('controller-leader', `No replica holds Lease ${namespace}/sluice, so no release goes on`)
  const age = now - Date.parse(textOf(at(lease.spec, 'renewTime')))
  const duration = numberOf(at(lease.spec, 'leaseDurationSeconds'), 0) * 1000
  // NaN, of a time that cannot be read, is no reason to say that it is over.
  if (age > duration + CLOCKS_DIFFER)
    return failed(
      'controller-leader',
      `${holder} held Lease ${namespace}/sluice and renewed it last ${Math.round(age / 1000)}s ago: no replica leads, and no release goes on`,
    )
  return ok('controller-leader', `${holder} leads`)
}

/** The rights that are missing, as `/info` lists them. */
export interface Lacking {
  readonly right: string
  readonly namespace: string
  readonly role: string
  readonly manifest: string
  readonly isOptional: boolean
}

export function lackingFindings(missing: readonly Lacking[], checked: number): Finding[] {
  if (missing.length === 0) return [ok('controller-rights', `The controller has all ${checked} rights that it needs`)]
  return [...new Set(missing.map(({ role }) => role))].map(role => {
    const own = missing.filter(one => one.role === role)
    const { manifest = '', isOptional = false } = own[0] ?? {}
    const rights = own.map(({ right, namespace }) => (namespace === '' ? right : `${right} in ${namespace}`))
    const lacks = `The controller lacks ${own.length === 1 ? 'a right' : `${own.length} rights`} of role ${role}: ${listed(rights)}`
    return isOptional
      ? warning(
          'controller-rights',
          `${lacks}. Canaries that need them hold, and say so; to grant them, apply ${manifest}`,
        )
      : failed('controller-rights', `${lacks}. Apply ${manifest}`)
  })
}

/** What `/info` of a controller says; null where it is not as it must be. */
export function infoOf(body: unknown): { version: string; rights: unknown } | null {
  if (!isRecord(body) || typeof body['version'] !== 'string' || !isRecord(body['rights'])) return null
  return { version: body['version'], rights: body['rights'] }
}

export function rightsFindings(rights: unknown): Finding[] {
  const problem = textOf(at(rights, 'problem'))
  if (typeof at(rights, 'checkedAt') !== 'number')
    return [
      unchecked(
        'controller-rights',
        problem === ''
          ? 'The controller has not checked its rights yet'
          : `The controller could not check its rights: ${problem}`,
      ),
    ]
  const missing = recordsOf(at(rights, 'missing')).map(one => ({
    right: textOf(one['right']),
    namespace: textOf(one['namespace']),
    role: textOf(one['role']),
    manifest: textOf(one['manifest']),
    isOptional: one['isOptional'] === true,
  }))
  return lackingFindings(missing, numberOf(at(rights, 'checked'), 0))
}
