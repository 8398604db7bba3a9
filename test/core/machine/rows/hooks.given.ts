/** A run with one webhook, what it was asked and what it answered. */
import type { HookType } from '../../../../src/api/webhook.ts'
import { callsOf } from '../../../../src/core/hooks/call.ts'
import type { Move } from '../../../../src/core/model/decision.ts'
import type { HookRecord } from '../../../../src/core/model/hook.ts'
import type { Observation } from '../../../../src/core/model/observation.ts'
import type { State } from '../../../../src/core/model/state.ts'
import { type Answer, findingOf } from '../../../receivers.ts'
import { advancing, at, candidate, minute, now, promoted, remembers, run, second, target, web } from '../given.ts'

type Fields = Readonly<Record<string, unknown>>

export const withGate = (type: HookType, more: Fields = {}): Fields => ({
  interval: '10s',
  webhooks: [{ name: 'gate', type, url: 'http://gate.test/' }],
  ...more,
})
export const gate = (type: HookType, more: Fields = {}): Observation['canary'] =>
  web({ analysis: withGate(type, more) })

export const called = (place: string, more: Partial<HookRecord> = {}): HookRecord => ({
  name: 'gate',
  place,
  answers: 0,
  since: now - minute,
  asked: true,
  last: null,
  unavailableSince: null,
  ...more,
})

/** In a state with one webhook, which is remembered like this. */
export const having = (
  state: State,
  type: HookType,
  record: HookRecord | null,
  more: Partial<Observation> = {},
  analysis: Fields = {},
): Observation =>
  at(state, { canary: gate(type, analysis), memory: remembers({ hooks: record === null ? [] : [record] }), ...more })

/** The answer to its call has arrived. */
export const heard = (o: Observation, answer: Exclude<Answer, 'hangs'>): Observation => heardAt(now, o, answer)

export function heardAt(time: number, o: Observation, answer: Exclude<Answer, 'hangs'>): Observation {
  const findings = Object.fromEntries(callsOf(o).map(({ id }) => [id, findingOf(answer, time)]))
  return { ...o, findings }
}

/** Its call waits for its turn behind so many of the namespace. */
export function queued(o: Observation, before: number): Observation {
  return { ...o, findings: Object.fromEntries(callsOf(o).map(({ id }) => [id, { kind: 'queued', before }])) }
}

export const waiting: State = {
  phase: 'Waiting',
  promoted: promoted.revision,
  rejected: null,
  candidate: candidate.revision,
  waiting: { for: 'webhook', since: now - minute },
}
export const retried = {
  ...having(waiting, 'rollback', called(`start/${candidate.revision}`)),
  state: waiting,
  memory: remembers({ hooks: [called(`start/${candidate.revision}`)], retry: candidate.revision }),
} as Observation<'Waiting'>
/** The target was scaled to 0 since. */
export const asleepAfter = (move: Move | undefined): Observation =>
  at(move?.state ?? waiting, {
    canary: gate('confirm-rollout'),
    target: target('web:2', 0, { replicas: 0 }),
    memory: { ...(move?.memory ?? remembers()), reason: move?.reason ?? 'AtRest', message: move?.message ?? '' },
  })
export const REJECTED = 'Rolled back 34c7e426be (web:2) before it started: '
export const START = `start/${candidate.revision}`
export const ready = run('pausingRollout')
export const checked = advancing(10, { lastCheckTime: now - 4 * second })
export const yes = { verdict: 'pass', said: 'answered 200', at: now - second } as const
export const no = { verdict: 'fail', said: 'answered 403', at: now - second } as const
export const gone = { verdict: 'unavailable', said: 'cannot be reached', at: now - second } as const
