/**
 * The laws of a run: how copies, callers and webhooks are dealt with, what undoes a promotion, and what decides a run and what must
 * not. Beside those of every moment in a file of its own, so that two processes try them at once.
 */
import fc from 'fast-check'
import { always } from './law-runs.ts'
import { callersLeaveFirst, givenUpIsGivenUp } from './laws.ts'
import { copiesComeBeforeAShare, nobodyStaysAfterARun, othersStayOnThePrimary } from './laws-of-strategies.ts'
import {
  callsBeforeEachStep,
  callsOnce,
  commitsAreTold,
  endsAreTold,
  promotesOnlyWhenConfirmed,
  rejectedGoesNoFurther,
  risesOnlyWhenConfirmed,
  startsOnlyWhenConfirmed,
} from './laws-of-hooks.ts'
import { callersLeaveBeforeARecreation, deadlinesAreConfirmed, onlyMissingPodsAreOverdue } from './laws-of-verdicts.ts'
import { blindnessDecidesNothing, waysPastDecideNothing } from './laws-of-checks.ts'
import { copiedSlowly, hooked, rejectedLate, risenAgain } from './situations-of-hooks.ts'
import { blind, bypassed, misrouted, missingAtZero, recreated, silent, strategic, undone } from './situations.ts'

suite('laws of a run', function () {
  this.timeout(0)

  always(strategic, 2, {
    'copies of requests end before the canary gets a share': copiesComeBeforeAShare,
    'requests that do not match stay on the primary': othersStayOnThePrimary,
    'no caller stays on the canary of a run that is over': nobodyStaysAfterARun,
  })

  always(undone, 2, {
    'a promotion that is undone takes the callers off the primary first': callersLeaveFirst,
    'a promotion that is given up goes no further': givenUpIsGivenUp,
  })
  always(recreated, 2, {
    'a promotion that may take all old pods of the primary first takes the callers off it before':
      callersLeaveBeforeARecreation,
  })

  const called = fc.oneof(
    { weight: 3, arbitrary: hooked },
    { weight: 1, arbitrary: risenAgain },
    { weight: 1, arbitrary: rejectedLate },
    { weight: 1, arbitrary: copiedSlowly },
  )
  always(called, 2, {
    'no webhook is called twice under one id': callsOnce,
    'the share rises only once that is confirmed': risesOnlyWhenConfirmed,
    'a release is promoted only once that is confirmed': promotesOnlyWhenConfirmed,
    'a release starts only once that is confirmed': startsOnlyWhenConfirmed,
    'what a webhook has rejected goes no further': rejectedGoesNoFurther,
    'a run goes further only once its rollback webhooks were called': callsBeforeEachStep,
    'the end of a run is told once': endsAreTold,
    'a commit is told how its run is, and nothing after its end': commitsAreTold,
  })

  always(silent, 1, { 'a deadline is a verdict only on what the API server says now': deadlinesAreConfirmed })
  always(missingAtZero, 1, { 'a candidate whose pods are all ready is not overdue': onlyMissingPodsAreOverdue })
  always(blind, 1, { 'without data no canary rises, is promoted or fails': blindnessDecidesNothing })
  always(bypassed, 1, {
    'requests that bypass the split decide nothing, and nothing rises while they do': waysPastDecideNothing,
  })
  always(misrouted, 1, {
    'while a route leads requests nowhere no canary rises, is promoted or fails': blindnessDecidesNothing,
  })
})
