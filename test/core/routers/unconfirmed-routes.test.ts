import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { decide } from '../../../src/core/machine/decide.ts'
import { unconfirmedProblem } from '../../../src/core/machine/unconfirmed.ts'
import type { Decision } from '../../../src/core/model/decision.ts'
import { warningsOf } from '../../../src/core/problems/index.ts'
import { holdWhileUnconfirmed, waitUntilCarried } from '../../../src/core/machine/rules/carry.ts'
import { returnToPrimary } from '../../../src/core/machine/rules/terminate.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { type Carried, carriedBy, type Unconfirmed } from '../../../src/core/model/traffic.ts'
import { render } from '../../../src/core/render/render.ts'
import { after, live } from '../given-objects.ts'
import { advancing, at, failed, now, target, terminating } from '../machine/given.ts'
import { given, rendered, route, v1 } from './gateway-api.given.ts'
import { answers, parents, since, takenUp, unanswered } from './route-acceptance.rows.ts'

suite('a route that a parent has not taken up', () => {
  test('a moment of waiting is no trouble, a longer one and a refusal are', () => {
    const of = (row: string): Observation => {
      const there = answers[row]?.[0] ?? unanswered
      return { ...there, traffic: v1.read(there) }
    }
    const said = (row: string, when: number): unknown => unconfirmedProblem(of(row), when)?.reason ?? null
    expect(said('nobody has answered yet', since + 9_999)).to.equal(null)
    expect(said('nobody has answered yet', since + 10_000)).to.equal('RouteNotAccepted')
    expect(said('a parent that refuses it says why', since)).to.equal('RouteNotAccepted')
  })

  const inRun = (row: string, carriedAt: number | null): Observation<'Progressing'> => {
    const there = answers[row]?.[0] ?? unanswered
    return { ...there, state: advancing(10, { carriedAt }), traffic: v1.read(there) }
  }

  test('a run whose weight no parent has taken up waits, and says for which', () => {
    const move = waitUntilCarried(inRun('nobody has answered yet', null), since)
    expect(move?.message).to.equal(`Requested weight 10; ${answers['nobody has answered yet']?.[2]}`)
    expect(move?.state).to.include({ carriedAt: null })
  })

  test('where one has, or all had, the candidate is judged, and does not rise', () => {
    const [row = ''] = Object.keys(answers)
    for (const waiting of [inRun(row, since), inRun('nobody has answered yet', since)]) {
      const later = since + 20_000
      expect(waitUntilCarried(waiting, later)).to.equal(undefined)
      const move = holdWhileUnconfirmed(waiting, later)
      expect([move?.reason, move?.message]).to.deep.equal([
        'Routing',
        `Requested weight 10; ${waiting.traffic?.unconfirmed?.because}`,
      ])
      // The step begins again with the last check.
      expect(move?.state).to.include({ carriedAt: waiting.state.lastCheckTime, lastCheckPassed: false })
      expect(holdWhileUnconfirmed(waiting, since + 9_999)?.state).to.equal(waiting.state)
    }
    const begun = waitUntilCarried(inRun(row, null), since)
    expect(begun?.state).to.include({ carriedAt: since })
    expect(holdWhileUnconfirmed({ ...takenUp, state: advancing(10), traffic: v1.read(takenUp) }, since)).to.equal(
      undefined,
    )
  })

  test('a bad candidate is rolled back whatever a parent has not taken up', () => {
    const { traffic } = inRun('a Gateway that does not exist has no entry', null)
    const state = advancing(10, { carriedAt: now - 20_000, lastCheckTime: now - 20_000 })
    const o = at(state, { traffic })
    const written = { ...o, live: after(o, render(o, false)).live }
    expect(decide(written, now)).to.have.property('ask')
    const noPods = decide(at({ ...state, failedChecks: 4 }, { traffic, target: target('web:2', 0) }), now)
    expect('state' in noPods && noPods.state.phase).to.equal('Failed')
  })

  test('the pods of what was rolled back go where a parent refuses the route, and stay for the deadline where one does not answer', () => {
    const state = failed({ drained: false, carriedAt: null })
    type Failed = typeof state
    const decided = (unconfirmed: Unconfirmed, from: Failed): Decision & { readonly state: Failed } => {
      const decision = decide(at(from, { traffic: { ...carriedBy([0]), unconfirmed } as Carried }), now)
      if (!('state' in decision)) throw new Error('no decision')
      return decision as Decision & { readonly state: Failed }
    }
    const drained = (unconfirmed: Unconfirmed): unknown =>
      decided(unconfirmed, { ...state, carriedAt: now - 600_000 }).state.drained
    const silent = {
      because: 'HTTPRoute shop/web has no answer',
      since: now - 119_000,
      isAnswered: false,
      isPartial: true,
    }
    expect(drained({ ...silent, isAnswered: true })).to.equal(true)
    const waits = decided(silent, state)
    expect([waits.reason, waits.state.drained, (waits.wakeAt ?? 0) - now]).to.deep.equal([
      'RouteNotAccepted',
      false,
      1000,
    ])
    expect(waits.message).to.equal(
      'HTTPRoute shop/web has no answer. It may still send requests by the weights before, so the pods of Deployment web stop 2m after the last change of the route',
    )
    const overdue = { ...silent, since: now - 120_000 }
    const over = decided(overdue, state)
    expect([over.reason, over.state.carriedAt, (over.wakeAt ?? 0) - now]).to.deep.equal([
      'RouteNotAccepted',
      now,
      11_000,
    ])
    expect(over.message).to.equal(
      'HTTPRoute shop/web has no answer. Nothing was said of it for 2m, so the pods of Deployment web stop; what it still sends to them fails',
    )
    expect(decided(overdue, { ...over.state, carriedAt: now - 60_000 }).state.drained).to.equal(true)
  })

  test('at rest a refusal is a warning', () => {
    const { traffic } = inRun('a parent that refuses it says why', null)
    const waiting = inRun('nobody has answered yet', null).traffic
    const warned = (carried: typeof traffic): unknown => {
      const canaryOfIt = given(parents).canary
      return warningsOf({ ...at(failed(), { canary: canaryOfIt }), traffic: carried }).map(({ reason }) => reason)
    }
    expect(warned(traffic)).to.deep.equal(['RouteNotAccepted'])
    expect(warned(waiting)).to.deep.equal([])
  })

  test('a Canary that is deleted does not wait for it for ever', () => {
    const world = rendered(unanswered)
    const there = {
      ...world,
      live: { ...world.live, ...live([kinds.HTTPRoute, { ...route(unanswered), spec: route(world).spec }]) },
    }
    const state = terminating('returning', { promoted: unanswered.target?.revision ?? '' })
    const deleted = {
      ...there,
      state,
      traffic: v1.read(there),
      primary: unanswered.target,
    } as Observation<'Terminating'>
    const early = returnToPrimary(deleted, since)
    expect([early.state, early.wakeAt]).to.deep.equal([{ ...state, carriedAt: null }, since + 600_000])
    expect(returnToPrimary(deleted, since + 600_000).state).to.include({ carriedAt: since + 600_000 })
  })
})
