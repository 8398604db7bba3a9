/**
 * What there is while this process leads, and goes with the term: the queue of Canaries to work on, their queries, webhooks and
 * alerts, and the Reconciler.
 */
import { kinds, namespacedName, type Kind, type KubeObject } from '../api/object.ts'
import { metricsServersOf } from '../core/analysis/trials.ts'
import { traceIdOf } from '../core/signals/traces.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import type { Informers } from '../runtime/informers.ts'
import { withDeadline } from '../runtime/timing.ts'
import { Queue } from '../runtime/workqueue.ts'
import { Alerting } from './alerting.ts'
import { ApiCalls } from './calls.ts'
import { ConfigContents } from './config-contents.ts'
import type { ControllerOptions, ControllerPorts } from './controller-ports.ts'
import { DependencyIndex } from './dependency-index.ts'
import { HookCalls } from './hook-calls.ts'
import { HookDeliveries } from './hook-deliveries.ts'
import { InFlightHooks } from './in-flight-hooks.ts'
import { InFlightQueries } from './in-flight-queries.ts'
import { NeededInformers } from './needed-informers.ts'
import { Observer } from './observe.ts'
import { PodSamples } from './pod-samples.ts'
import { NO_POD_TROUBLES, PodTroubles } from './pod-troubles.ts'
import { QueryTrials } from './query-trials.ts'
import { Reconciler } from './reconcile.ts'
import { RunTraces } from './run-traces.ts'
import { ServerProbes } from './server-probes.ts'
import { run } from './step.ts'
import { TemplateConditions } from './template-conditions.ts'
import { hiddenIn, unseenIn } from './watch-health.ts'

/** A shutdown waits this long for the writes in flight. */
const DRAIN: Milliseconds = 2000
/**
 * Of a pass in all. Each of its calls ends by a deadline of its own, but a tenant decides how many there are: an admission webhook that
 * holds the writes of its namespace, and annotations that make them conflict. A pass of 300 s has the process restarted (health.ts).
 */
const LONGEST_PASS: Milliseconds = 240_000

/** What every replica keeps warm. */
interface Warm {
  readonly cache: Informers
  /** Namespaces that are followed; '' for all. */
  readonly scopes: readonly string[]
}

export class Term {
  readonly #ports: ControllerPorts
  readonly #cache: Informers
  readonly #queue: Queue
  readonly #dependencies = new DependencyIndex()
  readonly #reconciler: Reconciler
  readonly #alerting: Alerting
  readonly #templates: TemplateConditions
  /** What asks and calls, and ends with the term. */
  readonly #asking: readonly { close(): void }[]
  /** What writes in flight may still need. */
  readonly #reading: readonly { close(): void }[]
  #isOn = true
  #areWritesDone = false

