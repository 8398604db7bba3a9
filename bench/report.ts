/** The figures as markdown: a table for each part, and at the end the goals line by line. */
import type { Goal } from './goals.ts'
import { median } from './machine.ts'

interface GoalLine extends Goal {
  readonly canaries: number
  readonly measured: string
  readonly met: boolean
}

export class Report {
  readonly #goals: GoalLine[] = []

  heading(text: string): void {
    console.log(`\n## ${text}\n`)
  }

  say(text: string): void {
    console.log(text)
  }

  table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
    const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
    console.log([line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n'))
    console.log('')
  }

  /** @param canaries that there were. */
  goal(goal: Goal, canaries: number, measured: string, met: boolean): void {
    this.#goals.push({ ...goal, canaries, measured, met })
  }

  /** The goals that were measured. */
  close(): void {
    if (this.#goals.length === 0) return
    this.heading('Goals')
    this.table(
      ['figure', 'canaries', 'goal', 'Sluice', 'met', 'Flagger', 'Argo Rollouts'],
      this.#goals.map(({ figure, canaries, goal, measured, met, flagger, argo }) => {
        return [figure, canaries, goal, measured, met ? 'yes' : '**no**', flagger, argo]
      }),
    )
  }
}

/** `0.12 / 0.34 / 1.20` of milliseconds, in seconds. */
export function spread(milliseconds: readonly number[]): string {
  const seconds = [Math.min(...milliseconds), median(milliseconds), Math.max(...milliseconds)].map(ms => ms / 1000)
  return seconds.map(value => value.toFixed(2)).join(' / ')
}

/** At most so many decimals, without zeros at the end. */
export function rounded(value: number, decimals = 1): string {
  return String(Number(value.toFixed(decimals)))
}
