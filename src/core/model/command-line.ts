/** What to type for a command: complete enough to paste from a message. */
import type { Names } from './names.ts'
import type { CommandName } from '../machine/rules/commands.ts'

/** @param why may be `full` for `approve`, or empty. */
export function commandLine({ namespace, canary }: Names, name: CommandName, why: string): string {
  return `kubectl -n ${namespace} annotate canaries.sluice.dev/${canary} sluice.dev/${name}="${['$(date +%s)', why].join(' ').trim()}" --overwrite`
}
