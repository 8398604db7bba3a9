/**
 * The Service that callers use as a split of all or nothing: which side its selector asks for, and which its EndpointSlices show
 * (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/).
 */
import { at, textsOf } from '../json.ts'
import { CANARY_LABEL, ORIGINAL_ANNOTATION, POD_HASH_LABEL, PRIMARY_ROLE, ROLE_LABEL } from '../model/names.ts'
import type { Observation, Pods } from '../model/observation.ts'
import { isPodOf } from '../model/selectors.ts'
import { type Labels, selects, switched, templateLabels } from '../render/labels.ts'
import { liveOf } from '../render/ownership.ts'
import type { Percent } from '../time.ts'

const ALL = 100

type Readable = Pick<Observation, 'names' | 'live' | 'endpoints' | 'target' | 'primary'>

/** The whole range: requests may go to either side, or nowhere. It is never carried, so that the selector is always put back. */
const UNKNOWN: readonly Percent[] = [0, ALL]

/** Every share that requests to it may meet; null before it is ours to point. */
export function apexShares(o: Readable): readonly Percent[] | null {
  const share = selectedShare(o)
  if (share === null) return null
  return share === 'other' ? UNKNOWN : [share, ...listedShares(o, share)]
}

/**
 * The share that the selector asks for; `other` where it is neither side's, as where a manifest without our keys was applied, and
 * null before it is ours to point.
 */
export function selectedShare(o: Readable): 0 | typeof ALL | 'other' | null {
  const live = liveOf(o, o.names.apexService)
  const { labels, annotations } = live?.metadata ?? {}
  const isPointed = labels?.[CANARY_LABEL] === o.names.canary || annotations?.[ORIGINAL_ANNOTATION] !== undefined
  if (!isPointed) return null
  const selector = textsOf(at(live?.spec, 'selector'))
  if (podsSelected(o, selector) !== null) return ALL
  return isOfPrimary(o, selector) ? 0 : 'other'
}

/** It has all by which the primary's pods are told from the target's, and leaves none of them out. */
function isOfPrimary({ primary, target }: Readable, selector: Labels): boolean {
  if (primary !== null) {
    const own = textsOf(at(primary.object.spec, 'selector', 'matchLabels'))
    return selects(own, selector) && selects(selector, templateLabels(primary.object))
  }
  const ofTarget = Object.entries(textsOf(at(target?.object.spec, 'selector', 'matchLabels')))
  return selector[ROLE_LABEL] === PRIMARY_ROLE || ofTarget.some(([key, value]) => selector[key] === switched(value))
}

/** The pods of the target that have this hash; null where none have. */
function podsSelected({ target }: Readable, selector: Labels): Pods | null {
  const hash = selector[POD_HASH_LABEL]
  if (hash === undefined) return null
  return Object.values(target?.pods ?? {}).find(pods => pods.hash === hash) ?? null
}

/**
 * The shares that the EndpointSlices show. They follow the selector a moment later, so a side that has ready pods is not carried
 * before one of them is listed: until then kube-proxy leads where it led.
 */
function listedShares(o: Readable, share: 0 | typeof ALL): readonly Percent[] {
  if (o.endpoints === null) return []
  const listed = o.endpoints.apex.flatMap(pod => (isPodOf(o.primary, pod) ? [0] : isPodOf(o.target, pod) ? [ALL] : []))
  const selector = textsOf(at(liveOf(o, o.names.apexService)?.spec, 'selector'))
  const ready = share === 0 ? o.primary?.ready : podsSelected(o, selector)?.ready
  return (ready ?? 0) > 0 && !listed.includes(share) ? UNKNOWN : listed
}
