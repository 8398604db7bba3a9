/** The live picture of a release in a terminal: pure text from a view, drawn over itself. */
import { styleText } from 'node:util'
import type { CanaryStatus } from '../src/api/status.ts'
import type { HookCall } from './receiver.ts'
import { clock, comparison, type View } from './view.ts'

const BAR = 40

type Style = Parameters<typeof styleText>[0]
/** Colours a text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string
export const inColour: Paint = (style, text) => styleText(style, text)
export const plain: Paint = (_style, text) => text

const phaseStyle = (phase: CanaryStatus['phase']): Style =>
  phase === 'Failed' ? 'red' : phase === 'Succeeded' || phase === 'Initialized' ? 'green' : 'cyan'

const verdictMark = { pass: '✔', fail: '✘', hold: '·' } as const
const verdictStyle = { pass: 'green', fail: 'red', hold: 'yellow' } as const satisfies Record<string, Style>

/** The lines of the picture. @param width of the terminal, in columns; longer lines are cut. */
export function picture(view: View, width: number, paint: Paint): string[] {
  const { status, answers } = view
  const { phase = 'Waiting for Sluice', canaryWeight = 0, step, message = '', checks = [] } = status
  const all = answers.reduce((sum, one) => sum + one.requests, 0)
  const gates = checks.map(check => {
    const mark = paint(verdictStyle[check.verdict], verdictMark[check.verdict])
    return `  ${mark} ${check.name.padEnd(24)} ${comparison(check)}`
  })
  const shares = answers.map(({ image, requests, errors }) => {
    const share = all === 0 ? 0 : requests / all
    const failed = errors === 0 ? '' : paint('red', `  ${errors} of ${requests} failed`)
    return `  ${cut(image, 24).padEnd(26)} ${bar(share)} ${`${Math.round(100 * share)} %`.padStart(5)}${failed}`
  })
  return [
    `${paint('bold', 'sluice')}  ${view.act}  ${paint('dim', clock(view.seconds))}`,
    '',
    `  ${paint(phaseStyle(status.phase), phase.padEnd(26))} ${bar(canaryWeight / 100)} ${`${canaryWeight} %`.padStart(5)}${step === undefined ? '' : paint('dim', `  step ${step}`)}`,
    ...wrapped(message, Math.max(20, width - 4)).map(line => `  ${line}`),
    '',
    paint('dim', '  gates, against their limits'),
    ...(gates.length === 0 ? ['  –'] : gates),
    '',
    ...hookLines(view.hookCalls, paint),
    paint('dim', '  who answers the callers'),
    ...(shares.length === 0 ? ['  –'] : shares),
  ]
}

/** The last answer of each webhook, and how often it was called; nothing in a release without webhooks. */
function hookLines(calls: readonly HookCall[], paint: Paint): string[] {
  const last = new Map(calls.map(call => [call.name, call]))
  const lines = [...last.values()].map(({ name, type, answer: { status, text } }) => {
    const mark = status < 300 ? paint('green', '✔') : paint('yellow', '·')
    const count = calls.filter(call => call.name === name).length
    return `  ${mark} ${name.padEnd(14)} ${type.padEnd(26)} ${status} ${text}${count === 1 ? '' : paint('dim', `  ${count} calls`)}`
  })
  return lines.length === 0 ? [] : [paint('dim', '  webhooks, and what they answered'), ...lines, '']
}

function bar(share: number): string {
  const full = Math.round(BAR * Math.min(1, Math.max(0, share)))
  return '█'.repeat(full) + '░'.repeat(BAR - full)
}

const cut = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`)

/** The text in lines of at most `length` characters, broken at spaces; two lines always, so that the picture does not jump. */
function wrapped(text: string, length: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.length - 1
    const joined = lines[last] === '' ? word : `${lines[last]} ${word}`
    if (joined.length <= length) lines[last] = joined
    else lines.push(word)
  }
  return [...lines, ''].slice(0, 2)
}

/** A terminal, or a pipe or file in its place: `process.stdout` is one. */
export interface Out {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): boolean
}

/** Draws pictures over one another. */
export class Screen {
  readonly #out: Out
  #drawn = 0

  constructor(out: Out) {
    this.#out = out
  }

  draw(view: View): void {
    const lines = picture(view, this.#out.columns ?? 80, inColour)
    const up = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A`
    this.#out.write(`${up}${lines.map(line => `\u001b[2K${line}`).join('\n')}\n\u001b[J`)
    this.#drawn = lines.length
  }

  /** What was drawn stays; the next picture is drawn below. */
  keep(): void {
    this.#out.write('\n')
    this.#drawn = 0
  }
}
