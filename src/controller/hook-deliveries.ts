/**
 * Webhooks that are told, and not waited for: entries of the outbox. Each is called until its receiver acknowledged it, with growing
 * pauses, or until it is too late; never in a worker of the queue.
 */
import { payloadOf, runIdOf } from '../core/hooks/call.ts'
import { isLate } from '../core/machine/outbox.ts'
import type { OutboxEntry } from '../core/model/announcement.ts'
import type { Finding } from '../core/model/check.ts'
import type { HookCall, HookPayload } from '../core/model/hook.ts'
import type { Observation } from '../core/model/observation.ts'
import { candidateOf, promotedOf } from '../core/model/selectors.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { Milliseconds } from '../core/time.ts'
import { Backoff, pause } from '../runtime/timing.ts'
import type { HookCalls } from './hook-calls.ts'

const FIRST_PAUSE: Milliseconds = 5_000
const LONGEST_PAUSE: Milliseconds = 600_000
/** What is not delivered when its Canary is gone has so long. */
const LAST_CHANCE: Milliseconds = 10_000

export interface DeliveryPorts {
  readonly calls: Pick<HookCalls, 'call'>
  readonly clock: Clock
  /** Time that does not jump. */
  readonly steady: Clock
  readonly random: () => number
  readonly log: Log
  /** Told what was acknowledged, or given up. */
  readonly done: (key: string, entry: OutboxEntry, outcome: 'delivered' | 'given up') => void
}

interface Delivery {
  readonly stop: AbortController
  /** No attempt begins any more. */
  isLast: boolean
}

export class HookDeliveries {
  readonly #ports: DeliveryPorts
  readonly #byKey = new Map<string, Map<string, Delivery>>()

  constructor(ports: DeliveryPorts) {
    this.#ports = ports
  }

  /** Delivers what is not being delivered yet; what is no longer in the outbox had to give way to others, and is given up. */
  deliver(key: string, o: Observation, outbox: readonly OutboxEntry[]): void {
    const entries = outbox.filter(({ sink }) => sink !== 'event')
    const known = this.#byKey.get(key)
    if (entries.length === 0 && known === undefined) return
    const deliveries = known ?? new Map<string, Delivery>()
    this.#byKey.set(key, deliveries)
    const wanted = new Set(entries.map(entry => entry.key))
    for (const [id, { stop }] of deliveries) {
      if (wanted.has(id)) continue
      stop.abort()
      deliveries.delete(id)
    }
    for (const entry of entries) if (!deliveries.has(entry.key)) this.#begin(key, deliveries, o, entry)
    if (deliveries.size === 0) this.#byKey.delete(key)
  }

  #begin(key: string, deliveries: Map<string, Delivery>, o: Observation, entry: OutboxEntry): void {
    const call = callOf(o, entry)
    const delivery = { stop: new AbortController(), isLast: false }
    deliveries.set(entry.key, delivery)
    void this.#run(key, call, entry, delivery).then(outcome => {
      if (deliveries.get(entry.key) !== delivery) return
      deliveries.delete(entry.key)
      if (outcome !== null) this.#ports.done(key, entry, outcome)
    })
  }

  /** null: it was given up for now, and is still in the outbox. */
  async #run(
    key: string,
    call: HookCall | null,
    entry: OutboxEntry,
    delivery: Delivery,
  ): Promise<'delivered' | 'given up' | null> {
    const { calls, clock, steady, random, log } = this.#ports
    const backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE, random)
    const pairs = { canary: key, webhook: entry.hook, type: entry.sink }
    let said = 'was not called in time'
    while (!isLate(entry, clock.now())) {
      if (call === null) {
        said = 'is no longer in the spec, or its run is forgotten'
        break
      }
      const finding = await calls.call(call, delivery.stop.signal)
      if (finding === null) return null
      if (isAcknowledged(finding)) return 'delivered'
      said = saidBy(finding)
      if (delivery.isLast) return null
      await pause(steady, backoff.next(), delivery.stop.signal)
      if (delivery.stop.signal.aborted || delivery.isLast) return null
    }
    log.warn('a webhook was not told', { ...pairs, error: said })
    return 'given up'
  }

  /** The Canary is gone: what is under way has a last chance. */
  forget(key: string): void {
    const deliveries = this.#byKey.get(key)
    if (deliveries === undefined) return
    this.#byKey.delete(key)
    for (const delivery of deliveries.values()) delivery.isLast = true
    const abort = (): void => deliveries.forEach(({ stop }) => stop.abort())
    this.#ports.steady.at(this.#ports.steady.now() + LAST_CHANCE, abort)
  }

  close(): void {
    for (const deliveries of this.#byKey.values()) for (const { stop } of deliveries.values()) stop.abort()
    this.#byKey.clear()
  }
}

const isAcknowledged = (finding: Finding): boolean =>
  finding.kind === 'answer' && finding.status !== null && finding.status >= 200 && finding.status < 300

function saidBy(finding: Finding): string {
  if (finding.kind === 'answer') return finding.said
  return 'error' in finding ? finding.error : ''
}

/** The call of an entry; null where its webhook, or its run, is not known any more. */
function callOf(o: Observation, entry: OutboxEntry): HookCall | null {
  const hook = o.canary.spec.analysis.webhooks.find(({ name }) => name === entry.hook)
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
