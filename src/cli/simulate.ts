/** `sluice simulate FILE`: what a release of a Canary would go like, in the playground and in virtual time; nothing is read from a cluster. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CODES } from './release/outcome.ts'
import { contentOf } from './read-file.ts'
import { printable } from './render/paint.ts'
import { SCENARIOS, type Scenario, type Tools } from './tools.ts'

interface SimulateFlags {
  readonly scenario: Scenario
  readonly seed: number
}

const HELP = `
Scenarios:
  good     the new version behaves as the old one does
  errors   one answer in ten of the new version is an error
  slow     a percent of the answers of the new version takes 1.5s
  outage   the new version is good, and Prometheus does not answer for three intervals

Exit codes:
  ${CODES.promoted}    promoted
  ${CODES.error}    error: the file cannot be read, or has no Canary that can be simulated
  ${CODES.usage}    wrong flags
  ${CODES.rolledBack}    rolled back
  ${CODES.person}    manual action required
  ${CODES.stalled}    stalled: nothing has changed for 10m, or 30 intervals, of virtual time
  ${CODES.timeout}  not at its end after 72h of virtual time`

/** Adds `simulate` to the program. */
export function simulateCommand(program: Command, tools: Tools): Command {
  return program
    .command('simulate')
    .description('play a release of the Canary in a file in virtual time, and print its timeline')
    .argument('<file>', 'YAML or JSON with one Canary, and perhaps its target and routes; - is the standard input')
    .addOption(new Option('--scenario <name>', 'how the new version behaves').choices(SCENARIOS).default('good'))
    .addOption(
      new Option('--seed <number>', 'of the chance in the traffic; the same number, the same requests')
        .argParser(seed)
        .default(1),
    )
    .addHelpText('after', HELP)
    .action(async (file: string, flags: SimulateFlags) => {
      const text = await contentOf(file, tools)
      let writing = Promise.resolve()
      const say = (line: string): void => {
        writing = writing.then(() => tools.stdout(`${printable(line)}\n`))
      }
      const { how, sentence } = await tools.simulate({ text, ...flags, say, stop: tools.stop })
      await writing
      await tools.stderr(`${printable(sentence)}\n`)
      tools.exit(CODES[how])
    })
}

function seed(text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number > 2 ** 32 - 1)
    throw new InvalidArgumentError('Write a whole number from 0 to 4294967295.')
  return number
}
