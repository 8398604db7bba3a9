/** Which commit a run releases, and what Git servers are told of it, as tables. */
import { expect } from 'chai'
import { parseAlertProvider, type ReadAlertProvider } from '../../../src/api/alert-provider.ts'
import { decide } from '../../../src/core/machine/decide.ts'
import { noteCommitStatuses } from '../../../src/core/machine/commit-statuses.ts'
import type { CommitState, CommitTold } from '../../../src/core/model/commit.ts'
import type { Memory, RunRecord } from '../../../src/core/model/memory.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { State } from '../../../src/core/model/state.ts'
import {
  advancing,
  at,
  candidate,
  failed,
  finalising,
  minute,
  now,
  promoted,
  promoting,
  remembers,
  resting,
  run,
  second,
  web,
} from './given.ts'

const A = `github/shop/web@${'a'.repeat(40)}`
const B = `github/shop/web@${'b'.repeat(40)}`

function provider(spec: Record<string, unknown>): ReadAlertProvider {
  const metadata = { name: 'git', namespace: 'shop' }
  return parseAlertProvider({ apiVersion: 'sluice.dev/v1beta1', kind: 'AlertProvider', metadata, spec })
}
const github = { type: 'github', secretRef: { name: 'git' }, repos: ['shop/web'] }
const alert = { name: 'git', providerRef: { name: 'git' } }

const told = (state: CommitState, more: Partial<CommitTold> = {}): CommitTold => ({
  commit: A,
  revision: candidate.revision,
  run: run('advancing').id,
  state,
  takenOver: false,
  ...more,
})
const earlier = { run: 'r0' }
const ended = (as: RunRecord['outcome'], reason: RunRecord['reason'], more: Partial<RunRecord> = {}) => ({
  history: [
    {
      id: run('advancing').id,
      revision: candidate.revision,
      startedAt: now - minute,
      endedAt: now,
      outcome: as,
      highest: 10,
      reason,
      message: `ended by ${reason}`,
      ...more,
    },
  ],
})
const seen = (commit: string, commitSeenAt: number): Partial<Memory> => ({ commit, commitSeenAt })
/** The run began a minute ago. */
const inRun = now - second
const justBefore = now - minute - 4 * second
const longBefore = now - minute - 6 * second

const waiting = (since: number): State => ({
  phase: 'Waiting',
  promoted: promoted.revision,
  rejected: null,
  candidate: candidate.revision,
  waiting: { for: 'resume', since },
})
/** A run of the same candidate that replaced run r0. */
const another = { ...run('startingPods'), id: 'r1' }
const superseded = ended('Superseded', 'Restarted', { id: 'r0' })

interface Given {
  /** Of the AlertProvider; null: there is none. */
  readonly spec?: Record<string, unknown> | null
  readonly alert?: Record<string, unknown>
}

function observed(state: State, memory: Partial<Memory>, { spec = github, alert: more = {} }: Given = {}): Observation {
  return at(state, {
    canary: web({ analysis: { interval: '10s', alerts: [{ ...alert, ...more }] } }, { 'sluice.dev/commit': A }),
    alertProviders: spec === null ? {} : { git: provider(spec) },
    memory: remembers(memory),
  })
}

/** `A pending; B success`, and the last that is remembered. */
function outcome(state: State, memory: Partial<Memory>, given: Given = {}): readonly [string, string] {
  const o = observed(state, memory, given)
  const after = { state, memory: o.memory, reason: 'RolledBack', message: 'as the move says' } as const
  const noted = noteCommitStatuses(o, after, now)
  const letter = (commit: string): string => (commit === A ? 'A' : commit === B ? 'B' : commit)
  const sent = noted.outbox.map(({ commit }) => `${letter(commit?.of ?? '')} ${commit?.state}`).join('; ')
  const last = noted.memory.commitTold
  const kept = last === null ? 'none' : `${letter(last.commit)} ${last.state}${last.takenOver ? ', taken over' : ''}`
  return [sent, kept]
}

const nothing = (kept: string): readonly [string, string] => ['', kept]

const rows: Readonly<
  Record<string, readonly [state: State, memory: Partial<Memory>, expected: readonly [string, string], given?: Given]>
