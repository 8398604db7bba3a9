/** The flags of `sluice run`, each also as `SLUICE_…`; what is wrong with one is said in a sentence. */
import { Command, Option } from 'commander'
import { DEFAULT_PROVIDER, type Provider } from '../api/providers.ts'
import type { Allowance } from '../core/model/observation.ts'
import type { Milliseconds } from '../core/time.ts'
import {
  allowances,
  classes,
  clusterName,
  duration,
  fromOne,
  labels,
  namespaces,
  namespace,
  pageUrl,
  port,
  positive,
  prefix,
  provider,
  targets,
  traceLink,
  url,
  urls,
} from './flag-values.ts'
import { headerName, headers, problemOfHeaders } from './header-flags.ts'

export interface RunFlags {
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespace: readonly string[]
  readonly metricsServer: string
  readonly allowedMetricsServer: readonly string[]
  readonly metricsServerCaFile?: string
  readonly metricsServerTokenFile?: string
  readonly metricsServerHeader: readonly string[]
  readonly metricsServerTenantHeader?: string
  readonly allowInlineQueries: boolean
  readonly meshProvider: Provider
  readonly meshSettle: Milliseconds
  readonly selectorLabels: readonly string[]
  readonly ownerReferences: boolean
  readonly istioRootNamespace: string
  readonly allowedHosts: readonly Allowance[]
  readonly allowedGateways: readonly Allowance[]
  readonly ingressAnnotationsPrefix: string
  readonly ingressClasses: readonly string[]
  readonly trackConfigs: boolean
  readonly podReasons: boolean
  readonly webhookAllow: readonly string[]
  readonly webhookDeny: readonly string[]
  readonly dashboardUrl?: string
  readonly traceLink?: string
  readonly clusterName: string
  readonly leaderElect: boolean
  readonly leaderElectionNamespace?: string
  readonly port: number
  readonly bind: string
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  readonly kubeApiQps: number
  readonly kubeApiBurst: number
}

/** Adds `run` to the program. */
export function runCommand(program: Command, run: (flags: RunFlags) => Promise<void>): Command {
  const command = program.command('run').description('the controller: watches Canaries and releases their workloads')
  for (const option of options) command.addOption(option.env(envOf(option)))
  return command.action(async (given: RunFlags & Record<Switch, boolean | string>) => {
    const problem = problemOfHeaders(given.metricsServerHeader)
    if (problem !== undefined) command.error(problem)
    const on = Object.fromEntries(switches.map(name => [name, isTrue(given[name])])) as Record<Switch, boolean>
    await run({ ...given, ...on })
  })
}

/** The flags that are true or false; commander hands on what was written. */
const switches = ['leaderElect', 'ownerReferences', 'allowInlineQueries', 'trackConfigs', 'podReasons'] as const
type Switch = (typeof switches)[number]

const envOf = (option: Option): string => `SLUICE_${option.name().replaceAll('-', '_').toUpperCase()}`

