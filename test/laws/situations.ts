/** Histories that lead into what one law is about: random ones would seldom come there. */
import fc from 'fast-check'
import { type Act, history, type History, type Ill, moods, type Setup, spell, WELL } from './arbitraries.ts'

/** Histories in which this does not happen. */
export const without = (what: Act['act']): fc.Arbitrary<History> =>
  history.map(drawn => ({ ...drawn, acts: drawn.acts.filter(({ act }) => act !== what) }))

/** Histories of such a setup. */
export const withSetup = (change: (setup: Setup) => Partial<Setup>): fc.Arbitrary<History> =>
  history.map(drawn => ({ ...drawn, setup: { ...drawn.setup, ...change(drawn.setup) } }))

/**
 * Excused: a command in the very pass in which a hand on the weight is first seen. It is obeyed before the mesh is looked at, and
 * what the hand wrote is overwritten unseen. So histories have a hand on the weight, or commands.
 */
const handsAlone = without('command')
export const handsOrCommands = fc.oneof(without('hand on the weight'), handsAlone)

/** All that moves, once: so slowly that somebody can come in between. */
const turn = (ill: Ill): readonly Act[] => [
  { act: 'pass', ill },
  ...(['web', 'web-primary', 'endpoints'] as const).map(of => ({ act: 'sweep', of }) as const),
]

/** A client raises the weight of a release, at a moment when its next check may be due: what the mesh carries is not what was written. */
export const raised = fc
  .record({
    drawn: handsAlone,
    seconds: fc.constantFrom(3, 5, 8, 15),
    waited: fc.constantFrom(0, 5, 30),
    weight: fc.constantFrom(45, 80, 100),
  })
  .map(({ drawn, seconds, waited, weight }) => ({
    setup: { ...drawn.setup, ladder: [{ weight: 30 }, { weight: 60 }], skipAnalysis: false },
    from: 'rest' as const,
    acts: [
      { act: 'push', image: 'web:2' } as const,
      { act: 'go on', seconds, ills: [] } as const,
      { act: 'wait', seconds: waited } as const,
      { act: 'hand on the weight', weight } as const,
      { act: 'go on', seconds: 15, ills: [] } as const,
      ...drawn.acts,
    ],
  }))

/** A release without a mesh, while the endpoints controller is behind: requests go where its EndpointSlices lead. */
export const unlisted = fc
  .record({ drawn: history, passes: fc.integer({ min: 8, max: 16 }) })
  .map(({ drawn, passes }) => ({
    setup: { ...drawn.setup, split: 'selector' as const, skipAnalysis: false },
    from: 'rest' as const,
    acts: [
      { act: 'push', image: 'web:2' } as const,
      { act: 'go on', seconds: 3, ills: [] } as const,
      ...Array.from({ length: passes }, () => [
        ...turn(WELL).filter(act => act.act !== 'sweep' || act.of !== 'endpoints'),
        { act: 'pass', ill: WELL } as const,
        { act: 'wait', seconds: 5 } as const,
      ]).flat(),
      ...drawn.acts,
    ],
  }))

/** Excused: a hand that raises the weight sends callers wherever it likes. This one lowers. */
const loweringHands = history.map(drawn => ({
  ...drawn,
  acts: drawn.acts.map(act => (act.act === 'hand on the weight' ? { ...act, weight: 0 } : act)),
}))

/**
 * Excused: with subsets whoever has the labels is reached. So nothing but the lock keeps a push from carrying, and without the
 * routes callers reach both sides.
 */
export const judgeable = loweringHands.map(drawn => {
  if (!drawn.setup.split.endsWith('subsets')) return drawn
  const acts = drawn.acts.filter(act => act.act !== 'lose' || act.what !== 'routes')
  return { ...drawn, acts, setup: { ...drawn.setup, lockTarget: true, skipAnalysis: false } }
})

/** A status that somebody deletes tells nothing any more, and neither does that of a Canary that is gone. */
export const keptStatus = history.map(drawn => ({
  ...drawn,
  acts: drawn.acts.filter(act => act.act !== 'delete' && (act.act !== 'lose' || act.what !== 'status')),
}))

