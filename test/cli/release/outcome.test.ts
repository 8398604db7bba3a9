/** What is observed of a Canary, read by read, and the exit code of `sluice status`. */
import { expect } from 'chai'
import type { KubeObject } from '../../../src/api/object.ts'
import type { CanaryStatus } from '../../../src/api/status.ts'
import { type Before, CODES, FIRST_READ, readingOf, stalledSince } from '../../../src/cli/release/outcome.ts'
import { quoted } from '../../../src/cli/release/target.ts'

const NOW = Date.UTC(2026, 0, 5)
const [ours, old, other] = ['a', 'b', 'c'].map(digit => `h1:${digit.repeat(64)}`) as [string, string, string]

type Look = CanaryStatus & { readonly spec?: object; readonly deleted?: true; readonly generation?: number }

const at = (milliseconds: number): string => new Date(NOW + milliseconds).toISOString()

function canary({ spec = {}, deleted, generation = 1, ...status }: Look): KubeObject {
  const metadata = { name: 'web', namespace: 'shop', generation, ...(deleted ? { deletionTimestamp: at(0) } : {}) }
  return {
    apiVersion: 'sluice.dev/v1beta1',
    kind: 'Canary',
    metadata,
    spec,
    status: { observedGeneration: 1, ...status },
  }
}

const stalled = (since: number): NonNullable<CanaryStatus['conditions']> => [
  { type: 'Stalled', status: 'True', reason: 'Conflict', message: '', lastTransitionTime: at(since) },
]
const resting = (promoted: string, more: Look = {}): Look => ({
  phase: 'Succeeded',
  lastPromotedSpec: promoted,
  ...more,
})
const running = (candidate: string, more: Look = {}): Look => ({
  phase: 'Progressing',
  lastPromotedSpec: old,
  canaryWeight: 10,
  ...more,
  run: { id: 'r', candidate, startedAt: at(0), stage: 'advancing', ...more.run },
})
const failed = (rejected: string, more: Look = {}): Look => ({
  phase: 'Failed',
  lastPromotedSpec: old,
  rejectedSpec: rejected,
  conditions: stalled(-60_000),
  ...more,
})
const ended = (revision: string, outcome: 'Succeeded' | 'Failed' | 'Superseded' | 'Withdrawn'): Look => ({
  history: [{ id: 'r', revision, startedAt: at(0), endedAt: at(1), outcome, highest: 10, message: 'It ended' }],
})

