/** Flagger's own load tester (https://docs.flagger.app/usage/webhooks#load-testing), which runs what a webhook tells it, and has gates. */
import { dirname, join } from 'node:path'
import { findBinaries } from './binaries.ts'
import { addresses } from './network.ts'
import { Program } from './program.ts'
import { waitFor } from './wait.ts'

const PORT = 8087
export const loadTesterUrl = `http://${addresses.node}:${PORT}`

let ready: Promise<void> | undefined
/** One for all tests, from the first that needs it until the end of the run: it tells Canaries apart by name and namespace. */
export async function withLoadTester(lab: { readonly dir: string }): Promise<void> {
  ready ??= start(lab)
  await ready
}

async function start(lab: { readonly dir: string }): Promise<void> {
  const { loadtester, hey } = findBinaries(process.env).path
  const program = new Program({
    name: 'loadtester',
    command: [loadtester, '-port', String(PORT)],
    env: { PATH: `${dirname(hey)}:${process.env['PATH'] ?? ''}` },
    log: join(lab.dir, 'log', 'loadtester.log'),
  })
  program.start()
  await waitFor('the load tester is ready', 30, async () => {
    program.mustRun()
    return (await fetch(`${loadTesterUrl}/healthz`)).ok
  })
}

/** Opens or closes a gate of Canary `web`, or asks for its rollback. */
export async function tellLoadTester(
  path: '/gate/open' | '/gate/close' | '/rollback/open',
  namespace: string,
): Promise<void> {
  const { status } = await fetch(`${loadTesterUrl}${path}`, {
    method: 'POST',
    body: JSON.stringify({ name: 'web', namespace }),
  })
  if (status !== 202) throw new Error(`${path} answered ${status}`)
}

/** The Service that Flagger's kustomize/tester makes in a namespace, with this load tester behind it. */
export function loadTesterService(namespace: string): object[] {
  const name = 'flagger-loadtester'
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { ports: [{ name: 'http', port: 80, targetPort: PORT }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [addresses.node], conditions: { ready: true } }],
      ports: [{ name: 'http', port: PORT }],
    },
  ]
}
