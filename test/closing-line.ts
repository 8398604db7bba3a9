/**
 * The last line of a run, in the words that people and CI look for: `N passed, N failed`.
 * It is written when the process exits, so that nothing of the reporter's comes after it.
 */
let passed = 0
let failed = 0

export const mochaHooks = {
  afterEach(this: Mocha.Context): void {
    if (this.currentTest?.state === 'failed') failed += 1
    else if (this.currentTest?.state === 'passed') passed += 1
  },
}

process.on('exit', () => {
  console.log(`${passed} passed, ${failed} failed`)
})
