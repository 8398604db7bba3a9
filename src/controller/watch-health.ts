/**
 * What of the cluster cannot be seen, as sentences: for one canary, whose decisions would be blind, and for the process, whose
 * readiness tells only of what every canary needs.
 */
import { kindKey, kinds, type Kind } from '../api/object.ts'
import type { Milliseconds } from '../core/time.ts'
import type { Reflector } from '../runtime/reflector.ts'
import { configKinds, followedWherePresent, required } from './kinds.ts'

/** A first list is waited for so long before anything is said. */
export const START: Milliseconds = 30_000
/** A watch that was there and keeps failing is waited for so long. */
const FAILING: Milliseconds = 60_000

/** What a canary of this namespace cannot see, its configuration aside; null when it sees all that matters. */
export function unseenIn(reflectors: readonly Reflector[], namespace: string): string | null {
  const concerned = reflectors.filter(one => one.namespace === '' || one.namespace === namespace)
  return joined(concerned.filter(neededByAll).map(troubleOf))
}

/** What is handed over, or removed, when a Canary is deleted. */
const handedOver: readonly Kind[] = [
  kinds.Deployment,
  kinds.ReplicaSet,
  kinds.ControllerRevision,
  kinds.Service,
  kinds.EndpointSlice,
  kinds.VirtualService,
  kinds.DestinationRule,
]

/** What a canary of this namespace must not be deleted without seeing; kinds that are not installed have no objects. */
export function hiddenIn(reflectors: readonly Reflector[], namespace: string): string | null {
  const concerned = reflectors.filter(
    ({ kind, namespace: scope, state }) =>
      (scope === '' || scope === namespace) && state !== 'absent' && handedOver.includes(kind),
  )
  return joined(concerned.map(troubleOf))
}

/** What configuration a canary cannot see of these kinds; null when it sees all. */
export function unseenConfigs(
  reflectors: readonly Reflector[],
  namespace: string,
  needs: readonly Kind[],
): string | null {
  const concerned = reflectors.filter(
    one => one.namespace === namespace && needs.some(kind => kindKey(kind) === kindKey(one.kind)),
  )
  return joined(concerned.map(troubleOf))
}

/**
 * What no canary can see: kinds that are in trouble in every namespace that is watched. What one namespace does not allow is
 * said by the canaries there.
 */
export function unseenByAll(reflectors: readonly Reflector[]): string | null {
  const needed = reflectors.filter(neededByAll)
  return joined(
    [...new Set(needed.map(({ kind }) => kindKey(kind)))].map(name => {
      const scopes = needed.filter(({ kind }) => kindKey(kind) === name)
      const troubles = scopes.map(scope => troubleOf(scope) ?? failureOf(scope))
      return troubles.every(trouble => trouble !== null) ? (troubles[0] ?? null) : null
    }),
  )
}

/** Where autoscalers of others cannot be seen, releases go on all the same; configuration is needed by those who mount it. */
function neededByAll({ kind }: Reflector): boolean {
  return ![...followedWherePresent, ...configKinds].some(other => kindKey(other) === kindKey(kind))
}

/** Why the objects of a kind are not known; null when they are, or may soon be. */
function troubleOf(reflector: Reflector): string | null {
  const { kind, state, lastError } = reflector
  const name = kindKey(kind)
  if (state === 'forbidden') return `${lastError ?? `${name} may not be watched`} ${remedy(reflector)}`
  if (state === 'absent') return required.includes(kind) ? absence(reflector) : null
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

function remedy({ kind, namespace }: Reflector): string {
  if (!configKinds.some(one => kindKey(one) === kindKey(kind))) return 'Apply manifests/rbac.yaml'
  return `Bind ClusterRole sluice-configs in namespace ${namespace} (manifests/config-rbac.yaml), or run Sluice with --track-configs=false`
}

function absence({ kind, served }: Reflector): string {
  const isIstio = kind.group.endsWith('istio.io')
  if (served.length === 0) return `${kindKey(kind)} is not installed; apply the CRDs of ${isIstio ? 'Istio' : 'Sluice'}`
  const needed = isIstio
    ? `${kind.version}, that is Istio 1.22 or newer`
    : `${kind.version}; apply crds/ of this version`
  return `${kindKey(kind)} is served as ${listed(served.toSorted())}; Sluice needs ${needed}`
}

/** `a`, `a and b`, `a, b and c`. */
function listed(words: readonly string[]): string {
  const last = words[words.length - 1] ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}

function joined(sentences: readonly (string | null)[]): string | null {
  const said = sentences.filter(sentence => sentence !== null)
  return said.length === 0 ? null : said.join('. ')
}