/** A release is rejected, another one carries, the target goes back to the first; and about then the primary dies. */
export const rejectedAgain = fc
  .record({
    drawn: history,
    turns: fc.integer({ min: 5, max: 9 }),
    after: fc.integer({ min: 0, max: 2 }),
    back: fc.constantFrom('web:2' as const, 'web:2' as const, 'web:broken' as const),
  })
  .map(({ drawn, turns, after, back }) => ({
    setup: { ...drawn.setup, skipAnalysis: false },
    from: 'rest' as const,
    acts: [
      { act: 'push', image: 'web:2' } as const,
      { act: 'go on', seconds: 3, ills: [] } as const,
      { act: 'command', name: 'abort', full: false } as const,
      { act: 'go on', seconds: 40, ills: [] } as const,
      { act: 'push', image: 'web:3' } as const,
      ...Array.from({ length: turns }, () => turn(WELL)).flat(),
      { act: 'push', image: back } as const,
      ...Array.from({ length: after }, () => turn(WELL)).flat(),
      { act: 'crash', side: 'web-primary' } as const,
      { act: 'go on', seconds: 3, ills: [] } as const,
      ...drawn.acts,
    ],
  }))

/** A candidate that carries loses its pods; they come back, and about then the primary dies. */
export const revived = fc
  .record({ drawn: history, turns: fc.integer({ min: 5, max: 9 }), after: fc.integer({ min: 0, max: 3 }) })
  .map(({ drawn, turns, after }) => ({
    setup: { ...drawn.setup, skipAnalysis: false, threshold: 3 },
    from: 'rest' as const,
    acts: [
      { act: 'push', image: 'web:2' } as const,
      ...Array.from({ length: turns }, () => turn(WELL)).flat(),
      { act: 'crash', side: 'web' } as const,
      ...turn(WELL),
      { act: 'recover' } as const,
      ...Array.from({ length: after }, () => turn(WELL)).flat(),
      { act: 'crash', side: 'web-primary' } as const,
      { act: 'go on', seconds: 3, ills: [] } as const,
      ...drawn.acts,
    ],
  }))

/** The Canary is deleted while its candidate carries, and about then the primary dies. */
export const orphaned: fc.Arbitrary<History> = fc
  .record({ drawn: history, turns: fc.integer({ min: 6, max: 10 }), after: fc.integer({ min: 0, max: 1 }) })
  .map(({ drawn, turns, after }) => ({
    setup: { ...drawn.setup, skipAnalysis: false },
    from: 'rest',
    acts: [
      { act: 'push', image: 'web:2' },
      ...Array.from({ length: turns }, () => turn(WELL)).flat(),
      { act: 'delete' },
      ...Array.from({ length: after }, () => turn(WELL)).flat(),
      { act: 'crash', side: 'web-primary' },
      { act: 'go on', seconds: 3, ills: [] },
      ...drawn.acts,
    ],
  }))

const REFUSED: Ill = { ...WELL, writes: ['refused', 'refused', 'refused', 'refused', 'refused'] }

/** A promotion that somebody aborts in the midst of it; from some turn on its writes may have been refused. */
export const undone = fc
  .record({
    drawn: loweringHands,
    turns: fc.integer({ min: 4, max: 9 }),
    refusedFrom: fc.integer({ min: 3, max: 12 }),
    ills: spell(3),
  })
  .map(({ drawn, turns, refusedFrom, ills }) => ({
    setup: { ...drawn.setup, skipAnalysis: true },
    from: 'rest' as const,
    acts: [
      { act: 'push', image: 'web:2' } as const,
      ...Array.from({ length: turns }, (_, i) => turn(i < refusedFrom ? WELL : REFUSED)).flat(),
      { act: 'command', name: 'abort', full: false } as const,
      { act: 'go on', seconds: 3, ills } as const,
      ...drawn.acts,
    ],
  }))

/** A release during which the watches fall silent, at some turn or other, while the API server answers every call. */
export const silent = fc
  .record({
    drawn: history,
    image: fc.constantFrom('web:2' as const, 'web:2' as const, 'web:broken' as const),
    turns: fc.integer({ min: 0, max: 12 }),
    seconds: fc.constantFrom(8, 40, 70),
  })
  .map(({ drawn, image, turns, seconds }) => ({
    setup: drawn.setup,
    from: 'rest' as const,
    acts: [
      { act: 'push', image } as const,
      ...Array.from({ length: turns }, () => turn(WELL)).flat(),
      { act: 'fall silent' } as const,
      { act: 'go on', seconds, ills: [] } as const,
      ...drawn.acts.filter(({ act }) => act !== 'push'),
      { act: 'go on', seconds: 70, ills: [] } as const,
    ],
  }))