const options: readonly Option[] = [
  new Option('--kubeconfig <file>', 'kubeconfig to use; without it KUBECONFIG, ~/.kube/config, then the pod itself'),
  new Option('--context <name>', 'context of the kubeconfig; without it the current one'),
  new Option('--namespace <name>', 'watch this namespace only; repeatable, or a list with commas')
    .argParser(namespaces)
    .default([], 'all'),
  new Option('--metrics-server <url>', 'URL of the Prometheus to query')
    .argParser(url)
    .default('http://prometheus.istio-system:9090'),
  new Option(
    '--allowed-metrics-server <url>',
    'another Prometheus that a Canary or MetricTemplate may name; repeatable',
  )
    .argParser(urls)
    .default([], 'none'),
  new Option(
    '--metrics-server-ca-file <file>',
    'authorities that may have signed the certificate of the metrics server',
  ),
  new Option('--metrics-server-token-file <file>', 'bearer token for the metrics server; read again as it changes'),
  new Option(
    '--metrics-server-header <name: value>',
    'header for the metrics server; repeatable, in the environment one a line',
  )
    .argParser(headers)
    .default([], 'none'),
  new Option(
    '--metrics-server-tenant-header <name>',
    'send the namespace of the Canary to every metrics server in this header, such as X-Scope-OrgID',
  ).argParser(headerName),
  new Option('--allow-inline-queries [bool]', 'allow metrics[].query in Canaries; if false, only MetricTemplates')
    .choices(['true', 'false'])
    .default(true),
  new Option('--mesh-provider <name>', 'what splits the traffic of Canaries that name no provider')
    .argParser(provider)
    .default(DEFAULT_PROVIDER),
  new Option('--mesh-settle <duration>', 'from a weight being read back until it counts as carried')
    .argParser(duration)
    .default(1000, '1s'),
  new Option(
    '--selector-labels <names>',
    'labels that tell primary and target apart with `switch`, the first that is there',
  )
    .argParser(labels)
    .default(['app', 'name', 'app.kubernetes.io/name'], 'app,name,app.kubernetes.io/name'),
  new Option(
    '--istio-root-namespace <name>',
    "namespace of Istio's mesh-wide configuration, the rootNamespace of its mesh config",
  )
    .argParser(namespace)
    .default('istio-system'),
  new Option('--owner-references [bool]', 'make the Canary the owner of what Sluice makes')
    .choices(['true', 'false'])
    .default(false),
  new Option(
    '--allowed-hosts <[namespace=]pattern>',
    'hosts that Canaries may name in service.hosts beside Services of their own namespace, such as *.example.com or team-a=*.a.example.com; repeatable, or a list with commas',
  )
    .argParser(allowances)
    .default([], 'any'),
  new Option(
    '--allowed-gateways <[namespace=]pattern>',
    'gateways that Canaries may name in service.gateways beside mesh, such as istio-system/public or team-a=./*; repeatable, or a list with commas',
  )
    .argParser(allowances)
    .default([], 'any'),
  new Option(
    '--ingress-annotations-prefix <prefix>',
    'what the annotations of ingress-nginx begin with, as its own flag --annotations-prefix says',
  )
    .argParser(prefix)
    .default('nginx.ingress.kubernetes.io'),
  new Option('--ingress-classes <names>', 'classes of Ingresses that ingress-nginx serves, a list with commas')
    .argParser(classes)
    .default(['nginx'], 'nginx'),
  new Option(
    '--track-configs [bool]',
    'judge and copy the ConfigMaps and Secrets that a target mounts; false needs no rights to them, and the primary mounts the originals',
  )
    .choices(['true', 'false'])
    .default(true),
  new Option(
    '--pod-reasons [bool]',
    'list the pods that a release waits for, to say why they are not ready; false needs no right to list pods',
  )
    .choices(['true', 'false'])
    .default(true),
  new Option(
    '--webhook-allow <host or CIDR>',
    'where webhooks and alerts may lead, such as *.example.com or 10.0.0.0/8; loopback, link-local and metadata addresses only if named here; repeatable, or a list with commas',
  )
    .argParser(targets)
    .default([], 'any but local addresses'),
  new Option(
    '--webhook-deny <host or CIDR>',
    'where webhooks and alerts may not lead; counts more than --webhook-allow; repeatable, or a list with commas',
  )
    .argParser(targets)
    .default([], 'none'),
  new Option('--dashboard-url <url>', 'URL of the dashboard, which alerts then link').argParser(pageUrl),
  new Option(
    '--trace-link <url>',
    'template of a search for the traces of a release, with {service}, {revision}, {start} and others, which status, Events and alerts then link',
  ).argParser(traceLink),
  new Option('--cluster-name <name>', 'name of this cluster in commit statuses, whose context is sluice/<name>/…')
    .argParser(clusterName)
    .default('in-cluster'),
  new Option('--leader-elect [bool]', 'work only while holding the Lease').choices(['true', 'false']).default(true),
  new Option(
    '--leader-election-namespace <name>',
    "namespace of the Lease; without it the pod's own, or sluice-system",
  ),
  new Option('--port <number>', 'port of /healthz, /readyz, /info and /metrics').argParser(port).default(8080),
  new Option('--bind <address>', 'address of that port').default('0.0.0.0'),
  new Option('--log-level <level>', 'minimum log level').choices(['debug', 'info', 'warn', 'error']).default('info'),
  new Option('--kube-api-qps <number>', 'requests a second to the Kubernetes API').argParser(positive).default(300),
  new Option('--kube-api-burst <number>', 'requests at once to the Kubernetes API after a rest')
    .argParser(fromOne)
    .default(600),
]

/** The flags of a controller that was given none. */
export function defaultFlags(): RunFlags {
  const command = new Command()
  for (const option of options) command.addOption(option)
  return command.opts<RunFlags>()
}

const isTrue = (given: boolean | string): boolean => given === true || given === 'true'
