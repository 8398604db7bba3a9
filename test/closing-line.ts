/**
 * The last line of a run, in the words that people and CI look for: `N passed, N failed`. It is a reporter's, for with
 * `--parallel` nobody else hears of every test. What fails outside of a test, in a hook, counts as failed. When much
 * failed, each failure is said once more in one line above it: a log of which only the end is kept still tells the first.
 * With `DURATIONS=1` it lists the slowest files before that.
 */
import { relative } from 'node:path'
import Mocha from 'mocha'

/** What a test threw, which may be anything; with `--parallel` an Error comes as a plain object. */
function textOf(error: unknown): string {
  const { message } = Object(error) as { readonly message?: unknown }
  return typeof message === 'string' ? message : JSON.stringify(error)
}

/** How many files `DURATIONS=1` lists. */
const MOST_FILES = 40

/**
 * The slowest files, slowest first: wall time of their tests and hooks, without the time to load them. It is measured while
 * the other workers run, so compare it only between runs on the same machine with the same number of jobs.
 */
export function slowestFiles(durations: ReadonlyMap<string, number>): string[] {
  const total = [...durations.values()].reduce((sum, ms) => sum + ms, 0)
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1).padStart(7)} s`
  const slowest = [...durations].sort(([, a], [, b]) => b - a).slice(0, MOST_FILES)
  return [...slowest.map(([file, ms]) => `${seconds(ms)}  ${file}`), `${seconds(total)}  all ${durations.size} files`]
}

/** The source of a module that `npm test` has bundled. */
const sourceOf = (module: string): string => module.replace(/^.*\/sluice-tests\/\d+\/(.*)\.mjs$/, '$1.ts')

type Reporter = new (runner: Mocha.Runner, options?: Mocha.MochaOptions) => Mocha.reporters.Base

/** That reporter, with the line after all that it says. */
export function withClosingLine(reporter: Reporter): Reporter {
  return class extends reporter {
    constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
      super(runner, options)
      const failed: string[] = []
      runner.on('fail', (test, error: unknown) => {
        failed.push(`${test.titlePath().join(' › ')}: ${textOf(error).split('\n', 1)[0]?.slice(0, 200)}`)
      })
      const durations = new Map<string, number>()
      const add = ({ file = '', duration = 0 }: { file?: string; duration?: number }): void => {
        const name = sourceOf(relative(process.cwd(), file))
        durations.set(name, (durations.get(name) ?? 0) + duration)
      }
      runner.on('test end', add)
      runner.on('hook end', add)
      process.on('exit', () => {
        if (process.env['DURATIONS'] === '1') console.log(slowestFiles(durations).join('\n'))
        if (failed.length > 1) console.log(failed.join('\n'))
        console.log(`${this.stats.passes} passed, ${this.stats.failures} failed`)
      })
    }
  }
}

export default withClosingLine(Mocha.reporters.Dot)
