import { expect } from 'chai'
import { keptSum, restOf, shareOfShare, shareOfSum, toShare, weightsOf } from '../../src/core/shares.ts'
import { planOf } from '../../src/core/model/plan.ts'
import { nextDown } from '../../src/core/machine/rules/promote.ts'
import { canary } from './given-objects.ts'

suite('shares of requests', () => {
  test('each is said by whole weights: percent where it is whole, else per mille', () => {
    const written = {
      0: '100/0',
      0.1: '999/1',
      0.3: '997/3',
      0.5: '995/5',
      10: '90/10',
      33.3: '667/333',
      99.9: '1/999',
    }
    for (const [share, weights] of Object.entries(written)) {
      const { primary, canary: own } = weightsOf(Number(share))
      expect(`${primary}/${own}`, share).to.equal(weights)
    }
  })

  test('each of the thousand is read back from its weights, in any sum that can say it', () => {
    for (let tenths = 0; tenths <= 1000; tenths++) {
      const share = Number((tenths / 10).toFixed(1))
      for (const sum of [0, 1, 7, 10, 100, 1000, 10_000]) {
        const { primary, canary: own } = weightsOf(share, sum)
        expect(shareOfSum(own, primary + own)).to.equal(share)
        expect([100, 1000, sum]).to.include(primary + own)
      }
      expect(toShare(share)).to.equal(share)
      expect(restOf(restOf(share))).to.equal(share)
    }
  })

  test('a sum of the user is kept where it can say the share', () => {
    expect(weightsOf(10, 1000)).to.deep.equal({ primary: 900, canary: 100 })
    expect(weightsOf(10, 10)).to.deep.equal({ primary: 9, canary: 1 })
    expect(weightsOf(25, 10)).to.deep.equal({ primary: 75, canary: 25 })
    expect(weightsOf(0.5, 200)).to.deep.equal({ primary: 199, canary: 1 })
  })

  test('per mille that percent could not say go back to percent', () => {
    expect(weightsOf(10, keptSum({ primary: 995, canary: 5 }))).to.deep.equal({ primary: 90, canary: 10 })
    expect(weightsOf(50, keptSum({ primary: 900, canary: 100 }))).to.deep.equal({ primary: 500, canary: 500 })
  })

  test('what is between two tenths is rounded, but never to none or all', () => {
    expect(shareOfSum(1, 3)).to.equal(33.3)
    expect(shareOfSum(2, 3)).to.equal(66.7)
    expect(shareOfSum(1, 1_000_000)).to.equal(0.1)
    expect(shareOfSum(999_999, 1_000_000)).to.equal(99.9)
    expect(shareOfShare(0.5, 50)).to.equal(0.2)
  })

  test('steps on the way up and down are tenths', () => {
    const weights = (stepWeight: number, maxWeight: number): number[] =>
      planOf(canary({ analysis: { stepWeight, maxWeight } }).spec.analysis).map(({ traffic }) => traffic.canary)
    expect(weights(0.1, 0.7)).to.deep.equal([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    expect(weights(0.3, 1.1)).to.deep.equal([0.3, 0.6, 0.9, 1.1])
    expect(weights(33.3, 100)).to.deep.equal([33.3, 66.6, 99.9, 100])
    expect(nextDown(0.3, 0.1, 2, 2)).to.equal(0.2)
    expect(nextDown(100, 33.3, 2, 2)).to.equal(66.7)
  })
})
