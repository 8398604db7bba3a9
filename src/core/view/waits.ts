/** What a canary waits for, since when and until when; and what follows. */
import { type Names, kindAndName } from '../model/names.ts'
import { progressDeadline } from '../model/plan.ts'
import { pauseOf } from '../model/selectors.ts'
import type { Analysis, State } from '../model/state.ts'
import { inWords } from '../model/traffic.ts'
import type { Awaited } from '../model/waiting.ts'
import { stepAfter } from '../machine/rules/advance.ts'
import type { Instant } from '../time.ts'
import { endOfPresent, type Position } from './steps.ts'
import { isoOrNull } from './text.ts'
import type { NextView, WaitingView } from './view.ts'

/** A canary of which the status and the spec are known. */
export interface Described extends Position {
  readonly names: Names
}

/** Waits that end in a rollback, or in a complaint, after `progressDeadlineSeconds`. */
const ENDING: readonly Awaited[] = ['target', 'oldPods', 'pods', 'endpoints', 'primary', 'routes']

/** What is waited for; null: nothing but the time of the step, or nothing at all. */
export function waitingOf(known: Described): WaitingView | null {
  const { canary, state, memory } = known
  const { message } = memory
  if ('waiting' in state && state.waiting !== null) {
    const { for: what, since } = state.waiting
    const until = ENDING.includes(what) ? since + progressDeadline(canary) : null
    return wait(message === '' ? sentences[what](known) : message, since, until)
  }
  if (!('hold' in state)) return null
  return waitOfRun(known, state)
}

const wait = (sentence: string, since: Instant | null, until: Instant | null): WaitingView => ({
  for: sentence,
  since: isoOrNull(since),
  until: isoOrNull(until),
})

function waitOfRun({ canary, memory }: Described, run: Analysis): WaitingView | null {
  const pause = pauseOf({ canary, memory })
  if (run.hold?.by === 'override')
    return wait('Waiting for `resume`: the weight was lowered by hand', run.pausedSince, null)
  if (run.hold?.by === 'suspension') return wait('Waiting for metrics: the analysis is suspended', run.hold.since, null)
  if (pause !== null) return wait(`Waiting for \`resume\`: ${pause}`, run.pausedSince, null)
  if (run.blindSince !== null)
    return wait(memory.message, run.blindSince, run.blindSince + canary.spec.analysis.maxBlind)
  if (memory.reason === 'WaitingForApproval' || memory.reason === 'WaitingForWebhook')
    return wait(memory.message, run.pausedSince, null)
  if (memory.reason === 'Routing' || memory.reason === 'PrimaryNotReady' || memory.reason === 'NotCarried')
    return wait(memory.message, memory.transitionAt, null)
  return null
}

const sentences: Readonly<Record<Awaited, (known: Described) => string>> = {
  target: ({ names }) => `Waiting for ${kindAndName(names.target)} to be ready`,
  oldPods: ({ names }) => `Waiting for pods of ${kindAndName(names.target)} with the earlier configuration to end`,
  pods: ({ names }) => `Waiting for pods of ${kindAndName(names.target)} to be ready`,
  endpoints: ({ names }) => `Waiting for the endpoints of Service ${names.canaryService.name}`,
  primary: ({ names }) => `Waiting for ${kindAndName(names.primary)} to be ready`,
  routes: () => 'Waiting for the routes to carry the requested weight',
  owner: ({ names }) => `Waiting for the owner of ${kindAndName(names.target)} to resume its rollout`,
  resume: () => 'Waiting for `resume`',
  webhook: () => 'Waiting for a webhook to confirm the start',
  takeUp: ({ names, state }) =>
    `Waiting for the Deployment controller to take up the change of ${kindAndName(state.phase === 'Promoting' ? names.primary : names.target)}`,
}

/** What follows, if all goes well; null at rest. */
export function nextOf({ canary, names, state, memory }: Described, now: Instant): NextView | null {
  const primary = kindAndName(names.primary)
  switch (state.phase) {
    case 'Initializing':
      return next(
        state.stage === 'cloning' ? `${primary} serves all traffic` : `${kindAndName(names.target)} is scaled to 0`,
      )
    case 'Waiting':
      return next('the run starts')
    case 'Progressing':
    case 'WaitingPromotion': {
      const after = canary.spec.skipAnalysis || state.approved === 'full' ? undefined : stepAfter({ canary, state })
      const what = after === undefined ? 'promotion' : `weight ${inWords(after.traffic)}`
      return { what, notBefore: isoOrNull(endOfPresent({ canary, state, memory }, now)) }
    }
    case 'Promoting':
      return next(promoting[state.stage](primary))
    case 'Finalising':
      return next(`${kindAndName(names.target)} is scaled to 0`)
    case 'Failed':
      return state.drained ? null : next(`${kindAndName(names.target)} is scaled to 0`)
    case 'Terminating':
      return next(`${kindAndName(names.target)} serves, and what Sluice created is removed`)
    case 'Initialized':
    case 'Succeeded':
      return null
  }
}

const next = (what: string): NextView => ({ what, notBefore: null })

const promoting: Readonly<Record<Extract<State, { phase: 'Promoting' }>['stage'], (primary: string) => string>> = {
  shifting: primary => `${primary} gets the judged template`,
  copying: primary => `traffic returns to ${primary}`,
  returning: primary => `${primary} serves all traffic`,
  diverting: primary => `${primary} gets the promoted template back`,
  undoing: primary => `${primary} serves all traffic`,
}
