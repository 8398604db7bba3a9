/** Histories in which the API server refuses some writes in a row. */
import fc from 'fast-check'
import { history, type History, type Ill, spell, WELL } from './arbitraries.ts'
import { handsOrCommands, judgeable } from './situations.ts'

/** A release of which some statuses in a row are refused. */
export const unwritten = fc
  .record({ drawn: history, after: fc.nat(12), passes: fc.integer({ min: 1, max: 4 }) })
  .map(({ drawn, after, passes }) => ({
    setup: { ...drawn.setup, skipAnalysis: false },
    from: 'rest' as const,
    acts: [
      { act: 'push', image: 'web:2' } as const,
      {
        act: 'go on',
        seconds: 40,
        ills: [
          ...Array.from({ length: after }, () => WELL),
          ...Array.from({ length: passes }, () => ({ ...WELL, commit: 'refused' as const })),
        ],
      } as const,
      ...drawn.acts,
    ],
  }))

/** A release of which some writes in a row are refused, the pause of the target's rollout among them. */
export const unlocked: fc.Arbitrary<History> = fc
  .record({ drawn: handsOrCommands, after: fc.integer({ min: 3, max: 7 }), passes: fc.integer({ min: 1, max: 4 }) })
  .map(({ drawn, after, passes }) => ({
    setup: { ...drawn.setup, skipAnalysis: false, lockTarget: true },
    from: 'rest',
    acts: [
      { act: 'push', image: 'web:2' },
      {
        act: 'go on',
        seconds: 3,
        ills: [
          ...Array.from({ length: after }, () => WELL),
          ...Array.from({ length: passes }, () => ({ ...WELL, writes: ['refused' as const] })),
        ],
      },
      ...drawn.acts,
    ],
  }))

/** Passes whose first write is refused, which are the routes where they change, and whose others are done. */
const firstRefused: fc.Arbitrary<readonly Ill[]> = fc
  .integer({ min: 2, max: 6 })
  .map(passes => Array.from({ length: passes }, () => ({ ...WELL, writes: ['refused'] })))

/** A push waits behind a release that is taken back, and what takes it back goes ill: the lock alone keeps the push from carrying. */
export const queued = fc
  .record({ drawn: judgeable, ills: fc.oneof(spell(1), firstRefused) })
  .map(({ drawn, ills }) => ({
    ...drawn,
    from: 'rest' as const,
    acts: [
      { act: 'push', image: 'web:2' } as const,
      { act: 'go on', seconds: 3, ills: [] } as const,
      { act: 'push', image: 'web:3' } as const,
      { act: 'command', name: 'abort', full: false } as const,
      { act: 'go on', seconds: 3, ills } as const,
      ...drawn.acts,
    ],
  }))
