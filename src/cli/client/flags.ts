/** The flags by which kubectl finds its cluster, user and namespace, under the same names. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { DURATION_SENTENCE, parseDuration } from '../../api/duration.ts'
import type { Milliseconds } from '../../core/time.ts'

export interface ClientFlags {
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespace?: string
  readonly as?: string
  readonly asGroup: readonly string[]
  /** Of one request; 0: none. */
  readonly requestTimeout: Milliseconds
}

/** The flags of a command that lists. */
export interface ScopeFlags extends ClientFlags {
  readonly allNamespaces?: boolean
  /** Of labels. */
  readonly selector?: string
}

const clientOptions = (): Option[] => [
  new Option('--kubeconfig <file>', 'kubeconfig to use; without it KUBECONFIG, then ~/.kube/config'),
  new Option('--context <name>', 'context of the kubeconfig; without it the current one'),
  new Option('-n, --namespace <name>', 'namespace; without it that of the context'),
  new Option('--as <user>', 'user to impersonate, such as system:serviceaccount:shop:ci'),
  new Option('--as-group <group>', 'group to impersonate; repeatable, with --as')
    .argParser((text: string, before?: readonly string[]) => [...(before ?? []), text])
    .default([], 'none'),
  new Option('--request-timeout <duration>', 'how long one request may take, such as 30s; 0: without limit')
    .argParser(requestTimeout)
    .default(15_000, '15s'),
]

/** Adds the flags that every command has that asks a cluster. */
export function withClientFlags(command: Command): Command {
  for (const option of clientOptions()) command.addOption(option)
  return command
}

/** Adds those of a command that lists, too. */
export function withScopeFlags(command: Command): Command {
  return withClientFlags(command)
    .addOption(new Option('-A, --all-namespaces', 'in all namespaces').conflicts('namespace'))
    .option('-l, --selector <labels>', 'only Canaries with these labels, such as team=shop')
}

/** kubectl takes a number of seconds, too. */
function requestTimeout(text: string): Milliseconds {
  return /^\d{1,9}$/.test(text) ? Number(text) * 1000 : duration(text)
}

/** A duration of a flag. @throws InvalidArgumentError with a sentence. */
export function duration(text: string): Milliseconds {
  if (text === '0') return 0
  const parsed = parseDuration(text)
  if ('problem' in parsed)
    throw new InvalidArgumentError(`${DURATION_SENTENCE[0]?.toUpperCase()}${DURATION_SENTENCE.slice(1)}.`)
  return parsed.milliseconds
}
