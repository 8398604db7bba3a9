/** Any state and any memory that a status can hold, whether or not a history leads there. */
import fc from 'fast-check'
import type { AlertFacts } from '../../src/core/model/alert.ts'
import type { OutboxEntry } from '../../src/core/model/announcement.ts'
import type { HookRecord } from '../../src/core/model/hook.ts'
import { COMMIT_STATES } from '../../src/core/model/commit.ts'
import type { HandledCommand } from '../../src/core/model/command.ts'
import { emptyMemory, type Memory } from '../../src/core/model/memory.ts'
import type { State } from '../../src/core/model/state.ts'
import { AWAITED } from '../../src/core/model/waiting.ts'
import { weighted } from '../../src/core/model/traffic.ts'

export const instant = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) })
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { nil: null })
const revision = fc.stringMatching(/^h1:[0-9a-f]{64}$/)
const percent = fc.integer({ min: 0, max: 1000 }).map(tenths => tenths / 10)
const settled = { promoted: revision, rejected: maybe(revision) }
const waiting = fc.record({ for: fc.constantFrom(...AWAITED), since: instant })
const run = {
  ...settled,
  id: fc.stringMatching(/^[0-9a-z]{8}$/),
  candidate: revision,
  startedAt: instant,
  highest: percent,
  traffic: percent.map(weighted),
  carriedAt: maybe(instant),
  waiting: maybe(waiting),
}
const analysis = {
  ...run,
  stage: fc.constantFrom(
    'draining' as const,
    'stoppingOldPods' as const,
    'startingPods' as const,
    'pausingRollout' as const,
    'advancing' as const,
  ),
  iteration: fc.nat(20),
  routedAt: maybe(instant),
  lastCheckTime: maybe(instant),
  lastCheckPassed: fc.boolean(),
  failedChecks: fc.nat(9),
  lastFailedTime: maybe(instant),
  noTrafficChecks: fc.nat(2),
  misrouted: fc.boolean(),
  blindSince: maybe(instant),
  hold: maybe(
    fc.oneof(
      fc.record({ by: fc.constant('override' as const), from: percent }),
      fc.record({ by: fc.constant('suspension' as const), since: instant }),
    ),
  ),
  mirrored: fc.boolean(),
  pausedDuration: fc.nat(86_400_000),
  pausedSince: maybe(instant),
  approved: maybe(fc.oneof(percent, fc.constant('full' as const))),
}
const phase = <P extends State['phase']>(name: P): { phase: fc.Arbitrary<P> } => ({ phase: fc.constant(name) })

export const state: fc.Arbitrary<State> = fc.oneof(
  fc.record({
    ...phase('Initializing'),
    stage: fc.constantFrom('cloning' as const, 'routing' as const),
    revision: maybe(revision),
    carriedAt: maybe(instant),
    waiting: maybe(waiting),
  }),
  fc.record({ ...phase('Initialized'), ...settled }),
  fc.record({ ...phase('Succeeded'), ...settled }),
  fc.record({ ...phase('Waiting'), ...settled, candidate: revision, waiting }),
  fc.record({ ...phase('Progressing'), ...analysis }),
  fc.record({ ...phase('WaitingPromotion'), ...analysis }),
  fc.record({
    ...phase('Promoting'),
    ...run,
    stage: fc.constantFrom(
      'shifting' as const,
      'copying' as const,
      'returning' as const,
      'diverting' as const,
      'undoing' as const,
    ),
    because: fc.string({ maxLength: 40 }),
  }),
  fc.record({
    ...phase('Finalising'),
    ...settled,
    carriedAt: maybe(instant),
    outcome: fc.constantFrom('Succeeded' as const, 'Withdrawn' as const, 'RolledBack' as const),
    because: fc.string({ maxLength: 40 }),
    waiting: maybe(waiting),
  }),
  fc.record({ ...phase('Failed'), ...settled, carriedAt: maybe(instant), drained: fc.boolean() }),
  fc.record({
    ...phase('Terminating'),
    promoted: maybe(revision),
    stage: fc.constantFrom(
      'returning' as const,
      'restoring' as const,
      'routing' as const,
      'resuming' as const,
      'removing' as const,
    ),
    carriedAt: maybe(instant),
    waiting: maybe(waiting),
  }),
)

const hook: fc.Arbitrary<HookRecord> = fc.record({
  name: fc.string({ minLength: 1, maxLength: 9 }),
  place: fc.constantFrom('run', 'step/10/0', 'rise/50'),
  answers: fc.nat(99),
  since: instant,
  asked: fc.boolean(),
  last: maybe(
    fc.record({
      verdict: fc.constantFrom('pass' as const, 'fail' as const, 'unavailable' as const),
      said: fc.string({ maxLength: 40 }),
      at: instant,
    }),
  ),
  unavailableSince: maybe(instant),
})

