/** What the demo shows at one moment, read from what a user can see: the Canary, and who answers the callers. */
import type { CanaryStatus } from '../src/api/status.ts'

export interface View {
  /** Seconds since the demo began. */
  readonly seconds: number
  /** What happens now, in a sentence. */
  readonly act: string
  readonly status: CanaryStatus
  /** Answers of the last seconds, by image. */
  readonly answers: readonly Answers[]
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

/** One line a change, where there is no terminal: pipes, logs, CI. null: nothing that was not said before. */
export function plainLine(now: View, before: View | null): string | null {
  const { phase, canaryWeight = 0, message = '', checks = [] } = now.status
  const was = before?.status
  const same = was?.phase === phase && (was?.canaryWeight ?? 0) === canaryWeight && (was?.message ?? '') === message
  if (same && before?.act === now.act) return null
  const act = before?.act === now.act ? [] : [`${clock(now.seconds)}  ── ${now.act}`]
  if (phase === undefined || message === '' || same) return act.length === 0 ? null : act.join('\n')
  const gates = checks.map(check => `${check.name} ${comparison(check)}`).join(', ')
  const judged = phase === 'Progressing' && gates !== '' && canaryWeight > 0 ? `  [${gates}]` : ''
  return [...act, `${clock(now.seconds)}  ${phase.padEnd(12)} ${weight(canaryWeight)}  ${message}${judged}`].join('\n')
}

const weight = (percent: number): string => `${percent} %`.padStart(5)

/** `0:07`, `1:12` */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