> = {
  'at rest': [resting(), seen(A, longBefore), nothing('none')],
  'a commit that is seen in a run': [advancing(10), seen(A, inRun), ['A pending', 'A pending']],
  'a commit that was seen just before the run began': [advancing(10), seen(A, justBefore), ['A pending', 'A pending']],
  'a commit of what serves already': [advancing(10), seen(A, longBefore), nothing('none')],
  'a commit that an earlier version saw': [advancing(10), { commit: A }, nothing('none')],
  'no commit': [advancing(10), {}, nothing('none')],
  'a text that names no commit': [advancing(10), seen('v1.2.3', inRun), nothing('none')],
  'a revision that waits to start': [waiting(now - minute), seen(A, inRun), ['A pending', 'A pending']],
  'what was told is not told again': [
    advancing(10),
    { ...seen(A, inRun), commitTold: told('pending') },
    nothing('A pending'),
  ],
  'another commit in the same run changes nothing of the target': [
    advancing(10),
    { ...seen(B, inRun), commitTold: told('pending') },
    nothing('A pending'),
  ],
  'the next run, of another commit': [
    advancing(10),
    { ...seen(B, inRun), commitTold: told('failure', earlier) },
    ['B pending', 'B pending'],
  ],
  'the next run, by hand, of no commit': [
    advancing(10),
    { ...seen(A, longBefore), commitTold: told('success', { ...earlier, revision: promoted.revision }) },
    nothing('A success'),
  ],
  'a revision that is tried again, whatever was committed meanwhile': [
    advancing(10),
    { ...seen(B, longBefore), commitTold: told('failure', earlier) },
    ['A pending', 'A pending'],
  ],
  'promoted, and the canary drains': [
    finalising(),
    { ...ended('Succeeded', 'Succeeded'), commitTold: told('pending') },
    nothing('A pending'),
  ],
  promoted: [
    resting(),
    { ...ended('Succeeded', 'Succeeded'), commitTold: told('pending') },
    ['A success', 'A success'],
  ],
  'promoted, told before': [
    resting(),
    { ...ended('Succeeded', 'Succeeded'), commitTold: told('success') },
    nothing('A success'),
  ],
  'a promotion is undone': [
    promoting('undoing'),
    { ...seen(A, inRun), commitTold: told('pending') },
    nothing('A pending'),
  ],
  'rolled back': [
    failed(),
    { ...ended('Failed', 'ThresholdReached'), commitTold: told('pending') },
    ['A failure', 'A failure'],
  ],
  'aborted by command': [
    failed(),
    { ...ended('Failed', 'Aborted'), commitTold: told('pending') },
    ['A failure', 'A failure'],
  ],
  'not decided in time': [
    failed(),
    { ...ended('Failed', 'Undecided'), commitTold: told('pending') },
    ['A error', 'A error'],
  ],
  'the target was deleted': [
    failed(),
    { ...ended('Failed', 'TargetDeleted'), commitTold: told('pending') },
    ['A error', 'A error'],
  ],
  'the target was set back': [
    finalising({ outcome: 'Withdrawn', promoted: promoted.revision }),
    { ...ended('Withdrawn', 'Withdrawn'), commitTold: told('pending') },
    ['A canceled', 'A canceled'],
  ],
  'the Canary is deleted': [
    { phase: 'Terminating', promoted: null, stage: 'removing', carriedAt: null, waiting: null },
    { ...ended('Withdrawn', 'HandingBack'), commitTold: told('pending') },
    ['A canceled', 'A canceled'],
  ],
  'rejected while it waited': [failed(), { commitTold: told('pending', earlier) }, ['A failure', 'A failure']],
  'withdrawn while it waited': [resting(), { commitTold: told('pending', earlier) }, ['A canceled', 'A canceled']],
  'promoted, and rolled back later by command': [failed(), { commitTold: told('success') }, ['A failure', 'A failure']],
  'promoted, and a later revision is rolled back': [
    failed(),
    { commitTold: told('success', { revision: promoted.revision }) },
    nothing('A success'),
  ],
  'replaced by a revision whose commit is not seen yet': [
    another,
    { ...superseded, ...seen(A, longBefore), commitTold: told('pending', earlier) },
    nothing('A pending, taken over'),
  ],
  'replaced, and then its commit is seen': [
    another,
    { ...superseded, ...seen(B, inRun), commitTold: told('pending', { run: 'r1', takenOver: true }) },
    ['A canceled; B pending', 'B pending'],
  ],
  'replaced by a revision whose commit was seen just before': [
    another,
    { ...superseded, ...seen(B, justBefore), commitTold: told('pending', earlier) },
    ['A canceled; B pending', 'B pending'],
  ],
  'replaced by a revision of the same commit, which is promoted': [
    resting(),
    { ...ended('Succeeded', 'Succeeded'), commitTold: told('pending', { takenOver: true }) },
    ['A success', 'A success'],
  ],
  'an alert for errors alone is told of no start': [
    advancing(10),
    seen(A, inRun),
    nothing('A pending'),
    { alert: { severity: 'error' } },
  ],
  'an alert for errors alone is told of a failure': [
    failed(),
    { ...ended('Failed', 'ThresholdReached'), commitTold: told('pending') },
    ['A failure', 'A failure'],
    { alert: { severity: 'error' } },
  ],
  'an alert for errors alone is told of no promotion': [
    resting(),
    { ...ended('Succeeded', 'Succeeded'), commitTold: told('pending') },
    nothing('A success'),
    { alert: { severity: 'error' } },
  ],
  'rolled back while the AlertProvider does not exist: it waits': [
    failed(),
    { ...ended('Failed', 'ThresholdReached'), commitTold: told('pending') },
    nothing('A pending'),
    { spec: null },
  ],
  'rolled back while the AlertProvider is refused: it waits': [
    failed(),
    { ...ended('Failed', 'ThresholdReached'), commitTold: told('pending') },
    nothing('A pending'),
    { spec: { ...github, repos: ['shop'] } },
  ],
  'rolled back while the AlertProvider does not exist, until the next run': [
    another,
    { ...ended('Failed', 'ThresholdReached', { id: 'r0' }), commitTold: told('pending', earlier) },
    nothing('A failure'),
    { spec: null },
  ],
  'rolled back once the alert leads to a chat': [
    failed(),
    { ...ended('Failed', 'ThresholdReached'), commitTold: told('pending') },
    nothing('A failure'),
    { spec: { type: 'rocket', address: 'https://chat.test/hook' } },
  ],
  'a repository that is not allowed is not told of': [
    advancing(10),
    seen(A, inRun),
    nothing('none'),
    { spec: { ...github, repos: ['shop/other', 'sho/*'] } },
  ],
  'a commit of another server is not told of': [
    advancing(10),
    seen(A, inRun),
    nothing('none'),
    { spec: { ...github, type: 'gitlab' } },
  ],
  'a chat is not told of commits': [
    advancing(10),
    seen(A, inRun),
    nothing('none'),
    { spec: { type: 'rocket', address: 'https://chat.test/hook' } },
  ],
}

