/**
 * Flags → connections: who we are, the API server, the metrics servers. No cache, no election, and nothing is asked before the first
 * call, so that a command that reads one Canary needs no more than this. Beside app.ts and main.ts the only importer of adapters.
 */
import { monotonicClock, systemClock } from './adapters/clock.ts'
import { HttpAlerts } from './adapters/alerts/sender.ts'
import type { ReadSecret } from './adapters/http/access.ts'
import { JsonReader } from './adapters/http/json-reader.ts'
import { Admission } from './adapters/kubernetes/admission.ts'
import { type Credentials, loadCredentials } from './adapters/kubernetes/credentials.ts'
import type { ExchangeOptions } from './adapters/kubernetes/exchange.ts'
import { KubeTransport } from './adapters/kubernetes/transport.ts'
import { OtlpExporter, type OtlpOptions } from './adapters/otlp/exporter.ts'
import { otlpSettings } from './adapters/otlp/settings.ts'
import { SecretAccessReader } from './adapters/prometheus/access-reader.ts'
import { PrometheusSource } from './adapters/prometheus/source.ts'
import { HttpWebhooks } from './adapters/webhooks/caller.ts'
import { kinds } from './api/object.ts'
import type { ClientFlags } from './cli/client/flags.ts'
import type { RunFlags } from './cli/flags.ts'
import { headersOf } from './cli/header-flags.ts'
import { StartupError } from './cli/startup-error.ts'
import type { Client, HttpAddress, HttpReader } from './cli/tools.ts'
import type { AccessReader, AlertSender, KubeApi, Log, MetricSource, WebhookCaller } from './core/ports.ts'
import { pause } from './runtime/timing.ts'

/** The flags that say where to connect, and as whom. */
export type ConnectFlags = Pick<
  RunFlags,
  | 'kubeconfig'
  | 'context'
  | 'kubeApiQps'
  | 'kubeApiBurst'
  | 'metricsServer'
  | 'allowedMetricsServer'
  | 'metricsServerCaFile'
  | 'metricsServerTokenFile'
  | 'metricsServerHeader'
  | 'metricsServerTenantHeader'
  | 'webhookAllow'
  | 'webhookDeny'
  | 'clusterName'
>

export interface ConnectOptions {
  readonly version: string
  readonly log: Log
  /** Variables of the environment, for the proxy of the metrics servers. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Told of each call to the API server. */
  readonly called?: ExchangeOptions['report']
  /** Told of each call of a webhook. */
  readonly hooked?: NonNullable<ConstructorParameters<typeof HttpWebhooks>[0]['observed']>
  /** Told of each query. */
  readonly queried?: NonNullable<ConstructorParameters<typeof PrometheusSource>[0]['observed']>
}

export interface Connected {
  readonly api: KubeApi
  readonly metrics: MetricSource
  readonly webhooks: WebhookCaller
  readonly alerts: AlertSender
  readonly access: AccessReader
  /** URLs of the metrics servers that Canaries may name; the first is the one of those that name none. */
  readonly metricsServers: readonly [string, ...string[]]
  /** URL of the API server. */
  readonly server: string
  /** Namespace of the context or of the pod; empty where there is none. */
  readonly namespace: string
  /** Closes all connections. */
  close(): Promise<void>
}

/** @throws StartupError with a sentence when the kubeconfig or a URL is not as it must be. */
export function connect(flags: ConnectFlags, options: ConnectOptions): Connected {
  const credentials = orStartupError(() => loadCredentials(credentialsOf(flags), monotonicClock))
  const metricsServers = [flags.metricsServer, ...flags.allowedMetricsServer] as const
  const api = apiOf(flags, credentials, options)
  const metrics = orStartupError(() => metricsOf(flags, metricsServers, api, options))
  const webhooks = webhooksOf(flags, api, options)
  const alerts = alertsOf(flags, api, options)
  return {
    api,
    metrics,
    webhooks,
    alerts,
    access: new SecretAccessReader(readerOf(api)),
    metricsServers,
    server: credentials.server,
    namespace: credentials.namespace,
    async close() {
      metrics.close()
      webhooks.close()
      alerts.close()
      await api.close()
    },
  }
}

/**
 * Where traces go, as the environment says; null: nothing is traced. What makes no sense there is logged, and stops nothing but the
 * traces.
 */
export function connectCollector(
  environment: ConnectOptions['environment'],
  options: Pick<OtlpOptions, 'version' | 'log' | 'instance' | 'host' | 'dropped'>,
): OtlpExporter | null {
  const { settings, problems } = otlpSettings(environment)
  for (const problem of problems) options.log.warn('a variable about traces makes no sense', { problem })
  if (settings === null) return null
  return new OtlpExporter({ ...options, settings, environment, clock: monotonicClock, random: Math.random })
}