/** Looks a second apart. */
const rows: Readonly<Record<string, readonly [looks: readonly Look[], last: number | string]>> = {
  'a Canary without status': [[{}], 'waits'],
  'a status of an earlier generation': [[resting(ours, { generation: 2 })], 'waits'],
  'a Canary that is being deleted': [[resting(ours, { deleted: true })], 'waits'],
  'a target that is not ready to be cloned yet': [[{ phase: 'Initializing' }], 'unseen'],
  'a primary that is made of the revision': [[{ phase: 'Initializing', progress: { revision: ours } }], 'waits'],
  'the release before, which was promoted': [[resting(old)], 'unseen'],
  'the release before, which was rolled back': [[failed(other)], 'unseen'],
  'a new Canary with the revision': [[{ phase: 'Initialized', lastPromotedSpec: ours }], CODES.promoted],
  'a promotion, to its end': [
    [resting(old), running(ours), running(ours, { phase: 'Promoting' }), resting(ours)],
    CODES.promoted,
  ],
  'a promotion whose answers drain': [
    [running(ours), { phase: 'Finalising', lastPromotedSpec: ours, progress: { outcome: 'Succeeded' } }],
    'waits',
  ],
  'a rollback': [[running(ours), failed(ours)], CODES.rolledBack],
  'a rollback is no stall, however long ago': [[failed(ours)], CODES.rolledBack],
  'a revision that was rejected before, while another serves': [
    [resting(old, { rejectedSpec: ours })],
    CODES.rolledBack,
  ],
  'a rejected revision that is tried again': [[failed(ours, { retry: ours })], 'waits'],
  'its run': [[failed(ours, { retry: ours }), running(ours, { rejectedSpec: ours })], 'under way'],
  'a target that was set back to the promoted revision': [[failed(other, { lastPromotedSpec: ours })], 'waits'],
  'an approval': [[running(ours, { reason: 'WaitingForApproval' })], CODES.person],
  'an approval that was given, before the next pass': [
    [running(ours, { reason: 'WaitingForApproval', run: { approved: '10' } })],
    'under way',
  ],
  'an approval straight to promotion': [
    [running(ours, { reason: 'WaitingForApproval', run: { approved: 'full' } })],
    'under way',
  ],
  'a pause by command': [[running(ours, { paused: 'kim: lunch' })], CODES.person],
  'spec.paused before the start': [
    [{ phase: 'Waiting', lastPromotedSpec: old, progress: { candidate: ours }, spec: { paused: true } }],
    CODES.person,
  ],
  'a webhook before the start': [
    [{ phase: 'Waiting', lastPromotedSpec: old, progress: { candidate: ours } }],
    'under way',
  ],
  'a weight that was lowered by hand': [[running(ours, { run: { hold: { by: 'override', from: 25 } } })], CODES.person],
  'no data': [[running(ours, { reason: 'MetricsUnavailable' })], 'under way'],
  'a promotion of a paused Canary': [[running(ours, { phase: 'Promoting', paused: 'kim' })], 'under way'],
  'something in the way, at first': [[running(ours, { reason: 'Conflict', conditions: stalled(0) })], 'under way'],
  'something in the way, for ten seconds': [
    Array.from({ length: 11 }, () => running(ours, { reason: 'Conflict', conditions: stalled(0) })),
    CODES.stalled,
  ],
  'something in the way that was mended in between': [
    Array.from({ length: 15 }, (_, i) => running(ours, i === 8 ? {} : { reason: 'Conflict', conditions: stalled(0) })),
    'under way',
  ],
  'a spec that is refused': [
    Array.from({ length: 11 }, (): Look => ({ reason: 'Invalid', conditions: stalled(0) })),
    CODES.stalled,
  ],
  'another revision after it': [[running(ours), running(other, ended(ours, 'Superseded'))], 'another'],
  'another revision before it was seen': [[running(other)], 'unseen'],
  'its end, and another revision in the same look': [
    [running(ours), running(other, { lastPromotedSpec: ours, ...ended(ours, 'Succeeded') })],
    CODES.promoted,
  ],
  'its rollback, and another revision in the same look': [
    [running(ours), running(other, { rejectedSpec: ours, ...ended(ours, 'Failed') })],
    CODES.rolledBack,
  ],
  'its withdrawal': [[running(ours), resting(old, ended(ours, 'Withdrawn'))], 'another'],
  'a status of an earlier version, which kept commands as they were written': [
    [resting(ours, { handledCommands: { pause: '1 kim: lunch' } } as unknown as Look)],
    CODES.promoted,
  ],
  'a status of another version': [[{ phase: 'Dreaming' } as unknown as Look], CODES.error],
}

suite('how a release stands', () => {
  for (const [what, [looks, last]] of Object.entries(rows)) {
    test(`${what}: ${last}`, () => {
      let before: Before = FIRST_READ
      const seen = looks.map((look, second) => {
        const now = NOW + second * 1000
        const object = canary(look)
        before = { ...before, stalledSince: stalledSince(object) === null ? null : (before.stalledSince ?? now) }
        const reading = readingOf(object, quoted(ours), before, now)
        if (reading.is === 'under way') before = { ...before, wasCandidate: true }
        return reading.is === 'ended' ? CODES[reading.how] : reading.is
      })
      expect(seen.at(-1)).to.equal(last)
      // None of the looks before is taken for the end.
      expect(seen.slice(0, -1).filter(one => typeof one === 'number')).to.deep.equal([])
    })
  }

  test('one look believes the status that it is stalled', () => {
    expect(stalledSince(canary(running(ours, { reason: 'Conflict', conditions: stalled(-5000) })))).to.equal(NOW - 5000)
    expect(stalledSince(canary(failed(ours)))).to.equal(null)
  })
})
