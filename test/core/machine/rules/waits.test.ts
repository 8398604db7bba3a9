/** What a run waits for, by which clock, and what ends the wait. */
import { expect } from 'chai'
import { decide } from '../../../../src/core/machine/decide.ts'
import { withReport } from '../../../../src/core/machine/move.ts'
import type { Decision } from '../../../../src/core/model/decision.ts'
import { FINALIZER } from '../../../../src/core/model/names.ts'
import type { Observation } from '../../../../src/core/model/observation.ts'
import { firstStep } from '../../../../src/core/machine/rules/start-run.ts'
import { holdWithoutVerdict } from '../../../../src/core/machine/rules/suspend.ts'
import { runChecks } from '../../../../src/core/machine/rules/checks.ts'
import { rollBackWhenPodsOverdue } from '../../../../src/core/machine/rules/unready.ts'
import type { State, StateOf } from '../../../../src/core/model/state.ts'
import { conditionsOf } from '../../../../src/core/status/conditions.ts'
import { carriedBy, weighted } from '../../../../src/core/model/traffic.ts'
import { advancing, answered, at } from '../given.ts'
import { canary, deployment, observation, record, replicaSet, template, workload } from '../../given-objects.ts'

const now = Date.UTC(2026, 0, 2)
const minute = 60_000
const candidate = record(template('web:2'))
const promoted = record(template('web:1'))

const target = (generation = 1) =>
  deployment(
    'web',
    { template: template('web:2'), paused: true },
    { generation, annotations: { 'sluice.dev/locked': 'true' } },
    { replicas: 2, readyReplicas: 2 },
  )
const primary = (image = 'web:1', generation = 1) =>
  deployment('web-primary', { template: template(image) }, { generation }, { replicas: 2, readyReplicas: 2 })

const run = (more: Partial<StateOf<'Progressing'>> = {}): StateOf<'Progressing'> => ({
  ...firstStep({ promoted: promoted.revision, rejected: null }, candidate.revision, 'startingPods', now - 2 * minute),
  ...more,
})

function given(state: State, more: Partial<Observation> = {}): Observation {
  const own = canary(
    { progressDeadlineSeconds: 60, analysis: { interval: '10s', maxDuration: '24h' } },
    {},
    { finalizers: [FINALIZER] },
  )
  return observation({
    canary: own,
    state,
    recorded: [candidate, promoted],
    target: workload(target(), [replicaSet(target(), 2)]),
    primary: workload(primary(), [replicaSet(primary(), 2)]),
    traffic: carriedBy([0, 0]),
    sight: 'live',
    memory: { ...observation().memory, handled: {} },
    ...more,
  })
}

function decided(o: Observation): Decision {
  const said = decide(o, now)
  if ('ask' in said || 'read' in said) throw new Error(`asks: ${JSON.stringify(said)}`)
  return said
}

const told = ({ state, reason, message }: Decision): string[] => [state.phase, reason, message]

