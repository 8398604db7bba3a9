/** The command line of `sluice demo`. */
import { parseArgs } from 'node:util'
import { type ReleaseName, releases } from './releases.ts'

export interface Options {
  /** The releases to show, in order. */
  readonly releases: readonly ReleaseName[]
  /** Whether the cluster stays up after them, until Ctrl-C. */
  readonly keep: boolean
  /** Of all chance in the traffic. */
  readonly seed: number
  /** Of the API server; 0: any free one. */
  readonly port: number
}

export const usage = `sluice demo [--scenario <name>]… [--keep] [--seed <number>] [--port <number>]
In a checkout: npm run demo -- [flags]

  --scenario <name>  what to release, in the order given; without it good, then bad
                     ${Object.entries(releases)
                       .map(([name, { act }]) => `${name.padEnd(12)}${act}`)
                       .join('\n                     ')}
  --keep             leave the cluster up, and say how to reach it with kubectl
  --seed <number>    chance of the traffic; the same number, the same requests (1)
  --port <number>    port of the cluster's API server on this machine (any free one)`

/** @throws Error with one sentence about what cannot be read, and what to write instead. */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string', multiple: true, default: ['good', 'bad'] },
      keep: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      port: { type: 'string', default: '0' },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  })
  if (values.help) return 'help'
  return {
    releases: values.scenario.map(releaseNamed),
    keep: values.keep,
    seed: whole('--seed', values.seed, 2 ** 32 - 1),
    port: whole('--port', values.port, 65_535),
  }
}

function releaseNamed(name: string): ReleaseName {
  if (Object.hasOwn(releases, name)) return name as ReleaseName
  throw new Error(`--scenario ${name}: there is none of that name; it is one of ${Object.keys(releases).join(', ')}.`)
}

function whole(flag: string, text: string, most: number): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number <= most) return number
  throw new Error(`${flag} ${text}: write a whole number from 0 to ${most}.`)
}
