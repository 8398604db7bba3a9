/**
 * The laws of a release (architecture §3.4), tried on random histories: random specs, people and outages, writes that fail in
 * any order, processes that die between any two of them. `laws.ts` has those that hold at every moment; here they are named, and
 * those that compare two histories, or ask how one ends, stand in full.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { type Act, history, type History, type Ill, moods, type Setup, spell, WELL } from './arbitraries.ts'
import { HOOK_TYPES } from '../../src/api/webhook.ts'
import { casesOf, live } from './law-runs.ts'
import {
  callersLeaveFirst,
  givenUpIsGivenUp,
  type Law,
  leavesAtOnce,
  noDeadEnds,
  podsStopOnlyWhenDrained,
  primaryTakesOnlyWhatWasJudged,
  risesOnlyWhenJudged,
  statusComesFirst,
  unjudgedPodsCarryNothing,
} from './laws.ts'
import { eventsFollowTheStatus, Unannounced } from './laws-of-events.ts'
import { copiesComeBeforeAShare, nobodyStaysAfterARun, othersStayOnThePrimary } from './laws-of-strategies.ts'
import {
  callsOnce,
  endsAreTold,
  promotesOnlyWhenConfirmed,
  rejectedGoesNoFurther,
  risesOnlyWhenConfirmed,
  startsOnlyWhenConfirmed,
} from './laws-of-hooks.ts'
import { portsLeadWhereTheyLed } from './laws-of-ports.ts'
import { policiesReadWhatStays, whatStandsIsRenderedTheSame } from './laws-of-passes.ts'
import { whatCoveredTheServiceCoversBothSides } from './laws-of-rules.ts'
import { callersLeaveBeforeARecreation, deadlinesAreConfirmed, onlyMissingPodsAreOverdue } from './laws-of-verdicts.ts'
import {
  asksOnce,
  blindnessDecidesNothing,
  theNthFailureRollsBack,
  waysPastDecideNothing,
  windowsBeginWithTheCandidate,
} from './laws-of-checks.ts'

/** A law that holds at every moment of the histories, those with an excuse aside. */
function always(sentence: string, share: number, law: Law, histories: fc.Arbitrary<History> = history): void {
  test(sentence, () => {
    fc.assert(
      fc.property(histories, drawn => live(drawn, law)),
      casesOf<[History]>(share),
    )
  })
}

/** Histories in which this does not happen. */
const without = (what: Act['act']): fc.Arbitrary<History> =>
  history.map(drawn => ({ ...drawn, acts: drawn.acts.filter(({ act }) => act !== what) }))

const withSetup = (change: (setup: Setup) => Partial<Setup>): fc.Arbitrary<History> =>
  history.map(drawn => ({ ...drawn, setup: { ...drawn.setup, ...change(drawn.setup) } }))

/**
 * Excused: a command in the very pass in which a hand on the weight is first seen. It is obeyed before the mesh is looked at, and
 * what the hand wrote is overwritten unseen. So histories have one of the two.
 */
const handsOrCommands = fc.oneof(without('hand on the weight'), without('command'))

/** Webhooks of all types, whatever the analysis. */
const hooked = withSetup(() => ({ webhooks: HOOK_TYPES }))

/** Excused: a hand that raises the weight sends callers wherever it likes. This one lowers. */
const loweringHands = history.map(drawn => ({
  ...drawn,
  acts: drawn.acts.map(act => (act.act === 'hand on the weight' ? { ...act, weight: 0 } : act)),
}))

/**
 * Excused: with subsets whoever has the labels is reached. So nothing but the lock keeps a push from carrying, and without the
 * routes callers reach both sides.
 */
const judgeable = loweringHands.map(drawn => {
  if (!drawn.setup.split.endsWith('subsets')) return drawn
  const acts = drawn.acts.filter(act => act.act !== 'lose' || act.what !== 'routes')
  return { ...drawn, acts, setup: { ...drawn.setup, lockTarget: true, skipAnalysis: false } }
})

/** A status that somebody deletes tells nothing any more, and neither does that of a Canary that is gone. */
const keptStatus = history.map(drawn => ({
  ...drawn,
  acts: drawn.acts.filter(act => act.act !== 'delete' && (act.act !== 'lose' || act.what !== 'status')),
}))