suite('waits of a run', () => {
  const unready = workload(target(), [replicaSet(target(), 0)])

  test('a deadline is no verdict before the API server was read', () => {
    const said = decide(given(run(), { target: unready, sight: 'cached' }), now)
    expect('read' in said && said.read.map(one => ('ref' in one ? one.ref.kind.kind : one.kind.kind))).to.deep.equal([
      'Canary',
      'Deployment',
      'Deployment',
      'VirtualService',
      'ReplicaSet',
      'ReplicaSet',
      'EndpointSlice',
      'EndpointSlice',
    ])
    expect(told(decided(given(run(), { target: unready })))).to.deep.equal([
      'Failed',
      'DeadlineExceeded',
      'Rolled back 34c7e426be (web:2) before it received traffic: Deployment web was not ready within 1m (0 of 2 pods available; its rollout is paused)',
    ])
  })

  test('nor while it does not answer', () => {
    expect(told(decided(given(run(), { target: unready, sight: { unavailable: 'connect ETIMEDOUT' } })))).to.deep.equal(
      [
        'Progressing',
        'WatchUnavailable',
        'A deadline has passed; nothing is decided until the API server confirms the state of the cluster: connect ETIMEDOUT',
      ],
    )
  })

  test('and requests that are missing meanwhile are asked for again: an old answer is no verdict either', () => {
    const state = advancing(10, { carriedAt: now - 5 * minute, lastCheckTime: now - 10_000, noTrafficChecks: 1 })
    const o = answered(
      at(state, { sight: { unavailable: 'connect ETIMEDOUT' } }),
      runChecks,
      ({ subject: { measure, side } }) => ({
        kind: 'value',
        value: side === 'primary' && ['requests', 'sent'].includes(measure) ? 900 : 0,
      }),
    ) as Observation<'Progressing'>
    const said = runChecks(o, now)
    if (said === undefined || !('state' in said)) throw new Error('no move')
    expect([said.reason, said.state]).to.deep.equal(['WatchUnavailable', { ...said.state, lastCheckTime: now }])
  })

  test('a candidate that the Deployment controller never took up is waited for, and not rejected', () => {
    const pending = workload(target(2), [replicaSet(target(2), 0)])
    const first = decided(given(run(), { target: pending }))
    expect(told(first)).to.deep.equal([
      'Progressing',
      'WaitingForPods',
      'Waiting for Deployment web: the Deployment controller has not observed its latest change (generation 2, observed 1). The release of 34c7e426be (web:2) continues when it does; check kube-controller-manager',
    ])
    // The given run has no Services, which is an edit of its own.
    expect(first.announcements.filter(({ reason }) => reason !== 'EditReverted')).to.have.lengthOf(1)
    // Once it is taken up the pods have their whole time.
    const after = decided(given(first.state, { target: unready }))
    expect([after.state.phase, after.reason, after.wakeAt]).to.deep.equal([
      'Progressing',
      'WaitingForPods',
      now + minute,
    ])
  })

  test('a primary whose change was never taken up is waited for, and the promotion not undone', () => {
    const waiting = { for: 'primary', since: now - 2 * minute } as const
    const copying = {
      ...run({ waiting, traffic: weighted(50) }),
      phase: 'Promoting',
      stage: 'copying',
      because: '',
    } as const
    const object = primary('web:2', 2)
    const pending = { ...workload(object, []), revision: candidate.revision }
    const first = decided(given(copying, { primary: pending }))
    expect(told(first)).to.deep.equal([
      'Promoting',
      'Promoting',
      'Waiting for Deployment web-primary: the Deployment controller has not observed its latest change (generation 2, observed 1). The promotion of 34c7e426be (web:2) continues when it does; check kube-controller-manager',
    ])
    // Once it is taken up the pods have their whole time.
    const after = decided(given(first.state, { primary: { ...pending, readiness: 'progressing' } }))
    expect([after.state.phase, after.reason, after.wakeAt]).to.deep.equal(['Promoting', 'Promoting', now + minute])
  })

  test('pods that carry have their whole time, too, once a change of their number is taken up late', () => {
    const waiting = { for: 'pods', since: now - 2 * minute } as const
    const carrying = run({ waiting, stage: 'advancing', traffic: weighted(50), highest: 50 })
    const [seen, missing] = [
      workload(target(2), [replicaSet(target(2), 1)]),
      workload(target(), [replicaSet(target(), 1)]),
    ]
    const first = decided(given(carrying, { target: seen }))
    expect(first.state.phase).to.equal('Progressing')
    const after = decided(given(first.state, { target: missing }))
    expect([after.state.phase, 'waiting' in after.state && after.state.waiting]).to.deep.equal([
      'Progressing',
      { for: 'pods', since: now },
    ])
    expect(decided(given(carrying, { target: missing })).state.phase).to.equal('Failed')
  })

  const waitsForEndpoints: Record<string, [State, Partial<Observation>, string]> = {
    'a candidate': [
      run({ stage: 'pausingRollout' }),
      {},
      'Waiting for 34c7e426be (web:2): 2 ready pods are not yet in the endpoints of Service web-canary (<1m of 1m)',
    ],
    'a promotion': [
      { ...run(), phase: 'Promoting', stage: 'copying', because: '', traffic: weighted(50) },
      { primary: { ...workload(primary('web:2')), revision: candidate.revision } },
      'Waiting for Deployment web-primary: 2 ready pods are not yet in the endpoints of Service web-primary (<1m of 1m)',
    ],
  }
  for (const [what, [state, more, message]] of Object.entries(waitsForEndpoints)) {
    test(`${what} that waits for endpoints says so, by a clock of its own`, () => {
      const o = { ...given(state, more), endpoints: { primary: [], canary: [], apex: [] } }
      const first = decided(o)
      expect([first.message, first.wakeAt]).to.deep.equal([message, now + minute])
      const late = {
        ...o,
        state: { ...first.state, waiting: { for: 'endpoints', since: now - minute } },
      } as Observation
      expect(['DeadlineExceeded', 'Undoing']).to.include(decided(late).reason)
    })
  }

  const climbing = (more: Partial<StateOf<'Progressing'>> = {}): StateOf<'Progressing'> =>
    run({
      stage: 'advancing',
      waiting: null,
      traffic: weighted(10),
      carriedAt: now - minute,
      routedAt: now - minute,
      lastCheckTime: now,
      ...more,
    })
  const half = workload(deployment('web', { template: template('web:2') }, {}, { replicas: 2, readyReplicas: 1 }), [
    replicaSet(deployment('web', { template: template('web:2') }), 1),
  ])

  for (const [what, state, more] of [
    [
      'another reason is on show',
      climbing(),
      { memory: { ...observation().memory, handled: {}, reason: 'MetricsUnavailable' } },
    ],
    ['the mesh does not carry the weight', climbing({ carriedAt: null }), {}],
    ['a hand holds it', climbing({ hold: { by: 'override', from: 25 } }), { traffic: carriedBy([10, 10]) }],
  ] as const) {
    test(`the clock of missing pods goes on while ${what}`, () => {
      const first = decided(given(state, { target: half, ...more }))
      expect(first.state).to.deep.include({ waiting: { for: 'pods', since: now } })
      expect(first.wakeAt).to.be.at.most(now + minute)
      const late = { ...state, waiting: { for: 'pods', since: now - minute } } as const
      expect(told(decided(given(late, { target: half, ...more }))).slice(0, 2)).to.deep.equal([
        'Failed',
        'DeadlineExceeded',
      ])
    })
  }

  const heldAtZero: Record<string, Partial<StateOf<'Progressing'>>> = {
    'lowered by hand': { hold: { by: 'override', from: 10 } },
    suspended: { hold: { by: 'suspension', since: now - minute } },
  }
  for (const [how, more] of Object.entries(heldAtZero)) {
    for (const [pods, of] of [
      ['ready', target()],
      ['missing', null],
    ] as const) {
      test(`at weight 0, ${how}, no deadline runs for the pods that once were missing and are ${pods}`, () => {
        const waiting = { for: 'pods', since: now - 2 * minute } as const
        const state = climbing({ traffic: weighted(0), highest: 10, lastCheckTime: now - 1000, waiting, ...more })
        const workloads = of === null ? { target: half } : {}
        const said = decided(given(state, workloads))
        expect(said.state).to.deep.include({ phase: 'Progressing', waiting: null })
      })
    }
  }

  test('pods that are ready are not overdue, whatever was waited for', () => {
    const waiting = { for: 'pods', since: now - 2 * minute } as const
    const o = given(climbing({ waiting })) as Observation<'Progressing'>
    expect(rollBackWhenPodsOverdue(o, now)).to.equal(undefined)
    expect(rollBackWhenPodsOverdue({ ...o, target: half }, now)).to.not.equal(undefined)
    const atZero = { ...o, target: half, state: { ...o.state, traffic: weighted(0) } }
    expect(rollBackWhenPodsOverdue(atZero, now)).to.equal(undefined)
  })

  test('a target that is created late has its whole time to get ready', () => {
    const early = { for: 'target', since: now - 15 * minute } as const
    const first: State = { phase: 'Initializing', stage: 'cloning', revision: null, carriedAt: null, waiting: early }
    const o = given(first, { target: null, primary: null, recorded: [] })
    const refused = decided(o)
    expect([refused.reason, refused.state]).to.deep.equal(['TargetMissing', { ...first, waiting: null }])
    const created = { ...o, state: refused.state, target: unready }
    const said = decided(created)
    expect([said.reason, said.wakeAt]).to.deep.equal(['TargetNotReady', now + minute])
    expect(conditionsOf(created, said, now).find(({ type }) => type === 'Stalled')?.status).to.equal('False')
  })

  test('a metrics server that dies where nothing counted yet is announced, once', () => {
    const state = climbing()
    let o = given(state) as Observation<'Progressing'>
    const announced = [null, null, now - 5000, now - 5000].map(blindSince => {
      const move = withReport(o, holdWithoutVerdict(o, state, 'no data', blindSince, now, now), now)
      o = { ...o, memory: move.memory }
      return move.announcements.length
    })
    expect(announced).to.deep.equal([1, 0, 1, 0])
  })

  test('the clock of maxDuration stands still while it is paused, whatever is on show, and goes on with it', () => {
    const held = decided(given(climbing(), { memory: { ...observation().memory, handled: {}, paused: 'hmm' } }))
    expect(held.state).to.deep.include({ pausedSince: now })
    const resumed = decided(given(climbing({ pausedSince: now - 5000 }), { traffic: carriedBy([10, 10]) }))
    expect(resumed.state).to.deep.include({ pausedSince: null, pausedDuration: 5000 })
  })
})
