/**
 * Alerts: entries of the outbox that are sent to the server of an AlertProvider, a chat or Git. Those of one alert of a Canary are sent in
 * order, each until the server has it, with growing pauses, or until it is too late; never in a worker of the queue.
 */
import type { ReadAlertProvider } from '../api/alert-provider.ts'
import type { KubeObject } from '../api/object.ts'
import { isLate, lateAt } from '../core/machine/outbox.ts'
import type { AlertMessage, AlertOutcome } from '../core/model/alert.ts'
import type { OutboxEntry } from '../core/model/announcement.ts'
import type { Observation } from '../core/model/observation.ts'
import type { AlertSender, Clock, Log } from '../core/ports.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import { traceLinkOf } from '../core/signals/trace-link.ts'
import { Backoff, pause } from '../runtime/timing.ts'
import { threadsAfter } from './alert-threads.ts'
import { CallLine } from './call-line.ts'

const FIRST_PAUSE: Milliseconds = 5_000
const LONGEST_PAUSE: Milliseconds = 300_000
/** A message that the server refuses is tried for so long, before those that follow it: the template, or the channel, may be mended. */
const REFUSED_FOR: Milliseconds = 3_600_000
/** What is not sent when its Canary is gone has so long. */
const LAST_CHANCE: Milliseconds = 10_000

export interface AlertDeliveryPorts {
  readonly sender: AlertSender
  /** An AlertProvider of the cache; null: there is none of this name, or it is not known. */
  readonly provider: (namespace: string, name: string) => ReadAlertProvider | null
  /** URL of a canary on the dashboard; '' where none is known. */
  readonly link: (namespace: string, canary: string) => string
  /** Id of the trace of a run; '' where nothing is traced. */
  readonly traceId: (canary: KubeObject, run: string) => string
  readonly clock: Clock
  /** Time that does not jump. */
  readonly steady: Clock
  readonly random: () => number
  readonly log: Log
  readonly done: (key: string, entry: OutboxEntry, end: AlertEnd) => void
  /** Told what the server of an AlertProvider answered to an alert. */
  readonly answered: (namespace: string, name: string, outcome: AlertOutcome) => void
}

/** `thread`: what the server calls the message, where the next ones of its run follow it; else null. */
export type AlertEnd =
  | { readonly outcome: 'delivered'; readonly thread: string | null }
  | { readonly outcome: 'given up'; readonly said: string }

/** What one attempt came to; `gone`: the Canary has no such alert any more; null: it was given up. */
type Attempt = AlertOutcome | 'gone' | null

/** The alerts of one name of one Canary that are still to be sent, the oldest first. */
interface Queue {
  entries: OutboxEntry[]
  /** The Canary as it was last seen. */
  o: Observation
  /** The AlertProvider of the last attempt. */
  provider: ReadAlertProvider | null
  /** Ends the attempt that is under way. */
  stop: AbortController
  /** Ends the pause between two attempts. */
  wake: AbortController
  /** The Canary is gone: no entry has more than one attempt left. */
  isLast: boolean
}

export class AlertDeliveries {
  readonly #ports: AlertDeliveryPorts
  readonly #line: CallLine<Parameters<AlertSender['send']>[0], AlertOutcome>
  /** By key of the Canary, then by name of the alert. */
  readonly #queues = new Map<string, Map<string, Queue>>()
  #closed = false