  constructor(ports: ControllerPorts, options: ControllerOptions, { cache, scopes }: Warm) {
    this.#ports = ports
    this.#cache = cache
    const { api, clock, steady, random, sha256, log, recorder, access, webhooks, alerts: sender, spans: sink } = ports
    const { settings, probed, podReasons, queueMetrics = {} } = options
    const wake = (key: string): void => this.#wake(key)
    const traces = sink === undefined ? null : new RunTraces({ sink, sha256, clock, log, ended: wake })
    const conditionPorts = { api, cache, clock, steady, random, log }
    this.#templates = new TemplateConditions({ ...conditionPorts, access, settings })
    const metrics = this.#templates.watching(ports.metrics)
    const queries = new InFlightQueries(metrics, wake, traces?.asked)
    const hookCalls = new HookCalls(webhooks)
    const hooks = new InFlightHooks(hookCalls, wake, traces?.called)
    const deliveries = new HookDeliveries({
      calls: hookCalls,
      clock,
      steady,
      random,
      log,
      ...(traces === null ? {} : { watch: traces.told }),
      done: (key, entry, outcome) => {
        this.#reconciler.told(key, entry)
        options.webhookTold?.(entry.sink, outcome)
      },
    })
    this.#alerting = new Alerting({
      ...conditionPorts,
      sender,
      link: options.link ?? (() => ''),
      traceId: ({ metadata: { uid = '' } }, id) => (sink === undefined ? '' : traceIdOf(uid, id, sha256)),
      done: (key, entry, end) => {
        this.#reconciler.alerted(key, entry, end)
        options.webhookTold?.(entry.sink, end.outcome)
      },
    })
    const allowed = settings.metricsServers
    const probes = probed === undefined ? null : new ServerProbes({ source: metrics, allowed, steady, log, probed })
    const queryTrials = new QueryTrials(metrics, clock, (key, at) => this.#wakeAt(key, at))
    const neededInformers = new NeededInformers(cache, scopes)
    const configContents = new ConfigContents({ api, clock: steady, random, sha256, wake })
    const podTroubles = podReasons ? new PodTroubles({ api, clock: steady, wake }) : NO_POD_TROUBLES
    const podSamples = new PodSamples({ api, clock: steady, wake })
    this.#reconciler = new Reconciler({
      clock,
      log,
      recorder,
      queries,
      queryTrials,
      hooks,
      deliveries,
      alerts: this.#alerting.deliveries,
      cache,
      dependencies: this.#dependencies,
      neededInformers,
      configContents,
      observer: new Observer(cache, configContents, podSamples, podTroubles, settings, sha256),
      podSamples,
      podTroubles,
      traces,
      writing: traces?.writing,
      wake: (key, at) => this.#wakeAt(key, at),
      unseen: (...canary) => unseenIn(cache.reflectors(), ...canary),
      hidden: (...canary) => hiddenIn(cache.reflectors(), ...canary),
      // The result of a pass that was given up is not counted.
      watcher: (key, observation, decision) => {
        if (this.#areWritesDone) return
        if (observation === null) probes?.forget(key)
        else probes?.use(key, observation.names.namespace, metricsServersOf(observation))
        options.watcher?.(key, observation, decision)
      },
    })
    this.#queue = new Queue({
      clock,
      steady,
      // Not the term's signal: an orderly end finishes the writes in flight, and after a loss no other leader acts before DRAIN is over.
      worker: (key, signal) =>
        withDeadline(steady, LONGEST_PASS, signal, `The pass over Canary ${key}`, given =>
          run(this.#reconciler.pass(key, new ApiCalls(api, steady, given))),
        ),
      metrics: queueMetrics,
    })
    this.#asking = [
      queries,
      queryTrials,
      ...(probes === null ? [] : [probes]),
      hooks,
      deliveries,
      this.#alerting,
      this.#templates,
    ]
    this.#reading = [neededInformers, configContents, podSamples, podTroubles]
  }

  /** Works on every Canary there is. */
  begin(): void {
    for (const canary of this.#cache.list(kinds.Canary)) this.#queue.add(namespacedName(canary))
    this.#alerting.conditions.begin()
    this.#templates.begin()
  }

  /** An object has changed: the Canaries that it concerns are worked on. */
  changed(before: KubeObject | undefined, now: KubeObject | undefined, kind: Kind): void {
    const canary = kind === kinds.Canary ? (now ?? before) : undefined
    if (kind === kinds.AlertProvider) this.#alerting.conditions.changed(before, now)
    if (kind === kinds.MetricTemplate) this.#templates.changed(before, now)
    const concerned = this.#dependencies.concerned(before, now, kind)
    const progress = isProgress(before, now)
    if (canary !== undefined) {
      const key = namespacedName(canary)
      const isOwn = progress && sameFinalizers(before, now) && this.#reconciler.isOwnStatus(key, canary)
      if (isOwn) concerned.delete(key)
      else concerned.add(key)
    }
    for (const key of concerned) {
      if (progress) this.#queue.addSoon(key)
      else this.#queue.add(key)
    }
  }

  /** The canary that is being worked on for the longest time; null when none is. */
  longestPass(): { key: string; milliseconds: Milliseconds } | null {
    return this.#queue.longest()
  }

  /** Finishes the writes in flight. */
  async close(): Promise<void> {
    this.#isOn = false
    for (const part of this.#asking) part.close()
    const areDone = await this.#queue.close(DRAIN)
    if (!areDone) this.#ports.log.warn('gave up writes that took too long', { milliseconds: DRAIN })
    this.#areWritesDone = true
    for (const part of this.#reading) part.close()
  }

  #wake(key: string): void {
    if (this.#isOn) this.#queue.add(key)
  }

  #wakeAt(key: string, at: Instant): void {
    if (this.#isOn) this.#queue.addAt(key, at)
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

const sameFinalizers = (before: KubeObject | undefined, now: KubeObject | undefined): boolean =>
  before?.metadata.finalizers === now?.metadata.finalizers