/** Requests a second, and at once, of a command: what kubectl allows itself. */
const CLIENT_LIMITS = { kubeApiQps: 50, kubeApiBurst: 300 }

/** What a read of a path is, for those who count calls. */
const PATH = { verb: 'get', kind: 'path', namespace: '' }

/** Reads from a server by HTTP; proxies are those of the environment. */
export function connectHttp({ url, ...options }: HttpAddress, environment: ConnectOptions['environment']): HttpReader {
  return new JsonReader(url, { ...options, environment })
}

/** A cluster as the caller of a command. @throws StartupError with a sentence when the kubeconfig is not as it must be. */
export function connectClient(flags: ClientFlags, options: Pick<ConnectOptions, 'version'>): Client {
  const { as, asGroup, namespace } = flags
  if (as === undefined && asGroup.length > 0) throw new StartupError('--as-group needs --as: name the user, too')
  const identity = as === undefined ? {} : { as, asGroups: asGroup }
  const credentials = orStartupError(() => loadCredentials({ ...credentialsOf(flags), ...identity }, monotonicClock))
  const api = apiOf(CLIENT_LIMITS, credentials, options)
  return {
    api,
    server: credentials.server,
    namespace: namespace ?? (credentials.namespace || 'default'),
    user: as ?? credentials.user,
    read: (path, call) => api.json({ method: 'GET', path, repeatable: true }, PATH, call),
    close: () => api.close(),
  }
}

function apiOf(
  { kubeApiQps: qps, kubeApiBurst: burst }: Pick<ConnectFlags, 'kubeApiQps' | 'kubeApiBurst'>,
  credentials: Credentials,
  { version, called }: Pick<ConnectOptions, 'version' | 'called'>,
): KubeTransport {
  return new KubeTransport({
    credentials,
    admission: new Admission({ qps, burst }, monotonicClock),
    clock: monotonicClock,
    random: Math.random,
    userAgent: `sluice/${version}`,
    ...(called === undefined ? {} : { report: called }),
  })
}

/** Secrets are read when a call needs them. */
const readerOf =
  (api: KubeApi): ReadSecret =>
  (namespace, name, signal) =>
    api.get({ kind: kinds.Secret, namespace, name }, { lane: 'normal', signal })

function webhooksOf(
  { webhookAllow: allow, webhookDeny: deny }: ConnectFlags,
  api: KubeApi,
  { version, environment, hooked }: ConnectOptions,
): HttpWebhooks {
  return new HttpWebhooks({
    readSecret: readerOf(api),
    targets: { allow, deny },
    environment,
    wall: systemClock,
    clock: monotonicClock,
    pause: (wait, signal) => pause(monotonicClock, wait, signal),
    random: Math.random,
    userAgent: `sluice/${version}`,
    ...(hooked === undefined ? {} : { observed: hooked }),
  })
}

function alertsOf(
  { webhookAllow: allow, webhookDeny: deny, clusterName: cluster }: ConnectFlags,
  api: KubeApi,
  { version, environment }: ConnectOptions,
): HttpAlerts {
  const targets = { allow, deny }
  return new HttpAlerts({ readSecret: readerOf(api), targets, environment, userAgent: `sluice/${version}`, cluster })
}

function metricsOf(
  flags: ConnectFlags,
  servers: Connected['metricsServers'],
  api: KubeApi,
  { version, log, environment, queried }: ConnectOptions,
): PrometheusSource {
  const { metricsServerCaFile: caFile, metricsServerTokenFile: tokenFile, metricsServerTenantHeader } = flags
  const connection = {
    ...(caFile === undefined ? {} : { caFile }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
    headers: headersOf(flags.metricsServerHeader),
  }
  return new PrometheusSource({
    servers,
    // The other servers are named by users: nothing of this is shown to them.
    connections: { [flags.metricsServer]: connection },
    environment,
    readSecret: readerOf(api),
    userAgent: `sluice/${version}`,
    ...(metricsServerTenantHeader === undefined ? {} : { tenantHeader: metricsServerTenantHeader }),
    log,
    ...(queried === undefined ? {} : { observed: queried }),
  })
}

function credentialsOf({ kubeconfig, context }: Pick<ConnectFlags, 'kubeconfig' | 'context'>): {
  kubeconfig?: string
  context?: string
} {
  return { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) }
}

function orStartupError<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new StartupError(error instanceof Error ? error.message : String(error))
  }
}
