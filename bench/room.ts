/**
 * The lab of the bench: etcd, API server, controller manager, Prometheus, Istio's CRDs; a kubelet without processes and one
 * exporter in place of a mesh. Built from the rooms of `e2e/lab`.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Kind } from '../src/api/object.ts'
import { bundle, Controller, controllerNamespace } from '../e2e/fixtures/controller.ts'
import { Api, pathOf } from '../e2e/lab/api.ts'
import { type ApiCall, readAudit } from '../e2e/lab/audit.ts'
import { findBinaries } from '../e2e/lab/binaries.ts'
import { ControlPlane } from '../e2e/lab/control-plane.ts'
import { Kubectl } from '../e2e/lab/kubectl.ts'
import { bringUpNetwork } from '../e2e/lab/network.ts'
import { apiServerUrl, Pki } from '../e2e/lab/pki.ts'
import { Program } from '../e2e/lab/program.ts'
import { prometheusUrl } from '../e2e/lab/prometheus.ts'
import { sleep, waitFor } from '../e2e/lab/wait.ts'
import { Exporter, exporterAddress } from './exporter.ts'
import { FakeKubelet } from './kubelet.ts'
import { cpuSeconds } from './machine.ts'

const etcdMetrics = 'http://127.0.0.1:2379/metrics'

/** Counts that only rise, of the lab and of one controller. */
export interface Counters {
  readonly at: number
  /** CPU-seconds. */
  readonly controller: number
  readonly apiServer: number
  readonly etcdPuts: number
  readonly promql: number
}

export class Room {
  readonly dir: string
  readonly pki: Pki
  readonly kubectl: Kubectl
  readonly api: Api
  readonly exporter = new Exporter()
  readonly kubelet: FakeKubelet
  readonly #controlPlane: ControlPlane
  readonly #prometheus: Program

  private constructor(dir: string, pki: Pki, kubectl: Kubectl, api: Api, kubelet: FakeKubelet, plane: ControlPlane) {
    this.dir = dir
    this.pki = pki
    this.kubectl = kubectl
    this.api = api
    this.kubelet = kubelet
    this.#controlPlane = plane
    this.#prometheus = new Program({
      name: 'prometheus',
      command: [
        findBinaries(process.env).path.prometheus,
        `--config.file=${join(dir, 'prometheus.json')}`,
        `--storage.tsdb.path=${join(dir, 'prometheus')}`,
        `--web.listen-address=${new URL(prometheusUrl).host}`,
      ],
      env: {},
      log: join(dir, 'log', 'prometheus.log'),
    })
  }

  /** Boots everything. @throws Error with one sentence when something is missing. */
  static async boot(dir: string): Promise<Room> {
    const binaries = findBinaries(process.env)
    await Promise.all(['log', 'home'].map(name => mkdir(join(dir, name))))
    await bringUpNetwork(binaries.path.ip)
    const pki = new Pki(join(dir, 'pki'), binaries.path.openssl)
    await pki.create()
    const api = new Api(apiServerUrl, await pki.credentials('admin'), 'bench')
    const kubectl = new Kubectl(binaries.path.kubectl, pki.kubeconfig('admin'), join(dir, 'home'))
    const plane = new ControlPlane(api, binaries, pki, dir)
    await plane.start()
    const kubelet = new FakeKubelet(new Api(apiServerUrl, await pki.credentials('kubelet'), 'kubelet'))
    const room = new Room(dir, pki, kubectl, api, kubelet, plane)
    await kubectl.run('apply', '--server-side', '-f', binaries.istioCrds)
    const node: Kind = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false }
    await api.create(node, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node' } })
    await api.patch(pathOf(node, '', 'node'), { spec: { taints: null } })
    kubelet.start()
    await room.exporter.start()
    await room.#startPrometheus()
    return room
  }

  async stop(): Promise<void> {
    await this.kubelet.stop()
    this.exporter.stop()
    await this.#prometheus.kill()
    await this.#controlPlane.stop()
    this.api.close()
  }

  /** A controller as the manifests start it, with Node's flags of their NODE_OPTIONS. */
  async controller(flags: readonly string[], node: readonly string[] = []): Promise<Controller> {
    const manifest = await readFile(new URL('../manifests/deployment.yaml', import.meta.url), 'utf8')
    const { spec } = parse(manifest) as { spec: { template: { spec: { containers: { env?: Variable[] }[] } } } }
    const variables = spec.template.spec.containers.flatMap(({ env = [] }) => env)
    const shipped = (variables.find(({ name }) => name === 'NODE_OPTIONS')?.value ?? '').split(' ')
    const nodeFlags = [...shipped.filter(flag => flag !== ''), ...node]
    return Controller.start(this, ['--log-level=info', ...flags], bundle(this, nodeFlags))
  }

  async counters(controller: Controller): Promise<Counters> {
    const apiServer = this.#controlPlane.programs.find(({ name }) => name === 'kube-apiserver')
    return {
      at: Date.now(),
      controller: cpuSeconds(controller.program.pid),
      apiServer: cpuSeconds(apiServer?.pid),
      etcdPuts: await counterAt(etcdMetrics, /^etcd_mvcc_put_total (\S+)/m),
      promql: await counterAt(
        `${prometheusUrl}/metrics`,
        /^prometheus_http_requests_total\{[^}]*handler="\/api\/v1\/query"[^}]*\} (\S+)/gm,
      ),
    }
  }

  /** Calls that controllers made within a time. */
  async calls(from: number, to: number): Promise<ApiCall[]> {
    await sleep(1500) // the audit log is written in batches
    return (await readAudit(this.#controlPlane.auditLog, 'sluice')).filter(({ at }) => at >= from && at < to)
  }

  /** Follows the Lease: who holds it. */
  followLease(seen: (holder: string) => void, signal: AbortSignal): Promise<void> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${controllerNamespace}/leases`
    const holderOf = (spec: unknown): string => (spec as { holderIdentity?: string }).holderIdentity ?? ''
    return this.api.follow(path, ({ object }) => seen(holderOf(object['spec'])), signal)
  }

  async #startPrometheus(): Promise<void> {
    const { host, port } = exporterAddress
    const config = {
      global: { scrape_interval: '1s' },
      scrape_configs: [{ job_name: 'mesh', honor_labels: true, static_configs: [{ targets: [`${host}:${port}`] }] }],
    }
    await writeFile(join(this.dir, 'prometheus.json'), JSON.stringify(config))
    this.#prometheus.start()
    await waitFor('Prometheus is ready', 30, async () => {
      this.#prometheus.mustRun()
      return (await fetch(`${prometheusUrl}/-/ready`)).ok
    })
  }
}

interface Variable {
  readonly name: string
  readonly value?: string
}

/** The sum of what the pattern finds on a page of metrics. */
async function counterAt(url: string, pattern: RegExp): Promise<number> {
  const page = await (await fetch(url)).text()
  const all = pattern.global ? [...page.matchAll(pattern)] : [pattern.exec(page)]
  return all.reduce((sum, found) => sum + Number(found?.[1] ?? 0), 0)
}
