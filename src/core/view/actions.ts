/** What a person can do now, as commands to paste, and why each other command would be refused: by the function that the machine obeys by. */
import { type CommandName, commandLine, commands } from '../model/command-line.ts'
import { type CommandFacts, type Effect, effectOf, NO_TERMS, type Terms } from '../machine/rules/command-effects.ts'
import { stepAfter } from '../machine/rules/advance.ts'
import { kindAndName } from '../model/names.ts'
import { pausingField, short } from '../model/selectors.ts'
import type { Revision } from '../model/state.ts'
import { inWords } from '../model/traffic.ts'
import type { ActionView, RefusalView } from './view.ts'

/** In the order in which people look for them. */
const ORDER: readonly CommandName[] = ['approve', 'resume', 'pause', 'retry', 'rollback', 'abort']

/**
 * The commands of a canary.
 *
 * @param named how a revision is called: with its image where it is known.
 */
export function commandsOf(
  facts: CommandFacts,
  named: (revision: Revision) => string,
): { readonly actions: ActionView[]; readonly refusals: RefusalView[] } {
  const actions: ActionView[] = []
  const refusals: RefusalView[] = []
  for (const command of ORDER) {
    const answer = effectOf(facts, command, NO_TERMS)
    if ('refused' in answer) refusals.push({ command, because: answer.refused })
    else actions.push(actionOf(facts, command, NO_TERMS, answer, named))
    if (command !== 'approve') continue
    const full = effectOf(facts, command, FULL)
    if (!('refused' in full)) actions.push(actionOf(facts, command, FULL, full, named))
  }
  return { actions, refusals }
}

/** Every command is refused, for one reason. */
export const allRefused = (because: string): RefusalView[] => commands.map(command => ({ command, because }))

const FULL: Terms = { full: true, revision: null }

function actionOf(
  facts: CommandFacts,
  command: CommandName,
  { full }: Terms,
  effect: Effect,
  named: (revision: Revision) => string,
): ActionView {
  const { names } = facts
  const revision = revisionOf(effect)
  const words = [...(revision === null ? [] : [`revision=${short(revision)}`]), ...(full ? ['full'] : [])]
  return {
    command,
    terms: full ? 'full' : '',
    effect: sentenceOf(facts, effect, named),
    unless: unlessOf(facts, effect),
    kubectl: commandLine(names, command, words.join(' ')),
    sluice: `sluice -n ${names.namespace} ${command} ${names.canary}${full ? ' --full' : ''}`,
  }
}

/** Which revision a command is about: with it, it is refused once it is another one. */
function revisionOf(effect: Effect): Revision | null {
  switch (effect.does) {
    case 'approve':
      return effect.state.candidate
    case 'retry':
      return effect.rejected
    case 'restore':
      return effect.previous
    // Stopping works whatever is under way.
    case 'roll back':
    case 'undo the promotion':
    case 'reject':
    case 'pause':
    case 'resume':
      return null
  }
}

function sentenceOf(facts: CommandFacts, effect: Effect, named: (revision: Revision) => string): string {
  const { canary, names } = facts
  switch (effect.does) {
    case 'roll back':
      return `Rolls back ${named(effect.state.candidate)}: ${kindAndName(names.primary)} gets all traffic, and the revision is rejected`
    case 'undo the promotion':
      return `Undoes the promotion of ${named(effect.state.candidate)}: ${kindAndName(names.primary)} gets ${named(effect.state.promoted)} back, and the revision is rejected`
    case 'reject':
      return `Rejects ${named(effect.state.candidate)} before it starts`
    case 'pause':
      return pauseSentence(facts)
    case 'resume': {
      const still = canary.spec.paused ? `, but ${pausingField(facts)} is still true` : ''
      if (effect.run === null) return `Ends the pause: releases may start${still}`
      return effect.from === 'here' ? `Continues the run${still}` : `Continues the run from the first step${still}`
    }
    case 'approve': {
      const { state, full } = effect
      if (full) return `Promotes ${named(state.candidate)} without waiting for the steps that are left`
      const after = stepAfter({ canary, state })
      return after === undefined
        ? `Promotes ${named(state.candidate)}`
        : `Raises the weight from ${inWords(state.traffic)} to ${inWords(after.traffic)} once this step has passed`
    }
    case 'retry':
      return `Releases ${named(effect.rejected)} again, from the first step`
    case 'restore':
      return `Rolls ${kindAndName(names.primary)} back to ${named(effect.previous)}; what ${kindAndName(names.target)} holds is rejected`
  }
}

function pauseSentence({ state, memory }: CommandFacts): string {
  if (memory.paused !== null) return 'Writes another reason for the pause'
  return 'traffic' in state
    ? `Holds the run at weight ${inWords(state.traffic)}; checks go on, and a bad candidate is still rolled back`
    : 'Starts no run until `resume`'
}

/** What the viewer could not read, and the controller will. */
function unlessOf(
  { names, onTarget, isPreviousRecorded, mayStopServing }: CommandFacts,
  { does }: Effect,
): string | null {
  if (does === 'retry' && onTarget === 'unknown') return `${kindAndName(names.target)} may hold another revision by now`
  if (does !== 'restore') return null
  if (isPreviousRecorded === 'unknown') return 'the record of the earlier template may be gone'
  return mayStopServing === 'unknown' ? `a rollout of ${kindAndName(names.primary)} may stop all pods that serve` : null
}
