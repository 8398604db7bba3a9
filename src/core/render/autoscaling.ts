/** Whether an autoscaler decides how many pods the primary has. */
import { scales } from './labels.ts'
import type { Observation } from '../model/observation.ts'

/** An HPA or a ScaledObject scales the primary; a VPA resizes its pods and leaves their number alone. */
export function primaryIsAutoscaled(o: Observation): boolean {
  return o.surroundings.autoscalers.some(
    scaler => scaler.kind !== 'VerticalPodAutoscaler' && scales(scaler, o.names.primary),
  )
}
