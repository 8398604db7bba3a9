/**
 * The last line of a run, in the words that people and CI look for: `N passed, N failed`. It is a reporter's, for with
 * `--parallel` nobody else hears of every test. What fails outside of a test, in a hook, counts as failed. When much
 * failed, each failure is said once more in one line above it: a log of which only the end is kept still tells the first.
 */
import Mocha from 'mocha'

/** What a test threw, which may be anything; with `--parallel` an Error comes as a plain object. */
function textOf(error: unknown): string {
  const { message } = Object(error) as { readonly message?: unknown }
  return typeof message === 'string' ? message : JSON.stringify(error)
}

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
      process.on('exit', () => {
        if (failed.length > 1) console.log(failed.join('\n'))
        console.log(`${this.stats.passes} passed, ${this.stats.failures} failed`)
      })
    }
  }
}

export default withClosingLine(Mocha.reporters.Dot)
