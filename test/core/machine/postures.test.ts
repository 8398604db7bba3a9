/** What a state wants of the routes, where that hangs on what they carry and on what was refused. */
import { expect } from 'chai'
import { postureOf } from '../../../src/core/machine/postures.ts'
import type { Observation, WriteError } from '../../../src/core/model/observation.ts'
import type { State } from '../../../src/core/model/state.ts'
import { stickyOf } from '../../../src/core/model/sticky.ts'
import { type Carried, carriedBy, NONE } from '../../../src/core/model/traffic.ts'
import {
  advancing,
  at,
  finalising,
  minute,
  now,
  promoting,
  remembers,
  resting,
  run,
  target,
  terminating,
  web,
} from './given.ts'

const retiredCookie = { name: 'web', value: 'a', attributes: '; Max-Age=0', until: now + minute }
const refused: WriteError = { reason: 'WriteRefused', message: 'VirtualService shop/web was refused: no' }
const copies: Carried = { low: 0, high: 0, among: '', mirror: 100, sticky: '' }

interface Row {
  readonly state: State
  readonly traffic: Carried | null
  readonly writeError?: WriteError
  /** The cookie that is taken from callers, and what Services and routes follow. */
  readonly wants: readonly ['its cookie' | 'no cookie', 'as written' | 'as it was']
}

const table: Readonly<Record<string, Row>> = {
  'a rollback comes without the cookie': {
    state: finalising(),
    traffic: carriedBy([50]),
    wants: ['no cookie', 'as written'],
  },
  'and without what keeps callers': {
    state: finalising(),
    traffic: { ...carriedBy([0]), sticky: 'web=a' } as Carried,
    wants: ['no cookie', 'as written'],
  },
  'the cookie follows once the routes carry it': {
    state: finalising(),
    traffic: carriedBy([0]),
    wants: ['its cookie', 'as written'],
  },
  'at rest, too': { state: resting(), traffic: carriedBy([0]), wants: ['its cookie', 'as written'] },
  'a rollback that was refused comes in the words that the routes have': {
    state: finalising(),
    traffic: carriedBy([50]),
    writeError: refused,
    wants: ['no cookie', 'as it was'],
  },
  'copies that are to end, too': {
    state: finalising(),
    traffic: copies,
    writeError: refused,
    wants: ['no cookie', 'as it was'],
  },
  'and a share that is too high': {
    state: advancing(10),
    traffic: carriedBy([50]),
    writeError: refused,
    wants: ['no cookie', 'as it was'],
  },
  'a rise that was refused waits': {
    state: advancing(50),
    traffic: carriedBy([10]),
    writeError: refused,
    wants: ['no cookie', 'as written'],
  },
  'what was refused when all is as it is to be is tried again': {
    state: resting(),
    traffic: carriedBy([0]),
    writeError: refused,
    wants: ['its cookie', 'as written'],
  },
}

interface Lock {
  readonly state: State
  readonly traffic: Carried | null
  readonly target?: Observation['target']
  readonly canary?: Observation['canary']
  readonly locked: boolean
}

const skipped = web({ skipAnalysis: true })

/** A lock of ours stays as long as the routes give the canary anything: that they are lowered may be refused. */
const locks: Readonly<Record<string, Lock>> = {
  'back to weight 0 while the routes still say 50': {
    state: run('startingPods', { highest: 50 }),
    traffic: carriedBy([50]),
    locked: true,
  },
  'once one of the routes says 0': {
    state: run('startingPods', { highest: 50 }),
    traffic: carriedBy([0, 50]),
    locked: true,
  },
  'once all of them do': { state: run('startingPods', { highest: 50 }), traffic: carriedBy([0]), locked: false },
  'while there are copies': { state: run('startingPods', { highest: 50 }), traffic: copies, locked: true },
  'at rest': { state: resting(), traffic: carriedBy([50]), locked: true },
  'after a promotion without analysis': {
    state: promoting('copying', { traffic: NONE }),
    canary: skipped,
    traffic: carriedBy([100]),
    locked: true,
  },
  'where there are no routes': { state: run('startingPods'), traffic: null, locked: false },
  'none is set where none was': {
    state: run('startingPods'),
    traffic: carriedBy([50]),
    target: target('web:2', 2, { paused: false }),
    locked: false,
  },
  'nor where it is not wanted any more': {
    state: run('startingPods'),
    traffic: carriedBy([50]),
    canary: web({ analysis: { lockTarget: false } }),
    locked: false,
  },
  'what takes over is not locked': { state: terminating('routing'), traffic: carriedBy([100]), locked: false },
}

suite('postures', () => {
  for (const [name, { locked, state, ...seen }] of Object.entries(locks)) {
    test(`the lock: ${name}`, () => {
      expect(postureOf(at(state, seen), state).lock).to.equal(locked)
    })
  }

  for (const [name, { state, traffic, writeError = null, wants }] of Object.entries(table)) {
    test(name, () => {
      const { retired, service } = postureOf(
        at(state, { traffic, writeError, memory: remembers({ retiredCookie }) }),
        state,
      )
      expect([retired === null ? 'no cookie' : 'its cookie', service]).to.deep.equal(wants)
    })
  }

  test('where the routes are the user’s, or there are none, no caller is kept', () => {
    const { spec, ...canary } = web({ analysis: { sessionAffinity: { cookieName: 'web' } } })
    const stickyWith = (more: object) => stickyOf({ canary: { ...canary, spec: { ...spec, ...more } } }, advancing(10))
    const service = { ...spec.service, virtualServices: [{ name: 'routes' }] }
    expect([stickyWith({}) === null, stickyWith({ service }), stickyWith({ provider: 'kubernetes' })]).to.deep.equal([
      false,
      null,
      null,
    ])
  })
})
