/** The flags of `sluice dashboard`; what is wrong with one is said in a sentence. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { port, url } from './flag-values.ts'
import { headerName, headers, problemOfHeaders } from './header-flags.ts'

export interface DashboardFlags {
  readonly inCluster: boolean
  readonly readOnly: boolean
  readonly port?: number
  readonly bind?: string
  readonly allowedHost: readonly string[]
  readonly insecureHttp: boolean
  readonly tlsCertFile?: string
  readonly tlsKeyFile?: string
  readonly kubeconfig?: string
  readonly context?: string
  readonly kubeApiServer?: string
  readonly kubeCaFile: string
  readonly metricsServer?: string
  readonly metricsService: ServiceAddress
  readonly metricsServerCaFile?: string
  readonly metricsServerTokenFile?: string
  readonly metricsServerHeader: readonly string[]
  readonly metricsServerTenantHeader?: string
  readonly allowInlineQueries: boolean
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

/** A port of a Service, as `namespace/name:port`. */
export interface ServiceAddress {
  readonly namespace: string
  readonly name: string
  readonly port: string
}

/** Adds `dashboard` to the program. */
export function dashboardCommand(program: Command, serve: (flags: DashboardFlags) => Promise<void>): Command {
  const command = program
    .command('dashboard')
    .description(
      'a page of all releases: for you on this machine, or in the cluster for everyone with their own rights',
    )
  for (const option of options) command.addOption(option)
  return command.action(async (given: Omit<DashboardFlags, 'allowInlineQueries'> & { allowInlineQueries: unknown }) => {
    const flags = { ...given, allowInlineQueries: given.allowInlineQueries !== 'false' }
    const problem = problemOf(flags)
    if (problem !== undefined) command.error(problem)
    await serve(flags)
  })
}

const options: readonly Option[] = [
  new Option(
    '--in-cluster',
    'serve everyone, each with the token that their requests carry; without it you alone',
  ).default(false),
  new Option('--read-only', 'show everything, and give no commands').default(false),
  new Option('--port <number>', 'port of the page; without it any free one, in the cluster 8080').argParser(port),
  new Option(
    '--bind <address>',
    'address of that port; on your machine always 127.0.0.1, in the cluster 0.0.0.0 without it',
  ),
  new Option(
    '--allowed-host <name>',
    'a host by which the page may be called, beside localhost; repeatable, or a list with commas',
  )
    .argParser(hosts)
    .default([], 'none'),
  new Option(
    '--insecure-http',
    'take tokens in plain HTTP from other machines: where a mesh or a proxy beside it encrypts',
  ).default(false),
  new Option('--tls-cert-file <file>', 'certificate of the page, in PEM; read again as it changes'),
  new Option('--tls-key-file <file>', 'its key, in PEM'),
  new Option('--kubeconfig <file>', 'kubeconfig to use; without it KUBECONFIG, then ~/.kube/config'),
  new Option('--context <name>', 'context of the kubeconfig; without it the current one'),
  new Option(
    '--kube-api-server <url>',
    'in the cluster: URL of the API server; without it that of the Service kubernetes',
  ).argParser(url),
  new Option(
    '--kube-ca-file <file>',
    'in the cluster: authority that signed the certificate of the API server',
  ).default('/etc/sluice/kube-root-ca/ca.crt'),
  new Option(
    '--metrics-server <url>',
    'URL of the Prometheus for charts; without it --metrics-service through the API server, in the cluster http://prometheus.istio-system:9090',
  ).argParser(url),
  new Option(
    '--metrics-service <namespace/name:port>',
    'Service of the Prometheus, which is queried through the API server with your rights',
  )
    .argParser(service)
    .default({ namespace: 'istio-system', name: 'prometheus', port: '9090' }, 'istio-system/prometheus:9090'),
  new Option(
    '--metrics-server-ca-file <file>',
    'authorities that may have signed the certificate of the metrics server',
  ),
  new Option('--metrics-server-token-file <file>', 'bearer token for the metrics server; read again as it changes'),
  new Option('--metrics-server-header <name: value>', 'header for the metrics server; repeatable')
    .argParser(headers)
    .default([], 'none'),
  new Option(
    '--metrics-server-tenant-header <name>',
    'send the namespace of the Canary to the metrics server in this header',
  ).argParser(headerName),
  new Option(
    '--allow-inline-queries [bool]',
    'chart metrics[].query of Canaries; if false, as for the controller, only MetricTemplates',
  )
    .choices(['true', 'false'])
    .default(true),
  new Option('--log-level <level>', 'minimum log level').choices(['debug', 'info', 'warn', 'error']).default('info'),
]

/** What does not go together, as a sentence. */
function problemOf(flags: DashboardFlags): string | undefined {
  const { inCluster, bind, tlsCertFile, tlsKeyFile, insecureHttp, kubeconfig, context, kubeApiServer } = flags
  const headersProblem = problemOfHeaders(flags.metricsServerHeader)
  if (headersProblem !== undefined) return headersProblem
  if (!inCluster && (bind !== undefined || insecureHttp || tlsCertFile !== undefined || kubeApiServer !== undefined)) {
    return 'error: --bind, --insecure-http, --tls-cert-file and --kube-api-server go with --in-cluster: without it the page has your own rights, and is for this machine alone'
  }
  if (inCluster && (kubeconfig !== undefined || context !== undefined)) {
    return 'error: --kubeconfig and --context do not go with --in-cluster, which has no credentials: every request carries its own'
  }
  if ((tlsCertFile === undefined) !== (tlsKeyFile === undefined)) {
    return 'error: --tls-cert-file and --tls-key-file go together'
  }
  return undefined
}

function hosts(text: string, before?: readonly string[]): string[] {
  const names = text.split(',').map(one => one.trim().toLowerCase())
  const wrong = names.find(one => !/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(one))
  if (wrong !== undefined)
    throw new InvalidArgumentError(`"${wrong}" is no host such as sluice.example.com, without a port.`)
  return [...(before ?? []), ...names]
}

/** A Service and its port. @throws InvalidArgumentError with what to write. */
export function service(text: string): ServiceAddress {
  const [, namespace, name, at] = /^([a-z0-9][-a-z0-9]*)\/([a-z0-9][-a-z0-9]*):([a-z0-9][-a-z0-9]*)$/.exec(text) ?? []
  if (namespace === undefined || name === undefined || at === undefined) {
    throw new InvalidArgumentError('Write a Service and its port such as istio-system/prometheus:9090.')
  }
  return { namespace, name, port: at }
}
