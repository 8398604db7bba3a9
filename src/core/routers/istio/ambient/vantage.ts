/** Whose telemetry tells of the requests to a canary. One of them: what a waypoint reports, a gateway before it reports as well. */
import type { Vantage } from '../../../../api/status.ts'
import { at } from '../../../json.ts'
import type { Observation } from '../../../model/observation.ts'
import { refusesProxy } from '../mesh/injection.ts'
import { dataPlaneOf } from './data-plane.ts'

/**
 * The one that a run has begun with, and else by what is there: the pods' own proxies; in ambient the waypoint, where the split is in the mesh; and else who calls. Of pods in the mesh
 * that have no proxy yet, and do not refuse one, it is expected.
 *
 * @param splitsMesh routes of the Canary are evaluated in the mesh.
 */
export function vantageOf(o: Observation, splitsMesh: (o: Observation) => boolean): Vantage {
  if (o.memory.vantage !== null) return o.memory.vantage
  switch (dataPlaneOf(o)) {
    case 'ambient':
      return splitsMesh(o) ? 'waypoint' : 'source'
    case 'none':
      return splitsMesh(o) && !refusesProxy(at(o.target?.object.spec, 'template')) ? 'destination' : 'source'
    case 'sidecar':
    case 'unknown':
      return 'destination'
  }
}
