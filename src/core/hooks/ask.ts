/** When a webhook is called, and what its answer means. Nothing is called here: a record that is `asked` is a call (call.ts). */
import type { Analysis } from '../../api/canary.ts'
import type { HookType, Webhook } from '../../api/webhook.ts'
import { entryOf, sameJson } from '../json.ts'
import type { Finding } from '../model/check.ts'
import type { HookAnswer, HookRecord } from '../model/hook.ts'
import type { Memory } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'
import type { Instant, Milliseconds } from '../time.ts'
import { callId, hooksOf, isAsking, mayAsk } from './call.ts'

/** Any 2xx is a yes; a rollback is requested by 200, 201 and 202 alone, as in Flagger: a 204 there means no. */
function isYes(type: HookType, status: number | null): boolean {
  if (status === null) return false
  return type === 'rollback' ? [200, 201, 202].includes(status) : status >= 200 && status < 300
}

function answerOf(type: HookType, finding: Finding, now: Instant): HookAnswer | null {
  if (finding.kind === 'unavailable' || finding.kind === 'refused')
    return { verdict: 'unavailable', said: finding.error, at: now }
  if (finding.kind !== 'answer') return null
  return { verdict: isYes(type, finding.status) ? 'pass' : 'fail', said: finding.said, at: finding.at }
}

type Repeat = 'checkInterval' | 'interval' | null

/**
 * After what time a webhook is called again, by its last answer. A yes of a confirm-* counts for one start, rise or promotion: where
 * something else held the run for longer than `interval`, the webhook is called again.
 */
const repeats: Readonly<Record<HookType, Readonly<Record<HookAnswer['verdict'], Repeat>>>> = {
  'confirm-rollout': { pass: 'interval', fail: 'checkInterval', unavailable: 'checkInterval' },
  'pre-rollout': { pass: null, fail: 'interval', unavailable: 'checkInterval' },
  rollout: { pass: 'interval', fail: 'interval', unavailable: 'checkInterval' },
  'confirm-traffic-increase': { pass: 'interval', fail: 'checkInterval', unavailable: 'checkInterval' },
  'confirm-promotion': { pass: 'interval', fail: 'checkInterval', unavailable: 'checkInterval' },
  'post-rollout': { pass: null, fail: null, unavailable: null },
  rollback: { pass: null, fail: 'checkInterval', unavailable: 'checkInterval' },
  event: { pass: null, fail: null, unavailable: null },
}

/** When a webhook without a call under way is called; null: not again. */
function dueAt(analysis: Analysis, type: HookType, last: HookAnswer | null): Instant | null {
  if (last === null) return 0
  const repeat = repeats[type][last.verdict]
  return repeat === null ? null : last.at + periodOf(analysis, repeat)
}

const periodOf = (analysis: Analysis, repeat: Exclude<Repeat, null>): Milliseconds => analysis[repeat]

/** The record of a webhook at a place, with the answer to its call where that has arrived. */
function recordAt(o: Observation, { name, type }: Webhook, place: string, now: Instant): HookRecord {
  const known = o.memory.hooks.find(record => record.name === name)
  if (known === undefined || known.place !== place) {
    // A call that was given up has had its number.
    const answers = known === undefined ? 0 : known.answers + (known.asked ? 1 : 0)
    return { name, place, answers, since: now, asked: false, last: null, unavailableSince: null }
  }
  const finding = known.asked ? entryOf(o.findings, callId(o, known)) : undefined
  const last = finding === undefined ? null : answerOf(type, finding, now)
  if (last === null) return known
  const unavailableSince = last.verdict === 'unavailable' ? (known.unavailableSince ?? now) : null
  return { ...known, answers: known.answers + 1, asked: false, last, unavailableSince }
}

export interface Waited {
  readonly hook: Webhook
  readonly record: HookRecord
  /** Its answer arrived in this pass. */
  readonly isNews: boolean
  /** Calls of the namespace that come before its call, which was not sent yet; null where none is waited for. */
  readonly callsBefore: number | null
}

export interface Asked {
  readonly memory: Memory
  /** A call is new, or an answer was taken up. */
  readonly isChanged: boolean
}

/** Where a webhook is now: its answer is taken up, and it is called where it is due. */
function ask(o: Observation, hook: Webhook, place: string, mayRepeat: boolean, now: Instant): Waited {
  const before = o.memory.hooks.find(record => record.name === hook.name)
  const record = recordAt(o, hook, place, now)
  const isNews = before?.place === place && record.answers > before.answers
  const due = dueAt(o.canary.spec.analysis, hook.type, record.last)
  const isWanted = mayRepeat || record.last?.verdict !== 'pass'
  // The next call comes a pass after an answer; at once where that was the yes of a confirm-* that is too old, because something else held the run.
  const isTakenUp = isNews && !(hook.type.startsWith('confirm-') && record.last?.verdict === 'pass')
  const asked = record.asked || (!isTakenUp && isWanted && due !== null && due <= now)
  const finding = asked ? entryOf(o.findings, callId(o, record)) : undefined
  const callsBefore = finding?.kind === 'queued' ? finding.before : null
  return { hook, record: { ...record, asked }, isNews, callsBefore }
}

