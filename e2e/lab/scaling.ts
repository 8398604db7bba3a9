/**
 * metrics-server and KEDA, each started by the first test that needs it. Both serve an API that the API server passes requests on to, at
 * an address of the Service network that they listen on themselves.
 */
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import { join } from 'node:path'
import type { KubeObject } from '../../src/api/object.ts'
import { at, recordsOf, textOf } from '../../src/core/json.ts'
import { podKind } from './kubelet.ts'
import type { Lab } from './lab.ts'
import { addresses } from './network.ts'
import { find, startPart } from './parts.ts'
import { timeoutOf, waitFor } from './wait.ts'

const metricsServerAddress = '10.96.0.61'
const kedaAddress = '10.96.0.60'

/** Whether the lab was built with the groups `metrics` and `keda` (../shared/lab/README.md). */
export const installed = {
  metrics: find('metrics-server') !== null,
  keda: find('keda-operator') !== null && find('keda-adapter') !== null,
} as const

interface Served {
  readonly service: string
  readonly namespace: string
  readonly address: string
  readonly group: string
}

/** Tells the API server who serves a group. It wants a ready endpoint, and asks the address of the Service. */
async function serve(lab: Lab, { service, namespace, address, group }: Served): Promise<void> {
  const name = `v1beta1.${group}`
  const port = { name: 'https', port: 443 }
  await lab.kubectl.apply([
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: service, namespace },
      spec: { clusterIP: address, ports: [port] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: service, namespace, labels: { 'kubernetes.io/service-name': service } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [addresses.node], conditions: { ready: true } }],
      ports: [port],
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name },
      spec: {
        service: { name: service, namespace },
        group,
        version: 'v1beta1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
      },
    },
  ])
  await waitFor(`${name} is available`, 60, async () => {
    const said = await lab.kubectl.run('get', 'apiservice', name, '-o', 'jsonpath={.status.conditions[0].status}')
    return said === 'True'
  })
}

/** Seconds of CPU and bytes of memory of the processes of each pod, by `namespace/name`. */
async function usageOfPods(): Promise<Map<string, { cpu: number; memory: number }>> {
  const usage = new Map<string, { cpu: number; memory: number }>()
  const processes = (await readdir('/proc')).filter(entry => /^\d+$/.test(entry))
  for (const pid of processes) {
    try {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8')
      const [, name] = /(?:^|\0)POD_NAME=([^\0]*)/.exec(environment) ?? []
      const [, namespace] = /(?:^|\0)POD_NAMESPACE=([^\0]*)/.exec(environment) ?? []
      if (name === undefined || namespace === undefined) continue
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const known = usage.get(`${namespace}/${name}`) ?? { cpu: 0, memory: 0 }
      // proc(5): utime and stime in ticks of 10 ms, the resident set in pages.
      const cpu = (Number(fields[11]) + Number(fields[12])) / 100
      usage.set(`${namespace}/${name}`, { cpu: known.cpu + cpu, memory: known.memory + Number(fields[21]) * 4096 })
    } catch {
      // It has ended meanwhile.
    }
  }
  return usage
}

/** The kubelet's /metrics/resource, which metrics-server asks: all of a pod is told of its first container. */
async function resources(lab: Lab): Promise<string> {
  const usage = await usageOfPods()
  const time = Date.now()
  const pods: readonly KubeObject[] = await lab.api.list(podKind, '')
  const lines = pods.flatMap(pod => {
    const { name, namespace = '' } = pod.metadata
    const found = usage.get(`${namespace}/${name}`)
    const started = Date.parse(textOf(at(pod, 'status', 'startTime'))) / 1000
    if (found === undefined || Number.isNaN(started)) return []
    const [container] = recordsOf(at(pod['spec'], 'containers'))
    const labels = `{container="${textOf(container?.['name'])}",namespace="${namespace}",pod="${name}"}`
    return [
      `container_cpu_usage_seconds_total${labels} ${found.cpu} ${time}`,
      `container_memory_working_set_bytes${labels} ${found.memory} ${time}`,
      `container_start_time_seconds${labels} ${started}`,
    ]
  })
  const node = [`node_cpu_usage_seconds_total 1 ${time}`, `node_memory_working_set_bytes 1 ${time}`]
  return `${[...lines.toSorted(), ...node].join('\n')}\n`
}

