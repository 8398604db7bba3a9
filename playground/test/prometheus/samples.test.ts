/** The samples of the in-memory Prometheus: order, ends, bounds, and which series a matcher finds. */
import { expect } from 'chai'
import { instantQuery } from '../../prometheus/evaluate.ts'
import { matcher } from '../../prometheus/matcher.ts'
import { Samples } from '../../prometheus/samples.ts'

const up = (pod: string): Record<string, string> => ({ __name__: 'up', pod })

/** The pods of the series that a query finds. */
function podsAt(samples: Samples, at: number, query = 'up'): string[] {
  const answer = instantQuery(samples, query, at)
  return answer.type === 'vector' ? answer.samples.map(({ labels }) => labels['pod'] ?? '') : []
}

suite('samples in memory', () => {
  test('a series that a target no longer exposes has ended at once, one that is only not scraped after 5 minutes', () => {
    const samples = new Samples()
    samples.append(up('unscraped'), 0, 1)
    samples.scrape(
      'web',
      [
        [up('a'), 1],
        [up('b'), 1],
      ],
      1000,
    )
    samples.scrape('web', [[up('b'), 1]], 2000)
    expect(podsAt(samples, 1999)).to.deep.equal(['unscraped', 'a', 'b'])
    expect(podsAt(samples, 2000)).to.deep.equal(['unscraped', 'b'])
    expect(podsAt(samples, 300_000)).to.deep.equal(['b'])
  })

  test('a target that is down ends all its series, and they can come back', () => {
    const samples = new Samples()
    samples.scrape('web', [[up('a'), 1]], 1000)
    samples.scrape('web', [], 2000)
    samples.scrape('web', [], 3000)
    expect(podsAt(samples, 3000)).to.deep.equal([])
    samples.scrape('web', [[up('a'), 1]], 4000)
    expect(podsAt(samples, 4000)).to.deep.equal(['a'])
  })

  test('what is older than the retention goes, and a series without samples with it', () => {
    const samples = new Samples(60_000)
    samples.append(up('old'), 0, 1)
    for (let at = 0; at <= 600_000; at += 1000) samples.append(up('new'), at, at)
    const all = samples.select([matcher('__name__', '=', 'up')], 0, 600_000)
    expect(all.map(({ labels }) => labels['pod'])).to.deep.equal(['new'])
    expect(all[0]?.points.length).to.be.within(60, 67)
    expect(all[0]?.points.at(-1)).to.deep.equal({ at: 600_000, value: 600_000 })
  })

  test('a sample out of order, or without a name, is refused with a sentence', () => {
    const samples = new Samples()
    samples.append(up('a'), 1000, 1)
    expect(() => samples.append(up('a'), 1000, 2)).to.throw(RangeError, 'up has a sample at 1000 ms already')
    expect(() => samples.append({ pod: 'a' }, 1000, 2)).to.throw(RangeError, 'a series needs a name')
    expect(podsAt(samples, 1000, 'up == 1')).to.deep.equal(['a'])
  })

  test('a label without a value is no label, so both spellings are one series', () => {
    const samples = new Samples()
    samples.append({ ...up('a'), zone: '' }, 1000, 1)
    samples.append(up('a'), 2000, 1)
    expect(samples.select([matcher('zone', '=', '')], 0, 2000)).to.have.lengthOf(1)
  })

  test('an hour of many series is appended and asked in good time', () => {
    const samples = new Samples()
    const started = performance.now()
    for (let at = 0; at < 3_600_000; at += 5000) {
      for (let pod = 0; pod < 50; pod++) samples.append(up(String(pod)), at, at)
    }
    const answer = instantQuery(samples, 'sum(rate(up[1m]))', 3_595_000)
    expect(answer.type === 'vector' && Math.round(answer.samples[0]?.value ?? 0)).to.equal(50_000)
    expect(performance.now() - started).to.be.below(3000)
  })

  for (const source of ['a(?=b)', '(?<=a)b', '(a)\\1', 'a**', '(']) {
    test(`the regular expression ${source} is refused, as RE2 refuses it`, () => {
      expect(() => matcher('pod', '=~', source)).to.throw('error parsing regexp')
    })
  }

  for (const [source, value] of [
    ['\\pL+', 'é'],
    ['[[:alpha:]]', 'a'],
    ['a\\z', 'a'],
    ['(?i:a)b', 'Ab'],
    ['a.b', 'a\nb'],
    ['a|b', 'b'],
  ] as const) {
    test(`the regular expression ${source} is read as RE2 reads it, and is anchored at both ends`, () => {
      const { matches } = matcher('pod', '=~', source)
      expect([matches(value), matches(`${value}-`), matches(`-${value}`)]).to.deep.equal([true, false, false])
    })
  }
})
