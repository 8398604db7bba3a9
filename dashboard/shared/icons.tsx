/** A shape for each tone and verdict, so that no meaning is in a color alone. The word is always written beside it. */
import type { JSX } from 'preact'
import type { GateView, Tone } from '../../src/core/view/view.ts'

const shapes: Readonly<Record<Tone, JSX.Element>> = {
  good: <path d="M3.5 8.5l3 3 6-7" />,
  working: <path class="solid" d="M5 3.5v9l8-4.5z" />,
  waiting: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 4.5V8l2.5 1.5" />
    </>
  ),
  person: (
    <>
      <circle cx="8" cy="5" r="2.75" />
      <path d="M2.75 14c0-3 2.25-4.75 5.25-4.75S13.25 11 13.25 14z" />
    </>
  ),
  failed: <path d="M4 4l8 8M12 4l-8 8" />,
  stalled: (
    <>
      <path d="M8 2L14.5 13.5h-13z" />
      <path d="M8 6.25v3.5M8 11.4v.6" />
    </>
  ),
  unknown: (
    <>
      <circle cx="8" cy="8" r="6" stroke-dasharray="2.5 2" />
      <path d="M8 7.5v1" />
    </>
  ),
}

const tones: Readonly<Record<NonNullable<GateView['verdict']>, Tone>> = {
  pass: 'good',
  fail: 'failed',
  hold: 'waiting',
}

export const toneOfVerdict = (verdict: GateView['verdict']): Tone => (verdict === null ? 'unknown' : tones[verdict])

export const ToneIcon = ({ tone }: { readonly tone: Tone }): JSX.Element => (
  <svg class={`icon tone-${tone}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
    {shapes[tone]}
  </svg>
)
