/** The composition root of the controller: flags → connections (connect.ts) → controller. */
import { createHash, randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { systemClock, monotonicClock } from './adapters/clock.ts'
import { startJobs } from './adapters/jobs.ts'
import { jsonLog, type JsonLog } from './adapters/log.ts'
import { Metrics } from './adapters/metrics.ts'
import type { OtlpExporter } from './adapters/otlp/exporter.ts'
import { problemBeforeLookup } from './adapters/http/targets.ts'
import { StartupError } from './cli/startup-error.ts'
import type { RunFlags } from './cli/flags.ts'
import { settingsOf } from './cli/settings.ts'
import { connect, connectCollector, type Connected } from './connect.ts'
import { checkCluster } from './controller/check-cluster.ts'
import { Controller } from './controller/controller.ts'
import { RightsCheck } from './controller/rights-check.ts'
import { ShownCanaries } from './controller/shown-canaries.ts'
import type { Sha256 } from './core/ports.ts'
import { EventRecorder } from './runtime/events.ts'
import { Election } from './runtime/lease.ts'
import { pause } from './runtime/timing.ts'
import type { About } from './server/about.ts'
import { unhealthy, unready, type Vitals } from './server/health.ts'
import { serve } from './server/http.ts'

const sha256: Sha256 = text => createHash('sha256').update(text).digest('hex')
const seconds = (milliseconds: number): number => milliseconds / 1000
const LEASE = 14_000
/** A reflector that has not heard of the API server for so long is said in the log. */
const QUIET_FOR = 180_000
/** SIGTERM to exit takes 5 s at most: 2 for the writes in flight, 1 for the Lease, 0.5 each for these, 0.5 for the log. */
const LAST_WORDS = 500

/**
 * Runs the controller until `stop` aborts.
 *
 * @throws CannotStart with a sentence when the cluster, its CRDs, our rights or the port are not as they must be.
 */
export async function run(flags: RunFlags, version: string, stop: AbortSignal): Promise<void> {
  const log = jsonLog(flags.logLevel)
  try {
    await new ControllerApp(flags, version, log).run(stop)
  } finally {
    await log.flush()
  }
}

class ControllerApp {
  readonly #flags: RunFlags
  readonly #log: JsonLog
  readonly #metrics: Metrics
  readonly #canaries: ShownCanaries
  readonly #connected: Connected
  readonly #recorder: EventRecorder
  readonly #controller: Controller
  readonly #identity = `${hostname()}_${randomBytes(4).toString('hex')}`
  readonly #version: string
  readonly #rights: RightsCheck
  /** null: nothing is traced. */
  readonly #spans: OtlpExporter | null
  #isLeading = false
  #election: Election | null = null
  #started = false

  constructor(flags: RunFlags, version: string, log: JsonLog) {
    this.#flags = flags
    this.#log = log
    this.#version = version
    const metrics = new Metrics(version)
    this.#metrics = metrics
    this.#canaries = new ShownCanaries(metrics, systemClock)
    this.#connected = connect(flags, {
      version,
      log,
      environment: process.env,
      called: ({ verb, kind, code, lane, milliseconds, waited, warnings }) => {
        metrics.observe('api_request_duration_seconds', { verb, kind, code: String(code) }, seconds(milliseconds))
        metrics.observe('api_rate_limit_wait_seconds', { lane }, seconds(waited))
        if (warnings.length > 0) log.warn('the API server warns', { verb, kind, warnings })
      },
      hooked: ({ type, outcome, seconds: took }) =>
        metrics.observe('webhook_duration_seconds', { type, outcome }, took),
      queried: call => metrics.observe('query_duration_seconds', { outcome: call.outcome }, call.seconds),
    })
    const { api, metrics: metricSource, webhooks, alerts, access, metricsServers } = this.#connected
    this.#recorder = new EventRecorder({
      api,
      clock: monotonicClock,
      random: Math.random,
      log,
      instance: this.#identity,
      dropped: () => metrics.count('events_dropped_total', {}),
    })
    this.#rights = new RightsCheck({
      api,
      settings: {
        namespaces: flags.namespace,
        leaseNamespace: this.#leaseNamespace(),
        leaderElect: flags.leaderElect,
        trackConfigs: flags.trackConfigs,
        podReasons: flags.podReasons,
      },
      clock: systemClock,
      counted: (role, missing) => metrics.set('missing_rights', { role }, missing),
    })
    this.#spans = connectCollector(process.env, {
      version,
      log,
      instance: this.#identity,
      host: hostname(),
      dropped: spans => metrics.count('spans_dropped_total', {}, spans),
    })
    this.#controller = new Controller(
      {
        api,
        metrics: metricSource,
        webhooks,
        alerts,
        access,
        recorder: this.#recorder,
        clock: systemClock,
        steady: monotonicClock,
        log,
        sha256,
        random: Math.random,
        ...(this.#spans === null ? {} : { spans: this.#spans }),
      },
      {
        settings: settingsOf(flags, {
          metricsServers,
          webhookRefusal: url => problemBeforeLookup(url, { allow: flags.webhookAllow, deny: flags.webhookDeny }),
        }),
        namespaces: flags.namespace,
        podReasons: flags.podReasons,
        heap: getHeapStatistics().heap_size_limit,
        ...(flags.dashboardUrl === undefined ? {} : { link: linkBelow(flags.dashboardUrl) }),
        queueMetrics: {
          depth: ready => metrics.set('queue_depth', {}, ready),
          latency: waited => metrics.observe('queue_latency_seconds', {}, seconds(waited)),
          worked: took => metrics.observe('reconcile_duration_seconds', { outcome: 'ended' }, seconds(took)),
          failed: (key, error, wait) => {
            metrics.count('reconcile_errors_total', {})
            log.warn('a pass failed and is tried again', { canary: key, error: messageOf(error), milliseconds: wait })
          },
        },
        probed: (server, isReached) => {
          if (isReached === null) metrics.drop('metrics_server_up', { server })
          else metrics.set('metrics_server_up', { server }, isReached ? 1 : 0)
        },
        webhookTold: (sink, outcome) => metrics.count('webhooks_told_total', { sink, outcome }),
        watcher: (key, observation, decision) => {
          if (observation === null || decision === null) this.#canaries.forget(key)
          else this.#canaries.show(key, observation, decision)
        },
      },
    )
  }

  async run(stop: AbortSignal): Promise<void> {
    const { port, bind, leaderElect } = this.#flags
    const problem = await checkCluster(this.#connected.api, this.#connected.server, this.#flags.namespace, stop)
    if (problem !== null) throw new StartupError(problem)
    const server = await serve({
      port,
      bind,
      health: () => unhealthy(this.#vitals()),
      readiness: () => unready(this.#vitals()),
      about: () => this.#about(),
      metrics: () => {
        this.#metrics.set('events_waiting', {}, this.#recorder.depth)
        return this.#metrics.page()
      },
    }).catch((error: unknown) => {
      throw new StartupError(messageOf(error))
    })
    const address = server.address()
    const listens = typeof address === 'object' && address !== null ? address.port : port
    this.#log.info('started', { server: this.#connected.server, port: listens, identity: this.#identity })
    const endJobs = this.#jobs(stop)
    void this.#rights.whenDue(stop)
    await Promise.race([this.#controller.start(), aborted(stop)])
    this.#started = true
    if (leaderElect) {
      this.#election = this.#newElection()
      await this.#election.run(stop, term => this.#lead(term))
    } else await this.#lead(stop)
    await Promise.all([this.#recorder.close(LAST_WORDS), this.#spans?.close(LAST_WORDS)])
    server.close()
    server.closeAllConnections()
    const ending = [endJobs(), this.#controller.close(), this.#connected.close()]
    await Promise.race([Promise.all(ending), pause(monotonicClock, LAST_WORDS, new AbortController().signal)])
    this.#log.info('stopped', {})
  }

  #vitals(): Vitals {
    return {
      started: this.#started,
      unseen: this.#controller.unseen(),
      leaseAge: this.#election?.age() ?? 0,
      electionStuck: this.#election?.stuckFor() ?? 0,
      pass: this.#controller.longestPass(),
    }
  }

  #about(): About {
    return {
      version: this.#version,
      identity: this.#identity,
      isLeader: this.#isLeading,
      rights: this.#rights.report(),
    }
  }

  async #lead(term: AbortSignal): Promise<void> {
    this.#isLeading = true
    this.#metrics.set('leader', {}, 1)
    await this.#controller.lead(term)
    this.#isLeading = false
    this.#metrics.set('leader', {}, 0)
    // Another process shows them now.
    this.#canaries.forgetAll()
  }

  #leaseNamespace(): string {
    return this.#flags.leaderElectionNamespace ?? (this.#connected.namespace || 'sluice-system')
  }

  #newElection(): Election {
    return new Election({
      api: this.#connected.api,
      clock: monotonicClock,
      log: this.#log,
      namespace: this.#leaseNamespace(),
      name: 'sluice',
      identity: this.#identity,
      // A new leader begins within 15 s after a crash.
      duration: LEASE,
    })
  }

  /** What the controller does by the clock on the wall, not by events: it tells what it cannot see. */
  #jobs(stop: AbortSignal): () => Promise<void> {
    return startJobs(
      [
        { name: 'check the rights', schedule: '* * * * *', run: () => this.#rights.whenDue(stop) },
        {
          name: 'report reflectors in trouble',
          schedule: '* * * * *',
          run: () => {
            for (const { kind, state, lastError, age } of this.#reflectors()) {
              if (state === 'absent' || ((age ?? 0) < QUIET_FOR && lastError === null)) continue
              this.#log.warn('a kind is not followed as it should be', {
                kind,
                state,
                error: lastError,
                milliseconds: age,
              })
            }
          },
        },
      ],
      this.#log,
    )
  }

  #reflectors(): { kind: string; state: string; lastError: string | null; age: number | null }[] {
    return this.#controller.reflectors().map(reflector => ({
      kind: reflector.kind.plural,
      state: reflector.state,
      lastError: reflector.lastError,
      age: reflector.age(),
    }))
  }
}

/** The page of a canary below the URL of the dashboard (dashboard/route.ts). */
const linkBelow =
  (url: string) =>
  (namespace: string, canary: string): string =>
    `${url.replace(/\/+$/, '')}/#/${encodeURIComponent(namespace)}/${encodeURIComponent(canary)}`

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
