/**
 * The controller: caches that every replica keeps warm, and the loop that only the leader runs. Objects wake the canaries
 * that care about them; time wakes them when something is due; an idle canary costs no request.
 */
import { kinds, kindKey, namespacedName, type Kind, type KubeObject } from '../api/object.ts'
import { metricsServersOf } from '../core/analysis/trials.ts'
import type { Sink } from '../core/model/announcement.ts'
import type { Decision } from '../core/model/decision.ts'
import type { Observation, Settings } from '../core/model/observation.ts'
import type {
  AccessReader,
  AlertSender,
  Clock,
  KubeApi,
  Log,
  MetricSource,
  Sha256,
  SpanSink,
  WebhookCaller,
} from '../core/ports.ts'
import { traceIdOf } from '../core/signals/traces.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import { Informers } from '../runtime/informers.ts'
import type { EventRecorder } from '../runtime/events.ts'
import type { Reflector } from '../runtime/reflector.ts'
import type { ReflectorTiming } from '../runtime/reflector-timing.ts'
import { pause } from '../runtime/timing.ts'
import { ApiCalls } from './calls.ts'
import { run } from './step.ts'
import { HookCalls } from './hook-calls.ts'
import { Alerting } from './alerting.ts'
import { HookDeliveries } from './hook-deliveries.ts'
import { InFlightHooks } from './in-flight-hooks.ts'
import { InFlightQueries } from './in-flight-queries.ts'
import { QueryTrials } from './query-trials.ts'
import { ConfigContents } from './config-contents.ts'
import { DependencyIndex } from './dependency-index.ts'
import {
  addIndexes,
  decisive,
  followed,
  followedWherePresent,
  forms,
  keeping,
  providerKey,
  selectors,
  timings,
} from './kinds.ts'
import { NeededInformers } from './needed-informers.ts'
import { Observer } from './observe.ts'
import { PodSamples } from './pod-samples.ts'
import { NO_POD_TROUBLES, PodTroubles } from './pod-troubles.ts'
import { ProviderInformers } from './provider-informers.ts'
import { Queue, type QueueMetrics } from '../runtime/workqueue.ts'
import { Reconciler } from './reconcile.ts'
import { RunTraces } from './run-traces.ts'
import { ServerProbes, type ServerProbePorts } from './server-probes.ts'
import { TemplateConditions } from './template-conditions.ts'
import { hiddenIn, START, unseenByAll, unseenIn } from './watch-health.ts'

export interface ControllerPorts {
  readonly api: KubeApi
  readonly metrics: MetricSource
  readonly webhooks: WebhookCaller
  readonly alerts: AlertSender
  /** Reads the Secrets of MetricTemplates. */
  readonly access: AccessReader
  readonly recorder: EventRecorder
  /** Wall time: what goes into status and looks. */
  readonly clock: Clock
  /** Time that does not jump, for watches and their backoff. */
  readonly steady: Clock
  readonly log: Log
  readonly sha256: Sha256
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Where the traces of runs go; left out: nothing is traced. */
  readonly spans?: SpanSink
}

export interface ControllerOptions {
  readonly settings: Settings
  /** Namespaces to watch; empty: all. */
  readonly namespaces: readonly string[]
  /** Whether pods that are waited for are listed, to say why they are not ready. */
  readonly podReasons: boolean
  readonly timing?: Partial<ReflectorTiming>
  readonly queueMetrics?: QueueMetrics
  /** URL of a canary on the dashboard; '' for none. */
  readonly link?: (namespace: string, canary: string) => string
  /** Told of each webhook, and each alert, that was told, or given up. */
  readonly webhookTold?: (sink: Sink, outcome: 'delivered' | 'given up') => void
  /** Told whether a metrics server that a Canary uses answers, once a minute; null: none uses it here. Left out: none is asked. */
  readonly probed?: ServerProbePorts['probed']
  /** Told after each pass; without a decision when the canary is gone, or cannot be read. */
  readonly watcher?: (key: string, observation: Observation | null, decision: Decision | null) => void
}

/** A shutdown waits this long for the writes in flight. */
const DRAIN: Milliseconds = 2000
/**
 * For so long a new leader tries to list a kind that cannot be listed. One page has so long; the whole list has no deadline,
 * because it grows with the cluster: 6,000 Services took more than 10 s on a busy machine.
 */
