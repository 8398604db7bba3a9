/**
 * `npm test`: the static checks beside the tests, on two cores at once. The last line is `N passed, N failed`; failed static
 * checks are one failure. The playground's suites run when something that they import has changed, and of long tables a part is
 * tried (test/README.md); `ALL=1` runs all of them, and the suites of `test/long`. Histories of the laws and kills have variables of
 * their own.
 */
import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BUNDLED, bundleTests, moduleOf } from './bundle-tests.ts'
import { type Path, relativeImports, suitesToRun } from './changed-suites.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)

/** The output of git, or null where git or the repository is missing, or it refuses. */
function git(...args: readonly string[]): string | null {
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  return status === 0 ? stdout.trim() : null
}

const linesOf = (text: string | null): string[] => (text === null || text === '' ? [] : text.split('\n'))

/** Holds the commit at which this worktree last passed. */
const passedAt = git('rev-parse', '--git-path', 'sluice-tests-passed')

/** A commit whose tests passed: the last one here, or else the newest one that origin has too. */
function passedCommit(): string | null {
  let last: string | null = null
  try {
    last = passedAt === null ? null : readFileSync(passedAt, 'utf8').trim()
  } catch {
    // Nothing passed here yet.
  }
  const known = last === null ? null : git('rev-parse', '--verify', '--quiet', `${last}^{commit}`)
  return known ?? git('merge-base', 'HEAD', 'origin/main')
}

/** All files that differ from that commit, committed or not; null when git cannot say. */
function changedSince(commit: string | null): Path[] | null {
  if (commit === null) return null
  const changed = git('diff', '--name-only', commit)
  const untracked = git('ls-files', '--others', '--exclude-standard')
  return changed === null || untracked === null ? null : [...linesOf(changed), ...linesOf(untracked)]
}

function importsOf(file: Path): Path[] {
  try {
    return relativeImports(readFileSync(file, 'utf8')).map(specifier => join(dirname(file), specifier))
  } catch {
    return []
  }
}

interface Ended {
  readonly code: number
  readonly seconds: number
  readonly said: string
}

/** Runs a program to its end; `heard` gets what it writes as it comes. */
function run(command: string, args: readonly string[], heard: (text: string) => void): Promise<Ended> {
  const begun = performance.now()
  return new Promise(resolve => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    const hear = (text: string): void => {
      said += text
      heard(text)
    }
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear)
    const end = (code: number): void => resolve({ code, said, seconds: Math.round((performance.now() - begun) / 1000) })
    child.once('error', error => {
      hear(`${command} cannot be run: ${error.message}\n`)
      end(127)
    })
    child.once('close', code => end(code ?? 1))
  })
}

const testsUnder = (folder: string): Path[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.test.ts'))
    .map(file => `${folder}/${file}`)
    .toSorted()

/**
 * Begun first, so that no core waits for them at the end: those that start programs, which mostly wait while the static checks
 * need the cores, and then those that take longest.
 */
const FIRST: readonly Path[] = [
  'test/main.test.ts',
  'test/demo/program.test.ts',
  'test/laws/world.laws.test.ts',
  'test/laws/runs.laws.test.ts',
  'test/laws/endings.laws.test.ts',
  'test/field/runtime.test.ts',
]

const suites = testsUnder('playground/test')
const isAll = process.env['ALL'] === '1'
const isWanted = (file: Path): boolean => !FIRST.includes(file) && (isAll || !file.startsWith('test/long/'))
const own = [...FIRST, ...testsUnder('test').filter(isWanted)]
const changed = isAll ? null : changedSince(passedCommit())
const wanted = changed === null ? suites : suitesToRun(suites, changed, importsOf)
const leftOut = suites.length - wanted.length

/** `npm run check`, whose scripts in TypeScript are modules here too. */
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly scripts: { readonly check: string } }
const checkScripts: Path[] = []
const checkCommand = scripts.check.replaceAll(/node --import tsx (\S+)/g, (_, source: Path) => {
  checkScripts.push(source)
  return `node ${moduleOf(source)}`
})

/** The options of `npx mocha`, but for tsx: modules in JavaScript do not need it. */
const { reporter, ui, timeout, jobs } = JSON.parse(readFileSync('.mocharc.json', 'utf8')) as {
  readonly [option in 'reporter' | 'ui' | 'timeout' | 'jobs']: string | number
}
const sources = [...own, ...wanted]
const reporterSource = join(String(reporter))
const options = ['--no-config', '--enable-source-maps', '--parallel', `--jobs=${jobs}`, `--ui=${ui}`]
options.push(`--timeout=${timeout}`, `--reporter=./${moduleOf(reporterSource)}`)
/** Tests whose title says so try a situation from the field once more, with other values. */
const AGAIN = 'other values'
if (!isAll) options.push(`--fgrep=${AGAIN}`, '--invert')

process.once('exit', () => rmSync(BUNDLED, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const closing = /^(\d+) passed, (\d+) failed\n$/m
/** What is wrong with which source was said by the bundler. */
const notBundled: Ended = { code: 1, said: '', seconds: 0 }
const isBundled = bundleTests([...sources, reporterSource, ...checkScripts]).then(
  () => true,
  () => false,
)

async function runTests(): Promise<Ended> {
  if (!(await isBundled)) return notBundled
  // The closing line comes last, after what the static checks say.
  const heard = (text: string): void => void process.stdout.write(text.replace(closing, ''))
  return run(process.execPath, ['node_modules/mocha/bin/mocha.js', ...options, ...sources.map(moduleOf)], heard)
}

async function runChecks(): Promise<Ended> {
  // Where a source cannot be bundled, the whole command says more about it.
  return (await isBundled)
    ? run('sh', ['-c', checkCommand], () => {})
    : run('npm', ['run', '--silent', 'check'], () => {})
}

const [tests, checks] = await Promise.all([runTests(), runChecks()])
if (checks.code !== 0) process.stdout.write(`${checks.said}\nnpm run check failed after ${checks.seconds} s\n`)
else console.log(`npm run check passed in ${checks.seconds} s, the tests took ${tests.seconds} s`)
if (!isAll) console.log(`left out: situations from the field with ${AGAIN}; ALL=1 npm test tries them too`)
if (leftOut > 0) {
  console.log(
    `left out: ${leftOut} of ${suites.length} suites of the playground, unchanged; ALL=1 npm test runs them too`,
  )
}
const [, passed = '0', failed = String(tests.code)] = closing.exec(tests.said) ?? []
console.log(`${passed} passed, ${Number(failed) + (checks.code === 0 ? 0 : 1)} failed`)
process.exitCode = tests.code === 0 && checks.code === 0 ? 0 : 1

const head = git('rev-parse', 'HEAD')
const isClean = git('status', '--porcelain') === ''
if (process.exitCode === 0 && passedAt !== null && head !== null && isClean) writeFileSync(passedAt, `${head}\n`)
