/** The demo's stage in virtual time: the whole controller in this process, and receivers of webhooks in memory. */
import { troubles } from '../../playground/test/metrics.ts'
import type { Stage } from '../../demo/play.ts'
import { answerTo, type HookCall } from '../../demo/receiver.ts'
import { type Deed, webhooks } from '../../demo/releases.ts'
import { Shop } from '../../demo/shop.ts'
import { World } from '../scenarios/world.ts'

/** As the real one: nothing that the demo waits for takes longer. */
const DEADLINE = 90_000

export class VirtualStage implements Stage {
  readonly shop: Shop
  readonly #world = new World(1000, [])
  /** How many calls came while the gate was closed. */
  #callsBeforeOpening = Infinity
  readonly #deeds: Readonly<Record<Deed, () => void>> = {
    'open the gate': () => {
      this.#callsBeforeOpening = this.#world.receivers.calls.length
      this.#answerHooks()
    },
    'stop Prometheus': () => {
      this.#world.metrics.trouble = troubles.down
    },
    'start Prometheus': () => {
      this.#world.metrics.trouble = troubles.none
    },
    'kill the controller': () => this.#world.processes.at(-1)?.kill(),
    'start a controller': () => void this.#world.start(),
  }

  constructor() {
    const { api, mesh } = this.#world
    this.shop = new Shop(api.server, mesh, 'http://hooks.test')
    this.#answerHooks()
    this.#world.start()
  }

  get hookCalls(): readonly HookCall[] {
    return this.#world.receivers.calls.map(({ hook: { name, type }, payload: { phase, weight } }, i) => {
      return { name, type, phase, weight, answer: answerTo(type, i >= this.#callsBeforeOpening) }
    })
  }

  #answerHooks(): void {
    for (const [name, type] of Object.entries(webhooks))
      this.#world.receivers.answer(name, answerTo(type, this.#callsBeforeOpening < Infinity).status)
  }

  now(): number {
    return this.#world.clock.now()
  }

  pass(time: number): Promise<void> {
    return this.#world.clock.advance(time)
  }

  async until(what: string, done: (status: Shop['status']) => boolean): Promise<void> {
    try {
      await this.#world.clock.runUntil(() => done(this.shop.status), DEADLINE)
    } catch {
      const { phase, message } = this.shop.status
      throw new Error(`still not ${what}: ${phase}, ${message}`)
    }
  }

  async perform(deed: Deed): Promise<void> {
    this.#deeds[deed]()
  }

  close(): Promise<void> {
    return this.#world.close()
  }
}
