/**
 * What a request costs: the client library as it comes, against our transport, in one run over the same loopback TLS
 * server. Prints connections opened, connections still open after the last answer, and milliseconds for each request.
 *
 * `node --import tsx bench/transport.ts [requests]`
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node'
import { monotonicClock } from '../src/adapters/clock.ts'
import { loadCredentials } from '../src/adapters/kubernetes/credentials.ts'
import { Admission } from '../src/adapters/kubernetes/admission.ts'
import { KubeTransport } from '../src/adapters/kubernetes/transport.ts'
import { kinds } from '../src/api/object.ts'

const requests = Number(process.argv[2] ?? 200)
const fixture = (name: string): string =>
  readFileSync(new URL(`../test/adapters/kubernetes/${name}`, import.meta.url), 'utf8')
const cert = fixture('loopback.crt')
const body = JSON.stringify({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web', namespace: 'shop', resourceVersion: '1', uid: 'u' },
  data: { text: 'x'.repeat(2000) },
})

let opened = 0
let open = 0
let quietNow: () => void = () => undefined
/** Settles when the last connection of ours is closed. */
const quiet = new Promise<void>(resolve => {
  quietNow = resolve
})
const server = createServer({ key: fixture('loopback.key'), cert }, (_, response) => {
  response.setHeader('content-type', 'application/json')
  response.end(body)
})
server.on('secureConnection', socket => {
  opened += 1
  open += 1
  socket.on('close', () => {
    open -= 1
    if (open === 0) quietNow()
  })
})
await new Promise<void>(resolve => {
  server.listen(0, '127.0.0.1', resolve)
})

const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
const kubeconfig = join(folder, 'config')
writeFileSync(
  kubeconfig,
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'c',
        cluster: {
          server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
          'certificate-authority-data': Buffer.from(cert).toString('base64'),
        },
      },
    ],
    users: [{ name: 'u', user: { token: 'token' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }),
)

/** Runs `request` so many times, one after the other, after ten of which only the connections count. */
async function measure(name: string, request: () => Promise<unknown>): Promise<void> {
  opened = 0
  for (let n = 0; n < 10; n++) await request()
  const cpu = process.cpuUsage()
  const from = performance.now()
  for (let n = 0; n < requests; n++) await request()
  const took = performance.now() - from
  const { user, system } = process.cpuUsage(cpu)
  console.log(
    `${name.padEnd(24)} ${String(opened).padStart(5)} opened  ${String(open).padStart(5)} open at the end  ` +
      `${(took / requests).toFixed(2).padStart(6)} ms/request  ${((user + system) / 1000 / requests).toFixed(2).padStart(6)} ms CPU/request (server included)`,
  )
}

console.log(`${requests} GETs in turn, Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`)

const config = new KubeConfig()
config.loadFromFile(kubeconfig)
const library = config.makeApiClient(CoreV1Api)
const api = new KubeTransport({
  credentials: loadCredentials({ kubeconfig }, monotonicClock),
  admission: new Admission({ qps: 1e6, burst: 1e6 }, monotonicClock),
  clock: monotonicClock,
  random: () => 0.5,
  userAgent: 'sluice/bench',
})
const ref = { kind: kinds.ConfigMap, namespace: 'shop', name: 'web' }
await measure('our transport', () => api.get(ref, { lane: 'normal', signal: AbortSignal.timeout(10_000) }))
await api.close()
if (open > 0) await quiet
await measure('client-node 2.0.1', () => library.readNamespacedConfigMap({ namespace: 'shop', name: 'web' }))

rmSync(folder, { recursive: true })
server.close()
server.closeAllConnections()