suite('Commit statuses', () => {
  for (const [name, [state, memory, expected, given]] of Object.entries(rows)) {
    test(`${name}: ${expected[0] === '' ? 'nothing is told' : expected[0]}`, () => {
      expect(outcome(state, memory, given)).to.deep.equal(expected)
    })
  }

  test('say what the run ended by, under an id that a repeat has too, and no other status', () => {
    const of = (state: State, memory: Partial<Memory>) => {
      const o = observed(state, { commitTold: told('pending'), ...memory })
      return noteCommitStatuses(o, { state, memory: o.memory, reason: 'RolledBack', message: 'm' }, now).outbox
    }
    const rolledBack = ended('Failed', 'ThresholdReached')
    const [entry] = of(failed(), rolledBack)
    expect(entry).to.deep.include({ severity: 'error', reason: 'ThresholdReached', sink: 'commit status', hook: 'git' })
    expect(entry?.message).to.equal('ended by ThresholdReached')
    expect(of(failed(), rolledBack)[0]?.key).to.equal(entry?.key)
    expect(of(resting(), ended('Succeeded', 'Succeeded'))[0]?.key).not.to.equal(entry?.key)
    const other = ended('Failed', 'ThresholdReached', { id: 'r0' })
    expect(of(failed(), { ...other, commitTold: told('pending', earlier) })[0]?.key).not.to.equal(entry?.key)
  })

  test('are all that a Git server is told: no alert goes there', () => {
    const o = { ...observed(resting(), seen(A, longBefore)), sight: 'live' as const }
    const said = decide(o, now)
    if (!('outbox' in said)) throw new Error('it does not decide')
    expect(said.state.phase).to.equal('Progressing')
    expect(said.outbox.map(({ sink }) => sink)).to.deep.equal(['event'])
  })
})
