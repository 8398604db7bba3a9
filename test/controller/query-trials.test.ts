/** When a query is tried again, by what its trial found. */
import { expect } from 'chai'
import { QueryTrials } from '../../src/controller/query-trials.ts'
import type { Check, Finding } from '../../src/core/model/check.ts'
import type { MetricSource } from '../../src/core/ports.ts'
import { VirtualClock } from '../../playground/clock.ts'
import { question } from '../adapters/prometheus/loopback.ts'

const rows: readonly { name: string; finding: Finding; again: number | null; isNews: boolean }[] = [
  { name: 'a value', finding: { kind: 'value', value: 1 }, again: null, isNews: false },
  { name: 'no data', finding: { kind: 'no-data', because: 'nothing' }, again: null, isNews: false },
  { name: 'a server that is away', finding: { kind: 'unavailable', error: 'away' }, again: 300_000, isNews: false },
  { name: 'a query that is refused', finding: { kind: 'refused', error: 'no' }, again: 300_000, isNews: true },
  // Nothing tells that a Secret is there now.
  { name: 'a Secret that is missing', finding: { kind: 'not-asked', error: 'missing' }, again: 30_000, isNews: true },
]

suite('the trial of a query', () => {
  for (const { name, finding, again, isNews } of rows) {
    test(`${name} is asked again ${again === null ? 'at no time' : `after ${again / 1000} s`}`, async () => {
      const clock = new VirtualClock()
      const asked: Check[] = []
      const source: MetricSource = {
        measure: async checks => {
          asked.push(...checks)
          return new Map(checks.map(({ id }) => [id, finding]))
        },
      }
      const woken = new Set<number>()
      const trials = new QueryTrials(source, clock, (_key, at) => woken.add(at - clock.now()))
      const check = question('up')
      trials.ask('shop/web', [check])
      await new Promise(setImmediate)
      expect([...woken].toSorted((a, b) => a - b)).to.deep.equal([
        ...(isNews ? [0] : []),
        ...(again === null ? [] : [again]),
      ])
      expect(trials.findings('shop/web')).to.deep.equal({ [check.id]: finding })
      await clock.advance(600_000)
      trials.ask('shop/web', [check])
      expect(asked).to.have.lengthOf(again === null ? 1 : 2)
    })
  }
})