  constructor(ports: AlertDeliveryPorts) {
    this.#ports = ports
    this.#line = new CallLine(
      (call, signal) => ports.sender.send(call, signal),
      error => ({ kind: 'failed', error, after: null }),
    )
  }

  /**
   * Sends what is not being sent yet.
   *
   * @param owed what the outbox was to hold: that for which it has no room is given up.
   */
  deliver(key: string, o: Observation, outbox: readonly OutboxEntry[], owed: readonly OutboxEntry[]): void {
    const entries = outbox.filter(isAlert)
    const kept = new Set(entries.map(entry => entry.key))
    const queues = this.#queues.get(key) ?? new Map<string, Queue>()
    const waiting = [...queues.values()].flatMap(queue => queue.entries)
    const lost = [...owed, ...waiting].filter(entry => isAlert(entry) && !kept.has(entry.key))
    for (const queue of queues.values()) this.#update(queue, o, kept)
    for (const entry of new Map(lost.map(one => [one.key, one])).values()) {
      this.#end(key, entry, givenUp('had to give way to what is newer, or matters more'))
    }
    for (const entry of entries) {
      const queue = queues.get(entry.hook)
      if (queue === undefined) {
        const begun = newQueue(o, entry)
        queues.set(entry.hook, begun)
        this.#queues.set(key, queues)
        void this.#run(key, entry.hook, begun)
      } else if (!queue.entries.some(one => one.key === entry.key)) queue.entries.push(entry)
    }
  }

  /** An AlertProvider that was mended, or an alert that names another one, is tried at once. */
  #update(queue: Queue, o: Observation, kept: ReadonlySet<string>): void {
    const [first] = queue.entries
    queue.o = o
    queue.entries = queue.entries.filter(({ key }) => kept.has(key))
    if (first === undefined) return
    if (first !== queue.entries[0]) queue.stop.abort()
    if (first !== queue.entries[0] || this.#providerOf(o, first) !== queue.provider) queue.wake.abort()
  }

  async #run(key: string, name: string, queue: Queue): Promise<void> {
    const { clock, steady, random, log } = this.#ports
    let backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE, random)
    let said: string | null = null
    while (!this.#closed) {
      const [entry] = queue.entries
      if (entry === undefined) break
      queue.stop = new AbortController()
      queue.wake = new AbortController()
      const left = lateAt(entry) - clock.now()
      const outcome = left <= 0 ? null : await this.#attempt(queue, entry, left)
      // It was taken from the queue meanwhile.
      if (queue.entries[0] !== entry) continue
      const end = endOf(outcome, entry, said, clock.now())
      if (outcome !== null && typeof outcome === 'object' && 'error' in outcome) {
        if (said === null && end === null) {
          log.warn('an alert could not be sent yet', { ...pairsOf(key, entry), error: outcome.error })
        }
        said = outcome.error
      }
      if (end === null && !queue.isLast) {
        const wanted = outcome !== null && typeof outcome === 'object' && 'after' in outcome ? (outcome.after ?? 0) : 0
        const wait = Math.min(Math.max(backoff.next(), wanted), lateAt(entry) - clock.now())
        await pause(steady, wait, queue.wake.signal)
        continue
      }
      queue.entries.shift()
      if (end !== null) queue.o = withThread(queue.o, entry, end)
      if (end !== null) this.#end(key, entry, end)
      backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE, random)
      said = null
    }
    const queues = this.#queues.get(key)
    if (queues?.get(name) !== queue) return
    queues.delete(name)
    if (queues.size === 0) this.#queues.delete(key)
  }

  /** One attempt, which does not outlast what it is for; null: it was given up. */
  async #attempt(queue: Queue, entry: OutboxEntry, left: Milliseconds): Promise<Attempt> {
    const { steady, link, traceId } = this.#ports
    const { names, canary, memory } = queue.o
    const alert = canary.spec.analysis.alerts.find(({ name }) => name === entry.hook)
    if (alert === undefined) return 'gone'
    const { name } = alert.providerRef
    const read = this.#providerOf(queue.o, entry)
    queue.provider = read
    if (read === null) return failed(`AlertProvider ${names.namespace}/${name} does not exist`)
    if ('problems' in read) {
      return failed(`AlertProvider ${names.namespace}/${name} is refused: ${read.problems.join('; ')}`)
    }
    const thread = memory.alertThreads.find(
      one => one.alert === entry.hook && one.run === entry.run && entry.run !== '',
    )
    const trace = entry.run === '' ? '' : traceId(canary, entry.run)
    const message = messageOf(queue.o, entry, link(names.namespace, names.canary), trace)
    const call = {
      id: entry.key,
      namespace: names.namespace,
      provider: read.provider,
      alert: message,
      thread: thread?.thread ?? null,
      commit: entry.commit ?? null,
    }
    const cancel = steady.at(steady.now() + left, () => queue.stop.abort())
    const outcome = await this.#line.call(call, queue.stop.signal)
    cancel()
    if (outcome === null) return outcome
    this.#ports.answered(names.namespace, name, outcome)
    if (outcome.kind === 'delivered') return outcome
    return { ...outcome, error: `AlertProvider ${names.namespace}/${name} ${outcome.error}` }
  }

  #providerOf({ names, canary }: Observation, { hook }: OutboxEntry): ReadAlertProvider | null {
    const alert = canary.spec.analysis.alerts.find(({ name }) => name === hook)
    return alert === undefined ? null : this.#ports.provider(names.namespace, alert.providerRef.name)
  }

  #end(key: string, entry: OutboxEntry, end: AlertEnd): void {
    if (end.outcome === 'given up') {
      this.#ports.log.warn('an alert was given up', { ...pairsOf(key, entry), error: end.said })
    }
    this.#ports.done(key, entry, end)
  }

  /** The Canary is gone: what is to be sent has a last chance. */
  forget(key: string): void {
    const queues = this.#queues.get(key)
    if (queues === undefined) return
    this.#queues.delete(key)
    for (const queue of queues.values()) {
      queue.isLast = true
      queue.wake.abort()
    }
    const end = (): void => queues.forEach(stopped)
    this.#ports.steady.at(this.#ports.steady.now() + LAST_CHANCE, end)
  }

  /** Ends what is under way; it stays in the outbox. */
  close(): void {
    this.#closed = true
    for (const queues of this.#queues.values()) queues.forEach(stopped)
    this.#queues.clear()
  }
}

