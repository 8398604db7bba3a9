/** Webhooks that a run waits for: a pass goes on without an answer, and the answer wakes the canary. */
import { sameJson } from '../core/json.ts'
import type { Finding } from '../core/model/check.ts'
import type { HookCall } from '../core/model/hook.ts'
import type { HookCalls } from './hook-calls.ts'
import type { Findings } from './in-flight-queries.ts'

/** Told of a call that is made; what it answers with is told of its answer, unless it is given up. */
export type WatchHooks = (key: string, call: HookCall) => (finding: Finding) => void

interface UnderWay {
  /** As it was when it was called. */
  readonly call: HookCall
  readonly stop: AbortController
}

interface InFlight {
  /** By id of the call. */
  readonly calls: Map<string, UnderWay>
  findings: Findings
}

export class InFlightHooks {
  readonly #calls: Pick<HookCalls, 'call' | 'before'>
  readonly #changed: (key: string) => void
  readonly #watch: WatchHooks | undefined
  readonly #byKey = new Map<string, InFlight>()

  /** @param changed is told the canary whose answer has arrived, or whose call waits for its turn, or has it. */
  constructor(calls: Pick<HookCalls, 'call' | 'before'>, changed: (key: string) => void, watch?: WatchHooks) {
    this.#calls = calls
    this.#changed = changed
    this.#watch = watch
  }

  /** Answers that were not taken up yet, and the places of calls that wait for their turn, by id of the call. */
  findings(key: string): Findings {
    const { calls = new Map<string, UnderWay>(), findings = {} } = this.#byKey.get(key) ?? {}
    const queued = [...calls].flatMap(([id, { call }]) => {
      const before = this.#calls.before(call)
      return before === null ? [] : [[id, { kind: 'queued', before }] as const]
    })
    return { ...Object.fromEntries(queued), ...findings }
  }

  /**
   * These calls, and no others, are to be under way or answered: what is new is called, what is not among them is given up, and
   * what is called otherwise since, as at another URL, is called again.
   */
  ask(key: string, calls: readonly HookCall[]): void {
    if (calls.length === 0) return this.forget(key)
    const inFlight = this.#byKey.get(key) ?? { calls: new Map<string, UnderWay>(), findings: {} }
    this.#byKey.set(key, inFlight)
    const wanted = new Map(calls.map(({ id, hook }) => [id, hook]))
    for (const [id, { call, stop }] of inFlight.calls) if (!sameJson(wanted.get(id), call.hook)) end(inFlight, id, stop)
    inFlight.findings = Object.fromEntries(Object.entries(inFlight.findings).filter(([id]) => wanted.has(id)))
    for (const call of calls) {
      if (!inFlight.calls.has(call.id) && !Object.hasOwn(inFlight.findings, call.id)) this.#call(key, inFlight, call)
    }
  }

  #call(key: string, inFlight: InFlight, call: HookCall): void {
    const stop = new AbortController()
    inFlight.calls.set(call.id, { call, stop })
    const changed = (): void => this.#changed(key)
    const seen = this.#watch?.(key, call)
    void this.#calls.call(call, stop.signal, { waits: changed, comes: changed }).then(finding => {
      if (finding === null || inFlight.calls.get(call.id)?.stop !== stop) return
      inFlight.calls.delete(call.id)
      seen?.(finding)
      inFlight.findings = { ...inFlight.findings, [call.id]: finding }
      changed()
    })
  }

  forget(key: string): void {
    const inFlight = this.#byKey.get(key)
    if (inFlight === undefined) return
    for (const [id, { stop }] of inFlight.calls) end(inFlight, id, stop)
    this.#byKey.delete(key)
  }

  close(): void {
    for (const key of this.#byKey.keys()) this.forget(key)
  }
}

function end(inFlight: InFlight, id: string, stop: AbortController): void {
  inFlight.calls.delete(id)
  stop.abort()
}
