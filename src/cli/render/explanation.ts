/** `sluice explain`: one canary in four paragraphs, out of what the view says. */
import type { Instant } from '../../core/time.ts'
import type { DecisionView } from '../../core/view/decided.ts'
import { clockTime, limitsInWords, trafficInWords, valueInWords, waitedFor } from '../../core/view/text.ts'
import { type ActionView, type GateView, type View, VIEW_VERSION } from '../../core/view/view.ts'
import type { Decided } from '../show/decided.ts'
import { sideInWords } from './tree.ts'

/** Sentences by question; plain JSON, versioned with the view. */
export interface Explanation {
  readonly apiVersion: typeof VIEW_VERSION
  readonly kind: 'CanaryExplanation'
  readonly namespace: string
  readonly name: string
  readonly now: readonly string[]
  readonly waitsFor: readonly string[]
  readonly next: readonly string[]
  readonly rollsBackIf: readonly string[]
  readonly actions: readonly ActionView[]
  /** What the controller decides on what is there now; null: not all that decides was read, or the spec is refused. */
  readonly decision: DecisionView | null
  /** Kinds that the caller may not read: what depends on them is left out. */
  readonly unread: readonly string[]
}

export function explanationOf(view: View, decided: Decided, now: Instant, timeZone: string): Explanation {
  return {
    apiVersion: VIEW_VERSION,
    kind: 'CanaryExplanation',
    namespace: view.namespace,
    name: view.name,
    now: nowOf(view),
    waitsFor: waitsOf(view, now),
    next: [...decisionOf(decided, timeZone), ...nextOf(view, timeZone)],
    rollsBackIf: rollbackOf(view, timeZone),
    actions: view.actions,
    decision: decided.decision,
    unread: [...new Set([...view.unread, ...decided.unread])],
  }
}

/** What the controller does, where it is known; at rest it is not worth a sentence. */
function decisionOf({ decision }: Decided, timeZone: string): string[] {
  if (decision === null) return []
  const { does, phase, reason, message, weight, until } = decision
  if (does === 'check') return ['The metrics are evaluated next, and decide']
  if (does === 'move')
    return [
      `On what is there now the next status is ${phase} (${reason}) at weight ${weight}, and the controller has yet to write it: ${message}`,
    ]
  return until === null
    ? []
    : [`On what is there now the controller holds; it decides again at ${clockTime(until, timeZone)}`]
}

/** The paragraphs, as headings with their sentences. */
export const paragraphsOf = (
  explanation: Explanation,
): readonly (readonly [heading: string, sentences: readonly string[]])[] => [
  ['Now', explanation.now],
  ['Waits for', explanation.waitsFor],
  ['Next', explanation.next],
  ['Would roll back if', explanation.rollsBackIf],
]

function nowOf(view: View): string[] {
  const { phase, step, traffic, message, reason, problems, isCurrent } = view
  if (phase === null) return [message, ...problems]
  const at = step === '' ? phase : `${phase}, step ${step}`
  const carried =
    traffic.carried === null ? 'what the routes carry was not read' : `the routes carry ${traffic.carried} %`
  return [
    `${at} (${reason}): ${message}`,
    `The canary is to get ${trafficInWords(traffic)}; ${carried}`,
    `Primary: ${sideInWords(view.sides.primary)}`,
    `Canary: ${sideInWords(view.sides.canary)}`,
    ...problems,
    ...view.warnings,
    ...(isCurrent ? [] : ['The controller has not seen the latest change of the Canary: this is the status before it']),
  ]
}

function waitsOf(view: View, now: Instant): string[] {
  const { waiting, gates, run } = view
  const lasted = waiting === null ? '' : waitedFor(waiting, now)
  const waits = waiting === null ? [] : [`${waiting.for}${lasted === '' ? '' : ` (${lasted})`}`]
  const all = [...waits, ...(run === null ? [] : gates.map(gateSentence))]
  return all.length === 0 ? ['Nothing'] : all
}

function gateSentence(gate: GateView): string {
  const { name, value, unit, requests, verdict, message } = gate
  const limits = limitsInWords(gate)
  const result = { pass: 'passed', fail: 'failed', hold: 'holds' }
  const is = verdict === null ? 'not checked yet' : result[verdict]
  if (value === null)
    return `${name}${limits === '' ? '' : ` (${limits})`}: ${is}${message === '' ? '' : `: ${message}`}`
  const counted = requests === null ? '' : ` of ${requests} requests`
  return `${name}: ${valueInWords(value, unit)}${counted}${limits === '' ? '' : `, limit ${limits}`}: ${is}`
}

function nextOf({ next, actions }: View, timeZone: string): string[] {
  const follows =
    next === null
      ? 'Nothing until the target changes, or a person acts'
      : `${next.what}${next.notBefore === null ? '' : `, not before ${clockTime(next.notBefore, timeZone)}`}`
  return [follows, ...actions.map(({ sluice, effect }) => `${sluice}: ${effect}`)]
}

function rollbackOf({ rollsBackIf, run, failures }: View, timeZone: string): string[] {
  if (rollsBackIf === null || run === null) return ['No release is under way that could be rolled back']
  const { failuresLeft, nearLimits } = rollsBackIf
  const { counted, threshold } = failures
  const deadline =
    run.deadline === null
      ? []
      : [`it is not decided by ${run.deadline.slice(0, 10)} ${clockTime(run.deadline, timeZone)}`]
  return [
    `${failuresLeft === 1 ? '1 more check fails' : `${failuresLeft} more checks fail`} (${counted} of ${threshold ?? '?'} failed)`,
    ...nearLimits.map(one => `${one}: near its limit`),
    ...deadline,
  ]
}
