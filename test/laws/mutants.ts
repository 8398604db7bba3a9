/**
 * `npm run laws:mutants [-- words]`: each law seen to fail. One rule or line that carries a law is taken out of a scratch
 * copy, and the law is tried until it fails, on its share of 40,000 histories at most (`LAW_RUNS`; law-runs.ts). Ends with 1
 * when one survives, or when a mutant fits the sources no more. `words` choose the rows that have them.
 */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Mutant, mutants } from './mutants.rows.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** A mutant may turn a wait into a loop. */
const LONGEST = 15 * 60_000

/** What a run of mocha told, as its reporter `json` writes it. */
interface Told {
  readonly stats: { readonly tests: number }
  readonly failures: readonly { readonly err: { readonly message?: string } }[]
}

type Result = { readonly failed: string } | { readonly wrong: string }

/** A copy of all that a law needs. */
async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-mutants-'))
  for (const part of ['src', 'test', 'playground', 'crds', 'manifests', 'package.json', 'tsconfig.json'])
    await cp(join(root, part), join(folder, part), { recursive: true })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** Tries a mutant's law with the mutant in place, and takes it out again. */
async function tried(folder: string, mutant: Mutant): Promise<Result> {
  const file = join(folder, mutant.file)
  const before = await readFile(file, 'utf8')
  if (before.split(mutant.take).length !== 2) return { wrong: 'does not fit the sources: mend the row' }
  await writeFile(
    file,
    before.replace(mutant.take, () => mutant.put),
  )
  try {
    return resultOf(await lawIn(folder, mutant))
  } finally {
    await writeFile(file, before)
  }
}

async function lawIn(folder: string, { law, of }: Mutant): Promise<Told | null> {
  const output = join(folder, 'told.json')
  await rm(output, { force: true })
  const mocha = ['node_modules/mocha/bin/mocha.js', '--no-config', '--ui', 'tdd', '--timeout', '0']
  const reporter = ['--reporter', 'json', '--reporter-option', `output=${output}`]
  const env = { LAW_RUNS: '40000', ...process.env, LAW_SHRINK: 'no' }
  const args = ['--import', 'tsx', ...mocha, ...reporter, '--fgrep', law, of]
  await new Promise(resolve => {
    const child = spawn(process.execPath, args, { cwd: folder, env, stdio: 'ignore', timeout: LONGEST })
    child.once('error', resolve)
    child.once('exit', resolve)
  })
  return readFile(output, 'utf8').then(
    text => JSON.parse(text) as Told,
    () => null,
  )
}

function resultOf(told: Told | null): Result {
  if (told === null) return { wrong: 'did not end' }
  if (told.stats.tests !== 1) return { wrong: `${told.stats.tests} tests have this name` }
  const message = told.failures[0]?.err.message
  if (message === undefined) return { wrong: 'SURVIVED' }
  const [, cases] = /^Property failed after (\d+) tests/.exec(message) ?? []
  return cases === undefined
    ? { wrong: `no property failed: ${message}` }
    : { failed: `case ${cases}: ${why(message)}` }
}

/** The first line of what the law said, out of all that fast-check tells. */
function why(message: string): string {
  const said = message.slice(message.indexOf('\n', message.indexOf('Shrunk ')))
  return (/^(?:\s*)(?:Got\s|Cause: |Error: )*(.*\S.*)$/m.exec(said)?.[1] ?? '').slice(0, 140)
}

/** Tries the rows one after the other, in a copy of its own. */
async function worker(rows: Mutant[]): Promise<number> {
  const folder = await scratch()
  let wrong = 0
  try {
    for (let row = rows.shift(); row !== undefined; row = rows.shift()) {
      const result = await tried(folder, row)
      if ('wrong' in result) wrong += 1
      console.log(
        `${'wrong' in result ? '✘' : '✔'} ${row.law}\n    without: ${row.without}\n    ${'wrong' in result ? result.wrong : result.failed}`,
      )
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return wrong
}

const words = process.argv.slice(2)
const chosen = mutants.filter(row => words.every(word => `${row.law} ${row.without}`.includes(word)))
const queue = [...chosen]
const wrong = await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, () => worker(queue)))
const sum = wrong.reduce((total, one) => total + one, 0)
console.log(`${chosen.length - sum} of ${chosen.length} mutants made their law fail`)
process.exitCode = sum === 0 && chosen.length > 0 ? 0 : 1
