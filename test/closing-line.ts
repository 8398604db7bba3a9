/**
 * The last line of a run, in the words that people and CI look for: `N passed, N failed`. It is a reporter's, for with
 * `--parallel` nobody else hears of every test. What fails outside of a test, in a hook, counts as failed.
 */
import Mocha from 'mocha'

type Reporter = new (runner: Mocha.Runner, options?: Mocha.MochaOptions) => Mocha.reporters.Base

/** That reporter, with the line after all that it says. */
export function withClosingLine(reporter: Reporter): Reporter {
  return class extends reporter {
    constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
      super(runner, options)
      process.on('exit', () => {
        console.log(`${this.stats.passes} passed, ${this.stats.failures} failed`)
      })
    }
  }
}

export default withClosingLine(Mocha.reporters.Dot)
