import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { carriedBy, carries, NONE, weighted } from '../../../src/core/model/traffic.ts'
import { unconfirmedOf } from '../../../src/core/routers/gateway-api/acceptance.ts'
import { live } from '../given-objects.ts'
import { rendered, route, v1 } from './gateway-api.given.ts'
import { answers, takenUp, unanswered, withEntries } from './route-acceptance.rows.ts'

suite('a weight counts once every parent has taken up the route', () => {
  test('in whatever order they answer', () => {
    expect(v1.read(takenUp)).to.deep.equal(carriedBy([10, 10]))
    expect(carries(v1.read(takenUp), weighted(10))).to.equal(true)
  })

  for (const [name, [there, from, because]] of Object.entries(answers)) {
    test(name, () => {
      const isAnswered = from === 0
      const isPartial = name !== 'nobody has answered yet'
      expect(unconfirmedOf(route(there))).to.deep.equal({ because, since: from, isAnswered, isPartial })
      expect(carries(v1.read(there), weighted(10))).to.equal(false)
      // Who lowers the weight is obeyed all the same.
      expect(v1.read(there)).to.include({ low: 10, high: 10 })
    })
  }

  test('a controller that has gone leaves what it said of an earlier generation', () => {
    const both = withEntries(entries =>
      entries.flatMap(entry => {
        const conditions = entry.conditions.map(one => ({ ...one, observedGeneration: 1, status: 'False' }))
        return [{ ...entry, controllerName: 'example.com/gone', conditions }, entry]
      }),
    )
    expect(unconfirmedOf(route(both))).to.equal(null)
  })

  test('and one that refuses what is written now is heard beside one that takes it', () => {
    const both = withEntries(entries =>
      entries.flatMap(entry => [
        entry,
        {
          ...entry,
          controllerName: 'example.com/other',
          conditions: entry.conditions.map(one => ({ ...one, status: 'False' })),
        },
      ]),
    )
    expect(unconfirmedOf(route(both))).to.include({ since: 0, isAnswered: true, isPartial: false })
  })

  test('weight 0 counts where every parent has answered, for one that refuses serves no other; a rise does not', () => {
    const zero = rendered(unanswered, { traffic: NONE })
    const at0 = (row: string): Observation => {
      const status = route(answers[row]?.[0] ?? unanswered)['status']
      return {
        ...zero,
        live: { ...zero.live, ...live([kinds.HTTPRoute, { ...route(unanswered), spec: route(zero).spec, status }]) },
      }
    }
    const refused = v1.read(at0('a parent that refuses it says why'))
    expect([carries(refused, NONE), carries(refused, weighted(10))]).to.deep.equal([true, false])
    for (const row of ['a Gateway that does not exist has no entry', 'an answer to an earlier generation is none'])
      expect(carries(v1.read(at0(row)), NONE), row).to.equal(false)
  })
})
