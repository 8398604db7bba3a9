/**
 * Webhooks that are told, and not waited for: entries of the outbox. Each is called until its receiver acknowledged it, with growing
 * pauses, or until it is too late; never in a worker of the queue.
 */
import type { Webhook } from '../api/webhook.ts'
import { payloadOf, runIdOf } from '../core/hooks/call.ts'
import { sameJson } from '../core/json.ts'
import { isLate, lateAt } from '../core/machine/outbox.ts'
import type { OutboxEntry } from '../core/model/announcement.ts'
import type { Finding } from '../core/model/check.ts'
import type { HookCall, HookPayload } from '../core/model/hook.ts'
import type { Observation } from '../core/model/observation.ts'
import { candidateOf, promotedOf } from '../core/model/selectors.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { Milliseconds } from '../core/time.ts'
import { Backoff, pause } from '../runtime/timing.ts'
import type { HookCalls } from './hook-calls.ts'
import type { WatchHooks } from './in-flight-hooks.ts'

const FIRST_PAUSE: Milliseconds = 5_000
const LONGEST_PAUSE: Milliseconds = 300_000
/** What is not delivered when its Canary is gone has so long. */
const LAST_CHANCE: Milliseconds = 10_000

export interface DeliveryPorts {
  readonly calls: Pick<HookCalls, 'call'>
  readonly clock: Clock
  /** Time that does not jump. */
  readonly steady: Clock
  readonly random: () => number
  readonly log: Log
  /** Told of each call of a webhook that ends a run. */
  readonly watch?: WatchHooks
  /** Told what was acknowledged, or given up. */
  readonly done: (key: string, entry: OutboxEntry, outcome: 'delivered' | 'given up') => void
}

interface Delivery {
  readonly entry: OutboxEntry
  /** null: its webhook, or its run, is not known any more. */
  readonly call: HookCall | null
  readonly stop: AbortController
  /** Ends the pause between two attempts. */
  readonly wake: AbortController
  /** No attempt begins any more, or one. */
  isLast: boolean
}

function end({ stop, wake }: Delivery): void {
  stop.abort()
  wake.abort()
}

export class HookDeliveries {
  readonly #ports: DeliveryPorts
  readonly #byKey = new Map<string, Map<string, Delivery>>()

  constructor(ports: DeliveryPorts) {
    this.#ports = ports
  }

  /**
   * Delivers what is not being delivered yet, or is called otherwise since, as at another URL.
   *
   * @param owed what the outbox was to hold: that for which it has no room is given up.
   */
  deliver(key: string, o: Observation, outbox: readonly OutboxEntry[], owed: readonly OutboxEntry[]): void {
    const entries = outbox.filter(isCall)
    const known = this.#byKey.get(key)
    const kept = new Set(entries.map(entry => entry.key))
    const lost = [...owed, ...[...(known?.values() ?? [])].map(({ entry }) => entry)].filter(
      entry => isCall(entry) && !kept.has(entry.key),
    )
    for (const [id, entry] of new Map(lost.map(one => [one.key, one]))) {
      const delivery = known?.get(id)
      if (delivery !== undefined) end(delivery)
      known?.delete(id)
      this.#giveUp(key, entry, 'had to give way to what is newer, or matters more')
    }
    if (known?.size === 0) this.#byKey.delete(key)
    if (entries.length === 0) return
    const deliveries = known ?? new Map<string, Delivery>()
    this.#byKey.set(key, deliveries)
    for (const entry of entries) {
      const underWay = deliveries.get(entry.key)
      if (underWay === undefined) {
        this.#begin(key, deliveries, entry, callOf(o, entry))
        continue
      }
      const hook = hookOf(o, entry)
      if (underWay.call === null || sameJson(hook, underWay.call.hook)) continue
      end(underWay)
      this.#begin(key, deliveries, entry, hook === undefined ? null : { ...underWay.call, hook })
    }
  }

