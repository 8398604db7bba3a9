/**
 * Who we are, and where the API server is. The client library reads kubeconfig files and in-cluster service accounts and
 * runs credential plugins; this file is the only one that imports it (docs/adr/0005-own-kubernetes-side.md says why).
 */
import type { RequestOptions } from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'
import type { Clock } from '../../core/ports.ts'
import type { Instant, Milliseconds } from '../../core/time.ts'

/** What a connection is made of. Two equal connections may share sockets. */
export interface Connection {
  readonly tls: Readonly<Record<string, unknown>>
  /** `https://proxy:3128`, or empty. */
  readonly proxy: string
  /** Authorization and impersonation. Never logged. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
}

export interface Credentials {
  /** Scheme, host, port and perhaps a path; without a slash at the end. */
  readonly server: string
  /** The namespace of the context or of the pod, or empty. */
  readonly namespace: string
  /** What the kubeconfig calls its user, or empty; the API server may know another name. */
  readonly user: string
  /** The connection to use now: files are read again and plugins asked again as they expire. */
  current(): Promise<Connection>
  /** After a 401: forgets what was cached, and reads everything again. */
  refresh(): Promise<Connection>
}

export interface CredentialOptions {
  /** Path of a kubeconfig; without it KUBECONFIG, then ~/.kube/config, then the pod's service account. */
  readonly kubeconfig?: string
  /** Name of a context; without it the file's current one. */
  readonly context?: string
  /** Who is acted as, and the groups; without it the user of the kubeconfig. */
  readonly as?: string
  readonly asGroups?: readonly string[]
}

/** How long an answer of the library is kept: reading certificates and tokens is synchronous file work. */
const KEPT: Milliseconds = 10_000
/** How long a credential plugin may take; calls wait for it, and have 15 s. */
const ANSWER: Milliseconds = 10_000

/**
 * Loads the credentials.
 *
 * @throws Error with a sentence that says which file or context is wrong, and what to do.
 */
export function loadCredentials(options: CredentialOptions, clock: Clock): Credentials {
  let config = load(options)
  const cluster = config.getCurrentCluster()
  const server = cluster?.server.replace(/\/+$/, '') ?? ''
  const proxy = cluster?.proxyUrl ?? ''
  if (proxy.startsWith('socks')) {
    throw new Error(`The kubeconfig names the SOCKS proxy ${proxy}, which Sluice does not speak. Use an HTTP proxy.`)
  }
  let kept: { connection: Connection; until: Instant } | null = null
  /** One question at a time: a plugin that hangs must not be started again by every call. */
  let asking: Promise<Connection> | null = null
  const ask = (): Promise<Connection> => {
    asking ??= connectionOf(config, proxy, options)
      .then(connection => {
        kept = { connection, until: clock.now() + KEPT }
        return connection
      })
      .finally(() => {
        asking = null
      })
    return inTime(asking, clock)
  }
  return {
    server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? '',
    user: config.getCurrentUser()?.name ?? '',
    current: async () => (kept !== null && clock.now() < kept.until ? kept.connection : ask()),
    refresh() {
      config = load(options) // a new one: the library keeps tokens of plugins and files in its objects
      return ask()
    },
  }
}

/** @throws Error with a sentence when a credential plugin does not come to an end. */
function inTime(asking: Promise<Connection>, clock: Clock): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const late = new Error(
      `The credential plugin of the kubeconfig (users[].user.exec) has not answered for ${ANSWER / 1000} s. Run it by hand to see what it waits for.`,
    )
    const cancel = clock.at(clock.now() + ANSWER, () => reject(late))
    asking.then(resolve, reject).finally(cancel)
  })
}

function load(options: CredentialOptions): KubeConfig {
  const config = new KubeConfig()
  const source = read(config, options)
  if (options.context !== undefined) {
    const names = config.getContexts().map(context => context.name)
    if (!names.includes(options.context)) {
      throw new Error(
        `${source} has no context "${options.context}". It has: ${names.join(', ') || 'none'}. Name one of them with --context.`,
      )
    }
    config.setCurrentContext(options.context)
  }
  const cluster = config.getCurrentCluster()
  if (cluster === null) {
    throw new Error(
      `${source} has no cluster for its current context "${config.getCurrentContext() ?? ''}". Name a context with --context.`,
    )
  }
  if (!URL.canParse(cluster.server)) {
    throw new Error(`${source} names the server "${cluster.server}", which is not a URL. Write https://host:port.`)
  }
  // Plain HTTP has no certificate that could be verified; the library refuses it unless told so.
  if (cluster.server.startsWith('http:')) {
    config.loadFromOptions({
      clusters: config.getClusters().map(each => (each === cluster ? { ...each, skipTLSVerify: true } : each)),
      users: config.getUsers(),
      contexts: config.getContexts(),
      currentContext: config.getCurrentContext(),
    })
  }
  return config
}

/** Fills the configuration, and says from where. */
function read(config: KubeConfig, options: CredentialOptions): string {
  const path = options.kubeconfig
  if (path !== undefined) {
    try {
      config.loadFromFile(path)
    } catch (error) {
      throw new Error(`Cannot read the kubeconfig ${path}: ${said(error)}. Name another with --kubeconfig.`, {
        cause: error,
      })
    }
    return `The kubeconfig ${path}`
  }
  const named = process.env['KUBECONFIG'] ?? ''
  try {
    config.loadFromDefault()
  } catch (error) {
    throw new Error(`Cannot read the kubeconfig ${named || '~/.kube/config'}: ${said(error)}.`, { cause: error })
  }
  // With nothing to read the library guesses http://localhost:8080, and the user would be told about a refused connection.
  const guessed = config.getCurrentContext() === 'loaded-context' && config.getCurrentUser()?.name === 'user'
  if (guessed) {
    throw new Error(
      'No cluster to talk to: there is no --kubeconfig, no KUBECONFIG, no ~/.kube/config, and this is no pod with a ' +
        'service account. Name a kubeconfig with --kubeconfig.',
    )
  }
  return named === '' ? 'The kubeconfig' : `The kubeconfig ${named}`
}

async function connectionOf(
  config: KubeConfig,
  proxy: string,
  { as, asGroups = [] }: CredentialOptions,
): Promise<Connection> {
  const asked: RequestOptions = {}
  await config.applyToHTTPSOptions(asked)
  const tls: Record<string, unknown> = {}
  for (const field of ['ca', 'cert', 'key', 'pfx', 'passphrase', 'servername', 'rejectUnauthorized'] as const) {
    if (asked[field] !== undefined) tls[field] = asked[field]
  }
  const headers: Record<string, string | readonly string[]> = {}
  // A token file ends with a newline, which no header may.
  for (const [name, value] of Object.entries(asked.headers ?? {})) headers[name.toLowerCase()] = String(value).trim()
  // https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
  if (as !== undefined) headers['impersonate-user'] = as
  if (asGroups.length > 0) headers['impersonate-group'] = asGroups
  if (typeof asked.auth === 'string') headers['authorization'] = `Basic ${Buffer.from(asked.auth).toString('base64')}`
  return { tls, proxy, headers }
}

function said(error: unknown): string {
  if (error instanceof TypeError) return 'it is not a kubeconfig' // what the library throws for YAML of another shape
  return error instanceof Error ? error.message : String(error)
}
