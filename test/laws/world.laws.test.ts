/**
 * The laws of a release (architecture §3.4), tried on random histories: random specs, people and outages, writes that fail in
 * any order, processes that die between any two of them. `laws.ts` has those that hold at every moment; here they are named, and
 * those that compare two histories, or ask how one ends, stand in full.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { history, type History } from './arbitraries.ts'
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
import {
  blind,
  bypassed,
  handsOrCommands,
  hooked,
  judgeable,
  keptStatus,
  misrouted,
  missingAtZero,
  queued,
  raised,
  recreated,
  rejectedAgain,
  revived,
  silent,
  strategic,
  undone,
  unlisted,
  unwritten,
} from './situations.ts'

/** A law that holds at every moment of the histories, those with an excuse aside. */
function always(sentence: string, share: number, law: Law, histories: fc.Arbitrary<History> = history): void {
  test(sentence, () => {
    fc.assert(
      fc.property(histories, drawn => live(drawn, law)),
      casesOf<[History]>(share),
    )
  })
}

suite('laws of every moment', function () {
  this.timeout(0)

  always(
    'the weight rises only after a look that passed, when it is due, while the mesh carries the old one',
    2,
    risesOnlyWhenJudged,
    fc.oneof(
      { weight: 3, arbitrary: handsOrCommands },
      { weight: 1, arbitrary: raised },
      { weight: 1, arbitrary: unlisted },
    ),
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
  always(
    'nothing is written that the status does not tell yet',
    1,
    statusComesFirst,
    fc.oneof({ weight: 2, arbitrary: history }, { weight: 1, arbitrary: unwritten }),
  )
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
