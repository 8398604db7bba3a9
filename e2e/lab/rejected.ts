/** What proxies have refused of the configuration that istiod sent: they go on with the one before, and no object says so. */
import type { KubeObject } from '../../src/api/object.ts'
import { at, recordsOf, textOf } from '../../src/core/json.ts'
import { waitFor } from './wait.ts'

/** The port of Envoy's administration interface in the pods of the lab. */
const ADMIN = 15090
const patience = 2000 // ms that a proxy has to answer

const hasProxy = (pod: KubeObject): boolean =>
  at(pod['status'], 'phase') === 'Running' &&
  pod.metadata.deletionTimestamp === undefined &&
  recordsOf(at(pod.spec, 'containers')).some(({ name }) => name === 'istio-proxy')

/**
 * Since ambient is enabled, istiod sends each proxy a listener for tunnels, which needs an extension that the bootstrap of a sidecar of the
 * lab leaves out (e2e/pods/proxy.sh); no request of a sidecar uses it.
 */
const TUNNELS = "listener named 'connect_originate'"

/**
 * What the proxies of pods refused: counters (`listener_manager.lds.update_rejected`, and those of clusters, routes and secrets) that
 * are not 0, and why. A listener that has an error is sent with every update, so it alone explains the counter of listeners.
 *
 * @param list the pods that there are now. It is asked again for as long as a proxy does not answer: one that is starting will, and one that
 * has ended is no longer among them. A refusal is never asked about twice.
 */
export async function rejectedUpdates(list: () => Promise<readonly KubeObject[]>): Promise<string[]> {
  const told = new Map<string, readonly string[]>()
  await waitFor('the proxy of every pod tells what it refused', 30, async () => {
    const pods = (await list()).filter(hasProxy).filter(({ metadata }) => !told.has(metadata.uid ?? ''))
    const read = pods.map(async pod => void told.set(pod.metadata.uid ?? '', await refusedBy(pod)))
    const failed = (await Promise.allSettled(read)).find(one => one.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return true
  })
  return [...told.values()].flat()
}

async function refusedBy({ metadata, status }: KubeObject): Promise<string[]> {
  const address = textOf(at(status, 'podIP'))
  const counters = (await (await ask(address, 'stats?filter=update_rejected')).text())
    .split('\n')
    .filter(line => line !== '')
  if (counters.length === 0) throw new Error(`The proxy of pod ${metadata.name} tells of no update`)
  const counted = counters.filter(line => !line.endsWith(': 0'))
  if (counted.length === 0) return []
  const refused = await refusedListeners(address)
  const others = refused.filter(why => !why.includes(TUNNELS))
  const isExplained = others.length === 0 && refused.length > 0
  const left = counted.filter(line => !isExplained || !line.startsWith('listener_manager.lds'))
  return [...left, ...others].map(line => `${metadata.name}: ${line}`)
}

/** Why Envoy refuses listeners, as its configuration dump says; one that it never had has no name there. */
async function refusedListeners(address: string): Promise<string[]> {
  const dump = await ask(address, 'config_dump')
  return recordsOf(at(await dump.json(), 'configs'))
    .flatMap(one => recordsOf(one['dynamic_listeners']))
    .filter(one => one['error_state'] !== undefined)
    .map(one => textOf(at(one['error_state'], 'details')))
}

const ask = (address: string, page: string): Promise<Response> =>
  fetch(`http://${address}:${ADMIN}/${page}`, { signal: AbortSignal.timeout(patience) })
