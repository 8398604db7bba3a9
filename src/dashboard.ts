/** The composition root of the page: flags → connections of callers → server. It shares no process with the controller. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { monotonicClock, systemClock } from './adapters/clock.ts'
import { CallerTransport, TokenCredentials } from './adapters/kubernetes/caller.ts'
import { type Credentials, loadCredentials } from './adapters/kubernetes/credentials.ts'
import { jsonLog } from './adapters/log.ts'
import { RangeServer, rangeParameters, replyOfRange } from './adapters/prometheus/range.ts'
import { kinds } from './api/object.ts'
import type { DashboardFlags } from './cli/dashboard.ts'
import { headersOf } from './cli/header-flags.ts'
import { StartupError } from './cli/startup-error.ts'
import { ApiError } from './core/errors.ts'
import { type Assets, readAssets } from './server/dashboard/assets.ts'
import type { CallerApi, RangeAnswer, RangeQuery, RangeSource } from './server/dashboard/ports.ts'
import { type Mode, page } from './server/dashboard/server.ts'
import { Sessions } from './server/dashboard/sessions.ts'

export interface DashboardOptions {
  readonly version: string
  readonly stop: AbortSignal
  /** Where the bundle of the page is: the folder of the running program. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** A line for the person who started it. */
  readonly say: (line: string) => void
}

/** Connections at once: a page has one stream and a few calls. */
const MOST_CONNECTIONS = 1000
/** How long answers under way may take after SIGTERM. */
const LAST_ANSWERS = 1000
const CERTIFICATE_KEPT = 60_000

/**
 * Serves the page until `stop` aborts.
 *
 * @throws StartupError with a sentence when the kubeconfig, a file or the port is not as it must be.
 */
export async function serveDashboard(flags: DashboardFlags, options: DashboardOptions): Promise<void> {
  const { version, stop, say } = options
  const log = jsonLog(flags.logLevel, flags.inCluster ? process.stdout : process.stderr)
  const assets = assetsIn(join(options.folder, 'dashboard'))
  const own = flags.inCluster ? null : ownCredentials(flags)
  const credentialsOf = own === null ? callers(flags, options.environment) : (): Credentials => own
  const callerOf = (token: string): CallerApi =>
    new CallerTransport({
      credentials: credentialsOf(token),
      clock: monotonicClock,
      random: Math.random,
      userAgent: `sluice-dashboard/${version}`,
    })
  const ranges = rangesOf(flags, options.environment)
  const address = { text: '' }
  const mode = modeOf(own, () => address.text, say)
  const pageServer = page({
    version,
    mode,
    readOnly: flags.readOnly,
    guard: { allowedHosts: flags.allowedHost, plainHttp: flags.insecureHttp ? 'from anywhere' : 'on loopback' },
    assets,
    callerOf,
    ranges,
    inlineQueries: flags.allowInlineQueries,
    sha256: text => createHash('sha256').update(text).digest('hex'),
    now: () => systemClock.now(),
    log,
  })
  const server = serverOf(flags, pageServer.listener)
  const port = flags.port ?? (flags.inCluster ? 8080 : 0)
  const bind = flags.inCluster ? (flags.bind ?? '0.0.0.0') : '127.0.0.1'
  await listening(server, port, bind)
  const listens = (server.address() as AddressInfo).port
  address.text = `http://127.0.0.1:${listens}`
  if (mode.kind === 'laptop') {
    say(
      `The page of your releases, with your rights at ${mode.server}: ${address.text}/#link=${mode.sessions.newLink()}`,
    )
    say('The link works once. Ctrl-C ends the page; releases go on.')
  } else log.info('started', { port: listens, readOnly: flags.readOnly, tls: flags.tlsCertFile !== undefined })
  await aborted(stop)
  await pageServer.close()
  await ended(server)
  if (flags.inCluster) log.info('stopped', {})
  await log.flush()
}

function assetsIn(folder: string): Assets {
  try {
    return readAssets(folder)
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    throw new StartupError(
      `The page cannot be read from ${folder} (${code || message}). In a checkout of Sluice, run: npm ci && npm run build`,
    )
  }
}

/** On this machine: the user of the kubeconfig, whatever the token of the session. */
function ownCredentials({ kubeconfig, context }: DashboardFlags): Credentials {
  try {
    const given = { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) }
    return loadCredentials(given, monotonicClock)
  } catch (error) {
    throw new StartupError(error instanceof Error ? error.message : String(error))
  }
}