const isAlert = ({ sink }: OutboxEntry): boolean => sink === 'alert' || sink === 'commit status'

const newQueue = (o: Observation, entry: OutboxEntry): Queue => ({
  entries: [entry],
  o,
  provider: null,
  stop: new AbortController(),
  wake: new AbortController(),
  isLast: false,
})

function stopped(queue: Queue): void {
  queue.entries = []
  queue.stop.abort()
  queue.wake.abort()
}

/** What comes next may be sent before the Canary is seen again. */
function withThread(o: Observation, entry: OutboxEntry, end: AlertEnd): Observation {
  return { ...o, memory: { ...o.memory, alertThreads: threadsAfter(o.memory.alertThreads, entry, end) } }
}

const failed = (error: string): AlertOutcome => ({ kind: 'failed', error, after: null })

const givenUp = (said: string): AlertEnd => ({ outcome: 'given up', said })

/** null: it is tried again. @param said what the last attempts came to. */
function endOf(outcome: Attempt, entry: OutboxEntry, said: string | null, now: Instant): AlertEnd | null {
  if (outcome === 'gone') return givenUp('it is no longer in the spec of the Canary')
  if (outcome?.kind === 'delivered') return { outcome: 'delivered', thread: outcome.thread }
  const last = outcome === null ? said : outcome.error
  const maybeLater = outcome?.kind === 'refused' || outcome?.kind === 'missing'
  const isRefused = outcome?.kind === 'final' || (maybeLater && now - entry.at >= REFUSED_FOR)
  return isRefused || isLate(entry, now) ? givenUp(last ?? 'it was not sent in time') : null
}

/** What a status without the facts, as another version or a user wrote it, leaves open. */
const NO_FACTS = { phase: '', weight: 0, revision: '', image: '', promoted: '', next: '' }

function messageOf(o: Observation, entry: OutboxEntry, link: string, traceId: string): AlertMessage {
  const { canary, namespace } = o.names
  const { severity, reason, message, at, run, about = NO_FACTS } = entry
  const traced = { traceId, traceLink: traceLinkOf(o, o, run, traceId) }
  return { ...about, severity, reason, message, at, run, canary, namespace, link, ...traced }
}

const pairsOf = (canary: string, { hook: alert, reason: about }: OutboxEntry) => ({ canary, alert, about })
