/** The commands, and what to type for one: complete enough to paste from a message. */
import type { Names } from './names.ts'

/** In the order in which several at once are obeyed: the safest first. */
export const commands = ['abort', 'pause', 'rollback', 'retry', 'resume', 'approve'] as const
export type CommandName = (typeof commands)[number]

/** @param why may be `full` for `approve`, or empty. */
export function commandLine({ namespace, canary }: Names, name: CommandName, why: string): string {
  return `kubectl -n ${namespace} annotate canaries.sluice.dev/${canary} sluice.dev/${name}="${['$(date +%s)', why].join(' ').trim()}" --overwrite`
}