/** A push waits behind a release that is taken back, and what takes it back goes ill: the lock alone keeps the push from carrying. */
const queued = fc.record({ drawn: judgeable, ills: spell(1) }).map(({ drawn, ills }) => ({
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

/** All that moves, once: so slowly that somebody can come in between. */
const turn = (ill: Ill): readonly Act[] => [
  { act: 'pass', ill },
  ...(['web', 'web-primary', 'endpoints'] as const).map(of => ({ act: 'sweep', of }) as const),
]

/** A release is rejected, another one carries, the target goes back to the first; and about then the primary dies. */
const rejectedAgain = fc
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
const revived = fc
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

const REFUSED: Ill = { ...WELL, writes: ['refused', 'refused', 'refused', 'refused', 'refused'] }

/** A promotion that somebody aborts in the midst of it; from some turn on its writes may have been refused. */
const undone = fc
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
const silent = fc
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
const missingAtZero = fc
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
const recreated = fc.record({ drawn: history, skipAnalysis: fc.boolean() }).map(({ drawn, skipAnalysis }) => ({
  ...drawn,
  setup: { ...drawn.setup, recreate: true, skipAnalysis },
  from: 'rest' as const,
}))

/** The metrics server tells nothing, whatever a history says. */
const blind = withSetup(() => ({ onProviderError: 'hold' })).map(drawn => ({
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
const bypassed = fc
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
const misrouted = history.map(drawn => ({
  ...drawn,
  // Without a mesh there are no routes.
  setup: drawn.setup.split === 'selector' ? { ...drawn.setup, split: 'own' as const } : drawn.setup,
  acts: [
    { act: 'mood', mood: 'misrouted' } as const,
    ...drawn.acts.map(act => (act.act === 'mood' ? { ...act, mood: 'misrouted' as const } : act)),
  ],
}))

/** Every strategy in routes of Sluice's own, and no hand that sends callers wherever it likes. */
const strategic = history.map(drawn => ({
  ...drawn,
  setup: {
    ...drawn.setup,
    split: drawn.setup.split.endsWith('subsets') ? ('subsets' as const) : ('own' as const),
    mirror: drawn.setup.strategy === 'weights' || drawn.setup.mirror,
  },
  acts: drawn.acts.filter(({ act }) => act !== 'hand on the weight'),
}))

suite('laws of every moment', function () {
  this.timeout(0)

  always(
    'the weight rises only after a look that passed, when it is due, while the mesh carries the old one',
    2,
    risesOnlyWhenJudged,
    handsOrCommands,
  )
  always('the primary takes no template but what was judged', 1, primaryTakesOnlyWhatWasJudged)
  always(
    'pods of the canary stop only after the split was at 0 and has drained',
    2,
    podsStopOnlyWhenDrained,
    handsOrCommands,
  )
  always('pods that were not judged carry nothing', 2, unjudgedPodsCarryNothing, fc.oneof(judgeable, queued))
  always(
    'no request is left to go to a side without a ready pod while the other has one',
    3,
    noDeadEnds,
    fc.oneof(
      { weight: 3, arbitrary: history },
      { weight: 1, arbitrary: rejectedAgain },
      { weight: 1, arbitrary: revived },
    ),
  )
  always('requests to each port of the Service come out where they did before', 1, portsLeadWhereTheyLed)

  always('copies of requests end before the canary gets a share', 1, copiesComeBeforeAShare, strategic)
  always('requests that do not match stay on the primary', 1, othersStayOnThePrimary, strategic)
  always('no caller stays on the canary of a run that is over', 1, nobodyStaysAfterARun, strategic)

  always('a policy that covered the Service covers both sides', 1, whatCoveredTheServiceCoversBothSides)
  always('a promotion that is undone takes the callers off the primary first', 2, callersLeaveFirst, undone)
  always(
    'a promotion that may take all old pods of the primary first takes the callers off it before',
    2,
    callersLeaveBeforeARecreation,
    recreated,
  )
  always('a promotion that is given up goes no further', 1, givenUpIsGivenUp, undone)
  always('nothing is written that the status does not tell yet', 1, statusComesFirst)
  always('what a policy finds does not depend on what a pass changes', 1, policiesReadWhatStays)
  always('what was found to stand is rendered the same', 1, whatStandsIsRenderedTheSame)
  always('an Event is announced only once the status tells it', 1, eventsFollowTheStatus)

  test('no Event that a status told of is lost with a process', () => {
    fc.assert(
      fc.property(keptStatus, drawn => {
        const lost = new Unannounced()
        live(
          drawn,
          () => lost,
          life => {
            life.calm()
            life.goOn(60)
            expect(lost.since(life.world.now)).to.deep.equal([])
          },
        )
      }),
      casesOf<[History]>(1),
    )
  })

  always('a deadline is a verdict only on what the API server says now', 1, deadlinesAreConfirmed, silent)
  always('a candidate whose pods are all ready is not overdue', 1, onlyMissingPodsAreOverdue, missingAtZero)
  always('no question is asked twice', 1, asksOnce)
  always('no webhook is called twice under one id', 1, callsOnce, hooked)
  always('the share rises only once that is confirmed', 1, risesOnlyWhenConfirmed, hooked)
  always('a release is promoted only once that is confirmed', 1, promotesOnlyWhenConfirmed, hooked)
  always('a release starts only once that is confirmed', 1, startsOnlyWhenConfirmed, hooked)
  always('what a webhook has rejected goes no further', 1, rejectedGoesNoFurther, hooked)
  always('the end of a run is told once', 1, endsAreTold, hooked)
  always('no window reaches back before its candidate was routed', 1, windowsBeginWithTheCandidate)
  always('without data no canary rises, is promoted or fails', 1, blindnessDecidesNothing, blind)
  always(
    'requests that bypass the split decide nothing, and nothing rises while they do',
    1,
    waysPastDecideNothing,
    bypassed,
  )
  always(
    'while a route leads requests nowhere no canary rises, is promoted or fails',
    1,
    blindnessDecidesNothing,
    misrouted,
  )
  always('the failure that reaches the threshold rolls back in the same pass', 1, theNthFailureRollsBack)
  always('a candidate that is replaced, gone or without a ready pod leaves in the same pass', 1, leavesAtOnce)
})
