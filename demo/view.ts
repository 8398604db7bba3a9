/** What the demo shows at one moment, read from what a user can see: the Canary, and who answers the callers. */
import type { CanaryStatus } from '../src/api/status.ts'
import type { HookCall } from './receiver.ts'

export interface View {
  /** Seconds since the demo began. */
  readonly seconds: number
  /** What happens now, in a sentence. */
  readonly act: string
  readonly status: CanaryStatus
  /** Answers of the last seconds, by image. */
  readonly answers: readonly Answers[]
  /** Calls of webhooks in this release, the latest last. */
  readonly hookCalls: readonly HookCall[]
}

export interface Answers {
  readonly image: string
  readonly requests: number
  readonly errors: number
}

type Check = NonNullable<CanaryStatus['checks']>[number]

/** `99.82`, `41`, `0.031`: three digits that matter. */
export function figure(value: number): string {
  if (value === 0 || Math.abs(value) >= 1000) return String(Math.round(value))
  return String(Number(value.toPrecision(value >= 99 && value < 100 ? 4 : 3)))
}

/** `99.8 ≥ 99`, `640 ≤ 500`; `no data ≥ 99` where nothing was measured. */
export function comparison({ value, min, max }: Pick<Check, 'value' | 'min' | 'max'>): string {
  const shown = value === undefined ? 'no data' : figure(value)
  const limits = [
    ...(min === undefined ? [] : [`≥ ${figure(min)}`]),
    ...(max === undefined ? [] : [`≤ ${figure(max)}`]),
  ]
  return [shown, ...limits].join(' ')
}

/** Lines for each change, where there is no terminal: pipes, logs, CI. null: nothing that was not said before. */
export function plainLine(now: View, before: View | null): string | null {
  const act = before?.act === now.act ? [] : [`${clock(now.seconds)}  ── ${now.act}`]
  const lines = [...act, ...callLines(now, before), ...statusLines(now, before)]
  return lines.length === 0 ? null : lines.join('\n')
}

function statusLines({ seconds, status }: View, before: View | null): string[] {
  const { phase, canaryWeight = 0, message = '', checks = [] } = status
  const was = before?.status
  const same = was?.phase === phase && (was?.canaryWeight ?? 0) === canaryWeight && (was?.message ?? '') === message
  if (phase === undefined || message === '' || same) return []
  const gates = checks.map(check => `${check.name} ${comparison(check)}`).join(', ')
  const judged = phase === 'Progressing' && gates !== '' && canaryWeight > 0 ? `  [${gates}]` : ''
  return [`${clock(seconds)}  ${column(phase)} ${weight(canaryWeight)}  ${message}${judged}`]
}

/** A line for each new call; those of events, and a call that is answered as the one before it at this weight, have none. */
function callLines({ seconds, status, hookCalls }: View, before: View | null): string[] {
  const known = before?.hookCalls.at(-1)
  const first = known === undefined ? 0 : hookCalls.indexOf(known) + 1
  return hookCalls.flatMap((call, i) => {
    if (i < first || call.type === 'event') return []
    const last = hookCalls.slice(0, i).findLast(({ name }) => name === call.name)
    const isRepeat = last?.weight === call.weight && last.answer.text === call.answer.text
    return isRepeat
      ? []
      : [`${clock(seconds)}  ${column('webhook')} ${weight(status.canaryWeight ?? 0)}  ${callSentence(call)}`]
  })
}

/** `approval (confirm-promotion), called in WaitingPromotion, answered 403: closed` */
const callSentence = ({ name, type, phase, answer: { status, text } }: HookCall): string =>
  `${name} (${type}), called in ${phase}, answered ${status}: ${text}`

/** As wide as the longest phase, WaitingPromotion. */
const column = (text: string): string => text.padEnd(16)
const weight = (percent: number): string => `${percent} %`.padStart(5)

/** `0:07`, `1:12` */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