const news = { severity: fc.constant('info' as const), reason: fc.constant('Advancing' as const), at: instant }
const about: AlertFacts = {
  phase: 'Failed',
  weight: 10,
  revision: 'a',
  image: 'web:2',
  promoted: 'b (web:1)',
  metric: { name: 'request-success-rate', value: '87.7 %', limit: '≥ 99 %' },
  next: 'b serves',
}
const entry: fc.Arbitrary<OutboxEntry> = fc
  .constantFrom(
    { sink: 'event' as const, hook: '', run: '' },
    { sink: 'event hook' as const, hook: 'told', run: '' },
    { sink: 'post-rollout' as const, hook: 'told', run: 'abc' },
    { sink: 'alert' as const, hook: 'told', run: 'abc', about },
    {
      sink: 'commit status' as const,
      hook: 'told',
      run: 'abc',
      commit: { of: 'github/a/b@c', state: 'error' as const },
    },
  )
  .chain(sink =>
    fc
      .record({ ...news, message: fc.string({ maxLength: 40 }), key: fc.string({ maxLength: 9 }) })
      .map(one => ({ ...one, ...sink })),
  )

const handledCommand: fc.Arbitrary<HandledCommand> = fc.record({
  id: fc.string({ maxLength: 9 }),
  value: fc.string({ maxLength: 9 }),
  outcome: fc.constantFrom('done', 'refused'),
  reason: fc.string({ maxLength: 9 }),
})

export const memory: fc.Arbitrary<Memory> = fc.record({
  labels: maybe(fc.constantFrom('keep' as const, 'switch' as const)),
  provider: maybe(fc.constantFrom('istio' as const, 'kubernetes' as const)),
  vantage: maybe(fc.constantFrom('destination' as const, 'waypoint' as const, 'source' as const)),
  pastWaypoint: fc.nat(99),
  policyCopies: fc.boolean(),
  replicas: fc.record({
    desired: maybe(fc.integer({ min: 1, max: 99 })),
    scaledDown: fc.boolean(),
    externalScaleEvents: fc.array(fc.record({ manager: fc.string({ minLength: 1, maxLength: 9 }), at: instant }), {
      maxLength: 3,
    }),
    ignoredManager: maybe(fc.string({ minLength: 1, maxLength: 9 })),
    primaryFloor: maybe(fc.integer({ min: 1, max: 99 })),
    returnedAt: maybe(instant),
  }),
  handled: maybe(fc.record({ abort: handledCommand, pause: handledCommand })),
  previous: maybe(revision),
  targetUid: fc.constantFrom(null, 'uid-of-the-target'),
  targetGeneration: fc.nat(99),
  commit: maybe(fc.string({ minLength: 1, maxLength: 9 })),
  commitSeenAt: maybe(instant),
  commitTold: maybe(
    fc.record({
      commit: fc.string({ minLength: 1, maxLength: 9 }),
      revision,
      run: fc.constantFrom('abc', 'abcx'),
      state: fc.constantFrom(...COMMIT_STATES),
      takenOver: fc.boolean(),
    }),
  ),
  retry: maybe(revision),
  retiredCookie: maybe(
    fc.record({
      name: fc.constantFrom('web', 'web-canary'),
      value: fc.stringMatching(/^[0-9a-f]{16}$/),
      attributes: fc.constantFrom('; Max-Age=0', '; Max-Age=0; Path=/'),
      until: instant,
    }),
  ),
  paused: maybe(fc.string({ minLength: 1, maxLength: 9 })),
  checks: fc.constant(emptyMemory.checks),
  history: fc.constant(emptyMemory.history),
  hooks: fc.array(hook, { maxLength: 3 }),
  outbox: fc.array(entry, { maxLength: 3 }),
  alertThreads: fc.constantFrom([], [{ alert: 'told', run: 'abc', thread: '1.2' }]),
  traces: fc.array(
    fc.record({
      run: fc.constantFrom('abc', 'abcx'),
      id: fc.stringMatching(/^[0-9a-f]{32}$/),
      parent: fc.constantFrom('', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
      steps: fc.array(fc.record({ name: fc.constantFrom('start pods', 'weight 10'), at: instant }), { maxLength: 3 }),
      sent: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
  warnings: fc.array(fc.record({ reason: fc.constant('Conflict' as const), message: fc.string({ maxLength: 40 }) }), {
    maxLength: 2,
  }),
  reported: maybe(fc.stringMatching(/^[0-9a-f]{16}$/)),
  reason: fc.constant('Analysing' as const),
  message: fc.string({ maxLength: 99 }),
  transitionAt: instant,
})
