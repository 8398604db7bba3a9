/** Laws of the view: it is consistent in itself, and what it says a person can do is what the machine obeys. */
import type { KubeObject } from '../../src/api/object.ts'
import { applyCommand } from '../../src/core/machine/rules/commands.ts'
import { annotationOf } from '../../src/core/model/command.ts'
import type { CommandName } from '../../src/core/model/command-line.ts'
import type { Decision } from '../../src/core/model/decision.ts'
import type { Observation } from '../../src/core/model/observation.ts'
import { writeStatus } from '../../src/core/status/write-status.ts'
import { describe } from '../../src/core/view/describe.ts'
import { observedOf } from '../../src/core/view/observed.ts'
import type { StepState, View } from '../../src/core/view/view.ts'
import { sha256 } from '../core/given-objects.ts'
import { Broken, type Law } from './laws.ts'
import { CANARY } from './tiny-world.ts'

/** Where in a release a step in this state is. */
const RANK: Readonly<Record<StepState, number>> = {
  done: 0,
  now: 1,
  failed: 1,
  skipped: 2,
  next: 2,
  'to come': 3,
  'not reached': 3,
}

/** What contradicts itself in a view; null: nothing. */
export function faultOf(view: View, now: number): string | null {
  if (JSON.stringify(view, (_, value: unknown) => (value === undefined ? 'undefined' : value)).includes('"undefined"'))
    return 'a field is undefined'
  const { steps, traffic } = view
  const ranks = steps.map(step => RANK[step.state])
  if (ranks.some((rank, index) => rank < (ranks[index - 1] ?? 0)))
    return `steps are ${steps.map(step => step.state).join(', ')}`
  if (steps.filter(({ state }) => state === 'now').length > 1) return 'two steps are now'
  if (steps.filter(({ state }) => state === 'next').length > 1) return 'two steps are next'
  const present = steps.find(({ state }) => state === 'now')
  if (present !== undefined && (present.weight !== traffic.requested || present.mirror !== traffic.mirror))
    return `the step at ${present.weight} is now at weight ${traffic.requested}`
  const times = steps.flatMap(({ notBefore }) => (notBefore === null ? [] : [Date.parse(notBefore)]))
  if (times.some((time, index) => time <= (times[index - 1] ?? now)))
    return `steps begin ${times.map(time => time - now).join(', ')}`
  if (steps.some(({ state, notBefore }) => (state === 'done' || state === 'now') && notBefore !== null))
    return 'a step that has begun has a time to begin'
  const isAtRest = view.phase === 'Initialized' || view.phase === 'Succeeded'
  if (isAtRest && (view.waiting !== null || view.next !== null || view.run !== null)) return `${view.phase} goes on`
  return actionFault(view)
}

function actionFault({ actions, refusals, namespace, name }: View): string | null {
  const plain = new Set(actions.filter(({ terms }) => terms === '').map(({ command }) => command))
  const both = refusals.find(({ command }) => plain.has(command))
  if (both !== undefined) return `${both.command} is allowed and refused`
  if (plain.size + refusals.length !== 6) return 'a command is neither allowed nor refused'
  const broken = actions.find(({ kubectl, sluice }) => {
    return (
      !kubectl.startsWith(`kubectl -n ${namespace} annotate canaries.sluice.dev/${name} `) ||
      !sluice.startsWith('sluice ')
    )
  })
  return broken === undefined ? null : `${broken.kubectl} is no command`
}

/** States that look the same to people, and are described once. */
export const looksOf = ({ state, memory, reason }: Decision): string =>
  [
    state.phase,
    'stage' in state ? state.stage : '',
    'traffic' in state ? state.traffic.canary : '',
    'hold' in state ? state.hold?.by : '',
    'approved' in state ? state.approved : '',
    memory.paused !== null,
    reason,
  ].join(' ')

export const viewsAreTrue: Law = () => {
  const seen = new Set<string>()
  return {
    decided({ world, observation: o, decision }) {
      if ('ask' in decision || seen.has(looksOf(decision))) return
      seen.add(looksOf(decision))
      const wire = world.get(CANARY)
      if (wire === undefined) return
      const after: Observation = {
        ...o,
        state: decision.state,
        memory: { ...decision.memory, reason: decision.reason },
      }
      const status = writeStatus(o, decision, world.now)
      const view = viewOf({ ...wire, spec: wire['spec'], status }, o, world.now)
      const fault = faultOf(view, world.now)
      if (fault !== null) throw new Broken(`${fault} in ${looksOf(decision)}`)
      isOneNow(after, view)
      for (const action of view.actions) {
        const refused = refusalOf(after, action.command, termsOf(action.kubectl), world.now)
        if (refused !== null && action.unless === null)
          throw new Broken(
            `${action.command} ${action.terms} is said to be obeyed in ${view.phase}, and refused: ${refused}`,
          )
      }
      for (const { command } of view.refusals) {
        if (refusalOf(after, command, '', world.now) === null && wire.metadata.deletionTimestamp === undefined)
          throw new Broken(`${command} is said to be refused in ${view.phase}, and obeyed`)
      }
    },
  }
}

function viewOf(wire: KubeObject, { target, primary, recorded }: Observation, now: number): View {
  const records = recorded.map(({ object }) => object)
  const read = { target: target?.object ?? null, primary: primary?.object ?? null, pods: [], records }
  return describe(wire, observedOf(read, sha256), now)
}

/** While traffic is shifted step by step, one of the steps has it; a weight that was set by hand, or that an edit took away, is none. */
function isOneNow({ state }: Observation, { steps, traffic, phase }: View): void {
  if (!('hold' in state) || state.stage !== 'advancing' || state.hold !== null) return
  const isStep = steps.some(({ weight, mirror }) => weight === traffic.requested && mirror === traffic.mirror)
  if (isStep && !steps.some(step => step.state === 'now'))
    throw new Broken(`no step is now in ${phase} at ${traffic.requested}`)
}

/** What follows the id of a command in a line to paste. */
const termsOf = (line: string): string => /\$\(date \+%s\)([^"]*)"/.exec(line)?.[1] ?? ''

/**
 * Why the machine refuses a command; null: it obeys.
 *
 * @param terms what follows the id.
 */
export function refusalOf(o: Observation, command: CommandName, terms: string, now: number): string | null {
  const annotations = { [annotationOf(command)]: `try${terms}` }
  const canary = { ...o.canary, metadata: { ...o.canary.metadata, annotations } }
  const move = applyCommand({ ...o, canary, memory: { ...o.memory, handled: {} } }, now)
  const answer = move?.memory.handled?.[command]
  return answer?.outcome === 'refused' ? answer.reason : null
}