/** In the place of the earlier record: a change of the order alone would be one. */
function withRecord(memory: Memory, record: HookRecord): Memory {
  const isNew = memory.hooks.every(({ name }) => name !== record.name)
  const hooks = memory.hooks.map(one => (one.name === record.name ? record : one))
  return { ...memory, hooks: isNew ? [...hooks, record] : hooks }
}

/**
 * Calls the webhooks of a type one after the other, each once the one before it has said yes.
 *
 * @param place where in the run.
 * @param mayRepeat whether one that has said yes is called again when its time has come.
 * @returns the first that has not said yes, or is being called again; null: all have said yes.
 */
export function askInOrder(
  o: Observation,
  type: HookType,
  place: string,
  now: Instant,
  mayRepeat = true,
): Asked & { readonly waited: Waited | null } {
  let { memory } = o
  for (const hook of hooksOf(o, type)) {
    const waited = ask(o, hook, place, mayRepeat, now)
    memory = withRecord(memory, waited.record)
    if (waited.record.asked || waited.record.last?.verdict !== 'pass') return { ...changed(o, memory), waited }
  }
  return { ...changed(o, memory), waited: null }
}

/** Calls all webhooks of a type at once. */
export function askAll(
  o: Observation,
  type: HookType,
  place: string,
  now: Instant,
): Asked & { readonly all: readonly Waited[] } {
  const all = hooksOf(o, type).map(hook => ask(o, hook, place, true, now))
  return { ...changed(o, all.map(({ record }) => record).reduce(withRecord, o.memory)), all }
}

/** Webhooks that a verdict depends on, and that cannot be called. An error of any other says no, and nothing of the release. */
export function uncallable(o: Observation): readonly Pick<Waited, 'hook' | 'record'>[] {
  return [...hooksOf(o, 'pre-rollout'), ...hooksOf(o, 'rollout')].flatMap(hook => {
    const record = o.memory.hooks.find(({ name }) => name === hook.name)
    return record === undefined || record.unavailableSince === null ? [] : [{ hook, record }]
  })
}

/** Calls those again, wherever in the run that was. */
export function askUnavailable(o: Observation, now: Instant): Asked {
  const all = uncallable(o).map(({ hook, record }) => ask(o, hook, record.place, false, now).record)
  return changed(o, all.reduce(withRecord, o.memory))
}

const changed = (o: Observation, memory: Memory): Asked => {
  const isChanged = !sameJson(memory.hooks, o.memory.hooks)
  return { memory: isChanged ? memory : o.memory, isChanged }
}

/** At no place: it was called before, and is to be called again. */
const NOWHERE = ''

/** The memory without what the webhooks of a type have said: their yes is used up. How often they were called stays known. */
export function withoutAnswers(o: Observation, memory: Memory, type: HookType): Memory {
  const names = hooksOf(o, type).map(({ name }) => name)
  const hooks = memory.hooks.map(record =>
    names.includes(record.name) ? { ...record, place: NOWHERE, last: null, unavailableSince: null } : record,
  )
  return { ...memory, hooks }
}

/** When the next call is due, of webhooks that have none under way; null: at no time that is to come. */
export function nextCallTime(o: Observation, now: Instant): Instant | null {
  if (!isAsking(o.state)) return null
  const { analysis } = o.canary.spec
  const times = o.memory.hooks.flatMap(({ name, asked, last }) => {
    const type = asked ? undefined : analysis.webhooks.find(hook => hook.name === name)?.type
    const due = type === undefined || !mayAsk(o.state, type) ? null : dueAt(analysis, type, last)
    return due === null || due <= now ? [] : [due]
  })
  return times.length === 0 ? null : Math.min(...times)
}

/** What is waited for, as people read it: `webhook gate (confirm-promotion), which answered 403: closed`. */
export function waitSentence({ hook, record, callsBefore }: Waited): string {
  const name = `webhook ${hook.name} (${hook.type})`
  const { last } = record
  // At 0 the calls of other namespaces take all the sockets.
  const ahead = callsBefore === 0 ? '' : `: ${callsBefore} calls of the namespace are before it`
  if (callsBefore !== null && last === null) return `${name}, which is not called yet${ahead}`
  return last === null || last.verdict === 'pass' ? `${name} to answer` : `${name}, which ${last.said}`
}