let metricsServer: Promise<void> | undefined
/** metrics.k8s.io, by the real metrics-server, with what the pods of the lab use. */
export async function withMetricsServer(lab: Lab): Promise<void> {
  metricsServer ??= startMetricsServer(lab)
  await metricsServer
}

async function startMetricsServer(lab: Lab): Promise<void> {
  const { pki } = lab
  const [cert, key] = await Promise.all([readFile(pki.file('server.crt')), readFile(pki.file('server.key'))])
  const kubelet: Server = createServer({ cert, key }, (_request, response) => {
    resources(lab).then(
      text => response.setHeader('content-type', 'text/plain; version=0.0.4').end(text),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>(resolve => kubelet.listen(10_250, addresses.node, resolve))
  kubelet.unref()
  const kubeconfig = pki.kubeconfig('scaling')
  startPart(lab, 'metrics-server', [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--bind-address=${metricsServerAddress}`,
    '--secure-port=443',
    `--tls-cert-file=${pki.file('server.crt')}`,
    `--tls-private-key-file=${pki.file('server.key')}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--kubelet-certificate-authority=${pki.file('ca.crt')}`,
    '--metric-resolution=10s',
    '--kubelet-request-timeout=5s',
  ])
  await serve(lab, {
    service: 'metrics-server',
    namespace: 'kube-system',
    address: metricsServerAddress,
    group: 'metrics.k8s.io',
  })
}

let keda: Promise<void> | undefined
/** KEDA's operator and its external metrics, without its admission webhooks. */
export async function withKeda(lab: Lab): Promise<void> {
  keda ??= startKeda(lab)
  await keda
}

async function startKeda(lab: Lab): Promise<void> {
  const { pki } = lab
  const dir = join(lab.dir, 'keda')
  await mkdir(dir, { recursive: true })
  await Promise.all([
    copyFile(pki.file('ca.crt'), join(dir, 'ca.crt')),
    copyFile(pki.file('server.crt'), join(dir, 'tls.crt')),
    copyFile(pki.file('server.key'), join(dir, 'tls.key')),
  ])
  await lab.kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'keda' } }])
  const crds = join(process.env['KUBEBUILDER_ASSETS'] ?? '', '..', 'crds', 'keda.yaml')
  await lab.kubectl.run('apply', '--server-side', '--force-conflicts', '-f', crds)
  await lab.kubectl.run('wait', '--for=condition=Established', 'crd', '--all', timeoutOf(60))
  const kubeconfig = pki.kubeconfig('scaling')
  const own = { POD_NAMESPACE: 'keda', WATCH_NAMESPACE: '', KUBECONFIG: kubeconfig }
  const operator = [
    `--kubeconfig=${kubeconfig}`,
    `--cert-dir=${dir}`,
    '--metrics-bind-address=127.0.0.1:18081',
    '--health-probe-bind-address=127.0.0.1:18082',
    '--metrics-service-bind-address=127.0.0.1:9666',
  ]
  startPart(lab, 'keda-operator', operator, { ...own, KEDA_CLUSTER_OBJECT_NAMESPACE: 'keda' })
  await waitFor('KEDA is ready', 60, async () => (await fetch('http://127.0.0.1:18082/readyz')).ok)
  const adapter = [
    `--lister-kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--bind-address=${kedaAddress}`,
    '--secure-port=443',
    '--port=18083',
    `--client-ca-file=${pki.file('ca.crt')}`,
    `--tls-cert-file=${join(dir, 'tls.crt')}`,
    `--tls-private-key-file=${join(dir, 'tls.key')}`,
    `--cert-dir=${dir}`,
    '--metrics-service-address=localhost:9666',
  ]
  startPart(lab, 'keda-adapter', adapter, own)
  await serve(lab, {
    service: 'keda-metrics-apiserver',
    namespace: 'keda',
    address: kedaAddress,
    group: 'external.metrics.k8s.io',
  })
}
