/**
 * What of the cluster cannot be seen, as sentences: for one canary, whose decisions would be blind, and for the process, whose
 * readiness tells only of what every canary needs.
 */
import { apiVersionOf, kindKey, kinds, type Kind } from '../api/object.ts'
import { scalerKinds } from '../core/autoscalers/index.ts'
import { policyKindOf, policyKinds } from '../core/policies/index.ts'
import type { Milliseconds } from '../core/time.ts'
import type { Reflector } from '../runtime/reflector.ts'
import { configKinds, followedWherePresent, providerKinds, required, routeKinds, workloadKinds } from './kinds.ts'
import { CONFIG_RIGHTS, isOfProvider, POLICY_RIGHTS, rightsToWatch } from './rights.ts'

/** A first list is waited for so long before anything is said. */
export const START: Milliseconds = 30_000
/** A watch that was there and keeps failing is waited for so long. */
const FAILING: Milliseconds = 60_000

/**
 * What a canary of this namespace cannot see, its configuration aside; null when it sees all that matters.
 *
 * @param own kinds that it cannot do without: those of its provider, and of the routes that it names.
 * @param scaler kind of the autoscaler that it names; null where it names none.
 */
export function unseenIn(
  reflectors: readonly Reflector[],
  namespace: string,
  own: readonly Kind[],
  scaler: Kind | null,
): string | null {
  const concerned = reflectors.filter(one => one.namespace === '' || one.namespace === namespace)
  const needed = concerned.filter(
    ({ kind }) =>
      neededByEach(kind) || own.some(one => isSame(one, kind) && one.version === kind.version) || isNamed(kind, scaler),
  )
  return joined(needed.map(reflector => troubleOf(reflector) ?? absenceOfNamed(reflector, scaler)))
}

/** What is handed over, or removed, when a Canary is deleted. */
const handedOver: readonly Kind[] = [...workloadKinds, kinds.ControllerRevision, kinds.Service, kinds.EndpointSlice]

/** What a canary of this namespace must not be deleted without seeing; kinds that are not installed have no objects. */
export function hiddenIn(
  reflectors: readonly Reflector[],
  namespace: string,
  own: readonly Kind[],
  scaler: Kind | null,
): string | null {
  const handed = [...handedOver, ...own, ...(scaler === null ? [] : [scaler])]
  const concerned = reflectors.filter(
    ({ kind, namespace: scope, state }) =>
      (scope === '' || scope === namespace) && state !== 'absent' && handed.some(one => isSame(one, kind)),
  )
  return joined(concerned.map(one => troubleOf(one)))
}

/**
 * What a canary cannot see of the configuration and policies that it needs; null when it sees all. Of kinds that are not installed there are none.
 *
 * @param labels how its primary is labeled: with `keep` it needs no policy that is kept equal.
 */
export function unseenNeeded(
  reflectors: readonly Reflector[],
  namespace: string,
  needs: readonly Kind[],
  labels: 'keep' | 'switch',
): string | null {
  const concerned = reflectors.filter(
    one => (one.namespace === '' || one.namespace === namespace) && needs.some(kind => isSame(kind, one.kind)),
  )
  const instead = labels === 'switch' ? ', or recreate the Canary with spec.primary.labels: keep' : ''
  return joined(concerned.map(one => troubleOf(one, instead) ?? otherVersionOf(one, instead)))
}

/** A policy that is served in another version would neither be read nor kept equal. */
function otherVersionOf({ kind, state, served }: Reflector, instead: string): string | null {
  const policy = policyKindOf(kind)
  if (policy === null || state !== 'absent' || served.length === 0) return null
  const version = apiVersionOf(kind)
  const read =
    instead === '' ? `Sluice reads policies of ${version}` : `policies of ${version} are kept equal for the primary`
  return `${kindKey(kind)} is served as ${listed(served)}, and ${read}: install ${policy.since}${instead}`
}

/**
 * What no canary can see: kinds that are in trouble in every namespace that is watched. What one namespace does not allow is
 * said by the canaries there.
 *
 * @param isOfEveryProvider whether the canaries of each provider in use need a kind.
 */
