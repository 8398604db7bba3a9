/**
 * Session affinity: the cookies of a run, by which callers stay with the side that answered them
 * (https://www.rfc-editor.org/rfc/rfc6265#section-4.1). Their values name the run and nothing else: who sends one of an earlier run,
 * or makes one up, is drawn like any other caller.
 */
import type { Canary } from '../../api/canary.ts'
import { hasOwnRoutes } from '../../api/providers.ts'
import { fingerprint } from '../json.ts'
import type { RetiredCookie } from './memory.ts'
import type { Observation } from './observation.ts'
import type { Run, State } from './state.ts'
import type { Instant } from '../time.ts'
import type { Cookie, Sticky } from './traffic.ts'

const SECOND = 1000
/** A day. */
const DEFAULT_MAX_AGE = 86_400

type Affinity = NonNullable<Canary['spec']['analysis']['sessionAffinity']>

/** The cookies that the routes set and follow in this state; null for none: each request is drawn. */
export function stickyOf({ canary }: Pick<Observation, 'canary'>, state: State): Sticky | null {
  const { sessionAffinity, interval } = canary.spec.analysis
  if (sessionAffinity === undefined || !('traffic' in state) || state.traffic.canary === 0) return null
  if (!hasOwnRoutes(canary.spec)) return null
  // A weight that is lowered by hand is meant for the callers that stay, too.
  if ('hold' in state && state.hold?.by === 'override') return null
  const { primaryCookieName: name } = sessionAffinity
  // At the top all callers are to be seen by the canary.
  const primary =
    name === undefined || state.traffic.canary === 100
      ? null
      : cookie(canary, state, name, 'primary', Math.max(1, Math.ceil(interval / SECOND)), sessionAffinity)
  return { canary: ofCanary(canary, state, sessionAffinity), primary }
}

const ofCanary = (canary: Canary, run: Run, affinity: Affinity): Cookie =>
  cookie(canary, run, affinity.cookieName, 'canary', affinity.maxAge ?? DEFAULT_MAX_AGE, affinity)

function cookie(
  { metadata }: Canary,
  run: Run,
  name: string,
  side: 'canary' | 'primary',
  maxAge: number,
  affinity: Affinity,
): Cookie {
  return {
    name,
    value: fingerprint([metadata.uid, run.id, side]),
    attributes: attributesOf(affinity, maxAge),
  }
}

/** As a browser reads them; one that is expired has to name the same domain and path. */
function attributesOf(affinity: Affinity, maxAge: number): string {
  const { domain, path, sameSite, httpOnly, secure, partitioned } = affinity
  const attributes = [
    `Max-Age=${maxAge}`,
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    ...(path === undefined ? [] : [`Path=${path}`]),
    ...(httpOnly ? ['HttpOnly'] : []),
    ...(secure ? ['Secure'] : []),
    ...(partitioned ? ['Partitioned'] : []),
    ...(sameSite === undefined ? [] : [`SameSite=${sameSite}`]),
  ]
  return attributes.map(attribute => `; ${attribute}`).join('')
}

/** What becomes of the cookie of a run that had callers, once it is over. */
export function retiredCookieOf({ canary }: Pick<Observation, 'canary'>, run: Run, now: Instant): RetiredCookie | null {
  const { sessionAffinity } = canary.spec.analysis
  if (sessionAffinity === undefined || run.highest === 0) return null
  const { name, value } = ofCanary(canary, run, sessionAffinity)
  const until = now + (sessionAffinity.maxAge ?? DEFAULT_MAX_AGE) * SECOND
  return { name, value, attributes: attributesOf(sessionAffinity, 0), until }
}
