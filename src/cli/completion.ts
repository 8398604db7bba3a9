/** `sluice completion SHELL`, and the candidates that the scripts and `kubectl_complete-sluice` ask for. */
import { Argument, type Command } from 'commander'
import { kinds } from '../api/object.ts'
import type { ClientFlags } from './client/flags.ts'
import { formatsIn } from './render/output.ts'
import type { Client, Tools } from './tools.ts'

/** Tells kubectl not to offer files (spf13/cobra, ShellCompDirectiveNoFileComp). */
const NO_FILES = ':4'
/** And to offer them (ShellCompDirectiveDefault). */
const FILES = ':0'
/** A shell that waits for an answer is in the way of who types. */
const DEADLINE = 2000
const MOST = 500
/** Shells expand what they are offered: a name that the API server would not accept is none. */
const NAME = /^[a-z0-9.-]+$/

const scripts = {
  bash: `_sluice() {
  local IFS=$'\\n' found
  found=$(sluice __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [[ $found == :0 ]]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
    return
  fi
  COMPREPLY=($(compgen -W "$(sed -e '/^:/d' -e 's/\\t.*//' <<< "$found")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _sluice sluice
`,
  zsh: `#compdef sluice
_sluice() {
  local said="$(sluice __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)"
  if [[ $said == ":0" ]]; then
    _files
    return
  fi
  local -a found
  found=("\${(@f)$(sed -e '/^:/d' -e 's/:/\\\\:/g' -e 's/\\t/:/' <<< "$said")}")
  _describe sluice found
}
compdef _sluice sluice
`,
  fish: `complete -c sluice -f -a '(sluice __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null | string match -v -r "^:")'
`,
} as const

/** Adds `completion` and the command that its scripts call to the program. */
export function completionCommand(program: Command, tools: Tools): Command {
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (words: readonly string[]) => {
      const found = await candidatesFor(program, tools, words)
      const lines = found === null ? [FILES] : [...found, NO_FILES]
      await tools.stdout(lines.map(line => `${line}\n`).join(''))
    })
  return program
    .command('completion')
    .description('print a script that completes commands, flags and names: source <(sluice completion bash)')
    .addArgument(new Argument('<shell>', 'of the script').choices(Object.keys(scripts)))
    .addHelpText(
      'after',
      '\nThe package has the program kubectl_complete-sluice, by which kubectl completes `kubectl sluice`.',
    )
    .action(async (shell: keyof typeof scripts) => {
      await tools.stdout(scripts[shell])
    })
}

/** @param words what is typed behind the name of the program; the last one is completed. @returns null: files. */
async function candidatesFor(program: Command, tools: Tools, words: readonly string[]): Promise<string[] | null> {
  const last = words.at(-1) ?? ''
  const fitting = (found: readonly (readonly [word: string, about: string])[]): string[] =>
    found
      .filter(([word]) => word.startsWith(last))
      .map(([word, about]) => (about === '' ? word : `${word}\t${about.replaceAll(/\s+/g, ' ')}`))
  const shown = program.createHelp().visibleCommands(program)
  if (words.length <= 1) return fitting(shown.map(one => [one.name(), one.description()]))
  const command = shown.find(one => one.name() === words[0] || one.aliases().includes(words[0] ?? ''))
  if (command === undefined) return []
  if (last.startsWith('-')) return fitting(command.options.map(one => [one.long ?? '', one.description]))
  const before = command.options.find(({ short, long }) => [short, long].includes(words.at(-2) ?? ''))
  if (before !== undefined && before.required) {
    if (before.long === '--namespace' || before.long === '--controller-namespace')
      return fitting(await named(tools, words, 'Namespace'))
    if (before.long === '--output') return fitting(formatsIn(before).map(one => [one, ''] as const))
    if (before.flags.includes('<file>')) return null
    return fitting((before.argChoices ?? []).map(one => [one, ''] as const))
  }
  const [argument] = command.registeredArguments
  if (argument?.name() === 'name') return fitting(await named(tools, words, 'Canary'))
  if (argument?.name() === 'file') return null
  return fitting((argument?.argChoices ?? []).map(one => [one, ''] as const))
}

/** Names of what the flags before lead to; none where there is no answer. */
async function named(
  tools: Tools,
  words: readonly string[],
  kind: 'Canary' | 'Namespace',
): Promise<(readonly [string, string])[]> {
  const valueOf = (...flags: string[]): string | undefined => {
    const place = words.slice(0, -1).findLastIndex(word => flags.includes(word))
    const joined = words.find(word => flags.some(flag => word.startsWith(`${flag}=`)))
    return joined?.slice(joined.indexOf('=') + 1) ?? (place < 0 ? undefined : words[place + 1])
  }
  const given = {
    kubeconfig: valueOf('--kubeconfig'),
    context: valueOf('--context'),
    namespace: valueOf('-n', '--namespace'),
  }
  const flags: ClientFlags = {
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<ClientFlags>),
    asGroup: [],
    requestTimeout: DEADLINE,
  }
  let client: Client | null = null
  try {
    client = tools.connect(flags)
    const namespace = kind === 'Canary' ? client.namespace : ''
    const call = { lane: 'normal', signal: AbortSignal.timeout(DEADLINE) } as const
    const { items } = await client.api.list(kinds[kind], { namespace, limit: MOST }, call)
    return items.flatMap(({ metadata }) => (NAME.test(metadata.name) ? [[metadata.name, ''] as const] : []))
  } catch {
    // Who completes a word is not told what is wrong: the command itself says it.
    return []
  } finally {
    await client?.close()
  }
}
