/** Histories that lead into what a law of webhooks is about. */
import fc from 'fast-check'
import { HOOK_TYPES } from '../../src/api/webhook.ts'
import { withSetup } from './situations.ts'

/** Webhooks of all types, whatever the analysis. */
export const hooked = withSetup(() => ({ webhooks: HOOK_TYPES }))

/** The pods of a candidate crash and are back within an interval: what a webhook said to its first rise is still young at the second. */
export const risenAgain = fc
  .record({ drawn: hooked, seconds: fc.constantFrom(3, 5), away: fc.constantFrom(1, 2) })
  .map(({ drawn, seconds, away }) => ({
    setup: { ...drawn.setup, strategy: 'weights' as const, mirror: false, skipAnalysis: false },
    from: 'rest' as const,
    acts: [
      { act: 'push', image: 'web:2' } as const,
      { act: 'go on', seconds, ills: [] } as const,
      { act: 'crash', side: 'web' } as const,
      { act: 'go on', seconds: away, ills: [] } as const,
      { act: 'recover' } as const,
      { act: 'go on', seconds: 15, ills: [] } as const,
      ...drawn.acts,
    ],
  }))

/** A webhook of type rollback says yes at a moment of a promotion that returns the traffic step by step. */
export const rejectedLate = fc
  .record({ drawn: hooked, seconds: fc.integer({ min: 10, max: 45 }) })
  .map(({ drawn, seconds }) => ({
    setup: {
      ...drawn.setup,
      strategy: 'weights' as const,
      mirror: false,
      ladder: [{ weight: 100 }],
      stepWeightPromotion: 33.3,
      checkInterval: '5s',
      skipAnalysis: false,
    },
    from: 'rest' as const,
    acts: [
      { act: 'push', image: 'web:2' } as const,
      { act: 'go on', seconds, ills: [] } as const,
      { act: 'gates', gates: 'back' } as const,
      { act: 'go on', seconds: 15, ills: [] } as const,
      ...drawn.acts,
    ],
  }))

/** The primary takes the template for longer than a webhook of type rollback may be silent, and its pods are ready at some moment. */
export const copiedSlowly = fc
  .record({ drawn: hooked, seconds: fc.integer({ min: 12, max: 24 }), copying: fc.integer({ min: 12, max: 40 }) })
  .map(({ drawn, seconds, copying }) => ({
    setup: {
      ...drawn.setup,
      strategy: 'weights' as const,
      mirror: false,
      ladder: [{ weight: 100 }],
      checkInterval: '5s',
      skipAnalysis: false,
      // All traffic is shifted before the copy: what the primary's pods do then is in nobody's way.
      recreate: true,
    },
    from: 'rest' as const,
    acts: [
      { act: 'push', image: 'web:2' } as const,
      { act: 'go on', seconds, ills: [] } as const,
      { act: 'crash', side: 'web-primary' } as const,
      { act: 'go on', seconds: copying, ills: [] } as const,
      { act: 'recover' } as const,
      { act: 'go on', seconds: 15, ills: [] } as const,
      ...drawn.acts,
    ],
  }))
