/** etcd, the API server and the controller manager, as processes. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Api } from './api.ts'
import type { Binaries } from './binaries.ts'
import { addresses } from './network.ts'
import type { Pki } from './pki.ts'
import { Program } from './program.ts'
import { waitFor } from './wait.ts'

const etcdUrl = 'http://127.0.0.1:2379'
const etcdPeerUrl = 'http://127.0.0.1:2380'

/**
 * The audit policy leaves out the lab itself (members of system:masters), so that the log is the list of calls made by
 * the controllers under test.
 */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', userGroups: ['system:masters'] },
    { level: 'None', users: ['system:apiserver'] },
    { level: 'Metadata' },
  ],
}

/** Makes etcd forget all former versions of all objects, so that what asks for them is told that they are gone. */
export async function compact(): Promise<void> {
  const ask = async (path: string, body: object): Promise<{ header: { revision: string } }> => {
    const response = await fetch(`${etcdUrl}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`etcd: ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as { header: { revision: string } }
  }
  const { header } = await ask('range', { key: Buffer.from('/').toString('base64') })
  await ask('compaction', { revision: header.revision, physical: true })
}

/** The controllers that a Deployment behind a Service needs, and those that clean up. */
const controllers = [
  'deployment-controller',
  'replicaset-controller',
  'endpointslice-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'horizontal-pod-autoscaler-controller',
]

export class ControlPlane {
  readonly auditLog: string
  /**
   * From each death of the API server until it was ready again. A server that is starting listens before it knows the
   * roles, and refuses with 403 what it will allow a moment later.
   */
  readonly outages: { readonly from: number; to: number }[] = []
  readonly #api: Api
  readonly #etcd: Program
  readonly #apiServer: Program
  readonly #controllerManager: Program
  readonly #dir: string

  constructor(api: Api, binaries: Binaries, pki: Pki, dir: string) {
    this.#api = api
    this.#dir = dir
    this.auditLog = join(dir, 'log', 'audit.log')
    const program = (name: 'etcd' | 'kube-apiserver' | 'kube-controller-manager', flags: string[]): Program =>
      new Program({ name, command: [binaries.path[name], ...flags], env: {}, log: join(dir, 'log', `${name}.log`) })
    this.#etcd = program('etcd', [
      `--data-dir=${join(dir, 'etcd')}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=${etcdPeerUrl}`,
      `--initial-advertise-peer-urls=${etcdPeerUrl}`,
      `--initial-cluster=default=${etcdPeerUrl}`,
    ])
    this.#apiServer = program('kube-apiserver', [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--secure-port=6443',
      // Not loopback, and never written to an EndpointSlice, which would refuse it.
      `--advertise-address=${addresses.node}`,
      '--endpoint-reconciler-type=none',
      `--service-cluster-ip-range=${addresses.serviceNetwork}`,
      `--tls-cert-file=${pki.file('server.crt')}`,
      `--tls-private-key-file=${pki.file('server.key')}`,
      `--client-ca-file=${pki.file('ca.crt')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      '--api-audiences=https://kubernetes.default.svc',
      // What metrics-server and KEDA serve is asked for through this API server.
      `--requestheader-client-ca-file=${pki.file('ca.crt')}`,
      '--requestheader-allowed-names=front-proxy',
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      `--proxy-client-cert-file=${pki.file('front-proxy.crt')}`,
      `--proxy-client-key-file=${pki.file('front-proxy.key')}`,
      `--service-account-key-file=${pki.file('sa.pub')}`,
      `--service-account-signing-key-file=${pki.file('sa.key')}`,
      '--authorization-mode=RBAC',
      '--anonymous-auth=false',
      // Pods are processes: they mount no token.
      '--disable-admission-plugins=ServiceAccount',
      '--allow-privileged=true',
      `--audit-policy-file=${join(dir, 'audit-policy.yaml')}`,
      `--audit-log-path=${this.auditLog}`,
      '--audit-log-mode=batch',
      '--audit-log-batch-max-wait=500ms',
    ])
    this.#controllerManager = program('kube-controller-manager', [
      `--kubeconfig=${pki.kubeconfig('kcm')}`,
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--service-account-private-key-file=${pki.file('sa.key')}`,
      `--root-ca-file=${pki.file('ca.crt')}`,
      '--kube-api-qps=300',
      '--kube-api-burst=600',
      `--controllers=${controllers.join(',')}`,
      // By default autoscalers act every 15 s, ignore the CPU of pods younger than 5 min, and wait 5 min before they take pods away.
      '--horizontal-pod-autoscaler-sync-period=2s',
      '--horizontal-pod-autoscaler-cpu-initialization-period=1s',
      '--horizontal-pod-autoscaler-initial-readiness-delay=1s',
      '--horizontal-pod-autoscaler-downscale-stabilization=5s',
    ])
  }

  get programs(): readonly Program[] {
    return [this.#controllerManager, this.#apiServer, this.#etcd]
  }

  async start(): Promise<void> {
    await mkdir(join(this.#dir, 'log'), { recursive: true })
    await writeFile(join(this.#dir, 'audit-policy.yaml'), JSON.stringify(auditPolicy))
    this.#etcd.start()
    await this.startApiServer()
    this.#controllerManager.start()
    await waitFor('the default namespace has its service account', 30, async () => {
      this.#controllerManager.mustRun()
      return this.#api.call('GET', '/api/v1/namespaces/default/serviceaccounts/default')
    })
  }

  async startApiServer(): Promise<void> {
    this.#apiServer.start()
    await waitFor('the API server is ready', 60, async () => {
      this.#etcd.mustRun()
      this.#apiServer.mustRun()
      return this.#api.text('GET', '/readyz')
    })
    const outage = this.outages.at(-1)
    if (outage !== undefined) outage.to = Date.now()
  }

  /** As a machine that loses power: connections break, nothing is announced. */
  async killApiServer(): Promise<void> {
    this.outages.push({ from: Date.now(), to: Number.POSITIVE_INFINITY })
    await this.#apiServer.kill()
  }

  /** The API server first: one that has lost its etcd hangs in its shutdown. */
  async stop(): Promise<void> {
    await Promise.all([this.#controllerManager.kill(), this.#apiServer.kill()])
    await this.#etcd.kill()
  }
}
