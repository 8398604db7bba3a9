import { expect } from 'chai'
import { canary, inline } from '../../e2e/crd/given.ts'
import { kinds } from '../../src/api/object.ts'
import { VirtualClock } from '../../playground/clock.ts'
import { installed } from '../../playground/test/installed.ts'
import { ApiError } from '../../src/core/errors.ts'

const REFUSED = /spec.provider cannot be changed: write the one in status.provider/

/** What admission says to a change from one provider to another, where status has recorded this one. */
function answerTo(before: string | undefined, recorded: string | undefined, after: string | null): string | null {
  const user = installed(new VirtualClock()).as('kubectl')
  user.namespace('default')
  const analysis = { metrics: [inline] }
  user.create(canary(before === undefined ? { analysis } : { provider: before, analysis }))
  if (recorded !== undefined)
    user.mergeStatus(kinds.Canary, 'default', 'web', { status: { provider: recorded, observedGeneration: 1 } })
  try {
    user.merge(kinds.Canary, 'default', 'web', { spec: { provider: after } })
    // Whatever was admitted, the controller can write its status.
    user.mergeStatus(kinds.Canary, 'default', 'web', { status: { message: 'seen' } })
    return null
  } catch (error) {
    if (error instanceof ApiError) return error.message
    throw error
  }
}

const rows: readonly [string | undefined, string | undefined, string | null, 'admitted' | 'refused'][] = [
  [undefined, undefined, 'kubernetes', 'admitted'],
  ['istio', undefined, 'kubernetes', 'admitted'],
  [undefined, 'kubernetes', 'kubernetes', 'admitted'],
  [undefined, 'kubernetes', '', 'admitted'],
  [undefined, 'kubernetes', 'istio', 'refused'],
  [undefined, 'istio', 'kubernetes', 'refused'],
  ['istio', 'istio', 'kubernetes', 'refused'],
  ['istio', 'istio', null, 'refused'],
  ['istio', 'istio', '', 'refused'],
  ['istio', 'kubernetes', 'kubernetes', 'admitted'],
]

suite('a change of spec.provider', () => {
  for (const [before, recorded, after, expected] of rows) {
    test(`from ${before ?? 'none'} to ${after ?? 'none'}${after === '' ? 'an empty one' : ''} is ${expected} where status has ${recorded ?? 'none'}`, () => {
      const answer = answerTo(before, recorded, after)
      if (expected === 'admitted') expect(answer).to.equal(null)
      else expect(answer).to.match(REFUSED)
    })
  }

  test('mirroring is refused where the provider that cannot have it is written, and only there', () => {
    const create = (more: Record<string, unknown>): void => {
      const user = installed(new VirtualClock()).as('kubectl')
      user.namespace('default')
      user.create(canary({ analysis: { iterations: 3, mirror: true, metrics: [inline] }, ...more }))
    }
    create({})
    create({ provider: 'istio' })
    expect(() => create({ provider: 'kubernetes' })).to.throw(/provider kubernetes has no routes: remove match, mirror/)
  })

  test('minRequests are refused where provider kubernetes is written and metrics are checked', () => {
    const create = (minRequests: number, more: Record<string, unknown>): void => {
      const user = installed(new VirtualClock()).as('kubectl')
      user.namespace('default')
      user.create(canary({ analysis: { metrics: [{ ...inline, minRequests }] }, ...more }))
    }
    create(5, {})
    create(5, { provider: 'istio' })
    create(0, { provider: 'kubernetes' })
    create(5, { provider: 'kubernetes', skipAnalysis: true })
    expect(() => create(5, { provider: 'kubernetes' })).to.throw(/remove minRequests from analysis.metrics/)
  })
})