const CATCH_UP: Milliseconds = 30_000
const CATCH_UP_PAGE: Milliseconds = 10_000
const CATCH_UP_RETRY: Milliseconds = 1000

/** What there is while this process leads, and goes with the term. */
interface Term {
  readonly queue: Queue
  readonly dependencies: DependencyIndex
  readonly reconciler: Reconciler
  readonly alerting: Alerting
  readonly templates: TemplateConditions
}

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
      ...(options.timing === undefined ? {} : { timing: options.timing }),
    })
    addIndexes(this.#cache)
    this.#providers = new ProviderInformers(this.#cache, this.#scopes, options.settings.provider)
    this.#cache.listen((before, now, kind) => {
      if (kind === kinds.Canary && !sameProvider(before, now)) this.#providers.update()
      const term = this.#term
      if (term === null) return
      const canary = kind === kinds.Canary ? (now ?? before) : undefined
      if (kind === kinds.AlertProvider) term.alerting.conditions.changed(before, now)
      if (kind === kinds.MetricTemplate) term.templates.changed(before, now)
      const concerned = term.dependencies.concerned(before, now, kind)
      const progress = isProgress(before, now)
      if (canary !== undefined) {
        const key = namespacedName(canary)
        const isOwn = progress && sameFinalizers(before, now) && term.reconciler.isOwnStatus(key, canary)
        if (isOwn) concerned.delete(key)
        else concerned.add(key)
      }
      for (const key of concerned) {
        if (progress) term.queue.addSoon(key)
        else term.queue.add(key)
      }
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
  async lead(term: AbortSignal): Promise<void> {
    const { api, clock, steady, random, sha256, log, recorder, access, webhooks, alerts: sender } = this.#ports
    await this.#catchUp(term)
    if (term.aborted) return
    const { spans: sink } = this.#ports
    const traces =
      sink === undefined ? null : new RunTraces({ sink, sha256, clock, log, ended: key => this.#wake(key) })
    const conditionPorts = { api, cache: this.#cache, clock, steady, random, log }
    const templates = new TemplateConditions({ ...conditionPorts, access, settings: this.#options.settings })
    const metrics = templates.watching(this.#ports.metrics)
    const queries = new InFlightQueries(metrics, key => this.#wake(key), traces?.asked)
    const hookCalls = new HookCalls(webhooks)
    const hooks = new InFlightHooks(hookCalls, key => this.#wake(key), traces?.called)
    const deliveries = new HookDeliveries({
      calls: hookCalls,
      clock,
      steady,
      random,
      log,
      ...(traces === null ? {} : { watch: traces.told }),
      done: (key, entry, outcome) => {
        reconciler.told(key, entry)
        this.#options.webhookTold?.(entry.sink, outcome)
      },
    })
    const alerting = new Alerting({
      ...conditionPorts,
      sender,
      link: this.#options.link ?? (() => ''),
      traceId: ({ metadata: { uid = '' } }, id) => (sink === undefined ? '' : traceIdOf(uid, id, sha256)),
      done: (key, entry, end) => {
        reconciler.alerted(key, entry, end)
        this.#options.webhookTold?.(entry.sink, end.outcome)
      },
    })
    const { probed, settings } = this.#options
    const allowed = settings.metricsServers
    const probes = probed === undefined ? null : new ServerProbes({ source: metrics, allowed, steady, log, probed })
    const queryTrials = new QueryTrials(metrics, clock, (key, at) => this.#wakeAt(key, at))
    const dependencies = new DependencyIndex()
    const neededInformers = new NeededInformers(this.#cache, this.#scopes)
    const configContents = new ConfigContents({
      api,
      clock: steady,
      random,
      sha256,
      wake: key => this.#wake(key),
    })
    const podTroubles = this.#options.podReasons
      ? new PodTroubles({ api, clock: steady, wake: key => this.#wake(key) })
      : NO_POD_TROUBLES
    const podSamples = new PodSamples({ api, clock: steady, wake: key => this.#wake(key) })
    let over = false
    const reconciler: Reconciler = new Reconciler({
      clock,
      log,
      recorder,
      queries,
      queryTrials,
      hooks,
      deliveries,
      alerts: alerting.deliveries,
      cache: this.#cache,
      dependencies,
      neededInformers,
      configContents,
      observer: new Observer(
        this.#cache,
        configContents,
        podSamples,
        podTroubles,
        this.#options.settings,
        this.#ports.sha256,
      ),
      podSamples,
      podTroubles,
      traces,
      writing: traces?.writing,
      wake: (key, at) => this.#wakeAt(key, at),
      unseen: (...canary) => unseenIn(this.reflectors(), ...canary),
      hidden: (...canary) => hiddenIn(this.reflectors(), ...canary),
      // The result of a pass that was given up is not counted.
      watcher: (key, observation, decision) => {
        if (over) return
        if (observation === null) probes?.forget(key)
        else probes?.use(key, observation.names.namespace, metricsServersOf(observation))
        this.#options.watcher?.(key, observation, decision)
      },
    })
    const queue = new Queue({
      clock,
      steady: this.#ports.steady,
      // Not the term's signal: an orderly end finishes the writes in flight, and after a loss no other leader acts before DRAIN is over.
      worker: (key, signal) => run(reconciler.pass(key, new ApiCalls(api, steady, signal))),
      metrics: this.#options.queueMetrics ?? {},
    })
    this.#term = { queue, dependencies, reconciler, alerting, templates }
    for (const canary of this.#cache.list(kinds.Canary)) queue.add(namespacedName(canary))
    alerting.conditions.begin()
    templates.begin()
    await aborted(term)
    this.#term = null
    queries.close()
    queryTrials.close()
    probes?.close()
    hooks.close()
    deliveries.close()
    alerting.close()
    templates.close()
    if (!(await queue.close(DRAIN))) log.warn('gave up writes that took too long', { milliseconds: DRAIN })
    over = true
    neededInformers.close()
    configContents.close()
    podSamples.close()
    podTroubles.close()
  }

  /**
   * The caches may be behind the last writes of the previous leader, and behind each other: an older weight would look
   * like a manual edit, and older pods like none. One list a kind is cheaper than one read an object. Statuses are
   * the log of every decision, so for those there is no going on without. (Copies of configuration are named by what is
   * in them; an old view of those is harmless.)
   */
  async #catchUp(term: AbortSignal): Promise<void> {
    const { log, steady } = this.#ports
    const behind = this.#cache.reflectors().filter(({ kind, synced }) => synced && decisive.has(kind))
    const refreshed = async (reflector: Reflector, patience: Milliseconds): Promise<void> => {
      const from = steady.now()
      while (!term.aborted && reflector.synced) {
        try {
          return await reflector.refresh(term, CATCH_UP_PAGE)
        } catch (error) {
          const said = error instanceof Error ? error.message : String(error)
          const kind = kindKey(reflector.kind)
          if (!term.aborted) log.warn('a new leader cannot see what the last one left', { kind, error: said })
        }
        if (steady.now() - from >= patience) return
        await pause(steady, CATCH_UP_RETRY, term)
      }
    }
    await Promise.all(
      behind.map(reflector =>
        refreshed(reflector, reflector.kind === kinds.Canary ? Number.POSITIVE_INFINITY : CATCH_UP),
      ),
    )
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
    return this.#term?.queue.longest() ?? null
  }

  async close(): Promise<void> {
    await this.#cache.close()
  }

  #wake(key: string): void {
    this.#term?.queue.add(key)
  }

  #wakeAt(key: string, at: Instant): void {
    this.#term?.queue.addAt(key, at)
  }
}

/**
 * Has the cluster gone on by itself? Such news comes in bursts, and a moment later it is whole. What a user did is
 * answered at once. (The cache keeps what did not change, so that telling is cheap.)
 */
function isProgress(before: KubeObject | undefined, now: KubeObject | undefined): boolean {
  if (before === undefined || now === undefined || before.spec !== now.spec) return false
  return (['labels', 'annotations', 'deletionTimestamp'] as const).every(
    field => before.metadata[field] === now.metadata[field],
  )
}

function sameProvider(before: KubeObject | undefined, now: KubeObject | undefined): boolean {
  return before !== undefined && now !== undefined && providerKey(before) === providerKey(now)
}

const sameFinalizers = (before: KubeObject | undefined, now: KubeObject | undefined): boolean =>
  before?.metadata.finalizers === now?.metadata.finalizers

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
