/**
 * A split as annotations of the canary's Ingress, and back. A header or a cookie counts more than the weight, so with one of them the weight is 0:
 * requests that match go to the canary, and no others.
 */
import type { KubeObject } from '../../../api/object.ts'
import type { Observation, Settings } from '../../model/observation.ts'
import { audienceOf } from '../../model/plan.ts'
import { sameJson } from '../../json.ts'
import type { Traffic } from '../../model/traffic.ts'
import { shareOfSum, weightsOf } from '../../shares.ts'
import type { Percent } from '../../time.ts'
import type { Named } from '../provider.ts'
import { isTrue } from './ingress.ts'
import { type Annotations, saidOf } from './matches.ts'

/** What a weight is of where nothing is said; ingress-nginx ignores a smaller total (rootfs/etc/nginx/lua/balancer.lua). */
const TOTAL = 100

/** The annotations of a split, by their names behind the prefix. */
export function annotationsFor({ canary }: Named, { canary: share, among }: Traffic): Annotations {
  const own = audienceOf(canary.spec.analysis)
  const base = { canary: 'true', 'canary-weight': '0' }
  // Matches that were edited meanwhile are about requests that nothing was decided for.
  if (among !== '') return share > 0 && among === own ? { ...base, ...saidOf(canary.spec.analysis.match ?? []) } : base
  const { primary, canary: weight } = weightsOf(share)
  const total = primary + weight
  return {
    ...base,
    'canary-weight': String(weight),
    ...(total === TOTAL ? {} : { 'canary-weight-total': String(total) }),
  }
}

/** What an Ingress of ours asks for: a share of all requests, or all that match. */
export interface Asked {
  readonly share: Percent
  /** Fingerprint of the matches; null: those are others than the Canary says. */
  readonly among: string | null
}

/** The annotations of an Ingress about canaries, without the prefix. */
export function canaryAnnotationsIn({ ingressAnnotationsPrefix }: Settings, { metadata }: KubeObject): Annotations {
  const start = `${ingressAnnotationsPrefix}/`
  return Object.fromEntries(
    Object.entries(metadata.annotations ?? {}).flatMap(([key, value]) => {
      const name = key.startsWith(start) ? key.slice(start.length) : ''
      return name === 'canary' || name.startsWith('canary-') ? [[name, value]] : []
    }),
  )
}

/** As ingress-nginx reads it: what is no number is 0, and without `canary: "true"` the Ingress takes nothing of another one. */
export function askedBy(o: Named & Pick<Observation, 'settings'>, ingress: KubeObject): Asked {
  const {
    canary,
    'canary-weight': weight = '0',
    'canary-weight-total': total,
    ...rest
  } = canaryAnnotationsIn(o.settings, ingress)
  if (!isTrue(canary)) return { share: 0, among: '' }
  const share = shareOfSum(Math.min(wholeOf(weight), totalOf(total)), totalOf(total))
  if (Object.keys(rest).length === 0) return { share, among: '' }
  const { analysis } = o.canary.spec
  const isOurs = share === 0 && sameJson(rest, saidOf(analysis.match ?? []))
  return { share: 100, among: isOurs ? audienceOf(analysis) : null }
}

const wholeOf = (text: string): number => (/^\d+$/.test(text) ? Number(text) : 0)

function totalOf(text: string | undefined): number {
  const total = text === undefined ? TOTAL : wholeOf(text)
  return total > TOTAL ? total : TOTAL
}
