/** The share of the canary: how much is requested, and how much the routes were last read to give it. */
import type { JSX } from 'preact'
import { trafficInWords } from '../../src/core/view/text.ts'
import type { TrafficView } from '../../src/core/view/view.ts'

export function WeightBar({ traffic }: { readonly traffic: TrafficView }): JSX.Element {
  const { requested, carried } = traffic
  const isOff = carried !== null && carried !== requested
  return (
    <span class="weight-bar">
      <svg width="100%" height="8" aria-hidden="true">
        <rect class="track" width="100%" height="8" rx="2" />
        <rect class="carried" width={`${carried ?? 0}%`} height="8" rx="2" />
        <rect class="requested" x={`${Math.min(requested, 99)}%`} width="2" height="8" />
      </svg>
      <span>
        {trafficInWords(traffic)}
        {isOff && <span class="off"> ({carried} % carried)</span>}
      </span>
    </span>
  )
}
