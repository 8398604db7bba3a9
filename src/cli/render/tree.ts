/** One canary as a tree: what serves, the steps with a line each, the gates, and what a person can do. */
import type { Instant } from '../../core/time.ts'
import {
  limitsInWords,
  podsInWords,
  revisionInWords,
  shortImage,
  stepInWords,
  trafficInWords,
  valueInWords,
  waitedFor,
  weightInWords,
} from '../../core/view/text.ts'
import type { GateView, SideView, StepState, View } from '../../core/view/view.ts'
import { charactersOf, type Color, colorOfTone, fitted, type Paint, printable, wrapped } from './paint.ts'

export interface Drawing {
  readonly paint: Paint
  /** Characters in a line; null: lines have no end. */
  readonly columns: number | null
  /** Of the times of day. */
  readonly timeZone: string
}

const stepSigns: Readonly<Record<StepState, readonly [sign: string, Color]>> = {
  done: ['✓', 'green'],
  now: ['●', 'blue'],
  next: ['○', 'bold'],
  'to come': ['○', 'dim'],
  skipped: ['-', 'dim'],
  'not reached': ['-', 'dim'],
  failed: ['✗', 'red'],
}

const LABEL = 10

/** The lines of the tree; none is longer than the terminal is wide. */
export function treeOf(view: View, now: Instant, { paint, columns, timeZone }: Drawing): string[] {
  /** The sign or label is painted, and counts with its plain length. */
  const row = (head: string, text: string, color: Color): string => {
    const room = columns === null ? null : Math.max(0, columns - charactersOf(head).length)
    return columns !== null && charactersOf(head).length >= columns
      ? paint(color, fitted(head, columns))
      : `${paint(color, head)}${fitted(printable(text), room)}`.trimEnd()
  }
  const labeled = (label: string, text: string): string[] => {
    const room = columns === null ? null : columns - LABEL
    // In a narrow terminal every sentence is one line that is cut.
    const lines = room === null || room < 20 ? [text] : wrapped(printable(text), room)
    return lines.map((line, i) => row((i === 0 ? label : '').padEnd(LABEL), line, 'dim'))
  }
  const heading = (text: string): string => paint('bold', fitted(text, columns))
  const title = row(
    `${view.name} `,
    `${view.phase ?? 'no status'}${view.step === '' ? '' : `, step ${view.step}`}`,
    colorOfTone[view.tone],
  )
  const carried = view.traffic.carried
  const traffic = `${trafficInWords(view.traffic)}${carried === null || carried === view.traffic.requested ? '' : `, ${carried} % carried`}`
  const { counted, threshold } = view.failures
  return [
    title,
    ...labeled('Message', view.message),
    ...view.problems.flatMap(problem => labeled('Problem', problem)),
    ...labeled('Traffic', traffic),
    ...labeled('Primary', sideInWords(view.sides.primary)),
    ...labeled('Canary', sideInWords(view.sides.canary)),
    ...(view.waiting === null
      ? []
      : labeled('Waits', [view.waiting.for, waitedFor(view.waiting, now)].filter(Boolean).join(', '))),
    ...(view.steps.length === 0 ? [] : [heading('Steps')]),
    ...view.steps.map(step => {
      const [sign, color] = stepSigns[step.state]
      return row(` ${sign} `, `${weightInWords(step).padEnd(7)} ${stepInWords(step, timeZone)}`, color)
    }),
    ...(view.gates.length === 0 ? [] : [heading('Gates')]),
    ...view.gates.map(gate => {
      const [sign, color] = signOf(gate)
      return row(` ${sign} `, gateInWords(gate), color)
    }),
    ...(view.run === null || threshold === null ? [] : labeled('Failed', `${counted} of ${threshold} checks`)),
    ...view.warnings.flatMap(warning => labeled('Warning', warning)),
    ...(view.unread.length === 0 ? [] : labeled('Not read', `${view.unread.join(', ')}: forbidden`)),
    ...(view.actions.length === 0 ? [] : [heading('You can')]),
    ...view.actions.map(({ sluice, effect }) => row('   ', `${sluice}  # ${effect}`, 'dim')),
  ]
}

/** `Deployment web-primary, b5db799a80 (web:1.0.0), 2 of 2 pods ready`. */
export function sideInWords({ workload, revision, images, pods }: SideView): string {
  const named = revision === null ? images.map(shortImage).join(', ') : revisionInWords(revision, images)
  return [`${workload.kind} ${workload.name}`, named, pods === null ? '' : podsInWords(pods)].filter(Boolean).join(', ')
}

function signOf({ verdict, dryRun }: GateView): readonly [string, Color] {
  if (verdict === null) return ['·', 'dim']
  if (verdict === 'pass') return ['✓', 'green']
  if (verdict === 'hold') return ['?', 'yellow']
  return ['✗', dryRun ? 'yellow' : 'red']
}

/** `request-success-rate  99.7 % (≥ 99 %), 812 requests`, or its sentence where there is no number. */
export function gateInWords(gate: GateView): string {
  const { name, value, unit, requests, verdict, message, dryRun } = gate
  const limits = limitsInWords(gate)
  const measured =
    value === null
      ? message || (verdict === null ? 'not checked yet' : '')
      : `${valueInWords(value, unit)}${limits === '' ? '' : ` (${limits})`}${requests === null ? '' : `, ${requests} requests`}`
  return `${name}  ${measured}${dryRun ? ', does not decide' : ''}`
}
