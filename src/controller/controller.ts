/**
 * The controller: caches that every replica keeps warm, and the loop that only the leader runs. Objects wake the canaries
 * that care about them; time wakes them when something is due; an idle canary costs no request.
 */
import { kinds, type Kind, type KubeObject } from '../api/object.ts'
import type { Milliseconds } from '../core/time.ts'
import { Informers } from '../runtime/informers.ts'
import { NamespaceBudget } from '../runtime/namespace-budget.ts'
import type { Reflector } from '../runtime/reflector.ts'
import { pause } from '../runtime/timing.ts'
import { catchUp } from './catch-up.ts'
import type { ControllerOptions, ControllerPorts } from './controller-ports.ts'
import { addIndexes, followed, followedWherePresent, forms, keeping, providerKey, selectors, timings } from './kinds.ts'
import { ProviderInformers } from './provider-informers.ts'
import { Term } from './term.ts'
import { START, unseenByAll } from './watch-health.ts'

export class Controller {
  readonly #ports: ControllerPorts
  readonly #options: ControllerOptions
  readonly #cache: Informers
  readonly #scopes: readonly string[]
  readonly #providers: ProviderInformers
  #term: Term | null = null

  constructor(ports: ControllerPorts, options: ControllerOptions) {
    this.#ports = ports
    this.#options = options
    this.#scopes = options.namespaces.length === 0 ? [''] : options.namespaces
    this.#cache = new Informers({
      api: ports.api,
      clock: ports.steady,
      random: ports.random,
      log: ports.log,
      transform: keeping,
      forms,
      selectors,
      timings,
      ...(options.heap === undefined ? {} : { budget: new NamespaceBudget(options.heap) }),
      ...(options.timing === undefined ? {} : { timing: options.timing }),
    })
    addIndexes(this.#cache)
    this.#providers = new ProviderInformers(this.#cache, this.#scopes, options.settings.provider)
    this.#cache.listen((before, now, kind) => {
      if (kind === kinds.Canary && !sameProvider(before, now)) this.#providers.update()
      this.#term?.changed(before, now, kind)
    })
  }

  /**
   * Starts to follow the cluster; resolves once everything that matters is known, or after half a minute without: then
   * `unseen` says what is not known, and no canary moves before it is.
   */
  async start(): Promise<void> {
    const use = (kind: Kind): Reflector[] => this.#scopes.map(scope => this.#cache.use(kind, scope))
    const all = followed.flatMap(use)
    const known = all.map(reflector => reflector.settled)
    // What the providers need is known with the Canaries.
    const canaries = all.filter(({ kind }) => kind === kinds.Canary).map(reflector => reflector.settled)
    const routes = Promise.all(canaries).then(() => this.#providers.settled())
    // Autoscalers of others are no reason to wait.
    const asked = followedWherePresent.flatMap(use).map(reflector => reflector.asked)
    const done = new AbortController()
    await Promise.race([Promise.all([...known, ...asked, routes]), pause(this.#ports.steady, START, done.signal)])
    done.abort()
  }

  /** Works until the term ends, then finishes the writes in flight. */
  async lead(signal: AbortSignal): Promise<void> {
    const reflectors = this.#cache.reflectors()
    await catchUp(reflectors, this.#ports, signal)
    if (signal.aborted) return
    const term = new Term(this.#ports, this.#options, { cache: this.#cache, scopes: this.#scopes })
    this.#term = term
    term.begin()
    await aborted(signal)
    this.#term = null
    await term.close()
  }

  /** Every reflector, for readiness and metrics. */
  reflectors(): Reflector[] {
    return this.#cache.reflectors()
  }

  /** Why no canary could be decided on, as a sentence; null when all that every canary needs is seen. */
  unseen(): string | null {
    return unseenByAll(this.reflectors(), kind => this.#providers.isNeededByAll(kind))
  }

  /** The canary that is being worked on for the longest time; null when none is. */
  longestPass(): { key: string; milliseconds: Milliseconds } | null {
    return this.#term?.longestPass() ?? null
  }

  async close(): Promise<void> {
    await this.#cache.close()
  }
}

function sameProvider(before: KubeObject | undefined, now: KubeObject | undefined): boolean {
  return before !== undefined && now !== undefined && providerKey(before) === providerKey(now)
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
