/** The transcripts of the real API server, in a file, and how to get those of another. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Case, Exchange, Server } from './case.ts'
import { transcriptOf } from './client.ts'

/** By the name of the case. */
export type Transcripts = ReadonlyMap<string, readonly Exchange[]>

export interface Golden {
  /** Of the real API server. */
  readonly version: string
  readonly transcripts: Transcripts
}

const file = new URL('golden.jsonl', import.meta.url)

/** Reads the committed file: the version, then a line for the name of each case and one for each exchange. */
export function readGolden(): Golden {
  const [first = '', ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  const transcripts = new Map<string, Exchange[]>()
  let exchanges: Exchange[] = []
  for (const line of lines) {
    const parsed = JSON.parse(line) as Exchange | { readonly case: string }
    if ('case' in parsed) transcripts.set(parsed.case, (exchanges = []))
    else exchanges.push(parsed)
  }
  return { version: (JSON.parse(first) as { version: string }).version, transcripts }
}

export function writeGolden({ version, transcripts }: Golden): void {
  const lines = [...transcripts].flatMap(([name, exchanges]) => [{ case: name }, ...exchanges])
  writeFileSync(file, `${[{ version }, ...lines].map(line => JSON.stringify(line)).join('\n')}\n`)
}

/** Runs all cases, one after the other. `run` tells the namespaces of this run from others on the same server. */
export async function transcriptsOf(server: Server, cases: readonly Case[], run: string): Promise<Transcripts> {
  const transcripts = new Map<string, readonly Exchange[]>()
  for (const [index, one] of cases.entries()) {
    transcripts.set(one.name, await transcriptOf(server, one, `contract-${run}-${index}`))
  }
  return transcripts
}
