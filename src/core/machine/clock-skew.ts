/**
 * A clock that was set back, or another leader's that runs ahead, must not make anybody wait for a moment that was already
 * remembered as past: nothing that is remembered lies in the future.
 */
import type { HookRecord } from '../model/hook.ts'
import type { Memory } from '../model/memory.ts'
import type { State } from '../model/state.ts'
import type { Instant } from '../time.ts'

/** Every remembered moment of a state. */
const MOMENTS = [
  'startedAt',
  'carriedAt',
  'routedAt',
  'lastCheckTime',
  'lastFailedTime',
  'blindSince',
  'pausedSince',
] as const

/** The state with no moment after `now`. */
export function clampToNow<S extends State>(state: S, now: Instant): S {
  const moments: Readonly<Record<string, unknown>> = { ...state }
  const ahead = MOMENTS.filter(name => {
    const moment = moments[name]
    return typeof moment === 'number' && moment > now
  })
  const clamped = ahead.length === 0 ? state : { ...state, ...Object.fromEntries(ahead.map(name => [name, now])) }
  return withHold(withWait(clamped, now), now)
}

function withWait<S extends State>(state: S, now: Instant): S {
  const waiting = 'waiting' in state ? state.waiting : null
  return waiting === null || waiting.since <= now ? state : { ...state, waiting: { ...waiting, since: now } }
}

function withHold<S extends State>(clamped: S, now: Instant): S {
  const hold = 'hold' in clamped ? clamped.hold : null
  return hold?.by === 'suspension' && hold.since > now ? { ...clamped, hold: { ...hold, since: now } } : clamped
}

const latest = ({ since, last, unavailableSince }: HookRecord): Instant =>
  Math.max(since, last?.at ?? 0, unavailableSince ?? 0)

function clampHook(hook: HookRecord, now: Instant): HookRecord {
  const { last, unavailableSince } = hook
  return {
    ...hook,
    since: Math.min(hook.since, now),
    last: last && { ...last, at: Math.min(last.at, now) },
    unavailableSince: unavailableSince && Math.min(unavailableSince, now),
  }
}

/** The memory with no moment after `now`, what is only history aside. */
export function clampMemoryToNow(memory: Memory, now: Instant): Memory {
  const { externalScaleEvents, returnedAt } = memory.replicas
  const { commitSeenAt } = memory
  const isPast =
    (returnedAt ?? now) <= now &&
    (commitSeenAt ?? now) <= now &&
    externalScaleEvents.every(one => one.at <= now) &&
    memory.hooks.every(hook => latest(hook) <= now)
  if (memory.transitionAt <= now && isPast) return memory
  return {
    ...memory,
    hooks: memory.hooks.map(hook => clampHook(hook, now)),
    transitionAt: Math.min(memory.transitionAt, now),
    commitSeenAt: commitSeenAt && Math.min(commitSeenAt, now),
    replicas: {
      ...memory.replicas,
      externalScaleEvents: externalScaleEvents.map(one => ({ ...one, at: Math.min(one.at, now) })),
      returnedAt: returnedAt === null ? null : Math.min(returnedAt, now),
    },
  }
}
