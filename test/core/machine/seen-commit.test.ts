/** Which commit the status speaks of, as a table: what is read, and when the commit is taken over. */
import { expect } from 'chai'
import { decide } from '../../../src/core/machine/decide.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import {
  advancing,
  at,
  deleted,
  failed,
  finalising,
  now,
  promoted,
  promoting,
  remembers,
  resting,
  target,
  terminating,
  web,
} from './given.ts'

/** Argo CD applied commit b; the status tells of a. */
const applied = (commit: string | null, more: Partial<Observation> = {}): Partial<Observation> => ({
  canary: web({}, commit === null ? {} : { 'sluice.dev/commit': commit }),
  memory: remembers({ commit: 'a', targetGeneration: 1 }),
  ...more,
})
const known = { target: target('web:1', 0, { replicas: 0 }) }
const pushed = { target: target('web:3') }
const unavailable = { sight: { unavailable: 'connect ETIMEDOUT' } } as const

/** The commit in memory after the decision, or what is read before it. */
function outcome(o: Observation): string {
  const said = decide(o, now)
  if ('read' in said) return `reads ${said.read.map(one => ('ref' in one ? one.ref.name : one.kind.kind)).join()}`
  if ('ask' in said) return 'asks'
  const again = said.wakeAt === null || said.wakeAt > now ? '' : ', and decides again'
  return `${said.state.phase} of ${said.memory.commit ?? 'no commit'}${again}`
}

const rows: Readonly<Record<string, readonly [given: Observation, outcome: string]>> = {
  'at rest, the same commit': [at(resting(), applied('a', { ...known, sight: 'cached' })), 'Succeeded of a'],
  'at rest, another commit': [at(resting(), applied('b', { ...known, sight: 'cached' })), 'reads web'],
  'at rest, another commit, the target was read': [
    at(resting(), applied('b', { ...known, sight: 'target' })),
    'Succeeded of b',
  ],
  'at rest, and the API server does not answer': [
    at(resting(), applied('b', { ...known, ...unavailable })),
    'Succeeded of a',
  ],
  'a push that is seen begins its run first': [
    at(
      resting(),
      applied('b', {
        target: target('web:2', 0, { replicas: 0 }),
        memory: remembers({ commit: 'a' }),
        sight: 'cached',
      }),
    ),
    'Progressing of a, and decides again',
  ],
  'a command is answered before the push is looked at': [
    at(resting(), {
      ...applied('b', { sight: 'target', memory: remembers({ commit: 'a' }) }),
      canary: web({}, { 'sluice.dev/commit': 'b', 'sluice.dev/pause': '1 kim: lunch' }),
    }),
    'Succeeded of a, and decides again',
  ],
  'in a run of what the target holds': [
    at(advancing(10, { carriedAt: now - 4000 }), applied('b', { sight: 'target' })),
    'Progressing of b',
  ],
  'in a promotion of what the target holds': [
    at(promoting('copying'), applied('b', { sight: 'target' })),
    'Promoting of b',
  ],
  'in a promotion, a push waits its turn': [
    at(promoting('copying'), applied('b', { ...pushed, sight: 'cached' })),
    'Promoting of a',
  ],
  'in a promotion, the promoted revision again waits its turn': [
    at(promoting('copying'), applied('b', { target: target('web:1'), sight: 'target' })),
    'Promoting of a',
  ],
  'while a promotion drains, a push waits its turn': [
    at(finalising(), applied('b', { ...pushed, sight: 'target' })),
    'Finalising of a',
  ],
  'rolled back, and Git still has what was rejected': [at(failed(), applied('b', { sight: 'target' })), 'Failed of b'],
  'while it is deleted': [
    at(terminating('returning', { promoted: promoted.revision }), {
      ...applied('b'),
      canary: { ...deleted(), metadata: { ...deleted().metadata, annotations: { 'sluice.dev/commit': 'b' } } },
    }),
    'Terminating of a',
  ],
  'the annotation is gone': [at(resting(), applied(null, { ...known, sight: 'cached' })), 'Succeeded of no commit'],
  'a commit that is too long is none': [
    at(resting(), applied('b'.repeat(513), { ...known, sight: 'cached' })),
    /* answered first */ 'Succeeded of no commit, and decides again',
  ],
  'the longest commit': [at(resting(), applied('b'.repeat(512), { ...known, sight: 'cached' })), 'reads web'],
}

suite('The commit that a status speaks of', () => {
  for (const [name, [given, expected]] of Object.entries(rows)) {
    test(`${name}: ${expected}`, () => expect(outcome(given)).to.equal(expected))
  }

  test('an annotation that is too long is answered by an Event that says so', () => {
    const said = decide(at(resting(), applied('b'.repeat(513), known)), now)
    const told = 'announcements' in said ? said.announcements.map(({ message }) => message) : []
    expect(told.join()).to.match(/Annotation sluice\.dev\/commit is not a command .*takes 1 to 512 characters/)
  })
})
