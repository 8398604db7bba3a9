/**
 * Releases of the demo, one after the other in one cluster, in virtual time: each ends as it should, and says why. Those whose plan
 * is all that differs are in test/scenarios/strategies.test.ts.
 */
import { expect } from 'chai'
import { play } from '../../demo/play.ts'
import { releases } from '../../demo/releases.ts'
import { VirtualStage } from './virtual-stage.ts'

const names = ['hooks', 'outage', 'killed'] as const

/** What must be said of a release, in this order. */
const story: Readonly<Record<(typeof names)[number], readonly (string | RegExp)[]>> = {
  hooks: [
    'ticket (confirm-rollout), called in Waiting, answered 200: yes',
    'smoke-test (pre-rollout), called in Progressing, answered 200: yes',
    'office-hours (confirm-traffic-increase), called in Progressing, answered 200: yes',
    'load-test (rollout), called in Progressing, answered 200: yes',
    'approval (confirm-promotion), called in WaitingPromotion, answered 403: closed',
    'waiting for webhook approval (confirm-promotion), which answered 403',
    '── the gate is opened',
    'approval (confirm-promotion), called in WaitingPromotion, answered 200: yes',
    'Copying',
    'report (post-rollout), called in Succeeded, answered 200: yes',
    /None of \d+ requests failed\./,
    /Webhooks were called \d+ times: .*smoke-test \(pre-rollout\) 1, .*report \(post-rollout\) 1\./,
  ],
  outage: [
    '── Prometheus is stopped',
    /25 % {2}Holding at weight 25: request-success-rate could not be measured/,
    '── Prometheus is started again',
    'Weight 25 → 50',
    /None of \d+ requests failed\./,
  ],
  killed: [
    'Weight 0 → 25',
    '── the controller is killed',
    '── another controller starts',
    'Weight 25 → 50',
    /None of \d+ requests failed\./,
  ],
}

suite('the releases of the demo', function () {
  // All releases are played before the first test.
  this.timeout(300_000)
  let stage: VirtualStage
  let asTheyShould: boolean
  /** What is said of each, in their order. */
  let told: string[]

  suiteSetup(async () => {
    stage = new VirtualStage()
    let said = ''
    const out = {
      write: (text: string): boolean => {
        said += text
        return true
      },
    }
    asTheyShould = await play(stage, names, out)
    told = said.split('\n\n').slice(1, -1)
  })

  suiteTeardown(() => stage.close())

  for (const [index, name] of names.entries()) {
    test(`${name}: what happens is said, and it ends as it should`, () => {
      const text = told[index] ?? ''
      expect(text).to.include(`${releases[name].act}: ${releases[name].image}`)
      let rest = text
      for (const part of story[name]) {
        const at = typeof part === 'string' ? rest.indexOf(part) : rest.search(part)
        expect(at, `${part} in its place in:\n${text}`).to.be.at.least(0)
        rest = rest.slice(at + 1)
      }
      expect(text).to.include(`${releases[name].image} was promoted, as it should be.`)
    })
  }

  test('all of them as they should', () => {
    expect(asTheyShould).to.equal(true)
    expect(told).to.have.length(names.length)
  })
})