/** A candidate that carries is scaled up, so that pods of it are missing, and somebody lowers the weight to 0 meanwhile. */
export const missingAtZero = fc
  .record({ drawn: history, seconds: fc.constantFrom(8, 15, 40), scaled: fc.boolean() })
  .map(({ drawn, seconds, scaled }) => ({
    setup: {
      ...drawn.setup,
      replicas: Math.min(drawn.setup.replicas, 3),
      skipAnalysis: false,
      autoscaled: false,
      onProviderError: 'hold' as const,
      maxDuration: '24h',
    },
    from: 'rest' as const,
    acts: [
      { act: 'mood', mood: 'silent' } as const,
      { act: 'push', image: 'web:2' } as const,
      { act: 'go on', seconds, ills: [] } as const,
      ...(scaled ? [{ act: 'scale', side: 'web', replicas: 4 } as const] : []),
      ...turn(WELL),
      { act: 'hand on the weight', weight: 0 } as const,
      ...turn(WELL),
      { act: 'go on', seconds: 90, ills: [] } as const,
      ...drawn.acts,
    ],
  }))

/** Releases of a Deployment that ends all old pods before it starts new ones, with and without an analysis. */
export const recreated = fc
  .record({ drawn: handsOrCommands, skipAnalysis: fc.boolean() })
  .map(({ drawn, skipAnalysis }) => ({
    ...drawn,
    setup: { ...drawn.setup, recreate: true, skipAnalysis },
    from: 'rest' as const,
  }))

/** The metrics server tells nothing, whatever a history says. */
export const blind = withSetup(({ webhooks = [] }) => ({
  onProviderError: 'hold',
  // What these answer is data of their own.
  webhooks: webhooks.filter(type => !['pre-rollout', 'rollout', 'rollback'].includes(type)),
})).map(drawn => ({
  ...drawn,
  acts: [
    { act: 'mood', mood: 'silent' } as const,
    ...drawn.acts.map(act =>
      act.act === 'mood' && ['good', 'bad', 'not carried'].includes(act.mood) ? { ...act, mood: 'down' as const } : act,
    ),
  ],
}))

/**
 * The canary shows no requests although its share of what the primary gets should have brought it many; and a VirtualService leads
 * requests past the split, from the beginning or from some moment on.
 */
export const bypassed = fc
  .record({ drawn: history, elsewhere: fc.boolean(), seconds: fc.constantFrom(2, 15, 40), mood: moods })
  .map(({ drawn, elsewhere, seconds, mood }) => ({
    setup: {
      ...drawn.setup,
      split: 'own' as const,
      ladder: [{ weight: 90 }, { weight: 100 }],
      skipAnalysis: false,
      bypassed: elsewhere,
      maxDuration: '24h',
    },
    from: 'rest' as const,
    acts: [
      { act: 'push', image: 'web:2' } as const,
      { act: 'go on', seconds, ills: [] } as const,
      ...(elsewhere ? [] : [{ act: 'lead past' } as const]),
      { act: 'mood', mood: mood === 'good' ? 'good' : 'silent' } as const,
      { act: 'go on', seconds: 90, ills: [] } as const,
      ...drawn.acts,
    ],
  }))

/** A route leads some requests nowhere, whatever a history says. */
export const misrouted = history.map(drawn => ({
  ...drawn,
  // Without a mesh there are no routes that could.
  setup: ['selector', 'ingress'].includes(drawn.setup.split) ? { ...drawn.setup, split: 'own' as const } : drawn.setup,
  acts: [
    { act: 'mood', mood: 'misrouted' } as const,
    ...drawn.acts.map(act => (act.act === 'mood' ? { ...act, mood: 'misrouted' as const } : act)),
  ],
}))

/** Every strategy in routes of Sluice's own, and no hand that sends callers wherever it likes. */
export const strategic = history.map(drawn => ({
  ...drawn,
  setup: {
    ...drawn.setup,
    split: drawn.setup.split.endsWith('subsets')
      ? ('subsets' as const)
      : drawn.setup.split === 'http route'
        ? drawn.setup.split
        : ('own' as const),
    mirror: drawn.setup.strategy === 'weights' || drawn.setup.mirror,
  },
  acts: drawn.acts.filter(({ act }) => act !== 'hand on the weight'),
}))
