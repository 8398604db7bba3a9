/** One line of `sluice check`. */
import type { CodeName } from './codes.ts'

/** `unchecked`: nothing is known, which is no failure. */
export type State = 'ok' | 'unchecked' | 'warning' | 'failed'

export interface Finding {
  readonly code: CodeName
  readonly state: State
  readonly sentence: string
}

const as =
  (state: State) =>
  (code: CodeName, sentence: string): Finding => ({ code, state, sentence })

export const ok = as('ok')
export const unchecked = as('unchecked')
export const warning = as('warning')
export const failed = as('failed')

/** Names that are shown of a list. */
const SHOWN = 5

/** `a, b and 3 more`. */
export function listed(names: readonly string[]): string {
  const more = names.length - SHOWN
  if (more > 1) return `${names.slice(0, SHOWN).join(', ')} and ${more} more`
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`
}
