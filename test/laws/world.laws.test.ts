/**
 * The laws of a release (architecture §3.4), tried on random histories: random specs, people and outages, writes that fail in
 * any order, processes that die between any two of them. `laws.ts` has those that hold at every moment; here they are named, and
 * those that compare two histories, or ask how one ends, stand in full.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { history, type History } from './arbitraries.ts'
import { always, casesOf, live } from './law-runs.ts'
import {
  leavesAtOnce,
  noDeadEnds,
  podsStopOnlyWhenDrained,
  primaryTakesOnlyWhatWasJudged,
  risesOnlyWhenJudged,
  statusComesFirst,
  unjudgedPodsCarryNothing,
} from './laws.ts'
import { eventsFollowTheStatus, Unannounced } from './laws-of-events.ts'
import { actionsAreObeyed, healthyOnlyOnceReleased, toolsReadTheSame } from './laws-of-gitops.ts'
import { portsLeadWhereTheyLed } from './laws-of-ports.ts'
import { policiesReadWhatStays, whatStandsIsRenderedTheSame } from './laws-of-passes.ts'
import { whatCoveredTheServiceCoversBothSides } from './laws-of-rules.ts'
import { viewsAreTrue } from './laws-of-views.ts'
import { asksOnce, theNthFailureRollsBack, windowsBeginWithTheCandidate } from './laws-of-checks.ts'
import {
  handsOrCommands,
  judgeable,
  keptStatus,
  orphaned,
  raised,
  rejectedAgain,
  revived,
  unlisted,
} from './situations.ts'
import { queued, unlocked, unwritten } from './situations-of-refusals.ts'

suite('laws of every moment', function () {
  this.timeout(0)

  always(
    fc.oneof(
      { weight: 5, arbitrary: history },
      { weight: 1, arbitrary: rejectedAgain },
      { weight: 1, arbitrary: revived },
      { weight: 1, arbitrary: orphaned },
      { weight: 1, arbitrary: unwritten },
    ),
    4,
    {
      'the primary takes no template but what was judged': primaryTakesOnlyWhatWasJudged,
      'no request is left to go to a side without a ready pod while the other has one': noDeadEnds,
      'requests to each port of the Service come out where they did before': portsLeadWhereTheyLed,
      'a policy that covered the Service covers both sides': whatCoveredTheServiceCoversBothSides,
      'nothing is written that the status does not tell yet': statusComesFirst,
      'an Event is announced only once the status tells it': eventsFollowTheStatus,
      'no question is asked twice': asksOnce,
      'no window reaches back before its candidate was routed': windowsBeginWithTheCandidate,
      'the failure that reaches the threshold rolls back in the same pass': theNthFailureRollsBack,
      'a candidate that is replaced, gone or without a ready pod leaves in the same pass': leavesAtOnce,
    },
  )

  // To watch these takes as long as the pass itself.
  always(history, 1, {
    'what a policy finds does not depend on what a pass changes': policiesReadWhatStays,
    'what was found to stand is rendered the same': whatStandsIsRenderedTheSame,
  })

  always(
    fc.oneof(
      { weight: 3, arbitrary: handsOrCommands },
      { weight: 1, arbitrary: raised },
      { weight: 1, arbitrary: unlisted },
      { weight: 1, arbitrary: unlocked },
    ),
    2,
    {
      'the weight rises only after a look that passed, when it is due, while the mesh carries the old one':
        risesOnlyWhenJudged,
      'the view of every state is consistent, and what it says a person can do is obeyed': viewsAreTrue,
      'every status keeps the rules of kstatus, and Argo CD and Flux read in it what people are told': toolsReadTheSame,
      'what Argo CD offers is obeyed': actionsAreObeyed,
      'once Git has said its commit, a Canary is Healthy only with what the target holds': healthyOnlyOnceReleased,
    },
  )
  always(handsOrCommands, 2, {
    'pods of the canary stop only after the split was at 0 and has drained': podsStopOnlyWhenDrained,
  })
  always(fc.oneof(judgeable, queued), 2, { 'pods that were not judged carry nothing': unjudgedPodsCarryNothing })

  test('no Event that a status told of is lost with a process', () => {
    fc.assert(
      fc.property(keptStatus, drawn => {
        const lost = new Unannounced()
        live(drawn, [() => lost], life => {
          life.calm()
          life.goOn(60)
          expect(lost.since(life.world.now)).to.deep.equal([])
        })
      }),
      casesOf<[History]>(1),
    )
  })
})