  #begin(key: string, deliveries: Map<string, Delivery>, entry: OutboxEntry, call: HookCall | null): void {
    const delivery = { entry, call, stop: new AbortController(), wake: new AbortController(), isLast: false }
    deliveries.set(entry.key, delivery)
    void this.#run(key, delivery).then(outcome => {
      if (deliveries.get(entry.key) !== delivery) return
      deliveries.delete(entry.key)
      if (outcome === 'delivered') this.#ports.done(key, entry, outcome)
      else if (outcome !== null) this.#giveUp(key, entry, outcome.said)
    })
  }

  #giveUp(key: string, entry: OutboxEntry, said: string): void {
    const pairs = { canary: key, webhook: entry.hook, type: entry.sink }
    this.#ports.log.warn('a webhook was not told', { ...pairs, error: said })
    this.#ports.done(key, entry, 'given up')
  }

  /** What it came to, with what was said last where it is given up; null: given up for now, it is still in the outbox. */
  async #run(key: string, delivery: Delivery): Promise<'delivered' | { readonly said: string } | null> {
    const { calls, clock, steady, random, watch } = this.#ports
    const { entry, call } = delivery
    if (call === null) return { said: 'is no longer in the spec, or its run is forgotten' }
    const backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE, random)
    let said = 'was not called in time'
    // A call that hangs does not outlast what it is for.
    const left = lateAt(entry) - clock.now()
    const cancel = steady.at(steady.now() + left, () => end(delivery))
    try {
      while (!isLate(entry, clock.now())) {
        const ended = entry.sink === 'post-rollout' ? watch?.(key, call) : undefined
        const finding = await calls.call(call, delivery.stop.signal)
        if (finding === null) break
        ended?.(finding)
        if (isAcknowledged(finding)) return 'delivered'
        said = saidBy(finding)
        if (delivery.isLast) return null
        await pause(steady, backoff.next(), delivery.wake.signal)
        if (delivery.stop.signal.aborted) break
      }
    } finally {
      cancel()
    }
    return isLate(entry, clock.now()) ? { said } : null
  }

  /** The Canary is gone: what is under way, or was to be tried again, has a last chance. */
  forget(key: string): void {
    const deliveries = this.#byKey.get(key)
    if (deliveries === undefined) return
    this.#byKey.delete(key)
    for (const delivery of deliveries.values()) {
      delivery.isLast = true
      delivery.wake.abort()
    }
    const abort = (): void => deliveries.forEach(end)
    this.#ports.steady.at(this.#ports.steady.now() + LAST_CHANCE, abort)
  }

  close(): void {
    for (const deliveries of this.#byKey.values()) deliveries.forEach(end)
    this.#byKey.clear()
  }
}

const isCall = ({ sink }: OutboxEntry): boolean => sink === 'event hook' || sink === 'post-rollout'

const isAcknowledged = (finding: Finding): boolean =>
  finding.kind === 'answer' && finding.status !== null && finding.status >= 200 && finding.status < 300

function saidBy(finding: Finding): string {
  if (finding.kind === 'answer') return finding.said
  return 'error' in finding ? finding.error : ''
}

const hookOf = (o: Observation, { hook }: OutboxEntry): Webhook | undefined =>
  o.canary.spec.analysis.webhooks.find(({ name }) => name === hook)

/** The call of an entry; null where its webhook, or its run, is not known any more. */
function callOf(o: Observation, entry: OutboxEntry): HookCall | null {
  const hook = hookOf(o, entry)
  if (hook === undefined) return null
  const call = (payload: HookPayload): HookCall => ({ id: entry.key, namespace: o.names.namespace, hook, payload })
  if (entry.sink === 'event hook') {
    const revision = candidateOf(o.state) ?? promotedOf(o.state) ?? ''
    const payload = payloadOf(o, hook, { phase: o.state.phase, runId: runIdOf(o.state), revision })
    // Flagger's names; they count more than what a user wrote under them.
    const event = {
      eventMessage: entry.message,
      eventType: entry.severity === 'info' ? 'Normal' : 'Warning',
      timestamp: String(entry.at),
    }
    return call({ ...payload, metadata: { ...payload.metadata, ...event } })
  }
  const run = o.memory.history.find(({ id }) => id === entry.run)
  if (run === undefined) return null
  const phase = run.outcome === 'Succeeded' ? 'Succeeded' : 'Failed'
  const { revision, highest: weight, outcome } = run
  return call(payloadOf(o, hook, { phase, runId: run.id, revision, weight, outcome }))
}