export function unseenByAll(
  reflectors: readonly Reflector[],
  isOfEveryProvider: (kind: Kind) => boolean,
): string | null {
  const needed = reflectors.filter(({ kind }) => neededByEach(kind) || isOfEveryProvider(kind))
  return joined(
    [...new Set(needed.map(({ kind }) => kindKey(kind)))].map(name => {
      const scopes = needed.filter(({ kind }) => kindKey(kind) === name)
      const troubles = scopes.map(scope => troubleOf(scope) ?? failureOf(scope))
      return troubles.every(trouble => trouble !== null) ? (troubles[0] ?? null) : null
    }),
  )
}

const isNamed = (kind: Kind, scaler: Kind | null): boolean => scaler !== null && isSame(kind, scaler)

/** A Canary that names an autoscaler of a kind cannot do without that kind. */
function absenceOfNamed({ kind, state, served }: Reflector, scaler: Kind | null): string | null {
  if (!isNamed(kind, scaler) || state !== 'absent') return null
  const own = scalerKinds.find(one => isSame(one.kind, kind))
  const named = `spec.autoscalerRef names a ${kind.kind}`
  if (served.length === 0)
    return `${kindKey(kind)} is not installed, and ${named}. ${own?.install}, or remove spec.autoscalerRef`
  return `${kindKey(kind)} is served as ${listed(served)}; Sluice needs ${kind.version}, that is ${own?.since}, because ${named}`
}

const isSame = (one: Kind, other: Kind): boolean => kindKey(one) === kindKey(other)

/** Whatever its provider. Where autoscalers of others cannot be seen, releases go on; configuration is needed by those who mount it. */
function neededByEach(kind: Kind): boolean {
  const ofSome = [...routeKinds, ...policyKinds].map(one => one.kind)
  return ![...followedWherePresent, ...configKinds, ...ofSome].some(one => isSame(one, kind))
}

/**
 * Why the objects of a kind are not known; null when they are, or may soon be.
 *
 * @param instead how to do without a policy, as the end of a sentence; '' where that cannot be.
 */
function troubleOf(reflector: Reflector, instead = ''): string | null {
  const { kind, state, lastError } = reflector
  const name = kindKey(kind)
  if (state === 'forbidden') return `${lastError ?? `forbidden to watch ${name}.`} ${remedy(reflector, instead)}`
  if (state === 'absent') return absence(reflector)
  if (reflector.awaited() < START) return null
  return `${name} is not known yet: ${lastError ?? 'the API server does not answer its list'}`
}

/** Why a kind that was known is not followed any more; null when it is, or was a moment ago. */
function failureOf(reflector: Reflector): string | null {
  const failing = reflector.failingFor()
  if (failing < FAILING) return null
  const seconds = Math.round(failing / 1000)
  return `${kindKey(reflector.kind)} has not been followed for ${seconds} s: ${reflector.lastError ?? 'no answer'}`
}

function remedy({ kind, namespace }: Reflector, instead: string): string {
  const policy = isOfProvider(kind) ? null : policyKindOf(kind)
  if (policy !== null) return `Apply ${POLICY_RIGHTS}, which binds ClusterRole ${policy.role}${instead}`
  if (!configKinds.some(one => isSame(one, kind))) return `Apply ${rightsToWatch(kind)}`
  return `Bind ClusterRole sluice-configs in namespace ${namespace} (${CONFIG_RIGHTS}), or run Sluice with --track-configs=false`
}

/** null for kinds that need not be installed. */
function absence({ kind, served }: Reflector): string | null {
  const own = providerKinds.find(one => isSame(one.kind, kind) && one.kind.version === kind.version)
  if (own === undefined && !required.includes(kind)) return null
  if (served.length === 0) return `${kindKey(kind)} is not installed; ${own?.install ?? 'apply the CRDs of Sluice'}`
  const needed =
    own === undefined ? `${kind.version}; apply crds/ of this version` : `${kind.version}, that is ${own.since}`
  return `${kindKey(kind)} is served as ${listed(served)}; Sluice needs ${needed}`
}

/** `a`, `a and b`, `a, b and c`, sorted. */
function listed(unsorted: readonly string[]): string {
  const words = unsorted.toSorted()
  const last = words[words.length - 1] ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}

function joined(sentences: readonly (string | null)[]): string | null {
  const said = sentences.filter(sentence => sentence !== null)
  return said.length === 0 ? null : said.join('. ')
}
