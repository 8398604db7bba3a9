/**
 * What splits the traffic. A router holds no client: it reads what live objects carry, and says what to write so that they
 * carry something else.
 *
 * Law: `read` after the writes of `render(o, posture)` shows `posture.traffic` on every route.
 */
import type { Ref } from '../../api/object.ts'
import type { Observation } from '../model/observation.ts'
import type { Carried } from '../model/traffic.ts'
import type { Posture } from '../model/posture.ts'
import type { Write } from '../model/write.ts'

/** What of an observation is known before anything was read. */
export type Named = Pick<Observation, 'canary' | 'names'>

export interface Router {
  /** What to read and to watch, beside what the Services and workloads need. */
  refs(o: Named): Ref[]
  /** null where there is nothing yet that could be read: no route, or none that leads to either side. */
  read(o: Named & Pick<Observation, 'live'>): Carried | null
  /** Exactly the fields that we own; nothing where live objects already carry it. */
  render(o: Observation, posture: Posture): Write[]
}
