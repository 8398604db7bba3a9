/** Whose telemetry judges a run: chosen once, when its candidate is first routed, because two vantage points count requests differently. */
import type { Memory } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'
import { vantageSeen } from '../routers/index.ts'

/** null while no candidate is judged, and until one of its pods was read. */
export function noteVantage(o: Observation): Memory['vantage'] {
  if (!('routedAt' in o.state) || o.state.routedAt === null) return null
  return o.memory.vantage ?? vantageSeen(o)
}
