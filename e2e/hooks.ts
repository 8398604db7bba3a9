/** Root hooks of mocha: the lab is booted once, and a failed test says what the cluster and the controller looked like. */
import { explain } from './fixtures/explain.ts'
import { lab } from './lab/lab.ts'

export const mochaHooks = {
  async beforeAll(): Promise<void> {
    await lab()
  },
  async afterEach(this: Mocha.Context): Promise<void> {
    if (this.currentTest?.state === 'failed') await explain(this.currentTest.err)
  },
  async afterAll(): Promise<void> {
    await (await lab()).stop()
  },
}
