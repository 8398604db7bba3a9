/**
 * The real istiod, for proxies without Istio's own filters: the upstream Envoy has none of them and would refuse
 * listeners that name them, so metadata exchange, ALPN and Istio's stats are off. Mutual TLS is automatic, and off for the mesh: a
 * namespace that wants it has a PeerAuthentication, and pods with the label that injection sets. Validation is on: the API
 * server asks istiod about every Istio resource, as in a real cluster.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Binaries } from './binaries.ts'
import type { Kubectl } from './kubectl.ts'
import type { Pki } from './pki.ts'
import { Program } from './program.ts'
import { waitFor } from './wait.ts'

const httpAddress = '127.0.0.1:18080'
const webhookAddress = '127.0.0.1:15017'
/** Where proxies get their configuration. */
export const xdsPort = 15010

const meshConfig = {
  enableAutoMtls: true,
  ingressControllerMode: 'OFF',
  outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' },
}

/**
 * Counts requests where Istio's telemetry would: every proxy counts what it received (destination) and what it sent
 * (source), a waypoint what it led on, with response flags, so that failures that only callers see are counted too.
 */
export function telemetryOf(reporter: 'source' | 'destination' | 'waypoint', match: object): object {
  const tags = [
    { name: 'reporter', value_format: reporter },
    { name: 'response_code', value_format: '%RESPONSE_CODE%' },
    { name: 'response_flags', value_format: '%RESPONSE_FLAGS%' },
    ...(reporter === 'destination'
      ? [{ name: 'peer', value_format: '%DOWNSTREAM_PEER_URI_SAN%' }]
      : [
          { name: 'upstream_cluster', value_format: '%UPSTREAM_CLUSTER_RAW%' },
          { name: 'upstream_workload', value_format: '%UPSTREAM_METADATA(istio:workload)%' },
        ]),
  ]
  const config = {
    '@type': 'type.googleapis.com/envoy.extensions.access_loggers.stats.v3.Config',
    // A shared scope outlives the filter chain that counted, else every change of configuration would reset counters.
    stats_scope: { prefix: 'mesh', sharing_name: 'mesh' },
    counters: [{ value_fixed: 1, stat: { name: 'requests', tags } }],
    histograms: [{ value_format: '%DURATION%', unit: 'Unspecified', stat: { name: 'duration', tags } }],
  }
  return {
    applyTo: 'NETWORK_FILTER',
    match,
    patch: {
      operation: 'MERGE',
      value: {
        typed_config: {
          '@type':
            'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
          access_log: [{ name: 'telemetry', typed_config: config }],
        },
      },
    },
  }
}

const telemetry = (reporter: 'source' | 'destination', contexts: readonly string[]): object[] =>
  contexts.map(context => {
    const manager = 'envoy.filters.network.http_connection_manager'
    return telemetryOf(reporter, { context, listener: { filterChain: { filter: { name: manager } } } })
  })

const settings = [
  {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default', namespace: 'istio-system' },
    spec: { mtls: { mode: 'DISABLE' } },
  },
  {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata: { name: 'telemetry', namespace: 'istio-system' },
    spec: {
      configPatches: [
        ...telemetry('destination', ['SIDECAR_INBOUND']),
        ...telemetry('source', ['SIDECAR_OUTBOUND', 'GATEWAY']),
      ],
    },
  },
]

export class Istio {
  readonly program: Program
  readonly #kubectl: Kubectl
  readonly #crds: readonly string[]
  readonly #meshConfig: string
  readonly #ca: string

  constructor(kubectl: Kubectl, binaries: Binaries, pki: Pki, dir: string) {
    this.#kubectl = kubectl
    this.#crds = [binaries.istioCrds, binaries.gatewayCrds]
    this.#meshConfig = join(dir, 'mesh.yaml')
    this.#ca = pki.file('ca.crt')
    this.program = new Program({
      name: 'istiod',
      command: [
        binaries.path['pilot-discovery'],
        'discovery',
        `--kubeconfig=${pki.kubeconfig('istiod')}`,
        `--meshConfig=${this.#meshConfig}`,
        `--httpAddr=${httpAddress}`,
        `--grpcAddr=127.0.0.1:${xdsPort}`,
        '--secureGRPCAddr=',
        '--monitoringAddr=127.0.0.1:15014',
        `--httpsAddr=${webhookAddress}`,
        `--tlsCertFile=${pki.file('server.crt')}`,
        `--tlsKeyFile=${pki.file('server.key')}`,
        `--caCertFile=${this.#ca}`,
      ],
      env: {
        POD_NAME: 'istiod',
        POD_NAMESPACE: 'istio-system',
        CLUSTER_ID: 'Kubernetes',
        PILOT_ENABLE_METADATA_EXCHANGE: 'false',
        PILOT_ENABLE_ALPN_FILTER: 'false',
        PILOT_ENABLE_AMBIENT: 'true',
        // Gateways have the proxies of the edge; nothing is to be deployed for them.
        PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: 'false',
        INJECT_ENABLED: 'false',
        INJECTION_WEBHOOK_CONFIG_NAME: '',
        VALIDATION_WEBHOOK_CONFIG_NAME: '',
        ENABLE_CA_SERVER: 'false',
        PILOT_CERT_PROVIDER: 'none',
        HOME: dir,
      },
      log: join(dir, 'log', 'istiod.log'),
    })
  }

  /** CRDs, istiod, its settings, and the webhook that refuses what istiod finds wrong. */
  async install(): Promise<void> {
    // As JSON, which is YAML too: written as YAML, istiod takes OFF for false.
    await writeFile(this.#meshConfig, JSON.stringify(meshConfig))
    await this.#kubectl.run('apply', '--server-side', ...this.#crds.flatMap(file => ['-f', file]))
    await this.#kubectl.run('create', 'namespace', 'istio-system')
    await this.start()
    await this.#kubectl.apply([...settings, await this.#webhook()])
  }

  async start(): Promise<void> {
    this.program.start()
    await waitFor('istiod is ready', 60, async () => {
      this.program.mustRun()
      return (await fetch(`http://${httpAddress}/ready`)).ok
    })
  }

  /** Proxies go on with what they have; writes of Istio resources are refused. */
  async stop(): Promise<void> {
    await this.program.kill()
  }

  async #webhook(): Promise<object> {
    const caBundle = (await readFile(this.#ca)).toString('base64')
    const apiGroups = ['security.istio.io', 'networking.istio.io', 'telemetry.istio.io', 'extensions.istio.io']
    return {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'istiod' },
      webhooks: [
        {
          name: 'validation.istio.io',
          clientConfig: { url: `https://${webhookAddress}/validate`, caBundle },
          rules: [{ operations: ['CREATE', 'UPDATE'], apiGroups, apiVersions: ['*'], resources: ['*'] }],
          failurePolicy: 'Fail',
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    }
  }
}