/** In the cluster: who asks. */
function callers(flags: DashboardFlags, environment: DashboardOptions['environment']): (token: string) => Credentials {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = environment
  const server =
    flags.kubeApiServer ?? (host === '' ? '' : `https://${host.includes(':') ? `[${host}]` : host}:${port}`)
  if (server === '') {
    throw new StartupError(
      'This is no pod of a cluster: name the API server with --kube-api-server, or leave --in-cluster out to use your kubeconfig',
    )
  }
  if (server.startsWith('https:')) readable(flags.kubeCaFile, '--kube-ca-file')
  const credentials = new TokenCredentials(server, server.startsWith('https:') ? flags.kubeCaFile : '', monotonicClock)
  return token => credentials.of(token)
}

function readable(file: string, flag: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new StartupError(`${flag} ${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`)
  }
}

function modeOf(own: Credentials | null, address: () => string, say: (line: string) => void): Mode {
  if (own === null) return { kind: 'cluster', tokenCommand: 'kubectl create token NAME --duration 1h' }
  const sessions = new Sessions()
  const linkUsed = (): void => say(`For another tab, or after a reload: ${address()}/#link=${sessions.newLink()}`)
  return { kind: 'laptop', sessions, server: new URL(own.server).host, linkUsed }
}

function rangesOf(flags: DashboardFlags, environment: DashboardOptions['environment']): RangeSource {
  const address = flags.metricsServer ?? (flags.inCluster ? 'http://prometheus.istio-system:9090' : undefined)
  if (address === undefined) return throughApiServer(flags)
  const {
    metricsServerCaFile: caFile,
    metricsServerTokenFile: tokenFile,
    metricsServerTenantHeader: tenantHeader,
  } = flags
  const server = new RangeServer(address, {
    environment,
    headers: headersOf(flags.metricsServerHeader),
    ...(caFile === undefined ? {} : { caFile }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(tenantHeader === undefined ? {} : { tenantHeader }),
  })
  return { ask: (query, _caller, signal) => server.ask(query, signal) }
}

/** From this machine, with the caller's right to `services/proxy`. */
function throughApiServer({ metricsService: { namespace, name, port } }: DashboardFlags): RangeSource {
  const service = { kind: kinds.Service, namespace, name }
  const unavailable = (why: string): RangeAnswer => ({
    kind: 'unavailable',
    error: `No history: the controller reaches its Prometheus, and this machine does not (Service ${namespace}/${name} through the API server: ${why}). Name a URL that this machine reaches with --metrics-server`,
  })
  return {
    async ask(query: RangeQuery, caller: CallerApi, signal: AbortSignal): Promise<RangeAnswer> {
      const path = `/api/v1/query_range?${rangeParameters(query, 8000)}`
      try {
        return replyOfRange(
          await caller.throughService(service, port, path, signal),
          query,
          `Service ${namespace}/${name}`,
        )
      } catch (error) {
        if (error instanceof ApiError && (error.code === 400 || error.code === 422)) {
          return { kind: 'refused', error: 'the metrics server refused the query' }
        }
        return unavailable(
          error instanceof ApiError ? `answered ${error.code}` : error instanceof Error ? error.message : String(error),
        )
      }
    },
  }
}

function serverOf(
  { tlsCertFile, tlsKeyFile }: DashboardFlags,
  listener: Parameters<typeof createHttpServer>[1],
): Server {
  const limits = {
    requestTimeout: 10_000,
    headersTimeout: 5000,
    keepAliveTimeout: 30_000,
    connectionsCheckingInterval: 5000,
    maxHeaderSize: 24 * 1024,
  }
  let server: Server
  if (tlsCertFile === undefined || tlsKeyFile === undefined) server = createHttpServer(limits, listener)
  else {
    const pair = (): { cert: Buffer; key: Buffer } => ({
      cert: readable(tlsCertFile, '--tls-cert-file'),
      key: readable(tlsKeyFile, '--tls-key-file'),
    })
    const secure = createHttpsServer({ ...limits, ...pair(), minVersion: 'TLSv1.2' }, listener)
    renewing(pair, given => secure.setSecureContext(given))
    server = secure
  }
  server.maxConnections = MOST_CONNECTIONS
  return server
}

/** A pair that is being written keeps the one before it in use. */
function renewing<T>(read: () => T, use: (value: T) => void): void {
  setInterval(() => {
    try {
      use(read())
    } catch {
      // Tried again in a minute.
    }
  }, CERTIFICATE_KEPT).unref()
}

async function listening(server: Server, port: number, bind: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      const where = `${bind}:${port}`
      const said =
        code === 'EADDRINUSE'
          ? `The port ${where} is taken. Choose another with --port.`
          : `Cannot listen on ${where}: ${message}. Choose another with --port.`
      reject(new StartupError(said))
    })
    server.listen(port, bind, resolve)
  })
}

async function ended(server: Server): Promise<void> {
  const closed = new Promise<void>(resolve => {
    server.close(() => resolve())
  })
  server.closeIdleConnections()
  const late = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS)
  await closed
  clearTimeout(late)
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
