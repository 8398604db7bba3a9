import { expect } from 'chai'
import type { Finding } from '../../../src/core/model/check.ts'
import { missingRequests, splitSays } from '../../../src/core/analysis/split.ts'
import { noData } from './given.ts'

const value = (number: number): Finding => ({ kind: 'value', value: number })
const outage: Finding = { kind: 'unavailable', error: 'down' }

suite('a canary that nobody reaches', () => {
  const none = { canary: noData, callers: noData, sent: noData }

  test('is missing what its weight should have brought', () => {
    expect(missingRequests({ ...none, primary: value(900) }, 10)).to.equal(100)
    expect(missingRequests({ ...none, canary: value(0), callers: value(0), primary: value(75) }, 50)).to.equal(75)
  })

  test('is missing what callers sent to the primary at the same weight, as soon as they tell', () => {
    expect(missingRequests({ ...none, primary: value(0), sent: value(900) }, 10)).to.equal(100)
    expect(missingRequests({ ...none, primary: value(1800), sent: value(900) }, 10)).to.equal(200)
    expect(missingRequests({ ...none, primary: value(0), sent: value(449) }, 10)).to.equal(null)
  })

  test('is not unreachable when fewer than 50 requests were due', () => {
    expect(missingRequests({ ...none, primary: value(450) }, 10)).to.equal(50)
    expect(missingRequests({ ...none, primary: value(449) }, 10)).to.equal(null)
  })

  test('is not unreachable once it answered one, or a caller sent it one', () => {
    expect(missingRequests({ ...none, canary: value(1), primary: value(9000) }, 10)).to.equal(null)
    expect(missingRequests({ ...none, callers: value(1), primary: value(9000) }, 10)).to.equal(null)
  })

  test('is not unreachable when something could not be seen', () => {
    expect(missingRequests({ ...none, primary: outage }, 10)).to.equal(null)
    expect(missingRequests({ ...none, canary: outage, primary: value(9000) }, 10)).to.equal(null)
    expect(missingRequests({ ...none, sent: outage, primary: value(9000) }, 10)).to.equal(null)
    expect(missingRequests({ ...none, callers: undefined, primary: value(9000) }, 10)).to.equal(null)
  })

  test('cannot be compared at 0 and at 100', () => {
    expect(missingRequests({ ...none, primary: value(9000) }, 0)).to.equal(null)
    expect(missingRequests({ ...none, primary: value(9000) }, 100)).to.equal(null)
  })
})

suite('the split that callers report', () => {
  const says = (canary: number, primary: number, weight: number) => splitSays(value(canary), value(primary), weight)

  test('agrees when it is what was asked, within chance', () => {
    expect(says(104, 896, 10)).to.deep.equal({
      said: 'agrees',
      because: 'callers sent 10.4 % of 1000 requests to the canary; 10 % was requested',
    })
  })

  test('contradicts when the mesh still carries the old weight', () => {
    expect(says(100, 900, 25)).to.deep.equal({
      said: 'contradicts',
      because: 'callers sent 10.0 % of 1000 requests to the canary; 25 % was requested (±7.5)',
    })
  })

  test('contradicts when everything goes to one side', () => {
    expect(says(0, 500, 50).said).to.equal('contradicts')
    expect(says(500, 0, 50).said).to.equal('contradicts')
    expect(says(0, 500, 100).said).to.equal('contradicts')
    expect(says(500, 0, 0).said).to.equal('contradicts')
  })

  test('a few late answers at 0 and at 100 are no contradiction', () => {
    expect(says(5, 195, 0).said).to.equal('agrees')
    expect(says(195, 5, 100).said).to.equal('agrees')
  })

  test('a small share is told from several times as much, and never by a few requests', () => {
    const rows: readonly [canary: number, primary: number, weight: number, said: string][] = [
      // Counted at sidecars and a waypoint: 89 of 20,000 at 0.5, 10 to 23 at 0.1.
      [89, 19_911, 0.5, 'agrees'],
      [10, 19_990, 0.1, 'agrees'],
      [23, 19_977, 0.1, 'agrees'],
      [400, 19_600, 0.5, 'contradicts'],
      [5, 19_995, 0.5, 'contradicts'],
      [100, 19_900, 0.1, 'contradicts'],
      [40, 1960, 0.5, 'contradicts'],
      [3, 97, 0.5, 'agrees'],
      [0, 100, 0.5, 'agrees'],
      [30, 970, 1, 'contradicts'],
      [15, 985, 1, 'agrees'],
    ]
    for (const [canary, primary, weight, said] of rows)
      expect(says(canary, primary, weight), `${canary} of ${canary + primary} at ${weight}`).to.include({ said })
  })

  test('few requests are tolerated more than many', () => {
    expect(says(20, 100, 25).said).to.equal('agrees')
    expect(says(2000, 10_000, 25).said).to.equal('contradicts')
  })

  test('says nothing about fewer than 100 requests, or without the telemetry of callers', () => {
    expect(says(0, 99, 50)).to.deep.equal({
      said: 'unknown',
      because: 'callers report 99 requests, 100 are needed to tell the split',
    })
    expect(splitSays(noData, noData, 50).said).to.equal('unknown')
    expect(splitSays(outage, value(500), 50)).to.deep.equal({
      said: 'unknown',
      because: "the callers' telemetry could not be read",
    })
  })

  test('an honest mesh is hardly ever contradicted', () => {
    // A small generator of its own (mulberry32), so that the test is the same each time.
    let seed = 42
    const random = (): number => {
      seed = (seed + 0x6d2b79f5) | 0
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
      return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
    }
    let contradicted = 0
    for (let run = 0; run < 2000; run++) {
      const weight = [1, 10, 25, 50, 99][run % 5] ?? 50
      let canary = 0
      for (let request = 0; request < 200; request++) if (random() * 100 < weight) canary += 1
      if (says(canary, 200 - canary, weight).said === 'contradicts') contradicted += 1
    }
    expect(contradicted).to.equal(0)
  })
})
